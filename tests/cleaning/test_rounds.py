"""What is previewed is what is applied: over all rounds, for every row, and after every refusal."""

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from taglab.benchmarks.cleaning import made_up_tags
from taglab.cleaning import (
    Categories,
    Cleaned,
    Cleaning,
    CollapseWords,
    Entry,
    ExplicitMap,
    Filters,
    NormalForm,
    Step,
    Typos,
    first_cleaning,
    parse_tsv,
)
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.sources.demo import DemoSettings, read_demo
from taglab.vectors import TagVectors
from tests.cleaning.made import GROWING, folksonomies, folksonomy, on_tracks_of_their_own, with_counts
from tests.cleaning.test_cleaning import LETTERS, lists_of_steps, usable, vectors_of


def mapped(*entries: tuple[str, tuple[str, ...]]) -> ExplicitMap:
    return ExplicitMap(entries=tuple(Entry(tag=tag, targets=targets) for tag, targets in entries))


def assert_shown_is_done(made: Folksonomy, cleaned: Cleaned) -> None:
    """The plans, followed once in their order, lead to the result and to nothing else."""
    becomes = {tag: (tag,) for tag in made.tags["tag"]}
    for plan in cleaned.plans:
        mapping = plan.mapping
        becomes = {
            tag: tuple(dict.fromkeys(end for each in now for end in mapping.get(each, (each,))))
            for tag, now in becomes.items()
        }
        # Tags that a later step brings about may be in an earlier plan; they are no tags after it yet.
        assert plan.tags_after == len({end for ends in becomes.values() for end in ends})
        assert plan.table["tag"].is_unique
    rows = cleaned.tag_map.table.iloc[: made.n_tags]
    assert becomes == dict(zip(rows["tag"], rows["targets"], strict=True))
    assert {end for ends in becomes.values() for end in ends} == set(cleaned.folksonomy.tags["tag"])
    if cleaned.plans:
        assert cleaned.plans[-1].tags_after == cleaned.folksonomy.n_tags
    moved = {tag for tag, ends in becomes.items() if ends != (tag,)}
    assert moved <= {tag for plan in cleaned.plans for tag in plan.mapping}


def at_rest(cleaning: Cleaning, made: Folksonomy, vectors: TagVectors | None) -> Cleaned:
    """Apply a cleaning, unless its steps undo one another, which it may only say."""
    try:
        return cleaning.apply(made, vectors)
    except InvalidSetting as error:
        if "its steps undo one another" not in str(error):
            raise
        reject()


@given(made=folksonomies, steps=lists_of_steps, data=st.data())
def test_the_preview_is_what_is_applied_whatever_is_refused(
    made: Folksonomy, steps: list[Step], data: st.DataObject
) -> None:
    vectors = vectors_of(made)
    cleaning = Cleaning.of("x", [step for step in steps if usable(step, vectors)])
    cleaned = at_rest(cleaning, made, vectors)
    assert_shown_is_done(made, cleaned)
    assert [plan.mapping for plan in cleaning.preview(made, vectors)] == [
        plan.mapping for plan in cleaned.plans
    ]
    rows = [(at, tag) for at, plan in enumerate(cleaned.plans) for tag in plan.mapping]
    if rows:
        at, tag = data.draw(st.sampled_from(rows))
        refusing = cleaning.replace_step(at, cleaning.items[at].step.reject(tag))
        without = at_rest(refusing, made, vectors)
        assert tag not in without.plans[at].mapping
        assert_shown_is_done(made, without)


@given(
    pairs=st.lists(st.tuples(st.integers(0, 4), LETTERS), min_size=1, max_size=12),
    first=st.dictionaries(LETTERS, st.lists(LETTERS, max_size=2, unique=True), max_size=3),
    least=st.integers(1, 3),
)
def test_also_where_steps_bring_back_what_others_took(
    pairs: list[tuple[int, str]], first: dict[str, list[str]], least: int
) -> None:
    made = folksonomy(pairs)
    maps = mapped(*((tag, tuple(targets)) for tag, targets in first.items()))
    for steps in ([Filters(min_count=least), maps], [maps, Filters(min_count=least)]):
        assert_shown_is_done(made, Cleaning.of("x", steps).apply(made))


