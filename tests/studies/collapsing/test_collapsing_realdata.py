"""Stages II and III of real tags, held against the published maps: by target, and where they differ, judged.

The source looks for the letters of a target, so that "photo" is hot; of what only it has in stage II, nine
tenths are such. In stage III it takes opposites and sisters of a word for the word: cold for hot, boring for
funny, Russian for British. It puts each tag into one class, so that "british rock" is rock alone.
"""

from pathlib import Path

import pandas as pd
import pytest

from taglab.cleaning import STAGE_1_TAGS, CollapseEmbeddings, CollapseWords
from taglab.embeddings import compose, read_vectors
from taglab.studies.collapsing.trials import WHY, agreement, disagreements, parse_collapsed
from tests.cleaning.test_realdata import as_folksonomy, path_of

pytestmark = pytest.mark.realdata

Collapsed = dict[str, tuple[str, ...]]

LETTERS_ONLY = {
    "photo booth": "hot", "tokio hotel mine": "hot", "rimshot": "hot", "lughnasad": "sad",
    "metallica and ozzy": "metal", "popcorn love": "pop", "romania": "romantic", "internet": "intense",
    "meow": "mellow", "goodbye neighbours": "good", "coolidge": "cool", "not mellow": "mellow",
    "not funny": "funny", "hunting": "haunting",
}  # fmt: skip
"""Tags that the source puts into a target which they do not mean."""

OPPOSITES = {
    "cold": "hot", "boring": "funny", "russian": "british", "japanese": "american", "white": "dark",
    "regime": "party", "ugly": "sad", "disappointed": "happy", "conventional": "alternative",
    "responsible": "instrumental", "tin": "metal",
}  # fmt: skip
"""Of stage III: words that are near a target in texts, and not what it means."""

OURS = {
    "british rock": {"british", "rock"}, "indie dance": {"indie", "dance"}, "geekrock": {"rock"},
    "80s dance": {"80s", "dance"}, "90 s": {"90s"}, "hauntingly gorgeous": {"haunting"},
    "best indie rock": {"indie rock"}, "japanese folktronica": set(), "anti-american": set(),
}  # fmt: skip
"""Tags of theirs, and all that they say of targets."""


JUDGED = pd.read_csv(
    Path(__file__).with_name("judged_collapses.tsv"), sep="\t", keep_default_na=False, quoting=3
)
"""Of each stage and side a hundred pairs that only this side has, drawn at random and judged by hand."""


def shares_right(stage: str, differ: pd.DataFrame) -> dict[str, float]:
    """Print and return by side the share of the judged pairs that say what the tag means.

    Of ours those that we still make are counted, of theirs those that we still do not.
    """
    now = set(zip(differ["side"], differ["tag"], differ["target"], strict=True))
    here = JUDGED[JUDGED["stage"] == stage]
    assert here.groupby("side").size().to_dict() == {"ours": 100, "theirs": 100}
    keys = zip(here["side"], here["tag"], here["target"], strict=True)
    here = here[[key in now for key in keys]]
    shares: dict[str, float] = {}
    for side, rows in here.groupby("side"):
        right = rows["judged"] == "right"
        shares[str(side)] = float(right.mean())
        told = "; ".join(
            f"{tag} → {target} ({why})"
            for tag, target, why in rows.loc[~right if side == "ours" else right, ["tag", "target", "why"]]
            .head(8)
            .to_numpy()
        )
        print(f"stage {stage}, only {side}: {right.sum()} of {len(rows)} judged right; against us: {told}")
    return shares


def theirs(stage: int) -> Collapsed:
    path = path_of(f"tag-collapsing/stage-{stage}.tsv")
    return parse_collapsed(path.read_bytes(), path.name)


def by_words(tags: list[str]) -> Collapsed:
    return CollapseWords().plan(as_folksonomy(list(dict.fromkeys([*STAGE_1_TAGS, *tags])))).mapping


def test_stage_two_agrees_but_where_they_go_by_letters() -> None:
    published = theirs(2)
    ours = by_words(list(published))
    ours = {tag: ours.get(tag, ()) for tag in published}
    table = agreement(ours, published)
    print(table.drop(columns=["examples_ours", "examples_theirs"]).round(3).to_string())
    print(table[["target", "examples_ours", "examples_theirs"]].head(12).to_string())
    both, only = table["both"].sum(), table["only_theirs"].sum()
    why = table[list(WHY)].sum()
    print(
        f"{both} of their {both + only} pairs are ours, {table['only_ours'].sum()} ours only; {why.to_dict()}"
    )
    assert both / (both + only) >= 0.8
    assert (why["letters"] + why["denied"]) / only >= 0.85
    for tag, target in LETTERS_ONLY.items():
        assert published[tag] == (target,), tag
        assert target not in ours[tag], tag
    for tag, meant in OURS.items():
        assert set(by_words([tag]).get(tag, ())) == meant, tag
    # What is ours alone is next to always a name that stands there as a word.
    differ = disagreements(ours, published)
    assert (differ.query("side == 'ours'")["why"] == "whole word").mean() >= 0.85
    right = shares_right("II", differ)
    assert right["ours"] >= 0.95
    # Plurals, slips and other languages, which they have by their letters, we miss.
    assert right["theirs"] <= 0.6


def test_stage_three_of_theirs_is_mostly_stage_two_and_neighbours() -> None:
    """Fitted on all the most used tags with them: of collapsed tags alone, all lie near a target."""
    two, three = theirs(2), theirs(3)
    assert all(three[tag] == ends for tag, ends in two.items())
    new = {tag: ends for tag, ends in three.items() if tag not in two and ends}
    popular = path_of("lastfm-vocabulary/tags-by-popularity.txt").read_text(encoding="utf-8").split("\n")
    tags = list(dict.fromkeys([*STAGE_1_TAGS, *filter(None, popular), *new]))
    vectors = compose(read_vectors(path_of("word-vectors/glove.9910.300d.txt.gz"), "glove"), tags)
    words = by_words(list(new))
    usable = {tag: ends for tag, ends in new.items() if tag in vectors}
    shares = []
    for percentile in (0.001, 0.01, 0.05):
        near = CollapseEmbeddings(percentile=percentile).plan(as_folksonomy(tags), vectors).mapping
        ours = {tag: words.get(tag) or near.get(tag, ()) for tag in usable}
        table = agreement(ours, usable)
        both, only = table["both"].sum(), table["only_theirs"].sum()
        shares.append(both / (both + only))
        told = f"{both} of {both + only} pairs, {table['only_ours'].sum()} ours only"
        print(f"{percentile}: {told}, of {len(new)} tags {len(usable)} with a vector")
        if percentile == 0.001:
            print(table.drop(columns=["examples_ours", "examples_theirs"]).head(20).round(3).to_string())
            print(table[["target", "examples_ours", "examples_theirs"]].head(12).to_string())
            assert (table["meaning"].sum() + table["letters"].sum() + table["slip"].sum()) / only >= 0.9
            for tag, target in OPPOSITES.items():
                assert new[tag] == (target,), tag
                assert target not in ours[tag], tag
            right = shares_right("III", disagreements(ours, usable))
            assert right["ours"] >= 0.75
            assert right["theirs"] <= 0.4
    assert shares == sorted(shares)
    assert shares[0] > 0.3
