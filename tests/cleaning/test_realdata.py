"""Real Last.fm tags: how many get a category, and how many of the mended slips are slips."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.cleaning import UNCATEGORISED, Categories, Typos
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


def test_of_a_hundred_merged_slips_next_to_all_are_slips() -> None:
    """Counts are not published: of the most used they fall as the thesis tells, of the others each is one.

    The hundred were drawn from all that merged, and judged by hand.
    """
    popular = path_of("lastfm-vocabulary/tags-by-popularity.txt").read_text(encoding="utf-8").split("\n")
    tags = list(dict.fromkeys([*filter(None, popular), *collapsed()]))
    counts = np.maximum(1, 10 * (7_669 / np.arange(1, len(tags) + 1)) ** 0.77).astype(np.int64)
    tracks = np.concatenate([np.arange(count) for count in counts])
    table = pd.DataFrame({"track": np.arange(counts[0]).astype(str)})
    made = Folksonomy.from_codes("real", table, tags, tracks, np.repeat(np.arange(len(tags)), counts))
    mapping = {tag: target for tag, (target,) in Typos().plan(made).mapping.items()}
    judged = pd.read_csv(Path(__file__).with_name("judged_typos.tsv"), sep="\t", keep_default_na=False)
    still = judged[
        [mapping.get(tag) == target for tag, target in zip(judged["tag"], judged["target"], strict=True)]
    ]
    right = (still["judged"] == "right").mean()
    print(f"{len(mapping)} merged; of {len(still)} of the judged ones {right:.0%} are slips")
    assert len(judged) == 100
    assert len(still) >= 90
    assert right >= 0.95
