"""Cleanings on the shelf, what they made, and the memory of steps."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from taglab import sources
from taglab.cache import CLEANINGS, FOLKSONOMIES, Shelf
from taglab.cleaning import (
    Categories,
    Cleaning,
    CollapseWords,
    Filters,
    Memory,
    NormalForm,
    Typos,
    cleaning_names,
    delete_cleaning,
    first_cleaning,
    open_applied,
    open_cleaning,
    read_cleaning,
    save_cleaned,
    save_cleaning,
)
from taglab.errors import Conflict, DataError, InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from tests.cleaning.made import HOSTILE, folksonomy, with_counts

COUNTS = {"rock": 12, "Rock": 4, "rokc": 3, "british rock": 2, "seen live": 2, "zzz": 1}
STEPS = (NormalForm(), Typos(), Filters(min_count=2).reject("zzz"))


def kept(made: Folksonomy, name: str) -> Folksonomy:
    named = replace(made, name=name)
    named.save(Shelf(FOLKSONOMIES).path(name))
    return named


def test_round_trip_conflict_and_removal() -> None:
    cleaning = Cleaning.of("mine", STEPS).turn(1, False)
    revision = save_cleaning(cleaning)
    opened, at = open_cleaning("mine")
    assert (opened, at) == (cleaning, revision)
    assert cleaning_names() == ["mine"]
    save_cleaning(opened.add(Categories()), at)
    with pytest.raises(Conflict, match="cleaning 'mine' was saved by somebody else"):
        save_cleaning(opened, at)
    with pytest.raises(Conflict, match="there is a cleaning 'mine' already"):
        save_cleaning(opened)
    delete_cleaning("mine")
    with pytest.raises(NotFound):
        open_cleaning("mine")


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(InvalidSetting, match="name="):
        save_cleaning(Cleaning(name))


def test_a_damaged_one_is_told() -> None:
    save_cleaning(Cleaning.of("mine", STEPS))
    Shelf(CLEANINGS, ".json").path("mine").write_text("{")
    with pytest.raises(DataError, match="is not a cleaning"):
        open_cleaning("mine")


def test_steps_and_maps_are_read_for_what_they_are() -> None:
    cleaning = Cleaning.of("mine", STEPS)
    assert read_cleaning(cleaning.to_json().encode(), "x.json") == cleaning
    data = with_counts(COUNTS)
    tsv = cleaning.apply(data).tag_map.to_tsv().encode()
    read = read_cleaning(tsv, "somewhere/map.tsv")
    assert read.name == "map"
    assert read.apply(data).folksonomy.fingerprint == cleaning.apply(data).folksonomy.fingerprint
    with pytest.raises(DataError, match="tag, action and target"):
        read_cleaning(b"rock\tpop\n", "x.tsv")


def test_what_was_made_is_data_like_any_and_tells_how() -> None:
    data = kept(with_counts(COUNTS), "raw")
    cleaning = Cleaning.of("mine", STEPS)
    cleaned = cleaning.apply(data, name="tidy")
    save_cleaned(cleaned, cleaning, "raw")
    made = sources.open_folksonomy("tidy")
    assert made.counts().to_dict() == {"rock": 12, "british rock": 2, "seen live": 2, "zzz": 1}
    assert sources.open_folksonomy("raw").counts().to_dict() == COUNTS
    applied = open_applied(made)
    assert applied.data == "raw"
    assert applied.cleaning == cleaning
    assert applied.tag_map.table.equals(cleaned.tag_map.table)
    assert set(applied.tag_map.into("rock")["tag"]) == {"Rock", "rokc"}
    with pytest.raises(NotFound, match="was not made by a cleaning"):
        open_applied(data)


def test_what_replaced_it_is_not_taken_for_it() -> None:
    data = kept(with_counts(COUNTS), "raw")
    cleaning = Cleaning.of("mine", STEPS)
    save_cleaned(cleaning.apply(data, name="tidy"), cleaning, "raw")
    other = kept(with_counts({"jazz": 3}), "tidy")
    with pytest.raises(NotFound, match="was not made by a cleaning"):
        open_applied(other)


def test_what_differs_in_one_category_is_not_taken_for_it() -> None:
    data = kept(with_counts(COUNTS), "raw")
    cleaning = Cleaning.of("mine", STEPS)
    save_cleaned(cleaning.apply(data, name="tidy"), cleaning, "raw")
    tidy = sources.open_folksonomy("tidy")
    assert open_applied(tidy).data == "raw"
    other = kept(replace(tidy, tags=tidy.tags.assign(category=["genre", *[""] * (tidy.n_tags - 1)])), "tidy")
    with pytest.raises(NotFound, match="was not made by a cleaning"):
        open_applied(other)


def test_fingerprint_is_of_the_steps_that_are_on() -> None:
    cleaning = Cleaning.of("mine", STEPS)
    assert cleaning.fingerprint == cleaning.renamed("other").fingerprint
    assert cleaning.turn(1, False).fingerprint == Cleaning.of("x", (STEPS[0], STEPS[2])).fingerprint
    changed = cleaning.replace_step(2, Filters(min_count=3).reject("zzz"))
    assert len({one.fingerprint for one in (cleaning, changed, cleaning.move(0, 1))}) == 3


def test_a_name_in_use_is_replaced_only_if_asked() -> None:
    data = kept(with_counts(COUNTS), "raw")
    kept(with_counts({"jazz": 3}), "other")
    cleaning = first_cleaning("x")
    for name in ("raw", "demo"):
        with pytest.raises(InvalidSetting, match="must be another"):
            save_cleaned(cleaning.apply(data, name=name), cleaning, "raw", replace=True)
    with pytest.raises(InvalidSetting, match="is taken"):
        save_cleaned(cleaning.apply(data, name="other"), cleaning, "raw")
    save_cleaned(cleaning.apply(data, name="other"), cleaning, "raw", replace=True)
    assert "rock" in sources.open_folksonomy("other").counts()


def test_a_damaged_note_of_how_is_told() -> None:
    data = kept(with_counts(COUNTS), "raw")
    cleaning = first_cleaning("x")
    save_cleaned(cleaning.apply(data, name="tidy"), cleaning, "raw")
    note = Shelf(f"{CLEANINGS}/applied").path("tidy") / "made.json"
    for text in ("", "{}", json.dumps({"data": "raw"})):
        note.write_text(text)
        with pytest.raises(DataError, match="is damaged"):
            open_applied(sources.open_folksonomy("tidy"))


def test_hostile_tags_are_kept_and_told() -> None:
    data = kept(folksonomy([(row, tag) for row, tag in enumerate(HOSTILE)]), "odd")
    cleaning = first_cleaning("x")
    cleaned = cleaning.apply(data, name="odd tidy")
    save_cleaned(cleaned, cleaning, "odd")
    assert open_applied(sources.open_folksonomy("odd tidy")).tag_map.table.equals(cleaned.tag_map.table)


def test_previewing_writes_nothing(taglab_home: Path) -> None:
    data = kept(with_counts(COUNTS), "raw")
    before = sorted(taglab_home.rglob("*"))
    first_cleaning("x").preview(data, memory=Memory(1000))
    first_cleaning("x").apply(data, name="tidy", memory=Memory(1000))
    assert sorted(taglab_home.rglob("*")) == before


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kinds of the steps that are really computed."""
    computed: list[str] = []
    for kind in (NormalForm, Typos, CollapseWords, Filters):
        decide = kind.decide

        def counted(self, *given, decide=decide):  # type: ignore[no-untyped-def]
            computed.append(self.kind)
            return decide(self, *given)

        monkeypatch.setattr(kind, "decide", counted)
    return computed


