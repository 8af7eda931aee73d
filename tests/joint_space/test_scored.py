"""A tagger's scores as a space: a class alone ranks as its scores do, of two neither counts for more."""

import numpy as np
import pytest

from taglab.errors import InvalidSetting
from taglab.joint_space import ask, parse_query
from taglab.joint_space.scored import space_of_scores
from taglab.outcomes import Predictions

SCORES = np.array([[0.9, 0.50], [0.2, 0.52], [0.6, 0.51], [0.0, 0.50]], np.float32)


def predictions(named: bool = True) -> Predictions:
    return Predictions(("a", "b", "c", "d"), ("jazz", "sad"), SCORES > 0.5, SCORES, named=named)


def test_a_class_ranks_tracks_as_its_scores_do() -> None:
    scored = space_of_scores(predictions(), "run: one", {})
    space, tracks = scored.space, scored.tracks
    assert ask(space, parse_query("jazz"), tracks).tracks["track"].tolist() == ["a", "c", "b", "d"]
    assert ask(space, parse_query("sad"), tracks).tracks["track"].tolist()[:2] == ["b", "c"]
    assert not len(ask(space, parse_query("jazz"), tracks).artists)


def test_classes_are_added_in_deviations_of_their_log_odds() -> None:
    scored = space_of_scores(predictions(), "run: one", {})
    space, tracks = scored.space, scored.tracks
    np.testing.assert_allclose(tracks.vectors.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(tracks.vectors.std(axis=0), 1, atol=1e-5)
    answer = ask(space, parse_query("jazz + sad"), tracks)
    odds = np.log(np.clip(SCORES, 1e-6, 1) / (1 - np.clip(SCORES, 1e-6, 1)))
    standard = ((odds - odds.mean(axis=0)) / odds.std(axis=0)).sum(axis=1)
    assert answer.tracks["track"].tolist() == [tracks.ids[row] for row in np.argsort(-standard)]


def test_other_sound_is_placed_where_its_scores_put_the_tracks() -> None:
    scored = space_of_scores(predictions(), "run: one", {})
    np.testing.assert_array_equal(scored.place(SCORES), scored.tracks.vectors)
    alike = Predictions(
        ("a", "b"), ("jazz", "sad"), np.eye(2) > 0, np.full((2, 2), 0.5, np.float32), named=True
    )
    np.testing.assert_array_equal(space_of_scores(alike, "run: two", {}).place(SCORES), 0)


def test_scores_of_nameless_tracks_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="does not say which tracks"):
        space_of_scores(predictions(named=False), "run: one", {})
