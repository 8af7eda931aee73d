"""What cannot be learned from is told in a sentence by every verb that meets it."""

from pathlib import Path

import pytest

from tests.cli.running import Shell

TRACKS = range(12)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, taglab_home: Path) -> Shell:
    """Tracks of two tags, with columns about them and plays of one user, of unknown tracks, of nobody."""
    shell = Shell(capsys, tmp_path)
    rows = [f"t{track},{'rock' if track % 2 else 'jazz'}" for track in TRACKS]
    (tmp_path / "tags.csv").write_text("track,tag\n" + "\n".join(rows) + "\n")
    about = [f"t{track},0,{(80 + track) * (2 if track % 3 else 1)},{80 + track}" for track in TRACKS]
    (tmp_path / "about.csv").write_text("track,year,bpm,other_bpm\n" + "\n".join(about) + "\n")
    (tmp_path / "one.csv").write_text("user,track\n" + "".join(f"u,t{track}\n" for track in TRACKS))
    (tmp_path / "unknown.csv").write_text("user,track\nu,x1\nv,x2\nw,t0\n")
    for name, plays in (("mine", "one"), ("others", "unknown")):
        shell.text(
            "data", "add", "table", tmp_path / "tags.csv", "--name", name,
            "--about", tmp_path / "about.csv", "--plays", tmp_path / f"{plays}.csv",
        )  # fmt: skip
    return shell


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("targets tag -k 5 --data mine", "k=5 must be at most the 2 tags and the 12 tracks of mine"),
        ("targets taste -k 2 --data mine", "k=2 must be at most the 1 users and the 12 tracks of mine"),
        ("targets year -k 2 --data mine", "mine: has 0 different years among the tracks to learn from"),
        ("targets expert --data mine", "or one must be called mine-experts; there are: demo, mine, others"),
        ("design make --name one --sources tag", "give two to 8, not 1"),
        ("sources train --source tag --data mine", "with one source every strategy is ss-r; there are 1"),
        ("sources train --source tag tag --data mine", "two sources are called 'tag'"),
    ],
)
def test_what_cannot_be_learned_from_is_a_sentence(line: str, sentence: str, shell: Shell) -> None:
    assert shell.run(*line.split()) in (1, 2)
    assert sentence in shell.err
    assert len(shell.err.strip().splitlines()) == 1


def test_octaves_of_tempi_and_plays_of_unknown_tracks_are_told(shell: Shell) -> None:
    tempi = shell.json("targets", "bpm", "-k", "2", "--data", "mine", "--against", "other_bpm")
    assert tempi["known"] == 12
    assert "'other_bpm' is, within 4 %: equal 4, half 8." in shell.err
    assert (
        "4 of 12 tempi lie outside 117 to 235 bpm, as where a tracker took the double or the half"
        in shell.err
    )
    read = shell.json("data", "show", "others")["read"]
    assert (
        "Plays: 2 of 3 tracks played are not in others ('x1', 'x2'); they are kept, and have no tags." in read
    )