@pytest.mark.parametrize("seed", range(3))
def test_realistic_tags_come_out_as_shown(seed: int) -> None:
    tags = made_up_tags(800, seed)
    made = with_counts({tag: max(1, 200 // (at + 1)) for at, tag in enumerate(tags)})
    steps = [NormalForm(), Typos(max_share=1.0), Categories(), CollapseWords(), Filters(min_count=2)]
    cleaned = Cleaning.of("x", steps).apply(made)
    assert cleaned.rounds > 2
    assert_shown_is_done(made, cleaned)
    assert_shown_is_done(made, first_cleaning("x").apply(made))
    demo = read_demo(DemoSettings(seed=seed))
    assert_shown_is_done(demo, Cleaning.of("x", steps).apply(demo))


def test_a_merge_of_a_later_round_is_shown_and_can_be_refused() -> None:
    made = on_tracks_of_their_own(GROWING)
    cleaning = Cleaning.of("x", [Typos()])
    cleaned = cleaning.apply(made)
    assert cleaned.rounds == 3
    (plan,) = cleaned.plans
    assert plan.mapping == {"acousticc": ("acoustic",), "acustic": ("acoustic",), "rokc": ("rock",)}
    assert plan.tracks == 2 + 3 + 3
    assert plan.table["count"].is_monotonic_decreasing
    refused = cleaning.replace_step(0, Typos().reject("acousticc")).apply(made)
    # Without the first there are too many of the second again.
    assert refused.plans[0].mapping == {"rokc": ("rock",)}
    assert refused.folksonomy.counts().to_dict() == {"rock": 33, "acoustic": 9, "acustic": 3, "acousticc": 2}


def test_a_target_that_a_later_round_moves_is_shown_where_it_ends() -> None:
    made = with_counts({"a": 2, "x": 5})
    steps = [mapped(("b", ("c",))), mapped(("a", ("b",)))]
    cleaned = Cleaning.of("x", steps).apply(made)
    assert [plan.mapping for plan in cleaned.plans] == [{"b": ("c",)}, {"a": ("c",)}]
    assert [plan.tags_after for plan in cleaned.plans] == [2, 2]
    row = cleaned.tag_map.table.set_index("tag").loc["a"]
    assert (row["targets"], row["step"]) == (("c",), "2 map; 1 map")
    assert_shown_is_done(made, Cleaning.of("x", [steps[0].reject("b"), steps[1]]).apply(made))


def test_what_comes_back_takes_with_it_what_went_into_it() -> None:
    made = with_counts({"u": 2, "b": 3, "w": 1, "z": 4})
    steps = [mapped(("u", ("b",))), mapped(("b", ("z",))), mapped(("w", ("b",)))]
    cleaned = Cleaning.of("x", [*steps]).apply(made)
    assert_shown_is_done(made, cleaned)
    row = cleaned.plans[1].table.set_index("tag").loc["b"]
    # In the second round the step takes it after all, and nothing merges into it any more.
    assert (row["action"], row["targets"]) == ("merge", ("z",))
    assert cleaned.folksonomy.counts().to_dict() == {"z": 4}


def test_a_category_of_a_tag_that_stays_and_adds_others_is_kept() -> None:
    rows = ("rock ballad\tmerge\trock ballad\tballads", "rock ballad\tmerge\trock\tballads", "b\tkeep\tb\tx")
    step = ExplicitMap.of(parse_tsv("\n".join(("tag\taction\ttarget\tcategory", *rows)).encode(), "map.tsv"))
    made = folksonomy([(0, "rock ballad"), (1, "rock ballad"), (1, "rock"), (2, "b")])
    cleaned = Cleaning.of("x", [step]).apply(made)
    expected = {"rock ballad": "ballads", "b": "x"}
    assert step.plan(made).categories == expected
    assert cleaned.tag_map.categories == expected
    read = parse_tsv(cleaned.tag_map.to_tsv().encode(), "map.tsv")
    assert read.categories == expected
    again = Cleaning.of("x", [ExplicitMap.of(read)]).apply(made)
    assert step.plan(cleaned.folksonomy).categories == expected
    for after in (cleaned.folksonomy, again.folksonomy):
        table = after.tags[after.tags["category"].fillna("") != ""]
        assert dict(zip(table["tag"], table["category"], strict=True)) == expected
