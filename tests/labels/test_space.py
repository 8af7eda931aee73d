"""Label spaces: naming, edits, undo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.errors import InvalidSetting, NotFound
from taglab.labels import (
    Add,
    DropClass,
    DropTags,
    Edit,
    KeepClassesWith,
    KeepTags,
    LabelClass,
    LabelSpace,
    Merge,
    Move,
    NewClass,
    Rename,
    from_json,
    keep_classes_with,
    to_json,
)
from taglab.labels.classes import named_classes

MUSIC = LabelSpace(
    "music",
    (
        LabelClass("rock", ("rock", "hard rock", "soft rock")),
        LabelClass("metal", ("metal", "heavy metal")),
        LabelClass("calm", ("calm", "soft rock")),
    ),
    {"k": 3},
)


def as_dict(space: LabelSpace) -> dict[str, tuple[str, ...]]:
    return {each.name: each.tags for each in space.classes}


def test_classes_are_named_after_their_first_tag_and_never_alike() -> None:
    names = [each.name for each in named_classes([["a", "b"], ["a"], [], ["a (2)"], ["a", "c"], [" "]])]
    assert names == ["a", "a (3)", "a (2)", "a (4)", "(blank)"]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "a (2)", "a (3)", " ", ""]), unique=True)))
def test_names_never_collide(tag_sets: list[list[str]]) -> None:
    classes = named_classes(tag_sets)
    assert [each.tags for each in classes] == [tuple(tags) for tags in tag_sets if tags]
    assert len({each.name for each in classes}) == len(classes)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            Move(tags=("heavy metal",), to_class="rock"),
            {"rock": "rock|hard rock|soft rock|heavy metal", "metal": "metal", "calm": "calm|soft rock"},
        ),
        (
            Move(tags=("soft rock",), to_class="metal"),
            {"rock": "rock|hard rock", "metal": "metal|heavy metal|soft rock", "calm": "calm"},
        ),
        (
            Move(tags=("soft rock",), to_class="metal", from_class="calm"),
            {"rock": "rock|hard rock|soft rock", "metal": "metal|heavy metal|soft rock", "calm": "calm"},
        ),
        (
            Move(tags=("metal", "heavy metal"), to_class="rock"),
            {"rock": "rock|hard rock|soft rock|metal|heavy metal", "calm": "calm|soft rock"},
        ),
        (
            Add(tags=("hard rock", "brand new"), to_class="metal"),
            {
                "rock": "rock|hard rock|soft rock",
                "metal": "metal|heavy metal|hard rock|brand new",
                "calm": "calm|soft rock",
            },
        ),
        (
            Rename(cls="metal", new="loud"),
            {"rock": "rock|hard rock|soft rock", "loud": "metal|heavy metal", "calm": "calm|soft rock"},
        ),
        (
            Merge(classes=("calm", "rock")),
            {"metal": "metal|heavy metal", "calm": "calm|soft rock|rock|hard rock"},
        ),
        (
            DropClass(cls="rock"),
            {"metal": "metal|heavy metal", "calm": "calm|soft rock"},
        ),
        (
            DropTags(tags=("soft rock", "calm")),
            {"rock": "rock|hard rock", "metal": "metal|heavy metal"},
        ),
        (
            DropTags(tags=("soft rock",), from_class="rock"),
            {"rock": "rock|hard rock", "metal": "metal|heavy metal", "calm": "calm|soft rock"},
        ),
        (
            DropTags(tags=("seen live", "soft rock", "favorites"), from_list=True),
            {"rock": "rock|hard rock", "metal": "metal|heavy metal", "calm": "calm"},
        ),
        (
            KeepTags(tags=("soft rock", "metal", "nowhere")),
            {"rock": "soft rock", "metal": "metal", "calm": "soft rock"},
        ),
        (
            NewClass(name="soft", tags=("soft rock", "calm", "quiet")),
            {"rock": "rock|hard rock", "metal": "metal|heavy metal", "soft": "soft rock|calm|quiet"},
        ),
        (
            KeepClassesWith(tags=("hard rock", "calm")),
            {"rock": "rock|hard rock|soft rock", "calm": "calm|soft rock"},
        ),
    ],
)
def test_edits(edit: Edit, expected: dict[str, str]) -> None:
    edited = MUSIC.edit(edit)
    assert as_dict(edited) == {name: tuple(tags.split("|")) for name, tags in expected.items()}
    assert list(as_dict(edited)) == list(expected)
    assert edited.undo().classes == MUSIC.classes
    assert edited.undo().redo() == edited
    assert from_json(to_json(edited), "text") == edited
    assert edit.describe()


def test_a_filter_is_an_edit_that_can_be_undone() -> None:
    assert keep_classes_with(MUSIC, ["calm"]).names == ("calm",)
    assert keep_classes_with(MUSIC, ["calm"]).undo().names == MUSIC.names


@pytest.mark.parametrize(
    ("edit", "error", "words"),
    [
        (Move(tags=("jazz",), to_class="rock"), NotFound, "no class holds the tag 'jazz'"),
        (Move(tags=("rock",), to_class="jazz"), NotFound, "no class 'jazz'"),
        (Move(tags=("rock",), to_class="calm", from_class="metal"), NotFound, "does not hold the tag 'rock'"),
        (Rename(cls="Rock", new="x"), NotFound, "did you mean 'rock'"),
        (Rename(cls="rock", new="metal"), InvalidSetting, "no class has yet"),
        (Rename(cls="rock", new=" "), InvalidSetting, "visible character"),
        (Merge(classes=("rock", "rock")), InvalidSetting, "must differ"),
        (KeepClassesWith(tags=("jazz",)), InvalidSetting, "no class at all"),
        (KeepTags(tags=("jazz",)), InvalidSetting, "no class at all"),
        (NewClass(name="calm", tags=("rock",)), InvalidSetting, "no class has yet"),
        (DropTags(tags=("jazz",)), NotFound, "'jazz'"),
        (DropTags(tags=("jazz", "pop"), from_list=True), NotFound, "'jazz'"),
        (DropClass(cls="jazz"), NotFound, "'jazz'"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(edit: Edit, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        MUSIC.edit(edit)


def test_an_emptied_class_may_give_its_name_to_a_new_one() -> None:
    assert MUSIC.edit(NewClass(name="metal", tags=("metal", "heavy metal", "rock"))).names == (
        "rock",
        "calm",
        "metal",
    )


def test_nothing_to_undo_or_redo_says_so() -> None:
    with pytest.raises(InvalidSetting, match="no edit to undo"):
        MUSIC.undo()
    with pytest.raises(InvalidSetting, match="nothing to redo"):
        MUSIC.redo()
    moved = MUSIC.edit(Rename(cls="rock", new="x")).undo().edit(Rename(cls="rock", new="y"))
    with pytest.raises(InvalidSetting, match="nothing to redo"):
        moved.redo()


def test_malformed_edits_are_refused_when_they_are_made() -> None:
    with pytest.raises(InvalidSetting, match="tags"):
        Move(tags=(), to_class="rock")
    with pytest.raises(InvalidSetting, match="surplus"):
        Rename(cls="a", new="b", surplus=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ((), "at least one class"),
        ((LabelClass("a", ("x",)), LabelClass("a", ("y",))), "stands twice"),
    ],
)
def test_impossible_label_spaces_are_refused(classes: tuple[LabelClass, ...], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        LabelSpace("bad", classes)


@pytest.mark.parametrize(
    ("name", "tags", "words"),
    [
        ("", ("x",), "visible"),
        ("a", (), "at least one tag"),
        ("a", ("x", "x"), "twice"),
        ("a", ("\ud800",), "half"),
    ],
)
def test_impossible_classes_are_refused(name: str, tags: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        LabelClass(name, tags)


def test_made_by_must_be_json() -> None:
    with pytest.raises(InvalidSetting, match="JSON"):
        LabelSpace("bad", MUSIC.base, {"k": float("nan")})
    assert LabelSpace("good", MUSIC.base, {"ks": (1, 2)}).made_by == {"ks": [1, 2]}


def test_lookups() -> None:
    assert MUSIC.classes_of("soft rock") == ("rock", "calm")
    assert MUSIC.tags == ("rock", "hard rock", "soft rock", "metal", "heavy metal", "calm")
    assert MUSIC.fingerprint == MUSIC.renamed("other").fingerprint
    assert MUSIC.fingerprint != MUSIC.edit(Rename(cls="rock", new="x")).fingerprint


@st.composite
def spaces(draw: st.DrawFn) -> LabelSpace:
    """A random partition of ten tags, some of them also in a second class."""
    tags = [f"t{number}" for number in range(10)]
    owners = draw(st.lists(st.integers(0, 4), min_size=10, max_size=10))
    sets: dict[int, list[str]] = {}
    for tag, owner in zip(tags, owners, strict=True):
        sets.setdefault(owner, []).append(tag)
    for tag in draw(st.lists(st.sampled_from(tags), max_size=3)):
        first = sets[owners[0]]
        if tag not in first:
            first.append(tag)
    return LabelSpace("random", named_classes([sets[owner] for owner in sorted(sets)]))


@st.composite
def edited_spaces(draw: st.DrawFn) -> tuple[LabelSpace, LabelSpace]:
    """A label space, and the same after some edits that conserve its tags."""
    start = space = draw(spaces())
    for _ in range(draw(st.integers(0, 6))):
        names = st.sampled_from(space.names)
        some = st.lists(st.sampled_from(space.tags), min_size=1, max_size=4, unique=True).map(tuple)
        kind = draw(st.sampled_from([Move, Add, Rename, Merge, NewClass]))
        if kind is Move:
            space = space.edit(Move(tags=draw(some), to_class=draw(names)))
        elif kind is Add:
            space = space.edit(Add(tags=draw(some), to_class=draw(names)))
        elif kind is Rename:
            space = space.edit(Rename(cls=draw(names), new=f"new {len(space.edits)}"))
        elif kind is Merge and len(space) > 1:
            pair = draw(st.lists(names, min_size=2, max_size=3, unique=True).map(tuple))
            space = space.edit(Merge(classes=pair))
        else:
            space = space.edit(NewClass(name=f"made {len(space.edits)}", tags=draw(some)))
    return start, space


@given(edited_spaces())
def test_moving_renaming_merging_and_splitting_conserve_tags(pair: tuple[LabelSpace, LabelSpace]) -> None:
    start, space = pair
    assert set(space.tags) == set(start.tags)
    assert all(each.tags for each in space.classes)
    assert len(set(space.names)) == len(space)


@given(edited_spaces())
def test_undo_inverts_and_redo_restores(pair: tuple[LabelSpace, LabelSpace]) -> None:
    start, space = pair
    back = space
    for _ in space.edits:
        back = back.undo()
    assert back.classes == start.classes
    for _ in space.edits:
        back = back.redo()
    assert back == space


@given(edited_spaces())
def test_json_round_trip(pair: tuple[LabelSpace, LabelSpace]) -> None:
    _, space = pair
    for each in (space, space.undo() if space.edits else space):
        assert from_json(to_json(each), "text") == each
