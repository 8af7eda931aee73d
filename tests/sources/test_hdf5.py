"""HDF5 that somebody sent shows its own arrays, and nothing else of the machine."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from taglab.archives import Limits
from taglab.errors import DataError
from taglab.sources.hdf5 import read_hdf5

SECRET = b"secret"


def test_arrays_are_read_as_they_are(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["one/numbers"] = np.arange(6, dtype=np.uint8).reshape(2, 3)
        file.create_dataset("packed", data=np.ones(1000), compression="gzip", chunks=(1000,))
        file["number"] = 1.5
    numbers, packed, number = read_hdf5(tmp_path / "a.mat", ("one/numbers", "packed", "number"), "matrix")
    assert (numbers.dtype, numbers.tolist()) == (np.uint8, [[0, 1, 2], [3, 4, 5]])
    assert packed.tolist() == [1.0] * 1000
    assert number == 1.5


def kept_outside(file: h5py.File, other: Path) -> None:
    file.create_dataset("a/b", shape=(6,), dtype="u1", external=[(str(other / "secret"), 0, 6)])


def linked_outside(file: h5py.File, other: Path) -> None:
    file["a/b"] = h5py.ExternalLink(str(other / "other.h5"), "numbers")


def in_a_group_outside(file: h5py.File, other: Path) -> None:
    file["a"] = h5py.ExternalLink(str(other / "other.h5"), "/group")


def by_way_of_a_soft_link(file: h5py.File, other: Path) -> None:
    file["there"] = h5py.ExternalLink(str(other / "other.h5"), "numbers")
    file["a/b"] = h5py.SoftLink("/there")


def virtual(file: h5py.File, other: Path) -> None:
    layout = h5py.VirtualLayout(shape=(6,), dtype="u1")
    layout[:] = h5py.VirtualSource(str(other / "other.h5"), "numbers", shape=(6,))
    file.create_virtual_dataset("a/b", layout)


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (kept_outside, "keeps a/b in another file, which is not opened"),
        (virtual, "keeps a/b in another file, which is not opened"),
        (linked_outside, "has a link in place of a/b; links are not followed"),
        (in_a_group_outside, "has a link in place of a/b; links are not followed"),
        (by_way_of_a_soft_link, "has a link in place of a/b; links are not followed"),
    ],
)
def test_nothing_is_read_of_another_file(
    tmp_path: Path, write: Callable[[h5py.File, Path], None], sentence: str
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "secret").write_bytes(SECRET)
    with h5py.File(other / "other.h5", "w") as file:
        file["numbers"] = file["group/b"] = np.frombuffer(SECRET, np.uint8)
    with h5py.File(tmp_path / "a.mat", "w") as file:
        write(file, other)
    with h5py.File(tmp_path / "a.mat") as file:  # what h5py itself gives
        assert bytes(file["a/b"][()]) == SECRET
    with pytest.raises(DataError, match=sentence):
        read_hdf5(tmp_path / "a.mat", ("a/b",), "matrix")


def vast(file: h5py.File) -> None:
    file.create_dataset("numbers", shape=(1 << 40,), chunks=(1 << 10,), dtype="f8")


def of_a_vast_chunk(file: h5py.File) -> None:
    file.create_dataset("numbers", shape=(1,), maxshape=(None,), chunks=(1 << 27,), dtype="f8")


@pytest.mark.parametrize("write", [vast, of_a_vast_chunk])
def test_what_is_larger_than_its_file_can_be_is_not_read(
    tmp_path: Path, write: Callable[[h5py.File], None]
) -> None:
    with h5py.File(tmp_path / "a.mat", "w") as file:
        write(file)
    with pytest.raises(DataError, match=r"announces arrays of [\d,]{13,} bytes.*at most 67,108,864 are read"):
        read_hdf5(tmp_path / "a.mat", ("numbers",), "matrix")


def test_arrays_count_together(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["a"] = file["b"] = np.zeros(100)
    limits = Limits(largest_bytes=1500)
    assert len(read_hdf5(tmp_path / "a.mat", ("a",), "matrix", limits)) == 1
    with pytest.raises(DataError, match="arrays of 1,600 bytes"):
        read_hdf5(tmp_path / "a.mat", ("a", "b"), "matrix", limits)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("nowhere", "is no matrix in HDF5 .there is no nowhere."),
        ("text", "holds object at text, where numbers are meant"),
        ("group", "holds no array at group"),
        ("empty", "holds float32 at empty, where numbers are meant"),
        ("pairs", "at pairs, where numbers are meant"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(tmp_path: Path, place: str, sentence: str) -> None:
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["text"] = "text"
        file.create_group("group")
        file["empty"] = h5py.Empty("f4")
        file["pairs"] = np.zeros(2, [("x", "f4"), ("y", "f4")])
    with pytest.raises(DataError, match=sentence):
        read_hdf5(tmp_path / "a.mat", (place,), "matrix")


def test_what_is_no_hdf5_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    with pytest.raises(DataError, match="is no matrix in HDF5"):
        read_hdf5(tmp_path / "a.mat", ("a",), "matrix")
