"""A disk that takes no more while a command saves: one sentence, and what was there before is there still."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from taglab import cache
from tests.cli.running import Shell

# The largest file the system lets a process write, as if the disk were full beyond it.
LIMIT_BYTES = 2_000


def run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES))

    command = [sys.executable, "-m", "taglab", *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=little_room)


def everything(folder: Path) -> dict[str, bytes]:
    """What a shelf holds, without its locks."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("kind", [cache.FOLKSONOMIES, cache.VECTORS, cache.LABEL_SPACES])
def test_a_full_disk_leaves_what_was_there(mine: Shell, kind: str) -> None:
    many = [f"tag {number}" for number in range(2_000)]
    table, words, tags = (mine.folder / name for name in ("large.csv", "large.txt", "tags.txt"))
    table.write_text("track,tag\n" + "".join(f"{number % 50},{tag}\n" for number, tag in enumerate(many)))
    words.write_text("".join(f"{tag.replace(' ', '_')} 0.1 0.{number}1\n" for number, tag in enumerate(many)))
    tags.write_text("\n".join(many))
    mine.text("data", "add", "table", table, "--name", "large")
    mine.text("vectors", "add", mine.folder / "large.txt", "--name", "kept")
    mine.text("labels", "make", "top", "--name", "kept", "-n", "3", "--data", "large")
    words.write_text(words.read_text() + "one_more 1 2\n")
    lines: dict[str, list[str | Path]] = {
        cache.FOLKSONOMIES: ["data", "add", "table", table, "--name", "mine", "--min-weight", "1"],
        cache.VECTORS: ["vectors", "add", words, "--name", "kept"],
        cache.LABEL_SPACES: [
            *(
                "labels",
                "make",
                "tags",
                "--name",
                "kept",
                "--tags-file",
                tags,
                "--data",
                "large",
                "--replace",
            ),
        ],
    }
    before = everything(cache.home() / kind)
    done = run(*lines[kind])
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "cannot save" in done.stderr
    assert everything(cache.home() / kind) == before
    mine.text(*lines[kind])
    assert everything(cache.home() / kind) != before
