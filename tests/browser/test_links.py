"""What a link or a person chose stays chosen on every page, from the first click on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.embeddings import WordVectors
from taglab.folksonomy import Folksonomy
from tests.browser.settling import settled
from tests.browser.turning import turn_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]

TAGS = [f"{group}{n}" for n in range(6) for group in ("metal", "jazz", "folk")]
CHOSEN = {"data": "mine", "vectors": "theirs", "min_count": "3", "whole_tag": "false"}
FIELDS = {"data": "Data set", "vectors": "Word vectors", "min_count": "Minimum count (tracks)"}
ASKS: dict[str, tuple[str, ...]] = {
    "Data": ("data", "min_count"),
    "Cleaning": ("data",),
    "Embeddings": ("data", "vectors", "min_count"),
    "Clusters": ("data", "vectors", "min_count"),
    "Genres": ("data", "vectors"),
    "Training": ("data",),
    "Compare": (),
    "Retrieval": (),
    "Representations": (),
}
ADDRESSES = {name: f"/{name.lower()}" for name in ASKS} | {"Clusters": "/"}


@pytest.fixture(scope="module", autouse=True)
def shelf(server: Server) -> None:
    """A data set "mine" and vectors "theirs", neither of which is what a page shows first."""
    rng = np.random.default_rng(0)
    sizes = np.arange(40, 40 - len(TAGS), -1)
    rows = np.concatenate([np.arange(size) for size in sizes])
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(40)]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        data = Folksonomy.from_codes("mine", tracks, TAGS, rows, np.repeat(np.arange(len(TAGS)), sizes))
        data.save(cache.Shelf(cache.FOLKSONOMIES).path("mine"))
        words = WordVectors("theirs", tuple(TAGS), rng.normal(size=(len(TAGS), 5)).astype(np.float32))
        words.save(cache.Shelf(cache.VECTORS).path("theirs"))


def go(page: Page, name: str) -> None:
    turn_to(page, name)
    page.wait_for_url(f"**{ADDRESSES[name]}*")
    page.wait_for_timeout(300)
    settled(page)


def assert_kept(page: Page, keys: Iterable[str]) -> None:
    """Fields and address come to what was chosen; a busy browser paints a field's default first."""
    page.wait_for_function(
        """([chosen, fields]) => Object.entries(chosen).every(([key, value]) =>
            document.querySelector(`input[aria-label*="${fields[key]}"]`)?.value === value &&
            new URL(location.href).searchParams.getAll(key).join() === value)""",
        arg=[{key: CHOSEN[key] for key in keys}, FIELDS],
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Data", "Clusters"),
        ("Cleaning", "Embeddings"),
        ("Embeddings", "Clusters"),
        ("Embeddings", "Data"),
        ("Clusters", "Embeddings"),
        ("Genres", "Clusters"),
        ("Training", "Data"),
    ],
)
def test_a_link_keeps_its_choices_at_the_first_click(visit: Visit, first: str, second: str) -> None:
    link = "&".join(f"{key}={CHOSEN[key]}" for key in ASKS[first])
    page = settled(visit(f"{ADDRESSES[first]}?{link}"))
    assert_kept(page, ASKS[first])
    go(page, second)
    assert_kept(page, set(ASKS[first]) & set(ASKS[second]))


def test_choices_outlive_pages_that_do_not_ask_for_them(visit: Visit) -> None:
    link = "&".join(f"{key}={value}" for key, value in CHOSEN.items())
    page = settled(visit(f"/embeddings?{link}"))
    for name in ("Data", "Training", "Compare", "Clusters"):
        go(page, name)
        assert_kept(page, ASKS[name])
    assert parse_qs(urlsplit(page.url).query)["whole_tag"] == ["false"]


def test_back_undoes_one_choice_after_another_and_then_the_way_between_pages(visit: Visit) -> None:
    page = settled(visit("/data?data=mine"))
    go(page, "Clusters")
    field = page.get_by_role("spinbutton", name="Seed")
    for seed in ("2", "6"):
        field.fill(seed)
        field.press("Enter")
        settled(page)
        page.wait_for_timeout(1200)  # what follows sooner belongs to the same step
    page.go_back()
    page.wait_for_function("new URL(location.href).searchParams.get('seed') === '2'")
    page.wait_for_function("""document.querySelector('input[aria-label="Seed"]').value === '2'""")
    page.go_back()
    page.wait_for_function("""document.querySelector('input[aria-label="Seed"]').value === '0'""")
    assert_kept(page, ["data"])
    page.go_back()
    page.wait_for_url("**/data?data=mine")
    assert_kept(page, ["data"])
    page.go_forward()
    page.wait_for_url("**/?data=mine")