def test_steps_that_did_not_change_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = counting(monkeypatch)
    data, memory = with_counts(COUNTS), Memory(1000)
    cleaning = Cleaning.of("x", [NormalForm(), Typos()])
    start = memory.start(data)
    first = memory.round(cleaning.steps, start)[1]
    assert computed == ["normal-form", "typos"]
    with_filters = cleaning.add(Filters())
    again = memory.round(with_filters.steps, start)[1]
    assert again[:2] == first
    assert computed == ["normal-form", "typos", "filters"]
    computed.clear()
    changed = memory.round((NormalForm(), Typos(threshold=0.95)), start)[1]
    assert computed == ["typos"]
    assert changed[0] is first[0]
    computed.clear()
    # Only the round after the first, which changes nothing any more, is computed.
    with_filters.preview(data, memory=memory)
    assert computed == ["normal-form", "typos", "filters"]


def test_memory_changes_no_result_and_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    data = with_counts(COUNTS)
    for most_tags in (0, 7, 1000):
        memory = Memory(most_tags)
        for cleaning in (Cleaning.of("x", STEPS), Cleaning.of("x", STEPS[::-1])):
            plain = cleaning.apply(data)
            kept_plans = cleaning.preview(data, memory=memory)
            remembered = cleaning.apply(data, memory=memory)
            assert remembered.folksonomy.fingerprint == plain.folksonomy.fingerprint
            assert remembered.tag_map.table.equals(plain.tag_map.table)
            assert [plan.mapping for plan in kept_plans] == [plan.mapping for plan in plain.plans]
    computed = counting(monkeypatch)
    small = Memory(7)
    Cleaning.of("x", STEPS).preview(data, memory=small)
    Cleaning.of("x", STEPS).preview(data, memory=small)
    assert len(computed) > len(STEPS)


def test_data_that_differ_in_artists_or_categories_only_are_told_apart() -> None:
    memory = Memory(1000)
    one = folksonomy([(0, "a"), (1, "a"), (2, "b")], artists=1)
    other = folksonomy([(0, "a"), (1, "a"), (2, "b")], artists=3)
    keys = {memory.start(data).key for data in (one, other)}
    keys.add(memory.start(replace(one, tags=one.tags.assign(category=["x", "y"]))).key)
    assert len(keys) == 3
    steps = (Filters(min_artists=2),)
    assert memory.round(steps, memory.start(one))[1][0].mapping.keys() == {"a", "b"}
    assert memory.round(steps, memory.start(other))[1][0].mapping.keys() == {"b"}


def test_an_imported_list_can_be_undone() -> None:
    cleaning = Cleaning.of("x", STEPS)
    other = cleaning.become(Cleaning.of("y", [Typos()]).items)
    assert [item.step.kind for item in other.items] == ["typos"]
    assert other.undo() == cleaning
    assert other.renamed("z").name == "z"
