"""The two files, read by the rules of the Projector's own reader."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.embeddings import write_projector
from taglab.errors import InvalidSetting
from taglab.vectors import TagVectors

HARD = [
    "tab\there",
    "line\nfeed",
    "return\r",
    "nul\0",
    "\u2028",
    "",
    "  ",
    "1",
    "nan",
    "<b>",
    '"',
    "爵士",
]


def projector_vectors(content: bytes) -> np.ndarray:
    """Blank lines are skipped, all others are numbers between tabs."""
    lines = [line.strip() for line in content.decode().split("\n")]
    return np.array([line.split("\t") for line in lines if line], np.float64)


def projector_metadata(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Blank lines are skipped; the first of the others is a header where it holds a tab."""
    rows = [line.split("\t") for line in content.decode().split("\n") if line.strip()]
    return (rows[0], rows[1:]) if len(rows[0]) > 1 else (["label"], rows)


def made(tags: list[str]) -> TagVectors:
    return TagVectors.from_any(tags, np.random.default_rng(0).normal(size=(len(tags), 3)))


@given(st.lists(st.text(max_size=6) | st.sampled_from(HARD), min_size=1, unique=True))
def test_any_tags_keep_to_their_rows(tags: list[str]) -> None:
    vectors = made(tags)
    table = pd.DataFrame({"tag": tags, "count": range(len(tags)), "note": tags})
    for metadata in (None, table):
        written = write_projector(vectors, metadata)
        assert np.array_equal(projector_vectors(written.vectors).astype(np.float32), vectors.vectors)
        header, rows = projector_metadata(written.metadata)
        assert len(rows) == len(tags)
        assert {len(row) for row in rows} == {len(header)}
        if metadata is not None:
            assert header == ["tag", "count", "note"]
            assert [int(row[1]) for row in rows] == list(range(len(tags)))


def test_what_is_written() -> None:
    vectors = TagVectors.from_any(["a\tb", "", "c"], [[1, 0], [0, 1], [0, -1]])
    table = pd.DataFrame(
        {"co\tunt": [3, 2, 1, 0], "tag": ["c", "", "a\tb", "d"], "x": [None, "u", None, "v"]}
    )
    written = write_projector(vectors, table)
    assert written.vectors == b"1.0\t0.0\n0.0\t1.0\n0.0\t-1.0\n"
    assert written.metadata == b"tag\tco unt\tx\na b\t1\t\n(blank)\t2\tu\nc\t3\t\n"
    assert write_projector(vectors).metadata == b"a b\n(blank)\nc\n"


def test_more_rows_than_a_block_holds() -> None:
    vectors = made([f"tag {number}" for number in range(9000)])
    written = projector_vectors(write_projector(vectors).vectors)
    assert np.array_equal(written.astype(np.float32), vectors.vectors)


def test_what_cannot_be_written() -> None:
    vectors = made(["a", "b"])
    with pytest.raises(InvalidSetting, match="column 'tag'"):
        write_projector(vectors, pd.DataFrame({"label": ["a", "b"]}))
    with pytest.raises(InvalidSetting, match="lacks 1 of the tags, such as 'b'"):
        write_projector(vectors, pd.DataFrame({"tag": ["a"]}))
    with pytest.raises(InvalidSetting, match="once"):
        write_projector(vectors, pd.DataFrame({"tag": ["a", "b", "a"]}))
    with pytest.raises(InvalidSetting, match="one dimension"):
        write_projector(TagVectors.from_any(["a"], [[1]]))
    with pytest.raises(InvalidSetting, match="0 tags"):
        write_projector(TagVectors.from_any(["a"], [[0, 0]]))
