"""The short way for plain tags gives what the long way gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.cleaning import normal, spelling_key, words

WORDS = (
    "rock", "Rock", "n", "N", "und", "y", "et", "rnb", "RnB", "rocknroll", "US", "us", "80", "80s", "hiphop",
    "in", "and",
)  # fmt: skip
PLAIN_WORDS = st.sampled_from(WORDS) | st.text("abYN8", min_size=1, max_size=4)
PLAIN = st.lists(PLAIN_WORDS, min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize("fold_case", [True, False])
@given(text=PLAIN)
def test_an_invisible_character_sends_a_tag_the_long_way_and_changes_nothing(
    text: str, fold_case: bool
) -> None:
    assert normal(text, fold_case) == normal(f"{text}\u200b", fold_case)
    assert words(text) == words(f"{text}\u200b")
    for join_words in (True, False):
        assert spelling_key(text, fold_case, join_words) == spelling_key(
            f"\u200b{text}", fold_case, join_words
        )


@given(text=PLAIN)
def test_the_key_of_what_is_in_normal_form_is_that_of_its_parts(text: str) -> None:
    lower = text.lower()
    assert spelling_key(lower) == spelling_key(lower.replace(" ", "-"))


@pytest.mark.parametrize("tag", ["-3", ":3", ":D", ":-(", "<3", ":)", "rock :d", "n", "&", "+", "a -3 b :p"])
def test_faces_signs_and_lone_words_stay_as_they_are(tag: str) -> None:
    assert " ".join(words(tag)) == normal(normal(tag)) == tag.lower()
    assert words(f"{tag}\u200b") == words(tag)


def test_an_accent_that_stands_alone_is_an_apostrophe() -> None:
    assert words("80´s") == words("80's") == ("80s",)
    assert normal("rock´n´roll") == "rock and roll"
