"""Confusion matrices and label tables can be clicked, and take no markup from labels."""

import numpy as np
import pytest

from taglab.figures.confusion import CELLS, confusion_difference, confusion_matrix, label_table
from tests.figures.shown import shown

HOSTILE = '<img src=x onerror="alert(1)">'


def test_each_cell_is_written_and_can_be_clicked() -> None:
    figure = confusion_matrix([0.18, 0.57, 0.11, 0.14], HOSTILE, 1000)
    written = {note.text.split("<br>")[0]: note.text for note in figure.layout.annotations}
    assert set(written) == {"TP", "TN", "FP", "FN"}
    assert "0.1800" in written["TP"]
    assert "0.1400" in written["FN"]
    squares = figure.data[-1]
    assert [CELLS[cell] for cell in squares.customdata] == ["tp", "fn", "fp", "tn"]
    assert "180 tracks" in squares.text[0]
    assert "<img" not in shown(figure)


def test_the_written_and_the_clicked_cell_lie_in_one_place() -> None:
    figure = confusion_matrix([0.18, 0.57, 0.11, 0.14], "rock")
    places = {(note.x, note.y): note.text[:2].lower() for note in figure.layout.annotations}
    squares = figure.data[-1]
    for x, y, cell in zip(squares.x, squares.y, squares.customdata, strict=True):
        assert places[int(x), int(y)] == CELLS[cell]
    # Columns: predicted yes, no; rows: true yes, no.
    assert places == {(0, 0): "tp", (1, 0): "fn", (0, 1): "fp", (1, 1): "tn"}


def test_shade_is_the_share_of_the_row_and_right_is_not_wrong() -> None:
    z = confusion_matrix([0.1, 0.6, 0.2, 0.1], "rock").data[0].z
    np.testing.assert_allclose(z, [[0.5, -0.5], [-0.25, 0.75]])


def test_a_label_without_positives_is_drawn() -> None:
    z = confusion_matrix([0.0, 1.0, 0.0, 0.0], "rock").data[0].z
    np.testing.assert_allclose(z, [[0, 0], [0, 1]])


def test_a_difference_is_blue_where_the_first_is_right_more_often() -> None:
    figure = confusion_difference([0.3, 0.4, 0.2, 0.1], [0.1, 0.5, 0.1, 0.3], (HOSTILE, "second"))
    written = {note.text[:2]: note.text.split("<b>")[1][:-4] for note in figure.layout.annotations}
    assert written == {"TP": "+0.2000", "FN": "−0.2000", "FP": "+0.1000", "TN": "−0.1000"}
    # Recall rises from 1/4 to 3/4; of those without the label a sixth more are taken for having it.
    np.testing.assert_allclose(figure.data[0].z, [[0.5, 0.5], [-1 / 6, -1 / 6]])
    assert figure.data[0].zmax == pytest.approx(0.5)
    assert "<img" not in shown(figure)


def test_matrices_beside_each_other_stand_level() -> None:
    one = confusion_matrix([0.3, 0.4, 0.2, 0.1], "short")
    other = confusion_matrix([0.3, 0.4, 0.2, 0.1], "a title of very many words " * 4)
    apart = confusion_difference([0.3, 0.4, 0.2, 0.1], [0.1, 0.5, 0.1, 0.3], ("first " * 9, "second " * 9))
    for figure in (other, apart):
        assert figure.layout.margin.t == one.layout.margin.t
        assert figure.layout.height == one.layout.height


@pytest.mark.parametrize("n", [2, 40, 130])
def test_every_cell_of_a_label_table_can_be_clicked(n: int) -> None:
    shares = np.random.default_rng(0).random((n, n))
    labels = [HOSTILE, *(f"label {number}" for number in range(1, n))]
    figure = label_table(shares, labels, "Title", "truly", "predicted", np.ones((n, n), int))
    squares = figure.data[-1]
    assert len(squares.customdata) == n * n
    cell = n + 0
    assert (squares.y[cell], squares.x[cell]) == (1, 0)
    assert squares.text[cell].startswith("<b>label 1</b> → <b>&lt;img")
    assert "1 tracks" in squares.text[cell]
    assert "<img" not in shown(figure)
    assert len(figure.layout.xaxis.ticktext) <= 80


def test_a_difference_reaches_as_far_one_way_as_the_other() -> None:
    shares = np.array([[0.0, -0.3], [np.nan, 0.1]])
    figure = label_table(shares, ["a", "b"], "Title", "row", "column", difference=True, boundaries=[0.5])
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-0.3, 0.3)
    assert "no tracks" in figure.data[-1].text[2]
    assert len(figure.layout.shapes) == 2


def test_equal_runs_have_a_difference_of_nothing() -> None:
    figure = label_table(np.zeros((2, 2)), ["a", "b"], "Title", "row", "column", difference=True)
    assert figure.data[0].zmax == 1
