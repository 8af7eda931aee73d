"""The list of steps: what holds whatever the tags, and whatever the steps."""

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taglab.cleaning import (
    CLEANING_STEPS,
    Categories,
    Cleaning,
    CollapseEmbeddings,
    CollapseWords,
    Entry,
    ExplicitMap,
    Filters,
    NormalForm,
    Step,
    Typos,
    WordForms,
    parse_tsv,
)
from taglab.cleaning.memory import categories_of
from taglab.errors import Cancelled, DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.vectors import TagVectors
from tests.cleaning.made import HOSTILE, folksonomies, folksonomy, pairs_of, with_counts

STEPS: dict[str, tuple[Step, ...]] = {
    "normal-form": (NormalForm(), NormalForm(fold_case=False), NormalForm(join_words=False)),
    "word-forms": (WordForms(), WordForms(number=False)),
    "typos": (Typos(), Typos(most_used=3, threshold=0.8)),
    "categories": (Categories(), Categories(scheme="thesis"), Categories(assigned={"rock": "mine"})),
    "collapse-words": (CollapseWords(), CollapseWords(several=False, targets=("hip hop", "rock"))),
    "collapse-embeddings": (
        CollapseEmbeddings(percentile=0.3), CollapseEmbeddings(cut="empirical", several=True),
    ),
    "filters": (Filters(min_count=2), Filters(presets=("thesis",), min_artists=2, keep=("rock",))),
    "map": (
        ExplicitMap(entries=(Entry(tag="rock", targets=("pop", "Rock")), Entry(tag="sad"))),
        ExplicitMap(
            entries=(
                Entry(tag="Rock", targets=("Rock", "zeuhl")), Entry(tag="sad", targets=("sad", "Rock")),
                Entry(tag="good", targets=("sad",)),
            )
        ),
    ),
}  # fmt: skip
ALL = [step for steps in STEPS.values() for step in steps]
lists_of_steps = st.lists(st.sampled_from(ALL), min_size=1, max_size=4, unique_by=id)


def vectors_of(made: Folksonomy) -> TagVectors:
    """Vectors that depend on the tag alone; one tag in eight has none."""
    tags = made.tags["tag"].tolist()
    seeds = [zlib.crc32(tag.encode()) for tag in tags]
    rows = [np.random.default_rng(seed).normal(size=4) * (seed % 8 != 0) for seed in seeds]
    return TagVectors.from_any(tags, np.array(rows).reshape(len(tags), 4), "made")


def usable(step: Step, vectors: TagVectors) -> bool:
    return not isinstance(step, CollapseEmbeddings) or len(vectors) >= 3


def test_every_kind_of_step_is_tested_and_named_as_in_its_file() -> None:
    assert set(STEPS) == set(CLEANING_STEPS)
    for kind, step in CLEANING_STEPS.items():
        assert step().kind == kind
        assert step().describe()


@given(made=folksonomies, steps=lists_of_steps)
def test_nothing_is_lost_and_twice_is_once(made: Folksonomy, steps: list[Step]) -> None:
    vectors = vectors_of(made)
    cleaning = Cleaning.of("test", [step for step in steps if usable(step, vectors)])
    cleaned = cleaning.apply(made, vectors)
    rows = cleaned.tag_map.table.iloc[: made.n_tags]
    # Every tag there was is kept, merged or dropped, with a reason where it went.
    assert rows["tag"].tolist() == made.tags["tag"].tolist()
    assert set(rows["action"]) <= {"keep", "merge", "drop"}
    gone = rows[rows["action"] != "keep"]
    assert (gone["reason"] != "").all()
    assert (gone["step"] != "").all()
    # The pairs are those there were, carried along the map, each once.
    becomes = dict(zip(rows["tag"], rows["targets"], strict=True))
    assert pairs_of(cleaned.folksonomy) == {
        (track, target) for track, tag in pairs_of(made) for target in becomes[tag]
    }
    assert cleaned.folksonomy.tracks["track"].tolist() == made.tracks["track"].tolist()
    # The cleaning, and its map, find nothing to do in what they made.
    again = cleaning.apply(cleaned.folksonomy, vectors)
    assert again.folksonomy.fingerprint == cleaned.folksonomy.fingerprint
    assert again.rounds == 1
    by_map = Cleaning.of("map", [ExplicitMap.of(parse_tsv(cleaned.tag_map.to_tsv().encode(), "map.tsv"))])
    mapped = by_map.apply(made).folksonomy
    # A map tells no category of what it drops, so that where all is dropped it adds no column for them.
    assert mapped.assignments_fingerprint == cleaned.folksonomy.assignments_fingerprint
    assert categories_of(mapped) == categories_of(cleaned.folksonomy)
    assert by_map.apply(cleaned.folksonomy).folksonomy.fingerprint == cleaned.folksonomy.fingerprint


LETTERS = st.sampled_from("abcd")


