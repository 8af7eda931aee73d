"""The course of scores: a point a window, in its middle."""

import numpy as np
import pytest

from taglab.figures.tagging import MOST_LABELS, score_course


def test_a_point_a_window_in_its_middle() -> None:
    scores = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    figure = score_course([0, 2, 3.5], 2.0, scores, ["<b>rock</b>", "jazz"])
    rock, jazz = figure.data
    np.testing.assert_allclose(rock.x, [1, 3, 4.5])
    np.testing.assert_allclose(jazz.y, [0.9, 0.8, 0.7])
    np.testing.assert_allclose(rock.customdata, [[0, 2], [2, 4], [3.5, 5.5]])
    assert "<b>" not in rock.name
    assert len({rock.line.color, jazz.line.color}) == 2


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        score_course([0, 1], 1.0, np.zeros((3, 1)), ["rock"])
    names = [str(number) for number in range(MOST_LABELS + 1)]
    with pytest.raises(ValueError, match="at most"):
        score_course([0], 1.0, np.zeros((1, len(names))), names)
