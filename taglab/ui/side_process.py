"""A computation in a process of its own, beside the server, which goes on when the page is left."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from taglab import cache
from taglab.errors import TaglabError

_TAIL_BYTES = 4000


class SideProcess:
    """A module of taglab that runs as a program, and goes on if the server ends.

    It is given a text on its standard input, writes how far it is as lines such as "12% drawing seeds" to
    standard error, whose last line says what was wrong where it fails, and what comes of it to standard
    output.

    Args:
        module: Full name of the module.
        given: What it reads.
    """

    def __init__(self, module: str, given: str) -> None:
        self._module = module
        self._folder = tempfile.TemporaryDirectory(prefix="taglab-beside-")
        place = Path(self._folder.name)
        self._out, self._said, text = place / "out", place / "said.txt", place / "given"
        text.write_text(given, encoding="utf-8")
        surroundings = {**os.environ, "TAGLAB_HOME": str(cache.home().absolute())}
        with self._out.open("wb") as out, self._said.open("wb") as said, text.open("rb") as read:
            self._process = subprocess.Popen(  # noqa: S603  # an argument list, of our own making
                [sys.executable, "-P", "-m", module], stdin=read, stdout=out, stderr=said,
                start_new_session=True, env=surroundings,
            )  # fmt: skip

    def done(self) -> bool:
        """Return whether it has ended, well or not."""
        return self._process.poll() is not None

    def cancel(self) -> None:
        """End it; nothing of it is kept."""
        self._process.kill()
        self._process.wait()

    def said(self) -> str:
        """Return the last line it wrote for people."""
        with self._said.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
        lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
        return lines[-1] if lines else ""

    def progress(self) -> tuple[float, str]:
        """Return the share that is done, in [0, 1], and what it is at."""
        share, _, text = self.said().partition("% ")
        return (min(int(share) / 100, 1.0) if share.isdecimal() else 0.0), text

    def output(self) -> str:
        """Return what it wrote, once it is done.

        Raises:
            TaglabError: If it failed, with its own words.
        """
        code = self._process.returncode
        if code != 0:
            raise TaglabError(self._why_ended(code))
        return self._out.read_text(encoding="utf-8")

    def _why_ended(self, code: int) -> str:
        """Return its own words; where those are only how far it was, it was killed or crashed there."""
        share, text = self.progress()
        if self.said() and not text:
            return self.said()
        why = "was killed, perhaps because memory ran out" if code == -9 else f"ended with exit code {code}"
        return f"it {why}, at {share:.0%} ({text or 'before it began'}); nothing of it was kept"