@given(
    pairs=st.lists(st.tuples(st.integers(0, 4), LETTERS), min_size=1, max_size=12),
    targets=st.dictionaries(LETTERS, st.lists(LETTERS, min_size=1, max_size=3, unique=True)),
)
def test_a_tag_that_a_map_keeps_among_its_targets_is_never_lost(
    pairs: list[tuple[int, str]], targets: dict[str, list[str]]
) -> None:
    made = folksonomy(pairs)
    step = ExplicitMap(entries=tuple(Entry(tag=tag, targets=tuple(to)) for tag, to in targets.items()))
    cleaned = Cleaning.of("x", [step]).apply(made)
    after = pairs_of(cleaned.folksonomy)
    staying = {tag for tag, to in targets.items() if tag in to}
    assert {pair for pair in pairs_of(made) if pair[1] in staying or pair[1] not in targets} <= after
    for track, tag in pairs_of(made):
        assert any((track, end) in after for end in "abcd"), tag
    again = Cleaning.of("x", [step]).apply(cleaned.folksonomy)
    assert again.rounds == 1
    assert again.folksonomy.fingerprint == cleaned.folksonomy.fingerprint


@pytest.mark.parametrize("step", ALL, ids=lambda step: step.kind)
@given(made=folksonomies, seed=st.integers(0, 5))
@settings(max_examples=5)
def test_a_plan_names_every_tag_and_depends_on_no_order(step: Step, made: Folksonomy, seed: int) -> None:
    vectors = vectors_of(made)
    if not usable(step, vectors):
        return
    plan = step.plan(made, vectors)
    assert plan.table["tag"].tolist() == made.tags["tag"].tolist()
    assert plan.summary["tags"].sum() == made.n_tags
    assert plan.summary["counts"].sum() == made.n_assignments
    assert plan.tracks == len({track for track, tag in pairs_of(made) if tag in plan.mapping})
    # What goes away is no target; what stays and adds others may be.
    ends = {target for targets in plan.mapping.values() for target in targets}
    assert all(tag in targets for tag, targets in plan.mapping.items() if tag in ends)
    other = step.plan(shuffled(made, seed), vectors)
    assert other.mapping == plan.mapping
    assert other.categories == plan.categories


