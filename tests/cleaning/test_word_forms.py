"""Singular and plural, British and American spelling, decades: what is joined, and what must not be."""

import dataclasses
import sys

import pytest

from taglab.cleaning import Cleaning, NormalForm, WordForms, word_forms, word_list, words
from taglab.cleaning.categories import Categories
from taglab.cleaning.lexicon import WORD_LISTS, no_plurals, other_spellings
from taglab.cleaning.word_forms import american, singular
from tests.cleaning.made import with_counts

JOINED = (
    ("male vocalists", "male vocalist"), ("female vocalists", "Female Vocalist"), ("guitars", "guitar"),
    ("love songs", "love song"), ("ladies of jazz", "lady of jazz"), ("remixes", "remix"),
    ("women in rock", "woman in rock"), ("drum machines", "drum machine"), ("party anthems", "party anthem"),
    ("favourite songs", "favorite song"), ("colourful", "colorful"), ("theatre music", "theater music"),
    ("grey sky", "gray sky"), ("humour", "humor"), ("centre", "center"), ("elektro", "electro"),
    ("70s", "1970's"), ("70s", "seventies"), ("70s rock", "70ies rock"), ("80er", "eighties"),
    ("80ties pop", "1980s pop"), ("00s", "2000s"), ("1960er", "60s"), ("noughties", "2000's"),
)  # fmt: skip
APART = (
    ("blues", "blue"), ("news", "new"), ("rocks", "rock"), ("souls", "soul"), ("beats", "beat"),
    ("folks", "folk"), ("bass", "bas"), ("brass", "bras"), ("killers", "killer"), ("doors", "door"),
    ("electronics", "electronic"), ("1970s", "1970"), ("80s", "80"), ("2020s", "20s"), ("1970s", "1980s"),
    ("chris", "chri"), ("this", "thi"), ("four", "for"), ("hour", "hor"), ("wise", "wize"), ("loves", "love"),
    ("us", "u"), ("US", "us"), ("disc", "disk"), ("90s", "90"), ("1905s", "05s"),
)  # fmt: skip


@pytest.mark.parametrize(("kept", "other"), JOINED)
def test_forms_of_the_same_words_are_joined_into_the_most_used(kept: str, other: str) -> None:
    assert WordForms().plan(with_counts({kept: 5, other: 2})).mapping == {other: (kept,)}
    assert WordForms().plan(with_counts({kept: 2, other: 5})).mapping == {kept: (other,)}


@pytest.mark.parametrize(("one", "other"), APART)
def test_other_words_stay_apart(one: str, other: str) -> None:
    assert not WordForms().plan(with_counts({one: 5, other: 2})).mapping


def test_each_kind_of_form_can_be_left_alone() -> None:
    made = with_counts({"vocalists": 5, "vocalist": 4, "color": 3, "colour": 2, "70s": 5, "seventies": 1})
    number, spelling, decade = {"vocalist": ("vocalists",)}, {"colour": ("color",)}, {"seventies": ("70s",)}
    assert WordForms().plan(made).mapping == number | spelling | decade
    assert WordForms(number=False).plan(made).mapping == spelling | decade
    assert WordForms(spellings=False).plan(made).mapping == number | decade
    assert WordForms(decades=False).plan(made).mapping == number | spelling


def test_a_band_is_no_plural_where_the_data_name_it() -> None:
    made = with_counts({"crash test dummies": 5, "crash test dummy": 2})
    assert WordForms().plan(made).mapping
    named = dataclasses.replace(made, tracks=made.tracks.assign(artist="Crash Test Dummies"))
    assert not WordForms().plan(named).mapping


def test_case_is_left_to_the_step_of_spellings() -> None:
    made = with_counts({"Vocalists": 5, "vocalists": 3, "vocalist": 2})
    assert WordForms().plan(made).mapping == {"vocalist": ("Vocalists",)}
    cleaned = Cleaning.of("x", [NormalForm(), WordForms()]).apply(made)
    assert cleaned.folksonomy.tags["tag"].tolist() == ["Vocalists"]


def test_a_form_has_one_form() -> None:
    entries = {word for name in WORD_LISTS for entry in word_list(name) for word in words(entry)}
    for word in entries:
        assert american(american(word)) == american(word)
        assert singular(singular(word)) == singular(word)
        assert word not in no_plurals() or singular(word) == word


def test_the_lists_are_sound() -> None:
    whole, stems = other_spellings()
    assert not set(whole) & set(whole.values())
    assert all(written != meant for written, meant in (whole | stems).items())
    assert all(singular(word) == word for word in no_plurals())


@pytest.mark.parametrize(
    "twins",
    [
        ("my fav songs", "favorite bands", "favourite bands", "favorite band", "loved tracks", "songs i love",
         "love at first listen", "favourite albums", "favorite artist", "loves it", "katie loves this"),
        ("favorite songs", "favourite songs", "favorite song", "favorites", "favoriten"),
    ],
)  # fmt: skip
def test_an_opinion_is_of_one_category_however_it_is_put(twins: tuple[str, ...]) -> None:
    assert set(Categories().categories(twins).values()) == {"descriptive"}
    assert set(Categories(scheme="thesis").categories(twins).values()) == {"Meaningless"}


def test_twins_of_the_lists_of_opinions_and_junk_are_of_their_category() -> None:
    """Singular and plural, British and American: one says what the other says."""
    form, step = WordForms(), Categories()
    by_form: dict[str, set[str]] = {}
    for name in ("praise", "junk"):
        entries = word_list(name)
        for entry, category in zip(entries, step.categories(entries).values(), strict=True):
            by_form.setdefault(form.key(words(entry)), set()).add(category)
    assert not {key: categories for key, categories in by_form.items() if len(categories) > 1}


class DisturbedOnce:
    """Lets the first import of inflect fail as it does while another thread parses code."""

    def __init__(self) -> None:
        self.times = 0

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "inflect":
            self.times += 1
            if self.times == 1:
                raise SystemError("AST constructor recursion depth mismatch (before=117, after=32)")


def test_plurals_are_known_although_another_thread_disturbs(monkeypatch: pytest.MonkeyPatch) -> None:
    disturbed = DisturbedOnce()
    for name in [name for name in sys.modules if name.partition(".")[0] == "inflect"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [disturbed, *sys.meta_path])
    word_forms._inflections.cache_clear()
    assert singular("choruses") == "chorus"
    assert disturbed.times == 2
