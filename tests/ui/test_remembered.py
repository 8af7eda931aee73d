"""What pages remember is told apart by content, and bounded."""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from taglab import cache, runs
from taglab.clustering import SphericalKMeans
from taglab.embeddings import Lookup
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelClass, LabelSpace, Rename
from taglab.runs.library import delete_run
from taglab.ui import loaders, remembered
from taglab.ui.memory import bytes_of
from taglab.ui.remembered import MOST, Shelved, identity
from taglab.vectors import TagVectors
from tests.runs.examples import made_run, small_data, small_sound

UI = Path(remembered.__file__).parent


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    st.cache_resource.clear()


def data_of(category: str = "genre", name: str = "x", rows: tuple[int, ...] = (0, 1)) -> Folksonomy:
    tracks = pd.DataFrame({"track": ["a", "b"]})
    tags = pd.DataFrame({"tag": ["rock", "sad"], "category": [category, "mood"]})
    return Folksonomy.from_codes(name, tracks, tags, np.array(rows), np.array([0, 1]))


def vectors_of(scale: float) -> TagVectors:
    return TagVectors.from_any(["a", "b"], [[1.0, scale], [0.0, 1.0]])


SPACE = LabelSpace("space", (LabelClass("rock", ("rock",)), LabelClass("sad", ("sad",))))


@dataclass(frozen=True, eq=False)
class Asked:
    data: Folksonomy
    lookup: Lookup


DIFFERENT: list[tuple[Any, Any]] = [
    (data_of("genre"), data_of("mood")),
    (data_of(), data_of(rows=(1, 0))),
    (data_of(), data_of(name="y")),
    (vectors_of(1.0), vectors_of(2.0)),
    (SPACE, SPACE.edit(Rename(cls="sad", new="blue"))),
    (SPACE, SPACE.renamed("other")),
    (SphericalKMeans(k=3), SphericalKMeans(k=4)),
    (Asked(data_of("genre"), Lookup()), Asked(data_of("mood"), Lookup())),
    (Asked(data_of(), Lookup()), Asked(data_of(), Lookup(fully_known=True))),
    (LabelClass("a", ("x", "y")), LabelClass("a", ("y", "x"))),
    (1, True),
    (1, 1.0),
    (1, "1"),
    (None, "None"),
    ("a", b"a"),
    (0.1, 0.1 + 1e-12),
    (("a", "b"), ("a, b",)),
    (("a", ("b",)), ("a", "b")),
    ((), None),
    ({"a": 1}, {"a": 2}),
    (np.zeros(3), np.zeros((3, 1))),
    (np.zeros(3, np.float32), np.zeros(3)),
    # Streamlit's own hashing samples these, and would take one for the other.
    (np.zeros(600_000), np.r_[np.zeros(599_999), 1.0]),
    (pd.DataFrame({"a": np.zeros(60_000)}), pd.DataFrame({"a": np.r_[np.zeros(59_999), 1.0]})),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=range(len(DIFFERENT)))
def test_values_that_differ_are_told_apart(one: Any, other: Any) -> None:
    assert identity(one) != identity(other)
    assert identity(one) == identity(one)


def test_values_that_are_equal_are_one() -> None:
    assert identity(data_of()) == identity(data_of())
    assert identity(SphericalKMeans(k=3)) == identity(SphericalKMeans().model_copy(update={"k": 3}))
    assert identity(SPACE) == identity(replace(SPACE))
    assert identity(Asked(data_of(), Lookup())) == identity(Asked(data_of(), Lookup()))


def test_what_nothing_tells_apart_is_refused() -> None:
    for value in (object(), print, {1, 2}, lambda: None):
        with pytest.raises(TypeError, match="give it a fingerprint, or its argument an underscore"):
            identity(value)


def test_a_function_is_computed_once_for_the_same_content_however_it_is_called() -> None:
    asked: list[str] = []

    @remembered.remembered("small")
    def names(data: Folksonomy, least: int = 1, _progress: Any = None) -> list[str]:
        asked.append(data.tags["category"].iloc[0])
        return data.tags["tag"].tolist()

    first = names(data_of(), 1, print)
    assert names(data_of(), least=1) is first
    assert names(data=data_of(), _progress=object()) is first
    assert asked == ["genre"]
    names(data_of("mood"))
    names(data_of(), 2)
    assert asked == ["genre", "mood", "genre"]


def test_functions_of_one_shape_do_not_share_answers() -> None:
    @remembered.remembered("small")
    def one(number: int) -> int:
        return number + 1

    @remembered.remembered("small")
    def other(number: int) -> int:
        return number + 2

    assert (one(1), other(1)) == (2, 3)


def test_no_more_answers_are_kept_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    monkeypatch.setitem(MOST, "large", 3)

    @remembered.remembered("large")
    def double(number: int) -> int:
        computed.append(number)
        return 2 * number

    for number in (1, 2, 3, 4):
        double(number)
    double(4)
    assert computed == [1, 2, 3, 4]
    double(1)
    assert computed == [1, 2, 3, 4, 1]


