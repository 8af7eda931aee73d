"""Running the command inside the test's own process, and the small data set most tests use."""

import json
from pathlib import Path
from typing import Any

import pytest

from taglab.cli import main

SMALL = """track,tag,artist
1,rock,a
1,metal,a
1,seen live,a
2,rock,a
2,metal,a
3,rock,b
3,pop,b
4,pop,c
4,dance,c
5,pop,c
5,dance,c
5,jazz,c
6,jazz,d
6,smooth jazz,d
7,jazz,d
7,smooth jazz,d
7,rock,d
"""


class Shell:
    """Runs `taglab` with arguments, and keeps what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self.folder = folder
        self.out = self.err = ""

    def run(self, *argv: str | Path) -> int:
        """Run and return the exit code."""
        self._capsys.readouterr()
        try:
            code = main([str(part) for part in argv])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return code

    def text(self, *argv: str | Path) -> str:
        """Run what must succeed and return what it printed."""
        assert self.run(*argv) == 0, self.err
        return self.out

    def json(self, *argv: str | Path) -> Any:
        """Run what must succeed with --json and return what it printed."""
        return json.loads(self.text(*argv, *([] if "--json" in argv else ["--json"])))
