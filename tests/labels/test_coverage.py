"""Targets and reports against a computation by brute force."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.labels import LabelClass, LabelSpace, from_clusters, from_top_tags, imbalance_ratios
from taglab.labels.classes import named_classes
from tests.labels.folksonomies import TAGS, folksonomy_of, track_lists

class_lists = st.lists(
    st.lists(st.sampled_from([*TAGS, "unheard of"]), min_size=1, unique=True), min_size=1, max_size=5
)


@given(track_lists, class_lists)
def test_targets_and_report_equal_brute_force(tracks: list[list[str]], classes: list[list[str]]) -> None:
    folksonomy = folksonomy_of(tracks)
    space = LabelSpace("random", named_classes(classes))
    pairs = pd.DataFrame(
        [(row, tag) for row, listed in enumerate(tracks) for tag in listed], columns=["track", "tag"]
    )
    expected = np.zeros((len(tracks), len(classes)))
    for column, tags in enumerate(classes):
        expected[pairs.loc[pairs["tag"].isin(tags), "track"].to_numpy(dtype=int), column] = 1

    found = space.targets(folksonomy)
    np.testing.assert_array_equal(found.toarray(), expected)
    assert found.dtype == np.float32
    assert found.has_sorted_indices

    report = space.report(folksonomy)
    positives = expected.sum(axis=0)
    listed = {tag for tags in classes for tag in tags}
    covered = pairs[pairs["tag"].isin(listed)]
    assert report.classes["class"].tolist() == list(space.names)
    assert report.classes["tracks"].tolist() == positives.tolist()
    assert report.classes["assignments"].tolist() == [int(pairs["tag"].isin(tags).sum()) for tags in classes]
    assert report.classes["known_tags"].tolist() == [len(set(tags) & set(pairs["tag"])) for tags in classes]
    assert report.share_of_counts == pytest.approx(len(covered) / max(len(pairs), 1))
    assert report.share_of_tracks == pytest.approx(covered["track"].nunique() / len(tracks))
    assert set(report.unknown_tags) == listed - set(pairs["tag"])
    assert report.n_tags == len(listed)
    assert report.empty_classes == int((positives == 0).sum())
    if positives.any():
        ratios = positives.max() / positives[positives > 0]
        assert report.mean_imbalance_ratio == pytest.approx(ratios.mean())
    else:
        assert math.isnan(report.mean_imbalance_ratio)


def test_a_worked_case() -> None:
    tracks = [["rock", "metal"], ["rock"], ["rock", "calm"], ["calm"], []]
    space = LabelSpace(
        "worked", (LabelClass("loud", ("rock", "metal")), LabelClass("calm", ("calm", "rock", "gone")))
    )
    report = space.report(folksonomy_of(tracks))
    assert report.classes["tracks"].tolist() == [3, 4]
    assert report.classes["imbalance_ratio"].tolist() == pytest.approx([4 / 3, 1])
    assert report.mean_imbalance_ratio == pytest.approx(7 / 6)
    assert report.share_of_counts == 1
    assert report.share_of_tracks == 4 / 5
    assert report.shared_tags == ("rock",)
    assert report.unknown_tags == ("gone",)


def test_a_class_without_tracks_has_no_ratio() -> None:
    np.testing.assert_array_equal(imbalance_ratios([4, 0, 1]), [1, np.nan, 4])
    assert imbalance_ratios([]).shape == (0,)


def test_more_tags_of_a_class_on_a_track_than_a_byte_counts() -> None:
    tags = [f"tag {number}" for number in range(256)]
    space = LabelSpace("wide", (LabelClass("all", tuple(tags)),))
    assert space.targets(folksonomy_of([tags])).toarray().tolist() == [[1]]


@given(track_lists)
def test_top_tags_give_the_matrix_itself(tracks: list[list[str]]) -> None:
    folksonomy = folksonomy_of(tracks)
    if folksonomy.n_tags:
        space = from_top_tags(folksonomy, folksonomy.n_tags)
        np.testing.assert_array_equal(space.targets(folksonomy).toarray(), folksonomy.matrix.toarray())


def test_clusters_partition_so_no_assignment_counts_twice() -> None:
    folksonomy = folksonomy_of([["a", "b"], ["b", "c"], ["c", "d"]])
    tags = folksonomy.tags["tag"].tolist()
    report = from_clusters(tags, [0, 1, 0, 1], folksonomy.counts()).report(folksonomy)
    assert report.classes["assignments"].sum() == folksonomy.n_assignments
    assert report.shared_tags == ()
