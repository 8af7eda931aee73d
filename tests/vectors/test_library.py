"""The shelf of features: what was computed comes back as it was, and what rots is told."""

import json

import numpy as np
import pytest

from taglab import cache
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.vectors import (
    KINDS,
    MEASURES,
    Vectors,
    feature_names,
    open_features,
    remove_features,
    save_features,
)
from tests.vectors.tracks import random_tracks


@pytest.mark.parametrize("measure", MEASURES)
def test_what_is_saved_is_opened_again(measure: str) -> None:
    vectors = random_tracks(measure).select(["track 3", "nobody", "track 1"])
    save_features(vectors, "mfcc 20")
    opened = open_features("mfcc 20")
    assert isinstance(opened.vectors, np.memmap)
    np.testing.assert_array_equal(opened.vectors, vectors.vectors)
    assert (opened.kind, opened.ids, opened.missing) == ("tracks", vectors.ids, ("nobody",))
    assert (opened.measure, opened.name, opened.fingerprint) == (measure, "mfcc 20", vectors.fingerprint)
    recounted = Vectors("tracks", opened.ids, np.array(opened.vectors), measure=measure)
    assert recounted.fingerprint == vectors.fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_kept_with_what_it_was_made_of(kind: str) -> None:
    origin = {"encoder": "mfcc-statistics", "settings": {"coefficients": 20}, "sound": "0" * 32}
    save_features(Vectors(kind, ("é", "b"), np.eye(2, dtype=np.float32), origin=origin), kind)
    opened = open_features(kind)
    assert (opened.kind, opened.ids, opened.origin) == (kind, ("é", "b"), origin)


def test_nothing_at_all_is_kept_too() -> None:
    save_features(Vectors("users", (), np.empty((0, 3), np.float32), ("u",)), "none")
    opened = open_features("none")
    assert (len(opened), opened.dim, opened.missing) == (0, 3, ("u",))


def test_names_are_listed_and_removed() -> None:
    for name in ("b", "a"):
        save_features(random_tracks("dot"), name)
    assert feature_names() == ["a", "b"]
    remove_features("a")
    assert feature_names() == ["b"]
    with pytest.raises(NotFound, match="no features named 'a'; there are: b"):
        open_features("a")
    with pytest.raises(InvalidSetting, match="letters, digits"):
        save_features(random_tracks("dot"), "../a")
    kinds = {content.kind for content in cache.contents() if content.what == "yours"}
    assert kinds == {"features"}


def test_what_rots_is_told() -> None:
    save_features(random_tracks("dot"), "x")
    folder = cache.home() / cache.FEATURES / "x"
    rows = bytearray((folder / "vectors.npy").read_bytes())
    rows[-1] ^= 1
    (folder / "vectors.npy").write_bytes(rows)
    with pytest.raises(DataError, match=r"is damaged.*compute them again"):
        open_features("x")
    save_features(random_tracks("dot"), "x")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "checksums.json").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(DataError, match="newer taglab"):
        open_features("x")
    (folder / "manifest.json").write_text(json.dumps(manifest | {"kind": "albums"}))
    with pytest.raises(DataError, match=r"kind=.albums.*compute them again"):
        open_features("x")
