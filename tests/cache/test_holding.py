"""How much memory a value holds is what its arrays, tables and texts take, counted once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from taglab import cache
from taglab.cache import held_bytes, keeping
from taglab.clustering.seeding import Recent


@dataclass(frozen=True, slots=True)
class Slotted:
    array: np.ndarray


class Plain:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array


ARRAY = np.zeros(100_000)
SPARSE = sparse.csr_array(np.eye(2000))


@pytest.mark.parametrize(
    ("value", "n_bytes"),
    [
        (ARRAY, 800_000),
        ([ARRAY, ARRAY[::2], {"again": ARRAY.reshape(100, -1)}], 800_000),
        (Slotted(ARRAY), 800_000),
        (Plain(ARRAY), 800_000),
        (SPARSE, SPARSE.data.nbytes + SPARSE.indices.nbytes + SPARSE.indptr.nbytes),
        (pd.DataFrame({"a": ARRAY, "b": ARRAY.astype(np.int32)}), 1_200_000),
        (tuple(f"{number:08d}" for number in range(10_000)), 10_000 * (49 + 8 + 8)),
        (np.array([f"{number:08d}" for number in range(10_000)], object), 10_000 * (49 + 8 + 8)),
        (np, 0),
    ],
    ids=["array", "views", "slots", "object", "sparse", "table", "texts", "array of texts", "module"],
)
def test_bytes_are_counted_once(value: object, n_bytes: int) -> None:
    assert n_bytes <= held_bytes(value) <= n_bytes + 2_000


def test_what_is_mapped_from_a_file_takes_no_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ARRAY)
    assert held_bytes(np.load(tmp_path / "a.npy", mmap_mode="r")) < 2_000


def test_recent_things_are_bounded_by_number_and_by_bytes() -> None:
    made: list[str] = []

    def make(key: str, size: int) -> np.ndarray:
        made.append(key)
        return np.zeros(size, np.uint8)

    recent: Recent[np.ndarray] = Recent(2, most_bytes=1_000)
    for key, size in (("a", 400), ("b", 400), ("a", 400), ("c", 400), ("b", 400)):
        recent.get(key, lambda key=key, size=size: make(key, size))  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]
    recent.get("large", lambda: make("large", 2_000))
    recent.get("large", lambda: make("large", 2_000))
    assert made[4:] == ["large", "large"]


def test_what_cannot_be_written_is_kept_within_a_limit(
    taglab_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taglab_home.parent.mkdir(parents=True, exist_ok=True)
    taglab_home.write_text("no folder")
    monkeypatch.setattr(keeping, "_MOST_BYTES", 1_000)
    monkeypatch.setattr(keeping, "_memory", type(keeping._memory)())
    paths = [cache.derived_path("test", f"{number}{number}", "") for number in range(3)]
    for path in paths:
        keeping.keep(path, np.zeros(400, np.uint8), lambda place, value: place.write_bytes(value.tobytes()))
    known = [cache.recalled(path, lambda place: None) is not None for path in paths]
    assert known == [False, True, True]
