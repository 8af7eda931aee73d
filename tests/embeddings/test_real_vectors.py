"""Real word vectors on the real vocabulary; what was seen is told at the end of the run."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from taglab import sources
from taglab.embeddings import Lookup, compose, coverage, neighbours, own_vectors, read_vectors
from taglab.folksonomy import Folksonomy
from tests.embeddings.examples import folksonomy

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
# Words, dimensions, and the share of the 7,669 tags that has a vector.
FILES = {
    "glove.9910.300d.txt.gz": (9910, 300, 0.704),
    "glove.twitter.12k.25d.txt.gz": (11925, 25, 0.805),
    "lastfm-tags.7362.200d.npy": (7362, 200, 0.980),
}

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside the checkout"),
]


@pytest.fixture(scope="module")
def vocabulary() -> Folksonomy:
    """The 7,669 tags used more than 100 times, on one track, since their counts are not published."""
    text = (DATA / "lastfm-vocabulary/tags-by-popularity.txt").read_text(encoding="utf-8")
    return folksonomy([[tag for tag in text.split("\n") if tag]])


@pytest.mark.parametrize("name", FILES)
def test_coverage_of_the_vocabulary(vocabulary: Folksonomy, name: str, seen: Callable[[str], None]) -> None:
    words, dim, share = FILES[name]
    read = read_vectors(DATA / "word-vectors" / name, name)
    assert (len(read), read.dim, read.dropped) == (words, dim, ())
    found = coverage(read, vocabulary)
    vectors = compose(read, vocabulary.tags["tag"].tolist())
    states = found.tags["state"].value_counts().to_dict()
    seen(f"{name}: {found.share_of_tags:.1%} of {vocabulary.n_tags:,} tags have a vector {states}")
    seen(f"{len(found.duplicates):,} tags lie on a point with another; unknown in most tags:")
    seen(", ".join(f"{row.word} ({row.tags})" for row in found.unknown_words.head(10).itertuples()))
    seen("near jazz: " + _listed(neighbours(vectors, "jazz", 10)))
    assert found.share_of_tags == pytest.approx(share, abs=0.005)
    assert len(vectors) + len(vectors.missing) == vocabulary.n_tags
    assert all("jazz" in tag.lower() for tag in neighbours(vectors, "jazz", 3)["tag"])


def test_kappe_jazz_is_jazz(vocabulary: Folksonomy) -> None:
    read = read_vectors(DATA / "word-vectors/glove.twitter.12k.25d.txt.gz", "glove")
    found = coverage(read, vocabulary).duplicates.set_index("tag")["same_as"]
    assert found["kappe jazz"] == found["fonky jazz"]
    exact = coverage(read, vocabulary, Lookup(forms=("exact",)))
    assert exact.share_of_tags < coverage(read, vocabulary).share_of_tags


@pytest.mark.parametrize(
    ("source", "path", "near_jazz"),
    [
        ("table", "lakh-lastfm/track_tags.csv", {"lounge", "downtempo", "funk", "60s"}),
        (
            "jamendo",
            "mtg-jamendo/splits/split-0",
            {"swing", "bossanova", "saxophone", "jazzfusion", "contrabass"},
        ),
    ],
)
def test_trained_on_real_tag_lists(
    source: str, path: str, near_jazz: set[str], seen: Callable[[str], None]
) -> None:
    data = sources.read(source, DATA / path, source)
    vectors = compose(own_vectors(data), data.tags["tag"].tolist())
    near = neighbours(vectors, "jazz", 10)
    seen(f"{data}; near jazz: {_listed(near)}")
    assert vectors.missing == ()
    assert len(near_jazz & set(near["tag"])) >= 2


def _listed(near: pd.DataFrame) -> str:
    return ", ".join(f"{row.tag} {row.similarity:.2f}" for row in near.itertuples())
