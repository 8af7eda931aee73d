"""Real Last.fm tags: how many get a category, and how far stages II and III agree with the published maps."""

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.cleaning import STAGE_1_TAGS, UNCATEGORISED, Categories, CollapseEmbeddings, CollapseWords, Step
from taglab.embeddings import read_vectors
from taglab.embeddings.phrases import compose
from taglab.folksonomy import Folksonomy
from taglab.tag_vectors import TagVectors

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


def published(stage: int) -> dict[str, str]:
    """Tag → what it was collapsed into."""
    text = path_of(f"tag-collapsing/stage-{stage}.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.split("\n") if line.count("\t") == 1]
    # One name of theirs has lost its hyphen on the way.
    return {tag: "singer-songwriter" if target == "singer songwriter" else target for tag, target in rows}


def agreement(step: Step, theirs: dict[str, str], vectors: TagVectors | None = None) -> pd.DataFrame:
    """By their target: tags, the share that we put there too, the share that we leave alone, where else."""
    mapping = step.plan(as_folksonomy(list(theirs)), vectors).mapping
    by_target: dict[str, Counter[str]] = defaultdict(Counter)
    for tag, target in theirs.items():
        ours = mapping.get(tag, (tag,))
        same = target in ours
        by_target[target]["same" if same else "left alone" if tag not in mapping else " & ".join(ours)] += 1
    rows = [
        (
            target,
            sum(found.values()),
            found["same"] / sum(found.values()),
            found["left alone"] / sum(found.values()),
            [name for name, _ in found.most_common(5) if name not in ("same", "left alone")][:2],
        )
        for target, found in by_target.items()
    ]
    table = pd.DataFrame(rows, columns=["target", "tags", "same", "left_alone", "elsewhere"])
    return table.sort_values("tags", ascending=False, ignore_index=True)


def overall(table: pd.DataFrame) -> float:
    return float((table["same"] * table["tags"]).sum() / table["tags"].sum())


def test_most_tags_get_a_category() -> None:
    """The source has 80 % of 522,367 tags in a category; among the most used ones are more user lists."""
    text = path_of("lastfm-vocabulary/tags-by-popularity.txt").read_text(encoding="utf-8")
    made = as_folksonomy([line for line in text.split("\n") if line])
    found = Counter(Categories().plan(made).categories.values())
    share = 1 - found[UNCATEGORISED] / made.n_tags
    print(f"{share:.1%} of {made.n_tags} in a category: {dict(found)}")
    assert share >= 0.65
    long_tail = as_folksonomy(list(published(2)))
    found = Counter(Categories().plan(long_tail).categories.values())
    share = 1 - found[UNCATEGORISED] / long_tail.n_tags
    print(f"{share:.1%} of {long_tail.n_tags} collapsed ones: {dict(found)}")
    assert share >= 0.8


def test_stage_two_agrees_where_whole_words_do() -> None:
    theirs = published(2)
    table = agreement(CollapseWords(), theirs)
    print(table.round(2).to_string(), f"\nall: {overall(table):.3f}")
    assert overall(table) >= 0.75
    # Where we differ from them they go by letters, not by words.
    mapping = CollapseWords().plan(as_folksonomy(list(theirs))).mapping
    for tag, wrong in (
        ("rockin", "rock"),
        ("popcorn 1969", "pop"),
        ("hotpocket", "hot"),
        ("-popular", "pop"),
    ):
        assert theirs[tag] == wrong
        assert tag not in mapping
    assert theirs["not mellow"] == "mellow"
    assert "not mellow" not in mapping


def test_stage_three_agrees_more_as_the_cut_widens() -> None:
    """On one in forty of their tags among the most used ones, as a tenth of all tags was collapsed by them.

    A fit of the collapsed tags alone would be of tags that all lie near a target.
    """
    theirs = dict(list(published(3).items())[::40])
    text = path_of("lastfm-vocabulary/tags-by-popularity.txt").read_text(encoding="utf-8")
    tags = list(dict.fromkeys([*STAGE_1_TAGS, *(line for line in text.split("\n") if line), *theirs]))
    vectors = compose(read_vectors(path_of("word-vectors/glove.9910.300d.txt.gz"), "glove"), tags)
    shares = []
    for percentile in (0.001, 0.01, 0.05):
        step = CollapseEmbeddings(percentile=percentile)
        fits = step.plan(as_folksonomy(tags), vectors).details["fits"]
        usable = {
            tag: target for tag, target in theirs.items() if tag in vectors and target in set(fits["target"])
        }
        table = agreement(step, usable, vectors)
        shares.append(overall(table))
        print(table.round(2).to_string(), f"\n{percentile}: {shares[-1]:.3f} of {len(usable)}")
    print(fits.round(3).to_string())
    assert shares == sorted(shares)
    assert shares[0] > 0.1
