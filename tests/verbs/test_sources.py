"""Networks of several sources from the shell: how large they are."""

from pathlib import Path

import pytest

from tests.cli.running import Shell


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(capsys, tmp_path)


def test_parameters_by_strategy_and_number_of_sources(shell: Shell) -> None:
    rows = {
        (row["strategy"], row["sources"]): row
        for row in shell.json("sources", "parameters", "--channels", "2")
    }
    assert rows["ss-r", 1]["parameters"] == 576_482
    assert round(rows["ms-cr@6", 8]["times_single"], 2) == 6.36
    assert round(rows["ms-sr@fc", 8]["times_single"], 2) == 1.16
    few = shell.json("sources", "parameters", "--network", "kim-3.2", "--factors", "40", "--sources", "3")
    assert max(row["sources"] for row in few) == 3
    assert shell.run("sources", "parameters", "--network", "vgg") != 0
    assert "network='vgg' cannot be shared among sources" in shell.err
