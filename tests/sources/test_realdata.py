"""The readers on published data that lie beside the checkout."""

from pathlib import Path

import pytest

from taglab import sources
from taglab.folksonomy import Folksonomy

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"

pytestmark = pytest.mark.realdata


def published(*parts: str) -> Path:
    """Return a path in the published data, or skip."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no published data at {path}")
    return path


def test_mtg_jamendo_splits(tmp_path: Path) -> None:
    found = sources.add("jamendo", published("mtg-jamendo", "splits", "split-0"), "jamendo")
    assert (found.n_tracks, found.n_tags) == (55_525, 183)
    assert found.tags["category"].value_counts().to_dict() == {
        "genre": 87,
        "mood/theme": 56,
        "instrument": 40,
    }
    assert set(found.tracks["split"]) == {"train", "validation", "test"}
    assert found.tags["artists"].min() >= 10
    assert [note.reason for note in found.dropped] == ["the same tag on the same track again"]
    assert sources.open_folksonomy("jamendo").fingerprint == found.fingerprint


def test_mtg_jamendo_single_file_agrees_with_the_join() -> None:
    folder = published("mtg-jamendo", "splits", "split-0")
    joined = sources.read("jamendo", folder, "x")
    alone = sources.read("jamendo", folder / "autotagging-test.tsv", "x")
    of_test = joined.select_tracks(joined.tracks["split"].eq("test").to_numpy(bool))
    assert of_test.n_tracks == alone.n_tracks
    assert of_test.counts().to_dict() == alone.counts().to_dict()


@pytest.mark.parametrize(("part", "tracks"), [("test", 28_540), ("valid", 12_634)])
def test_msd_lastfm_50(part: str, tracks: int) -> None:
    found = sources.read("table", published("msd-lastfm-50", f"{part}.tsv.gz"), "x")
    assert (found.n_tracks, found.n_tags) == (tracks, 50)
    assert found.dropped == ()
    assert found.tags["tag"][0] == "rock"


def test_msd_lastfm_50_together() -> None:
    found = sources.read("table", published("msd-lastfm-50"), "x")
    assert found.tracks["split"].value_counts().to_dict() == {"test": 28_540, "validation": 12_634}


def test_lakh_lastfm() -> None:
    found = sources.read("table", published("lakh-lastfm", "track_tags.csv"), "x")
    assert (found.n_assignments, found.n_tracks, found.n_tags) == (85_849, 10_674, 66)
    assert found.dropped == ()


def test_a_table_without_a_header() -> None:
    """Last.fm tags and what each was collapsed into, read as if the former were tracks."""
    found = sources.read(
        "table",
        published("tag-collapsing", "stage-2.tsv"),
        "x",
        sources.SOURCES["table"].settings(header=False),
    )
    assert isinstance(found, Folksonomy)
    assert found.n_assignments + sum(note.count for note in found.dropped) == 55_957