def shuffled(made: Folksonomy, seed: int) -> Folksonomy:
    """The same with its tracks, its tags and their pairs in another order."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(made.n_tracks), rng.permutation(made.n_tags)
    pairs = made.matrix.tocoo()
    order = rng.permutation(made.n_assignments)
    return Folksonomy.from_codes(
        "shuffled",
        made.tracks.iloc[rows],
        made.tags["tag"].iloc[columns].tolist(),
        np.argsort(rows)[pairs.row][order],
        np.argsort(columns)[pairs.col][order],
    )


@pytest.mark.parametrize("step", ALL, ids=lambda step: step.kind)
def test_hostile_tags_go_through(step: Step) -> None:
    made = folksonomy([(track, tag) for track, tag in enumerate(HOSTILE)] + [(0, "rock"), (1, "rock")])
    vectors = vectors_of(made)
    cleaned = Cleaning.of("hostile", [step]).apply(made, vectors)
    assert len(cleaned.tag_map.table) >= made.n_tags
    read = parse_tsv(cleaned.tag_map.to_tsv().encode(), "map.tsv")
    assert read.table.equals(cleaned.tag_map.table)


@pytest.mark.parametrize("step", ALL, ids=lambda step: step.kind)
def test_what_a_person_rejects_stays(step: Step) -> None:
    made = with_counts({"rock": 5, "Rock": 2, "sad": 4, "sadd": 1, "british rock": 2, "uncool": 1, "zzz": 3})
    vectors = vectors_of(made)
    changed = tuple(step.plan(made, vectors).mapping)
    after = step.reject(*changed)
    plan = after.plan(made, vectors)
    assert not plan.mapping
    assert plan.table.set_index("tag").loc[list(changed), "reason"].str.startswith("rejected by hand").all()
    assert after.accept(*changed) == step


def test_no_step_and_no_tag() -> None:
    made = folksonomy([(0, "rock")])
    assert Cleaning("empty").apply(made).folksonomy.fingerprint == made.fingerprint
    none = made.select_tags(without=["rock"])
    cleaned = Cleaning.of("none", [step for step in ALL if not isinstance(step, CollapseEmbeddings)]).apply(
        none
    )
    assert cleaned.folksonomy.n_tags == 0


def test_the_steps_before_count() -> None:
    made = with_counts({"Hip-Hop": 3, "hiphop": 2, "rare": 1})
    steps = [NormalForm(), Filters(min_count=3)]
    plans = Cleaning.of("two", steps).preview(made)
    assert plans[0].mapping == {"hiphop": ("Hip-Hop",)}
    assert plans[1].mapping == {"rare": ()}
    reordered = Cleaning.of("two", steps[::-1]).preview(made)
    assert set(reordered[0].mapping) == {"hiphop", "rare"}


def test_a_tag_dropped_and_then_merged_into_is_kept_whole() -> None:
    made = with_counts({"British rock": 5, "rock": 1})
    cleaned = Cleaning.of("back", [Filters(min_count=2), CollapseWords(targets=("rock",))]).apply(made)
    assert cleaned.folksonomy.tags["tag"].tolist() == ["rock"]
    row = cleaned.tag_map.table.set_index("tag").loc["rock"]
    assert row["action"] == "keep"
    assert "a later step merges tags into it" in row["reason"]


def test_what_joins_a_tag_stays_where_a_later_round_only_adds_its_category() -> None:
    joins = ExplicitMap(entries=(Entry(tag="Rock", targets=("Rock", "zeuhl")),))
    for steps in ((Categories(), joins), (joins, Categories()), (Categories(), joins, NormalForm())):
        cleaned = Cleaning.of("test", list(steps)).apply(folksonomy([(0, "Rock"), (1, "pop")]))
        assert pairs_of(cleaned.folksonomy) == {("t0", "Rock"), ("t0", "zeuhl"), ("t1", "pop")}
        assert categories_of(cleaned.folksonomy) == {"Rock": "genre", "zeuhl": "genre", "pop": "genre"}


def test_steps_that_undo_one_another_are_refused() -> None:
    there = ExplicitMap(entries=(Entry(tag="a", targets=("b",)),))
    back = ExplicitMap(entries=(Entry(tag="b", targets=("a",)),))
    made = with_counts({"a": 2, "c": 1})
    with pytest.raises(InvalidSetting, match="undo one another"):
        Cleaning.of("circle", [there, back]).apply(made)
    within_one = ExplicitMap(entries=(Entry(tag="a", targets=("b",)), Entry(tag="b", targets=("a",))))
    # Inside one step the more used one is where the circle ends.
    assert within_one.plan(with_counts({"a": 2, "b": 1})).mapping == {"b": ("a",)}


def test_weights_are_the_largest_of_what_merged() -> None:
    made = folksonomy([(0, "rock"), (0, "Rock"), (1, "Rock"), (1, "pop")])
    cleaned = Cleaning.of("merge", [NormalForm()]).apply(made).folksonomy
    assert cleaned.counts().to_dict() == {"Rock": 2, "pop": 1}
    assert any(note.reason == "merged by cleaning" for note in cleaned.dropped)


def test_edits_undo_and_redo() -> None:
    start = Cleaning("list")
    cleaning = start.add(NormalForm()).add(Filters()).add(Typos(), at=0).move(0, 2).turn(0, False)
    assert [item.step.kind for item in cleaning.items] == ["normal-form", "filters", "typos"]
    assert [step.kind for step in cleaning.steps] == ["filters", "typos"]
    changed = cleaning.replace_step(1, Filters(min_count=5)).remove(2)
    assert changed.undo().undo() == cleaning
    assert changed.undo().redo() == changed
    back = changed
    while back.past:
        back = back.undo()
    assert back == start
    with pytest.raises(InvalidSetting, match="no change to undo"):
        back.undo()
    with pytest.raises(InvalidSetting, match="nothing to redo"):
        changed.redo()
    with pytest.raises(InvalidSetting, match="at=7"):
        changed.remove(7)


def test_json_keeps_everything() -> None:
    cleaning = Cleaning.of('né "quoted"', [step.reject("b", "a", *HOSTILE) for step in ALL]).turn(1, False)
    assert Cleaning.from_json(cleaning.to_json().encode(), "c.json") == cleaning


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"taglab cleaning": 2, "name": "x", "steps": []}',
     '{"taglab cleaning": 1, "name": "x", "steps": [{"step": {"kind": "unheard-of"}}]}',
     '{"taglab cleaning": 1, "name": "x", "steps": [{"step": {"kind": "filters", "min_count": 0}}]}',
     '{"taglab cleaning": 1, "name": "x", "steps": [{"step": {"kind": "categories", "precedence": ["x"]}}]}'],
)  # fmt: skip
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"c\.json: is not a cleaning"):
        Cleaning.from_json(text, "c.json")


def test_settings_are_checked() -> None:
    with pytest.raises(InvalidSetting, match="min_count=0"):
        Filters(min_count=0)
    with pytest.raises(InvalidSetting, match="Extra"):
        NormalForm(folds_case=True)  # type: ignore[call-arg]


def test_cancelling_leaves_nothing() -> None:
    def stop(fraction: float, text: str) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        Cleaning.of("x", [Typos()]).apply(with_counts({"beautifull": 1}), progress=stop)


def test_of_two_schemes_the_later_one_stands() -> None:
    """Each round the first changes what the second then puts back."""
    made = folksonomy([(0, "rock")])
    cleaning = Cleaning.of("both", [Categories(scheme="readme"), Categories(scheme="thesis")])
    cleaned = cleaning.apply(made)
    assert cleaned.folksonomy.tags["category"].tolist() == ["Genres"]
    assert cleaned.rounds == 2
