"""The reader of MediaEval's emotions and DEAM."""

from pathlib import Path

import pandas as pd
import pytest

from taglab.errors import DataError
from taglab.sources.music_emotion import MusicEmotionSettings, read
from taglab.sources.target_list import TargetListSettings
from taglab.sources.target_list import read as read_list
from tests.sources.test_realdata import published
from tests.sources.tiny import write_music_emotion

SETTINGS = MusicEmotionSettings()
DEAM = "song_id, valence_mean, valence_std, arousal_mean, arousal_std"


def test_the_set_of_2013_is_read_with_its_parts(tmp_path: Path) -> None:
    data = read(write_music_emotion(tmp_path), "x", SETTINGS)
    assert data.tracks.to_dict("list") == {
        "track": ["2", "3"],
        "arousal": [3.1, 3.5],
        "valence": [3.0, 3.3],
        "arousal_deviation": [0.99, 1.9],
        "valence_deviation": [0.67, 1.7],
        "artist": ["The New Mystikal Troubadours", "Kevin"],
        "title": ["Tonight A Lonely Century", "Waiting"],
        "genre": ["Blues", "Rock"],
        "split": ["train", "test"],
    }
    assert data.counts().to_dict() == {"Blues": 1, "Rock": 1}
    assert [(note.reason, note.examples) for note in data.dropped] == [
        ("no arousal and valence of 1 to 9", ("song 5",)),
        ("no number of a song", ("static_annotations.csv, line 5",)),
        ("without annotations of the whole", ()),
    ]


def test_deam_is_read_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "annotations" / "song_level"
    folder.mkdir(parents=True)
    first, second = (folder / f"static_annotations_averaged_songs_{of}.csv" for of in ("1_2000", "2000_2058"))
    first.write_text(f"{DEAM}\n2, 3.1, 0.94, 3, 0.63\n10,6,1,5,2\n")
    second.write_text(f"{DEAM}, valence_max_mean\n2001, 6.5, 1, 5.5, 2, 7\n10,6,1,5,1\n")
    (tmp_path / "metadata_2014.csv").write_text("Id,Artist,Album,Track,Genre\n10,A,B,C,Rock,more,labels\n")
    data = read(tmp_path, "x", SETTINGS)
    assert data.tracks["track"].tolist() == ["2", "10", "2001"]
    assert data.tracks["valence"].tolist() == [3.1, 6.0, 6.5]
    assert data.tracks["arousal"].tolist() == [3.0, 5.0, 5.5]
    assert data.tracks["title"].tolist()[1] == "C"
    assert "split" not in data.tracks
    reasons = [note.reason for note in data.dropped]
    assert reasons == ["a song seen before; the first row is kept"]
    assert read(first, "x", SETTINGS).n_tracks == 2


def test_of_one_file_only_its_own_folder_is_looked_into(tmp_path: Path) -> None:
    file = tmp_path / "static_annotations.csv"
    file.write_text(f"{DEAM}\n2, 3.1, 0.94, 3, 0.63\n{'9' * 5000}, 3, 1, 3, 1\n")
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "metadata_2014.csv").write_text("Id,Artist,Album,Track,Genre\n2,A,B,C,Rock\n")
    data = read(file, "x", SETTINGS)
    assert "artist" not in data.tracks
    assert [note.reason for note in data.dropped] == ["no number of a song"]


def test_what_has_no_annotations_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file named like static_annotations.csv"):
        read(tmp_path, "x", SETTINGS)
    path = tmp_path / "static_annotations.csv"
    path.write_text("song_id,mean_arousal\n2,3\n")
    with pytest.raises(DataError, match="lacks a column of valence"):
        read(path, "x", SETTINGS)
    path.write_text("song_id,mean_arousal,std_arousal,mean_valence,std_valence\n2,,1,x,1\n")
    with pytest.raises(DataError, match="no song with arousal and valence"):
        read(path, "x", SETTINGS)


@pytest.mark.realdata
def test_published_emotions_come_as_from_kims_lists(tmp_path: Path) -> None:
    arousal, valence = (
        published("kim-2021-splits", f"MusicEmo{of}_filtered_dataset.info") for of in ("Arousal", "Valence")
    )
    settings = TargetListSettings(column="arousal", also=valence, also_column="valence")
    listed = read_list(arousal, "listed", settings).tracks
    rows = listed[["track", "arousal", "valence"]].assign(deviation=1.0, other=1.0)
    rows = rows[["track", "arousal", "deviation", "valence", "other"]]
    rows.columns = pd.Index(["song_id", "mean_arousal", "std_arousal", "mean_valence", "std_valence"])
    rows.to_csv(tmp_path / "static_annotations.csv", index=False)
    data = read(tmp_path, "x", SETTINGS)
    assert data.n_tracks == 744
    assert not data.dropped
    columns = ["track", "arousal", "valence"]
    ours, theirs = (table[columns].sort_values("track", ignore_index=True) for table in (data.tracks, listed))
    pd.testing.assert_frame_equal(ours, theirs)
