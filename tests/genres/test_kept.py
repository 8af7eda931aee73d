"""Classes and categories that are kept are those computed; a process beside the server leaves them there."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    ClassSettings,
    class_seconds,
    classes_are_kept,
    kept_categories,
    kept_classes,
    make_classes,
    tag_categories,
)
from taglab.labels import to_json
from taglab.ui.side_process import SideProcess
from tests.embeddings.test_own_process import ended

GENRES = ["rock", "hard rock", "jazz", "free jazz", "techno", "trance", "folk", "soul"]
OTHERS = ["happy", "guitar", "seen live"]


def small() -> Folksonomy:
    rng = np.random.default_rng(5)
    tags = [*GENRES, *OTHERS]
    rows, columns = np.nonzero(rng.random((60, len(tags))) < 0.5)
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(60)]})
    data = Folksonomy.from_codes("small", tracks, tags, rows, columns)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("small"))
    return data


def test_what_is_kept_is_what_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    data, settings = small(), ClassSettings(of="genre-tags", n=5)
    assert not classes_are_kept(data, settings)
    computed = kept_classes(data, settings)
    assert classes_are_kept(data, settings)
    assert not classes_are_kept(data, settings.model_copy(update={"n": 4}))
    categories = kept_categories(data)
    pd.testing.assert_series_equal(categories, tag_categories(data))
    monkeypatch.setattr("taglab.genres.kept.make_classes", None)
    monkeypatch.setattr("taglab.genres.kept.tag_categories", None)
    assert to_json(kept_classes(data, settings)) == to_json(computed)
    assert kept_categories(data).equals(categories)


def test_what_is_damaged_is_computed_anew(taglab_home: Path) -> None:
    data, settings = small(), ClassSettings(of="genre-tags", n=5)
    computed, categories = kept_classes(data, settings), kept_categories(data)
    for path in (taglab_home / "derived").rglob("*"):
        if path.suffix in (".json", ".parquet"):
            path.write_bytes(b"{")
    assert not classes_are_kept(data, settings)
    assert to_json(kept_classes(data, settings)) == to_json(computed)
    assert kept_categories(data).equals(categories)


def test_a_process_beside_the_server_leaves_them_where_they_are_sought() -> None:
    data, settings = small(), ClassSettings(of="genre-clusters", k=3)
    given = json.dumps({"data": "small", "settings": settings.model_dump(mode="json")})
    job = ended(SideProcess("taglab.genres.class_process", given))
    job.output()
    assert job.progress()[0] > 0.9
    assert classes_are_kept(data, settings)
    assert to_json(kept_classes(data, settings)) == to_json(make_classes(data, settings))


def test_the_estimate_grows_with_what_is_clustered() -> None:
    data = small()
    alone = class_seconds(data, ClassSettings(of="top-tags"), 64)
    assert alone == pytest.approx(11 * 2.5e-5)
    # Eight of the eleven tags say a genre.
    of_genres = class_seconds(data, ClassSettings(of="genre-clusters", k=4), 64) - alone
    assert of_genres == pytest.approx(8 * (5e-5 + 10 * 4 * 64 * 2.5e-9))
    of_all = class_seconds(data, ClassSettings(of="clusters", k=4), 64) - alone
    assert of_all == pytest.approx(of_genres * 11 / 8)
