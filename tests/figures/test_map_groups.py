"""Neighbouring groups on a map differ in colour, and a name stands where its own group is thickest."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial import cKDTree

from taglab.figures.map_groups import group_colours, group_places


def islands(side: int, rng: np.random.Generator, dimensions: int = 2) -> tuple[npt.NDArray, npt.NDArray]:
    """Square groups of points that touch, side by side, numbered at random."""
    n = side**dimensions
    cells = np.stack(np.meshgrid(*[np.arange(side)] * dimensions), axis=-1).reshape(n, dimensions)
    positions = np.concatenate([cell + rng.uniform(size=(40, dimensions)) for cell in cells])
    return positions.astype(np.float32), np.repeat(rng.permutation(n), 40)


def clashes(positions: npt.NDArray, labels: npt.NDArray, colours: npt.NDArray) -> float:
    """Share of neighbouring points of different groups that have one colour."""
    _, near = cKDTree(positions).query(positions, 7)
    one, other = np.repeat(labels, 6), labels[near[:, 1:]].ravel()
    return float(np.mean((colours[one] == colours[other])[one != other]))


@pytest.mark.parametrize("dimensions", [2, 3])
def test_groups_that_touch_differ_in_colour(dimensions: int) -> None:
    positions, labels = islands(5 if dimensions == 2 else 3, np.random.default_rng(1), dimensions)
    n = int(labels.max()) + 1
    assert clashes(positions, labels, np.arange(n) % 8) > 0.05
    assert clashes(positions, labels, group_colours(positions, labels, n)) < 0.01


def test_groups_far_apart_keep_the_colours_of_their_numbers() -> None:
    positions = np.array([[0, 0], [0, 100], [100, 0], [100, 100]], np.float32)
    assert group_colours(positions, np.arange(4), 4, n_colours=2).tolist() == [0, 1, 0, 1]


def test_a_preferred_colour_is_taken_where_nothing_is_in_its_way() -> None:
    positions = np.array([[0, 0], [0, 100], [100, 0], [0, 0.01]], np.float32)
    colours = group_colours(positions, np.arange(4), 4, preferred=np.array([5, 5, 13, 5]))
    assert colours.tolist() == [5, 5, 5, 6]


def test_two_groups_in_one_place_take_two_colours() -> None:
    positions = np.array([[0, 0], [5, 5], [0, 0.01]], np.float32)
    assert group_colours(positions, np.arange(3), 3, n_colours=2).tolist() == [0, 1, 1]


def test_a_group_more_changes_no_other_colour() -> None:
    positions, labels = islands(6, np.random.default_rng(2))
    corners = positions.min(axis=0), positions.max(axis=0)
    positions, labels = np.concatenate([positions, corners]), np.r_[labels, 0, 0]
    before = group_colours(positions[labels != 35], labels[labels != 35], 35)
    assert group_colours(positions, labels, 36)[:35].tolist() == before.tolist()


def test_a_name_stands_in_the_thick_of_its_group_not_between_its_parts() -> None:
    rng = np.random.default_rng(0)
    parts = rng.normal(0, 0.1, (300, 2)), rng.normal(10, 0.1, (200, 2)), rng.normal(5, 0.1, (50, 2))
    places = group_places(np.concatenate(parts).astype(np.float32), np.repeat([0, 0, 1], [300, 200, 50]), 2)
    assert np.abs(places[0]).max() < 0.4
    assert np.abs(places[1] - 5).max() < 0.4


def test_a_name_stays_out_of_a_thicker_group() -> None:
    rng = np.random.default_rng(0)
    thin = np.concatenate([rng.normal(0, 0.1, (60, 2)), rng.normal(3, 0.1, (40, 2))])
    thick = rng.normal(0, 0.1, (500, 2))
    positions = np.concatenate([thin, thick]).astype(np.float32)
    places = group_places(positions, np.repeat([0, 1], [100, 500]), 2)
    assert np.abs(places[0] - 3).max() < 0.4


def test_a_group_inside_another_is_named_at_one_of_its_points() -> None:
    rng = np.random.default_rng(0)
    positions = np.concatenate([rng.normal(0, 1, (3000, 2)), [[0.5, 0.5]]]).astype(np.float32)
    places = group_places(positions, np.repeat([0, 1], [3000, 1]), 2)
    assert places[1].tolist() == [0.5, 0.5]


def test_an_empty_group_has_no_place_and_a_single_point_is_one() -> None:
    places = group_places(np.array([[2, 3]], np.float32), np.array([1]), 3)
    assert np.isnan(places[[0, 2]]).all()
    assert places[1].tolist() == [2, 3]
    assert group_colours(np.array([[2, 3]], np.float32), np.array([1]), 3).tolist() == [0, 1, 2]


def test_more_groups_than_are_held_at_once_are_told_as_few_are() -> None:
    rng = np.random.default_rng(0)
    positions = rng.uniform(size=(900, 2)).astype(np.float32)
    labels = np.r_[np.arange(600), rng.integers(600, size=300)]
    places = group_places(positions, labels, 600)
    for group in (0, 255, 256, 599):
        assert (places[group] == positions[labels == group]).all(axis=1).any()
    assert clashes(positions, labels, group_colours(positions, labels, 600)) < 0.6 * clashes(
        positions, labels, np.arange(600) % 8
    )


def test_points_in_no_group_neither_take_nor_move_a_name() -> None:
    rng = np.random.default_rng(1)
    positions = np.concatenate([rng.normal((0, 0), 0.1, (20, 2)), rng.normal((5, 5), 0.1, (20, 2))])
    positions = np.concatenate([positions, rng.uniform(-1, 6, (30, 2))]).astype(np.float32)
    labels = np.repeat([0, 1, -1], [20, 20, 30])
    places = group_places(positions, labels, 2)
    assert np.abs(places - [[0, 0], [5, 5]]).max() < 0.5
    assert len(group_colours(positions, labels, 2)) == 2
