"""Pairs as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.embeddings.pairs import MOST_PAIRS, read_pairs
from taglab.errors import InvalidSetting


@pytest.mark.parametrize(
    "line",
    ["Germany, Berlin", "Germany\tBerlin", "Germany; Berlin", "Germany → Berlin", "Germany -> Berlin",
     "Germany - Berlin", "Germany – Berlin", "Germany: Berlin", "Germany = Berlin", "  Germany   Berlin  "],
)  # fmt: skip
def test_what_may_stand_between(line: str) -> None:
    assert read_pairs(line) == [("Germany", "Berlin")]


def test_tags_of_several_words_and_with_dashes_stay_whole() -> None:
    assert read_pairs("hip-hop, drum & bass\nsinger-songwriter → folk") == [
        ("hip-hop", "drum & bass"),
        ("singer-songwriter", "folk"),
    ]


def test_a_file_of_analogies_gives_two_pairs_a_line_each_once() -> None:
    text = ": capitals\nathens greece oslo norway\n\nathens greece bern switzerland\n"
    assert read_pairs(text) == [("athens", "greece"), ("oslo", "norway"), ("bern", "switzerland")]


@pytest.mark.parametrize(
    ("text", "said"),
    [("a, b\na", "line 2"), ("a, b, c", "line 1"), ("a,", "line 1"), (" \n", "is empty"),
     ("\n".join(f"a{n}, b" for n in range(MOST_PAIRS + 1)), "at most")],
)  # fmt: skip
def test_what_is_no_pair_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        read_pairs(text)


@given(st.text(max_size=80))
def test_any_text_is_pairs_or_a_sentence(text: str) -> None:
    try:
        pairs = read_pairs(text)
    except InvalidSetting:
        return
    assert pairs
    assert all(first and second for first, second in pairs)
