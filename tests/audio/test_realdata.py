"""Awkward sound from public bug reports, beside the checkout: each gives its right value."""

from pathlib import Path

import numpy as np
import pytest

from taglab.audio.library import open_audio
from tests.cli.running import Shell

INPUTS = Path(__file__).parents[3] / "shared/data/awkward-inputs"

pytestmark = pytest.mark.realdata


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(capsys, tmp_path)


@pytest.fixture
def told(shell: Shell):
    """Add the clips of an input under the name x, and return what the command says, shown again."""
    if not INPUTS.is_dir():
        pytest.skip(f"{INPUTS} is not there")

    def add(name: str) -> dict:
        (folder,) = INPUTS.glob(f"{name}/clips")
        added = shell.json("audio", "add", folder, "--name", "x", "--min-duration-s", "0.5")
        shown = shell.json("audio", "show", "x")
        for fact in ("refusals", "remarks", "copies", "passed_over"):
            assert shown[fact] == added[fact]
        return shown

    return add


@pytest.mark.parametrize(
    ("name", "duration_s", "within_s"),
    [
        ("A01-mp3-vbr-no-xing", 20.0, 0.06),
        ("A02-mp3-joined", 24.0, 0.15),
        ("A03-flac-unknown-length", 8.0, 0.001),
    ],
)
def test_all_of_a_file_is_kept_whatever_its_header_announces(told, name, duration_s, within_s) -> None:
    shown = told(name)
    assert (shown["tracks"], shown["refused"]) == (1, 0)
    assert shown["rows"][0]["duration_s"] == pytest.approx(duration_s, abs=within_s)


def test_floats_in_the_scale_of_whole_numbers_are_rescaled_and_it_is_told(told) -> None:
    shown = told("A04-float-wav-integer-scale")
    assert shown["refused"] == 0
    (remark,) = shown["remarks"]
    assert "samples reach 9,825.05 times full scale" in remark["remark"]
    assert remark["examples"] == "song"
    store = open_audio("x")
    in_range, song = (store.whole(int(store.rows([track])[0])) for track in ("same_in_range", "song"))
    np.testing.assert_allclose(song, in_range, atol=1)
    assert np.abs(song).max() == pytest.approx(0.29984 * 32_768, abs=2)


def test_aac_and_wma_are_heard(told) -> None:
    shown = told("A05-folder-with-m4a-and-wma")
    assert (shown["tracks"], shown["refused"], shown["passed_over"]) == (3, 0, {})
    assert [row["duration_s"] for row in shown["rows"]] == pytest.approx([6.0, 6.0, 6.0], abs=0.03)


def test_copies_are_told(told) -> None:
    assert told("A13-identical-audio")["copies"] == [["1056", "1077"]]


def test_a_missing_zip_is_said_to_be_missing(shell: Shell) -> None:
    assert shell.run("audio", "add", "not-there.zip", "--name", "x") == 1
    assert "not-there.zip: there is no such file" in shell.err
    assert "TAGLAB_HOME" not in shell.err
