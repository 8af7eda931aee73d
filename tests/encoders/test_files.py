"""Features of other programs: matched by id, and refused where they cannot be used."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.encoders import read_features
from taglab.errors import DataError

TRACKS = ["b", "a", "c"]
ARRAY = np.array([[1.0, 2], [3, 4], [5, 6]])


def write(folder: Path, ending: str) -> Path:
    """Write features of a, x and b in this order."""
    path, ids = folder / f"features{ending}", ["a", "x", "b"]
    table = pd.DataFrame({"track": ids, "d0": ARRAY[:, 0], "d1": ARRAY[:, 1]})
    if ending == ".parquet":
        table.to_parquet(path)
    elif ending == ".npz":
        np.savez(path, ids=np.array(ids), vectors=ARRAY)
    elif ending == ".npy":
        np.save(path, ARRAY)
        path.with_suffix(".txt").write_text("\n".join(ids) + "\n", encoding="utf-8")
    else:
        table.to_csv(path, sep="\t" if ending == ".tsv" else ",", index=False)
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".npz", ".npy"])
def test_ids_are_matched(tmp_path: Path, ending: str) -> None:
    read = read_features(write(tmp_path, ending), TRACKS, "mine", "euclidean")
    assert read.vectors.ids == ("a", "b")
    np.testing.assert_array_equal(read.vectors.vectors, [[1, 2], [5, 6]])
    assert read.vectors.missing == ("c",)
    assert read.unknown == ("x",)
    assert (read.vectors.kind, read.vectors.measure, read.vectors.name) == ("tracks", "euclidean", "mine")


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("track,d0\na,1\na,2\n", "holds 'a' twice"),
        ("track,d0,d1\na,1,2\nb,,3\n", "NaN or infinity, of 'b' for instance"),
        ("track,d0\nq,1\n", "none of them a track"),
        ("track,d0\na,loud\n", "text in column 'd0'"),
        ("track\na\n", "a column of ids and at least one of numbers"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, rows: str, wrong: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text(rows, encoding="utf-8")
    with pytest.raises(DataError, match=wrong):
        read_features(path, TRACKS)


def test_ids_that_look_like_numbers_stay_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("id,d0\n007,1\n7,2\n", encoding="utf-8")
    assert read_features(path, ["007"]).vectors.ids == ("007",)


def test_slices_of_a_track_become_their_mean_and_deviation(tmp_path: Path) -> None:
    path = tmp_path / "slices.csv"
    path.write_text("track,d0,d1\na,1,4\nb,7,8\na,3,4\na,5,4\n", encoding="utf-8")
    means = read_features(path, TRACKS, slices="mean").vectors
    np.testing.assert_allclose(means.rows_of(["a", "b"]), [[3, 4], [7, 8]])
    both = read_features(path, TRACKS, slices="mean-deviation").vectors
    deviation = np.std([1, 3, 5])
    np.testing.assert_allclose(both.rows_of(["a", "b"]), [[3, 4, deviation, 0], [7, 8, 0, 0]], rtol=1e-6)
    assert both.origin["encoder"]["slices"] == "mean-deviation"
    with pytest.raises(DataError, match=r"say what is taken of its slices \(mean, mean-deviation\)"):
        read_features(path, TRACKS)
    path.write_text("track,d0\na,1\na,\n", encoding="utf-8")
    with pytest.raises(DataError, match="NaN or infinity, of 'a'"):
        read_features(path, TRACKS, slices="mean")
