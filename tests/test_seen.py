"""What tests saw of published data stands at the end of the run's report."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("processes", ["0", "2"])
def test_lines_that_were_seen_are_told_at_the_end(tmp_path: Path, processes: str) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(seen):\n    seen('best k 12')\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", tmp_path / "none.ini"]
    (tmp_path / "none.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [*command, "-n", processes, tmp_path / "test_it.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    heading, line = done.stdout.split("seen of the published data")
    assert heading
    assert "best k 12" in line
