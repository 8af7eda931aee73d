"""Lists of tracks with part and label."""

from pathlib import Path

import numpy as np
import pytest

from taglab.errors import DataError
from taglab.sources.target_list import TargetListSettings, read
from tests.sources.test_realdata import published
from tests.sources.tiny import write_target_list

PUBLISHED = {
    "GTZAN": (1_000, 10, {"train": 478, "valid": 211, "test": 311}),
    "FMA": (25_000, 16, {"train": 19_922, "valid": 2_505, "test": 2_573}),
    "IRMAS": (6_705, 11, {"train": 5_698, "test": 1_007}),
    "eBallroom": (3_390, 13, {}),
}


def test_labels_are_tags_and_a_column(tmp_path: Path) -> None:
    data = read(write_target_list(tmp_path), "tiny", TargetListSettings(column="genre"))
    assert data.tracks["track"].tolist() == ["disco.00038", "rock.00001", "rock.00002"]
    assert data.tracks["genre"].tolist() == ["disco", "rock", "rock"]
    assert data.tracks["split"].tolist() == ["test", "train", "valid"]
    assert data.tracks["path"][1] == "genres/rock/rock.00001.au"
    assert data.counts().to_dict() == {"rock": 2, "disco": 1}
    assert [(note.count, note.examples) for note in data.dropped] == [(1, ("rock.00002",)), (1, ("line 5",))]


def test_numbers_are_columns_without_tags(tmp_path: Path) -> None:
    arousal, valence = tmp_path / "a.info", tmp_path / "v.info"
    arousal.write_text("0\tclips/2.mp3\ttrain\t3.1\n1\tclips/3.mp3\ttest\t5\n")
    valence.write_text("0\tclips/3.mp3\ttest\t4.5\n")
    settings = TargetListSettings(column="arousal", also=valence, also_column="valence")
    data = read(arousal, "emotion", settings)
    assert (data.n_tags, data.tracks["arousal"].tolist()) == (0, [3.1, 5.0])
    np.testing.assert_array_equal(data.tracks["valence"], [np.nan, 4.5])


def test_what_is_no_list_is_a_sentence(tmp_path: Path) -> None:
    path, other = tmp_path / "x.info", write_target_list(tmp_path)
    path.write_text("track,tag\na,b\n")
    with pytest.raises(DataError, match="no line of number, path, part and label"):
        read(path, "x", TargetListSettings())
    with pytest.raises(DataError, match="no numbers; classes stand in the first list"):
        read(other, "x", TargetListSettings(also=other))


@pytest.mark.parametrize("name", ["track", "path", "split"])
def test_labels_take_no_column_that_the_list_has(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"labels cannot be called '{name}'"):
        TargetListSettings(column=name)
    with pytest.raises(ValueError, match=f"labels cannot be called '{name}'"):
        TargetListSettings(also=tmp_path, also_column=name)
    with pytest.raises(ValueError, match="column and also_column are both 'also'"):
        TargetListSettings(column="also", also=tmp_path)
    assert TargetListSettings(column="also").column == "also"


@pytest.mark.realdata
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_lists_have_the_counts_of_table_2_5(name: str) -> None:
    path = published("kim-2021-splits", f"{name}_filtered_dataset.info")
    data = read(path, name, TargetListSettings())
    parts = data.tracks["split"].value_counts().to_dict() if "split" in data.tracks else {}
    assert (data.n_tracks, data.n_tags, parts) == PUBLISHED[name]
    assert not data.dropped


@pytest.mark.realdata
def test_published_emotions_are_numbers() -> None:
    arousal, valence = (
        published("kim-2021-splits", f"MusicEmo{of}_filtered_dataset.info") for of in ("Arousal", "Valence")
    )
    settings = TargetListSettings(column="arousal", also=valence, also_column="valence")
    data = read(arousal, "emotion", settings)
    assert (data.n_tracks, data.n_tags) == (744, 0)
    assert data.tracks[["arousal", "valence"]].notna().all(axis=None)
    assert data.tracks["split"].value_counts().to_dict() == {"train": 619, "test": 125}
