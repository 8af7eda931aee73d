"""Label spaces made on the spot: the thesis's filter, clusters by cell, names left to their owners."""

import pytest

from taglab import labels, sources
from taglab.cleaning import PRESETS
from taglab.embeddings import OWN, Lookup
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.training.label_spaces import (
    READY_SPACES,
    LabelGrid,
    filtered_top_tags,
    label_cells,
    save_ready,
    save_spaces,
)

pytestmark = pytest.mark.usefixtures("demo_home")


def demo() -> Folksonomy:
    return sources.open_folksonomy("demo")


def test_the_filter_drops_the_twenty_tags_of_model_2() -> None:
    top = demo().tags["tag"].head(100).tolist()
    kept = filtered_top_tags(demo())
    dropped = {tag for tag in top if tag not in kept}
    assert dropped
    assert {tag.casefold() for tag in dropped} <= {tag.casefold() for tag in PRESETS["thesis"]}
    assert [tag for tag in top if tag in kept] == list(kept)


def test_a_filter_that_leaves_nothing_is_told() -> None:
    with pytest.raises(InvalidSetting, match="none of the 1 most used"):
        filtered_top_tags(demo().select_tags(names=["seen live"]))


@pytest.mark.parametrize("name", list(READY_SPACES))
def test_every_ready_label_space_is_made_saved_and_found_again(name: str) -> None:
    saved = save_ready(name, "demo")
    space, _ = labels.open_label_space(saved)
    assert len(space) >= 50
    assert space.report(demo()).empty_classes == 0
    assert save_ready(name, "demo") == saved
    assert set(labels.label_space_names()) == {saved, "sounds"}


def test_a_name_with_other_content_is_left_to_it() -> None:
    name = save_ready("top-50", "demo")
    space, revision = labels.open_label_space(name)
    mine = space.edit(labels.DropClass(cls=space.names[0]))
    labels.save_label_space(mine, revision)
    again = save_ready("top-50", "demo")
    assert again == f"{name} 2"
    assert labels.open_label_space(name)[0].fingerprint == mine.fingerprint


def test_an_unknown_ready_label_space_or_data_set_is_told() -> None:
    with pytest.raises(InvalidSetting, match="must be one of"):
        save_ready("best", "demo")
    with pytest.raises(NotFound):
        save_ready("top-50", "nothing of the kind")


def test_a_cell_keeps_the_clusters_that_hold_a_filtered_tag() -> None:
    cells = label_cells("demo", LabelGrid(ks=(40,), min_counts=(5, 20)))
    kept = set(filtered_top_tags(demo()))
    for space, row in zip(cells.spaces, cells.table.itertuples(), strict=True):
        assert all(kept & set(each.tags) for each in space.classes)
        assert len(space) == row.classes <= 40
        assert space.made_by["k"] == 40
        assert space.made_by["min_count"] == row.min_count
        assert space.made_by["vectors"] == OWN
        counts = demo().counts()
        assert min(counts[tag] for tag in space.tags) >= row.min_count
    every = label_cells("demo", LabelGrid(ks=(40,), min_counts=(20,), keep="all"))
    assert len(every.spaces[0]) == 40


def test_a_grid_of_fully_known_tags_says_so_in_its_label_spaces() -> None:
    (plain,) = label_cells("demo", LabelGrid(ks=(10,), min_counts=(20,), keep="all")).spaces
    grid = LabelGrid(ks=(10,), min_counts=(20,), keep="all", lookup=Lookup(fully_known=True))
    (known,) = label_cells("demo", grid).spaces
    assert known.made_by["lookup"] == {"fully_known": True}
    assert "lookup" not in plain.made_by
    assert known.name == f"{plain.name} known"
    assert set(known.tags) <= set(plain.tags)


def test_impossible_cells_are_listed_and_cost_only_themselves() -> None:
    cells = label_cells("demo", LabelGrid(ks=(10, 100_000), min_counts=(20, 1_000_000)))
    assert cells.table["k"].tolist() == [10]
    assert len(cells.left_out) == 3
    assert (cells.left_out["reason"].str.len() > 10).all()
    with pytest.raises(InvalidSetting, match="no cell of the grid"):
        label_cells("demo", LabelGrid(ks=(100_000,)))


def test_cells_are_saved_once() -> None:
    cells = label_cells("demo", LabelGrid(ks=(10, 20)))
    names = save_spaces(cells.spaces)
    assert save_spaces(label_cells("demo", LabelGrid(ks=(10, 20))).spaces) == names
    assert {*names, "sounds"} == set(labels.label_space_names())
    assert names == cells.table["labels"].tolist()


@pytest.mark.parametrize("values", [{"ks": ()}, {"ks": (0,)}, {"min_counts": (0,)}, {"method": "magic"}])
def test_a_grid_of_nothing_is_refused(values: dict) -> None:
    with pytest.raises(ValueError, match=r"must|greater"):
        LabelGrid(**values)


def test_a_grid_counts_its_cells_and_forgets_repeats() -> None:
    assert len(LabelGrid(vectors=("a", "b"), min_counts=(1, 1, 2), ks=(3, 3))) == 4
