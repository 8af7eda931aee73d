"""Real Last.fm tags: how many get a category."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.cleaning import UNCATEGORISED, Categories
from taglab.folksonomy import Folksonomy

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

pytestmark = pytest.mark.realdata


def path_of(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not beside the checkout")
    return DATA / name


def as_folksonomy(tags: list[str]) -> Folksonomy:
    """One track a tag: counts are not published."""
    numbers = np.arange(len(tags))
    return Folksonomy.from_codes("real", pd.DataFrame({"track": numbers.astype(str)}), tags, numbers, numbers)


def collapsed() -> list[str]:
    """Tags that were collapsed by the source, the long tail among them."""
    text = path_of("tag-collapsing/stage-2.tsv").read_text(encoding="utf-8")
    return list(dict.fromkeys(line.split("\t")[0] for line in text.split("\n") if line))


def test_most_tags_get_a_category() -> None:
    """The source has 80 % of 522,367 tags in a category; among the most used ones are more user lists."""
    text = path_of("lastfm-vocabulary/tags-by-popularity.txt").read_text(encoding="utf-8")
    made = as_folksonomy([line for line in text.split("\n") if line])
    found = Counter(Categories().plan(made).categories.values())
    share = 1 - found[UNCATEGORISED] / made.n_tags
    print(f"{share:.1%} of {made.n_tags} in a category: {dict(found)}")
    assert share >= 0.7
    long_tail = as_folksonomy(collapsed())
    found = Counter(Categories().plan(long_tail).categories.values())
    share = 1 - found[UNCATEGORISED] / long_tail.n_tags
    print(f"{share:.1%} of {long_tail.n_tags} collapsed ones: {dict(found)}")
    assert share >= 0.85
