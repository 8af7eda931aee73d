"""`TagVectors`: unit length whatever comes in, nothing lost between tags and missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from taglab.errors import InvalidSetting, NotFound
from taglab.vectors import TagVectors, point_numbers

ANY_ROWS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(0, 6), st.integers(1, 5)),
    elements=st.floats(-1e300, 1e300, allow_nan=False),
)


def names(count: int) -> list[str]:
    return [f"tag {number}" for number in range(count)]


@given(ANY_ROWS)
def test_rows_are_of_unit_length_or_missing(rows: np.ndarray) -> None:
    made = TagVectors.from_any(names(len(rows)), rows)
    assert np.allclose(np.linalg.norm(made.vectors, axis=1), 1, atol=1e-5)
    assert made.vectors.dtype == np.float32
    assert [tag for tag, row in zip(names(len(rows)), rows, strict=True) if not row.any()] == list(
        made.missing
    )
    assert sorted((*made.tags, *made.missing)) == sorted(names(len(rows)))


@given(hnp.arrays(np.float32, (4, 3), elements=st.floats(-100, 100, width=32)))
def test_direction_is_kept(rows: np.ndarray) -> None:
    made = TagVectors.from_any(names(4), rows)
    for tag, vector in zip(made.tags, made.vectors, strict=True):
        row = rows[int(tag.split()[1])].astype(np.float64)
        scaled = row / np.abs(row).max()
        assert vector @ (scaled / np.linalg.norm(scaled)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("tiny_or_huge", [1e-40, 1e38])
def test_lengths_that_squares_cannot_hold(tiny_or_huge: float) -> None:
    made = TagVectors.from_any(["a"], np.array([[tiny_or_huge, 0]], np.float32))
    assert made.vectors.tolist() == [[1, 0]]


def test_whole_numbers_are_taken() -> None:
    assert TagVectors.from_any(["a"], [[0, 3]]).vectors.tolist() == [[0, 1]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        TagVectors.from_any(["a"], [[bad, 1.0]])
    with pytest.raises(ValueError, match="not 1"):
        TagVectors(("a",), np.array([[bad, 1.0]], np.float32))


@pytest.mark.parametrize(
    ("tags", "rows", "missing", "what"),
    [
        (("a", "b"), [[1.0, 0.0]], (), "rows"),
        (("a",), [1.0], (), "rows"),
        (("a", "a"), [[1.0, 0.0], [0.0, 1.0]], (), "stands twice"),
        (("a",), [[1.0, 0.0]], ("a",), "stands twice"),
        (("a",), [[1.0, 1.0]], (), "not 1"),
        (("a",), [[0.0, 0.0]], (), "not 1"),
    ],
)
def test_what_disagrees_is_refused(
    tags: tuple[str, ...], rows: list[object], missing: tuple[str, ...], what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        TagVectors(tags, np.array(rows, np.float32), missing)


def test_double_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        TagVectors(("a",), np.array([[1.0, 0.0]]))


def test_select_keeps_the_order_asked_for_and_lists_what_is_absent() -> None:
    made = TagVectors.from_any(["a", "b", "c", "d"], [[1, 0], [0, 1], [1, 1], [0, 0]], "some")
    chosen = made.select(["c", "d", "a", "c", "e"])
    assert chosen.tags == ("c", "a")
    assert chosen.missing == ("d", "e")
    assert np.array_equal(chosen.vectors, made.vectors[[2, 0]])
    assert chosen.name == "some"


def test_row_says_why_there_is_none() -> None:
    made = TagVectors.from_any(["a", "b"], [[1, 0], [0, 0]], "some")
    assert made.row("a") == 0
    with pytest.raises(NotFound, match="none of its words"):
        made.row("b")
    with pytest.raises(NotFound, match="not among the tags"):
        made.row("c")


def test_require_says_what_to_do() -> None:
    made = TagVectors.from_any(["a", "b"], [[1, 0], [0, 0]])
    made.require(1)
    with pytest.raises(
        InvalidSetting, match=r"1 tags have .*1 have none: .*zeros.* 2 .*above 1.*other vectors"
    ):
        made.require(2)
    with pytest.raises(InvalidSetting, match=r"1 tags .*\(0 have none\), 3 are needed.*with more tags"):
        made.select(["a"]).require(3)


def test_fingerprint_tells_tags_and_vectors_but_not_the_name() -> None:
    made = TagVectors.from_any(["a", "b"], [[1, 0], [0, 1]], "one")
    assert made.fingerprint == TagVectors.from_any(["a", "b"], [[2, 0], [0, 1]], "other").fingerprint
    assert made.fingerprint != TagVectors.from_any(["b", "a"], [[1, 0], [0, 1]]).fingerprint
    assert made.fingerprint != TagVectors.from_any(["a", "b"], [[1, 0], [1, 1]]).fingerprint


def test_none_at_all() -> None:
    made = TagVectors.from_any([], np.empty((0, 3)))
    assert (len(made), made.dim, made.missing) == (0, 3, ())


def test_half_precision_is_normalised_in_single() -> None:
    half = np.random.default_rng(0).normal(size=(20, 200)).astype(np.float16)
    unit = TagVectors.from_any([str(row) for row in range(20)], half).vectors
    expected = half.astype(np.float64) / np.linalg.norm(half.astype(np.float64), axis=1, keepdims=True)
    np.testing.assert_allclose(unit, expected, atol=1e-6)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12), st.integers(0, 12))
def test_points_are_numbered_as_they_first_appear(rows: list[tuple[int, int]], at: int) -> None:
    vectors = np.zeros((len(rows), 12 + 1), np.float32)
    for row, (near, far) in enumerate(rows):
        vectors[row, 0], vectors[row, at] = near, far  # in the columns looked at first, or beyond them
    distinct: dict[bytes, int] = {}
    expected = [distinct.setdefault(row.tobytes(), len(distinct)) for row in vectors]
    assert point_numbers(vectors).tolist() == expected


def test_points_do_not_heed_the_last_bit_or_the_sign_of_zero() -> None:
    vectors = np.array([[0.6, 0.8, 0.0], [0.6, 0.8, -0.0], [0.6, 0.8, 0.0], [0.6, 0.8001, 0.0]], np.float32)
    vectors[2, 0] = np.nextafter(vectors[2, 0], np.float32(1))
    assert point_numbers(vectors).tolist() == [0, 0, 0, 1]
