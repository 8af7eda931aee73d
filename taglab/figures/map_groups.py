"""Groups of points on a map: colours that tell neighbouring groups apart, and places for their names.

Both follow from how thick the points of each group lie, counted in cells of a grid and blurred.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.figures.theme import PALETTE

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.integer[Any]]

# Cells along the longer side of a map, by its number of dimensions.
_CELLS = {2: 48, 3: 20}
_GROUPS_AT_ONCE = 256
# Blurs, as shares of the longer side: about half a name's width, and how far off groups count as neighbours.
_NAME_BLUR = 0.02
_COLOUR_BLUR = 0.06
# Cosines of the densities of two groups: below this they lie apart.
_APART = 0.02


def group_colours(
    positions: npt.NDArray[np.floating],
    labels: IntArray,
    n_groups: int,
    n_colours: int = len(PALETTE),
    preferred: IntArray | None = None,
) -> npt.NDArray[np.intp]:
    """Give each group of points a colour that the groups around it do not have, as far as colours go.

    In the order of their numbers, groups take the colour they prefer or the next after it that lies apart
    from them, or else the one that overlaps them least. So a group added at the
    end changes no other's colour; time is O(points + groups colours), for any number of groups.

    Args:
        positions: Array (points, 2 or 3), finite.
        labels: Array (points,): the group of each, from 0; below 0 for points in none.
        n_groups: How many groups there are; some may have no point.
        n_colours: How many colours there are.
        preferred: Array (groups,): the colour of each where nothing is in its way; None for its number.

    Returns:
        Array (groups,), in [0, n_colours).
    """
    wanted = np.arange(n_groups) if preferred is None else preferred
    colours = np.asarray(wanted, np.intp) % n_colours
    covered: FloatArray | None = None
    for first, _, density in _densities(positions, labels, n_groups, _COLOUR_BLUR):
        flat = density.reshape(len(density), -1)
        flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-30)
        covered = np.zeros((n_colours, flat.shape[1]), np.float32) if covered is None else covered
        for group, own in enumerate(flat, first):
            overlap = np.roll(covered @ own, -colours[group])
            free = np.flatnonzero(overlap <= _APART)
            step = free[0] if len(free) else overlap.argmin()
            colours[group] = (colours[group] + step) % n_colours
            covered[colours[group]] += own
    return colours


def group_places(positions: npt.NDArray[np.floating], labels: IntArray, n_groups: int) -> FloatArray:
    """Return where to write each group's name: where it lies thickest, and thicker than others.

    A group that lies nowhere thicker than all others gets the place where its share of the points is
    largest.

    Args:
        positions: Array (points, 2 or 3), finite.
        labels: Array (points,): the group of each, from 0; below 0 for points in none.
        n_groups: How many groups there are.

    Returns:
        Array (groups, 2 or 3), each the position of one of the group's points; NaN for a group without any.
    """
    total: FloatArray | float = 0.0
    highest: FloatArray | float = 0.0
    for _, _, density in _densities(positions, labels, n_groups, _NAME_BLUR):
        total = total + density.sum(axis=0)
        highest = np.maximum(highest, density.max(axis=0))
    cells = np.zeros(n_groups, np.intp)
    for first, counts, density in _densities(positions, labels, n_groups, _NAME_BLUR):
        held = np.where(counts > 0, density, 0)
        thickest = np.where(held >= highest, held, 0).reshape(len(held), -1)
        share = (held / np.maximum(total, 1e-30)).reshape(len(held), -1)
        rows = np.where(thickest.any(axis=1), thickest.argmax(axis=1), share.argmax(axis=1))
        cells[first : first + len(density)] = rows
    return _nearest_members(positions, labels, cells, n_groups)


def _nearest_members(
    positions: npt.NDArray[np.floating], labels: IntArray, cells: npt.NDArray[np.intp], n_groups: int
) -> FloatArray:
    """Return the position of each group's point nearest to the middle of a cell, the earlier on a tie."""
    low, side, shape = _grid(positions)
    middles = low + side * (np.stack(np.unravel_index(cells, shape), axis=1) + 0.5)
    grouped = np.flatnonzero(labels >= 0)
    offsets = np.square(positions[grouped] - middles[labels[grouped]]).sum(axis=1)
    order = grouped[np.lexsort((offsets, labels[grouped]))]
    places = np.full((n_groups, positions.shape[1]), np.nan, np.float32)
    groups, firsts = np.unique(labels[order], return_index=True)
    places[groups] = positions[order[firsts]]
    return places


def _grid(
    positions: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.float64], float, tuple[int, ...]]:
    """Return the low corner, the side of a cell and the number of cells along each axis."""
    dimensions = positions.shape[1]
    if not len(positions):
        return np.zeros(dimensions), 1.0, (1,) * dimensions
    low = positions.min(axis=0).astype(np.float64)
    extent = positions.max(axis=0) - low
    side = max(float(extent.max()), 1e-6) / _CELLS[dimensions]
    return low, side, tuple(int(cells) + 1 for cells in extent / side)


def _densities(
    positions: npt.NDArray[np.floating], labels: IntArray, n_groups: int, blur: float
) -> Iterator[tuple[int, npt.NDArray[np.int64], FloatArray]]:
    """Yield the first of some groups, and their points by cell, (groups, *cells), as counts and blurred."""
    low, side, shape = _grid(positions)
    width = blur * _CELLS[len(shape)]
    kernels = [_kernel(cells, width) for cells in shape]
    cell = np.ravel_multi_index(tuple(((positions - low) / side).astype(np.intp).T), shape)
    n_cells = int(np.prod(shape))
    order = np.argsort(labels, kind="stable")
    firsts = range(0, n_groups, _GROUPS_AT_ONCE)
    ends = np.searchsorted(labels[order], [*firsts, n_groups])
    for first, start, stop in zip(firsts, ends[:-1], ends[1:], strict=True):
        rows = order[start:stop]
        n = min(_GROUPS_AT_ONCE, n_groups - first)
        flat = np.bincount((labels[rows] - first) * n_cells + cell[rows], minlength=n * n_cells)
        counts = flat.reshape(n, *shape)
        density = counts.astype(np.float32)
        for axis, kernel in enumerate(kernels, start=1):
            density = np.moveaxis(np.moveaxis(density, axis, -1) @ kernel, -1, axis)
        yield first, counts, np.ascontiguousarray(density)


def _kernel(n_cells: int, width: float) -> FloatArray:
    """Return a matrix (cells, cells) that blurs along an axis, by a normal curve of this width in cells."""
    apart = np.subtract.outer(np.arange(n_cells), np.arange(n_cells))
    kernel: FloatArray = np.exp(-0.5 * np.square(apart / width)).astype(np.float32)
    return kernel
