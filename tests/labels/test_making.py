"""Label spaces from top tags, named tags, clusters and given classes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.errors import InvalidSetting, NotFound
from taglab.labels import from_classes, from_clusters, from_tags, from_top_tags
from tests.labels.folksonomies import folksonomy_of

SMALL = folksonomy_of([["rock", "metal"], ["rock", "calm"], ["rock", "calm", "80s"]])


def test_top_tags() -> None:
    space = from_top_tags(SMALL, 2)
    assert space.names == ("rock", "calm")
    assert space.made_by == {"from": "top-tags", "data": "small", "n": 2}


@pytest.mark.parametrize("n", [0, -1, 5])
def test_more_top_tags_than_there_are(n: int) -> None:
    with pytest.raises(InvalidSetting, match=f"n={n} must lie in 1 to 4"):
        from_top_tags(SMALL, n)


def test_named_tags() -> None:
    assert from_tags(SMALL, ["80s", "rock", "80s"]).names == ("rock", "80s")
    with pytest.raises(NotFound, match="did you mean 'rock'"):
        from_tags(SMALL, ["Rock"])
    with pytest.raises(InvalidSetting, match="at least one class"):
        from_tags(SMALL, [])


def test_clusters_are_ordered_and_named_by_use() -> None:
    counts = pd.Series({"rock": 9, "metal": 8, "calm": 30, "hard": 9})
    space = from_clusters(["metal", "rock", "calm", "hard", "lost"], [0, 0, 2, 0, -1], counts, {"k": 3})
    assert [(each.name, each.tags) for each in space.classes] == [
        ("calm", ("calm",)),
        ("rock", ("rock", "hard", "metal")),
    ]
    assert space.made_by == {"from": "clusters", "k": 3, "left_out": 1}


def test_without_counts_the_order_given_stands() -> None:
    space = from_clusters(["metal", "rock", "calm"], np.array([11, 2, 2]))
    assert [(each.name, each.tags) for each in space.classes] == [
        ("rock", ("rock", "calm")),
        ("metal", ("metal",)),
    ]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_order_of_classes_is_stable(labels: list[int], random: object) -> None:
    """Renumbering clusters changes nothing; ties keep the order of first tags in the vocabulary."""
    tags = [f"tag {number:02}" for number in range(len(labels))]
    counts = pd.Series({tag: 100 + number for number, tag in enumerate(tags)})
    renumbered = [{0: 5, 1: 3, 2: 0, 3: 1, 4: 2, 5: 4}[label] for label in labels]
    one, other = from_clusters(tags, labels, counts), from_clusters(tags, renumbered, counts)
    totals = [sum(counts[tag] for tag in each.tags) for each in one.classes]
    if len(set(totals)) == len(totals):
        assert one.classes == other.classes
    assert totals == sorted(totals, reverse=True)
    assert {each.tags for each in one.classes} == {each.tags for each in other.classes}
    assert one == from_clusters(tags, labels, counts)


def test_lengths_must_agree() -> None:
    with pytest.raises(InvalidSetting, match="2 labels for 1 tags"):
        from_clusters(["a"], [0, 1])
    with pytest.raises(InvalidSetting, match="at least one class"):
        from_clusters(["a"], [-1])


def test_given_names_stay_and_numbers_give_way() -> None:
    assert from_classes({"loud": ["metal", "rock"], "soft": ["calm"]}).names == ("loud", "soft")
    assert from_classes({"7": ["metal", "rock"], "8": ["calm"]}).names == ("metal", "calm")
    counts = pd.Series({"rock": 5, "calm": 9})
    ordered = from_classes({"loud": ["metal", "rock"], "soft": ["calm"]}, counts)
    assert [(each.name, each.tags) for each in ordered.classes] == [
        ("soft", ("calm",)),
        ("loud", ("rock", "metal")),
    ]
