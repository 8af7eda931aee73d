"""From 800 pixels up no page cuts off a text or a control."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.clipping import clipped
from tests.browser.settling import settled
from tests.browser.test_compare import LINK as PUBLISHED_RUNS
from tests.browser.turning import GROUPS

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (800, 900, 1280, 1920)
ADDRESSES = (
    "/data",
    "/cleaning?view=Preview",
    "/embeddings?view=Neighbours",
    "/embeddings?view=Coverage",
    "/?map=PCA",
    "/?map=PCA&view=Scan+over+k",
    "/?map=PCA&view=Label+space",
    "/genres?view=Co-occurrence",
    "/genres?view=Subgenres",
    "/training?view=New+run",
    "/training?view=New+space",
    "/training?view=New+network",
    "/training?view=Runs",
    f"{PUBLISHED_RUNS}&view=Histograms",
    "/compare?view=Summary",
    "/compare?view=Confusion",
    "/compare?view=Curves",
    "/retrieval",
    "/robustness?degradation=Pitch&clips=3",
    "/representations",
    "/explanations",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_cut_off_at_any_width(visit: Callable[..., Page], address: str) -> None:
    page = settled(visit(address))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(500)
        assert clipped(settled(page)) == [], width


def test_the_menu_names_every_group_on_one_line_where_a_page_opens_narrow(visit: Callable[..., Page]) -> None:
    page = settled(visit("/robustness", width=800))
    groups = page.get_by_test_id("stTopNavSection")
    assert groups.all_inner_texts() == list(GROUPS)
    heights = groups.locator("p").evaluate_all("texts => texts.map((text) => text.offsetHeight)")
    assert max(heights) < 30


def test_what_is_cut_off_is_noticed(visit: Callable[..., Page]) -> None:
    page = settled(visit("/training"))
    page.get_by_role("heading", name="Training", exact=True).evaluate(
        "heading => Object.assign(heading.style, { width: '20px', overflow: 'hidden', whiteSpace: 'nowrap' })"
    )
    assert any("Training" in text for text in clipped(page))
