"""What belongs to a query: a data set of three tracks, worked by hand."""

import numpy as np
import pandas as pd
import pytest

from taglab.folksonomy import Folksonomy
from taglab.joint_space import Term, belonging

TRACKS = ["a", "b", "c"]
TAGS = ["jazz", "sad"]
ARTISTS = ["Ann", "Bob"]


def data() -> Folksonomy:
    """Ann's a is jazz, her b jazz and sad; c, by nobody known, is sad."""
    tracks = pd.DataFrame({"track": TRACKS, "artist": ["Ann", "Ann", None]})
    return Folksonomy.from_codes("three", tracks, TAGS, np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1]))


@pytest.mark.parametrize(
    ("terms", "kind", "right"),
    [
        ([Term("jazz", "tag")], "track", "ab"),
        ([Term("jazz", "tag"), Term("sad", "tag", True)], "track", "a"),
        ([Term("Ann", "artist")], "track", "ab"),
        ([Term("a", "track")], "track", "b"),
        ([Term("c", "track")], "track", ""),
        ([Term("b", "track")], "tag", "jazz sad"),
        ([Term("c", "track")], "tag", "sad"),
        ([Term("a", "track", True)], "tag", "sad"),
        ([Term("Ann", "artist")], "tag", "jazz sad"),
        ([Term("sad", "tag")], "artist", "Ann"),
        ([Term("c", "track")], "artist", ""),
        ([Term("jazz", "tag"), Term("hum.wav", "clip")], "track", "ab"),
    ],
)
def test_what_belongs_to_every_term(terms: list[Term], kind: str, right: str) -> None:
    names = {"track": TRACKS, "tag": TAGS, "artist": ARTISTS}[kind]
    marks = belonging(data(), terms, kind, names)
    assert marks is not None
    belong = right.split() if kind != "track" else list(right)
    assert [name for name, mark in zip(names, marks, strict=True) if mark] == belong


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ([Term("jazz", "tag")], "tag"),
        ([Term("Ann", "artist")], "artist"),
        ([Term("gone", "tag")], "track"),
        ([Term("hum.wav", "clip")], "track"),
    ],
)
def test_where_nothing_is_known_nothing_is_marked(terms: list[Term], kind: str) -> None:
    assert belonging(data(), terms, kind, ["jazz", "Ann", "a"]) is None


def test_a_result_the_data_do_not_know_belongs_to_nothing() -> None:
    marks = belonging(data(), [Term("jazz", "tag")], "track", ["a", "unheard of"])
    assert marks is not None
    assert marks.tolist() == [True, False]
