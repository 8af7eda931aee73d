"""The same scores against another truth."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from taglab.errors import InvalidSetting, NotFound
from taglab.outcomes import in_common, rescore
from tests.outcomes.examples import made_up

CLUSTERS = made_up(("a", "b", "c", "d"), ("sad", "rock", "junk"))
TAGS = made_up(("d", "b", "x", "a"), ("rock", "mellow", "sad"), seed=1)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.coo_array])
def test_classes_and_tracks_match_by_name(form: type) -> None:
    found = rescore(CLUSTERS, TAGS.tracks, TAGS.classes, form(TAGS.truth.astype(np.float32)))
    assert found.predictions.tracks == ("a", "b", "d")
    assert found.predictions.classes == found.judged_by == ("sad", "rock")
    np.testing.assert_array_equal(found.predictions.scores, CLUSTERS.scores[[0, 1, 3]][:, [0, 1]])
    np.testing.assert_array_equal(found.predictions.truth, TAGS.truth[[3, 1, 0]][:, [2, 0]])
    assert found.tracks_left_out == 1
    assert found.classes_left_out == ("junk",)


def test_a_map_says_which_class_is_which() -> None:
    found = rescore(CLUSTERS, TAGS.tracks, TAGS.classes, TAGS.truth, {"sad": "mellow", "junk": "mellow"})
    assert found.predictions.classes == ("sad", "junk")
    assert found.judged_by == ("mellow", "mellow")
    np.testing.assert_array_equal(found.predictions.truth, TAGS.truth[[3, 1, 0]][:, [1, 1]])
    assert found.classes_left_out == ("rock",)


def test_pairs_share_tracks_classes_and_truth() -> None:
    ours, theirs = in_common(CLUSTERS, TAGS, {"sad": "mellow", "rock": "rock"})
    assert ours.tracks == theirs.tracks == ("a", "b", "d")
    assert ours.classes == theirs.classes == ("mellow", "rock")
    np.testing.assert_array_equal(ours.truth, theirs.truth)
    np.testing.assert_array_equal(ours.truth, TAGS.truth[[3, 1, 0]][:, [1, 0]])
    np.testing.assert_array_equal(ours.scores, CLUSTERS.scores[[0, 1, 3]][:, [0, 1]])
    np.testing.assert_array_equal(theirs.scores, TAGS.scores[[3, 1, 0]][:, [1, 0]])


def test_own_truth_is_found_again() -> None:
    found = rescore(CLUSTERS, CLUSTERS.tracks, CLUSTERS.classes, CLUSTERS.truth)
    assert found.predictions.fingerprint == CLUSTERS.fingerprint
    assert found.tracks_left_out == 0
    assert not found.classes_left_out


def test_what_cannot_be_matched_is_refused() -> None:
    with pytest.raises(NotFound, match="'jazz'"):
        rescore(CLUSTERS, TAGS.tracks, TAGS.classes, TAGS.truth, {"jazz": "rock"})
    with pytest.raises(NotFound, match=r"'jazz' in the other truth.*'sad'"):
        rescore(CLUSTERS, TAGS.tracks, TAGS.classes, TAGS.truth, {"sad": "jazz"})
    with pytest.raises(InvalidSetting, match="no track in common"):
        rescore(CLUSTERS, ("y", "z"), TAGS.classes, TAGS.truth[:2])
    with pytest.raises(InvalidSetting, match="no class in common"):
        rescore(CLUSTERS, TAGS.tracks, ("u", "v", "w"), TAGS.truth)
    with pytest.raises(ValueError, match="stands twice"):
        rescore(CLUSTERS, ("a", "a", "b", "c"), TAGS.classes, TAGS.truth)
    with pytest.raises(ValueError, match=r"not \(4, 2\)"):
        rescore(CLUSTERS, TAGS.tracks, ("u", "v"), TAGS.truth)
    with pytest.raises(ValueError, match="only 0 and 1"):
        rescore(CLUSTERS, TAGS.tracks, TAGS.classes, TAGS.truth * 0.5)
    with pytest.raises(InvalidSetting, match="two classes are mapped to 'rock'"):
        in_common(CLUSTERS, TAGS, {"sad": "rock", "rock": "rock"})
    nameless = dataclasses.replace(CLUSTERS, named=False)
    for pair in ((nameless, TAGS), (TAGS, nameless)):
        with pytest.raises(InvalidSetting, match="row numbers"):
            in_common(*pair)