def test_all_answers_together_take_no_more_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[tuple[str, int]] = []
    monkeypatch.setattr(remembered, "_ANSWERS", remembered._Answers())
    monkeypatch.setattr(remembered, "MOST_BYTES", 3_500_000)

    def zeros(name: str) -> Callable[[int], np.ndarray]:
        def make(number: int) -> np.ndarray:
            computed.append((name, number))
            return np.zeros(125_000)  # a megabyte

        make.__qualname__ = name
        return remembered.remembered("small")(make)

    one, other = zeros("one"), zeros("other")
    one(1), one(2), other(1)
    one(1)
    assert computed == [("one", 1), ("one", 2), ("other", 1)]
    other(2)  # the fourth: the longest unused is forgotten, whoever's it is
    one(1), other(1), other(2)
    assert computed[3:] == [("other", 2)]
    one(2)
    assert computed[4:] == [("one", 2)]


def test_memory_is_estimated(tmp_path: Path) -> None:
    assert bytes_of(np.zeros(1_000)) == 8_000
    assert bytes_of(pd.DataFrame({"a": np.zeros(1_000)})) == pytest.approx(8_000, abs=200)
    assert bytes_of(Asked(data_of(), Lookup())) > 200
    texts = [f"text {number:05d}" for number in range(10_000)]
    assert bytes_of(texts) == pytest.approx(10_000 * (8 + sys.getsizeof(texts[0])), rel=0.05)
    assert bytes_of({text: np.zeros(10) for text in texts}) > 10_000 * 80
    shared = np.zeros(1_000)
    assert bytes_of([shared, shared]) < 8_200
    np.save(tmp_path / "a.npy", np.zeros(100_000))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert bytes_of([mapped, mapped[5:].view(np.ndarray)]) < 300
    assert bytes_of([st, pd.DataFrame, bytes_of, {"call": np.mean}]) < 10_000  # of the program, not the value
    small_sound()
    assert bytes_of(loaders.audio_store("small")) < 100_000


def test_none_is_asked_for_again_where_it_may_come_to_be() -> None:
    answers: list[int | None] = [None, None, 5]

    @remembered.remembered("small", keeps_none=False)
    def look(where: str) -> int | None:
        return answers.pop(0)

    assert [look("a") for _ in range(4)] == [None, None, 5, 5]


def test_what_is_replaced_on_a_shelf_is_opened_anew() -> None:
    first = small_data()
    assert loaders.folksonomy("small") is loaders.folksonomy("small")
    chosen = loaders.selected_folksonomy("small", 2)
    shelf = cache.Shelf(cache.FOLKSONOMIES)
    times = shelf.path("small").stat()
    other = replace(first, tags=first.tags.assign(category="genre"))
    other.save(shelf.path("small"))
    os.utime(shelf.path("small"), ns=(times.st_atime_ns, times.st_mtime_ns))  # as coarse clocks would have it
    assert loaders.folksonomy("small").fingerprint == other.fingerprint
    assert "category" in loaders.selected_folksonomy("small", 2).tags
    assert "category" not in chosen.tags


def test_sound_that_is_replaced_is_opened_anew() -> None:
    small_sound()
    before = loaders.audio_store("small")
    assert loaders.audio_store("small") is before
    small_sound(seed=5)
    assert loaders.audio_store("small").fingerprint != before.fingerprint


def test_nothing_on_a_shelf_is_no_place() -> None:
    assert not Shelved.of(cache.FOLKSONOMIES, "none")
    small_data()
    assert Shelved.of(cache.FOLKSONOMIES, "small")


def test_a_run_made_anew_under_its_name_is_another() -> None:
    data = small_data()
    run = made_run("one", data)
    files = [path for path in run.folder.rglob("*") if path.is_file()]
    times = {path: path.stat() for path in files}
    before = identity(run)
    assert identity(runs.open_run(run.name)) == before
    delete_run(run.name)
    again = made_run("one", data, seed=7)
    assert (again.name, again.folder) == (run.name, run.folder)
    for path, state in times.items():
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert identity(again) != before


def test_a_run_is_another_once_something_is_written_into_it() -> None:
    run = made_run("one", small_data())
    told = {identity(run)}
    runs.set_note(run.name, "seen")
    told.add(identity(run))
    (run.folder / "predictions" / "test.npz").unlink()
    told.add(identity(run))
    assert len(told) == 3
    assert identity(made_run("two", small_data())) not in told
    published = [runs.open_run(name) for name in runs.published_names()]
    assert len({identity(one) for one in published}) == len(published)


def test_pages_remember_in_no_other_way() -> None:
    for path in UI.rglob("*.py"):
        if path.name != "remembered.py":
            assert not re.search(r"cache_(data|resource)|lru_cache|functools\.cache", path.read_text()), path
