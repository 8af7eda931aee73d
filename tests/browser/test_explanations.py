"""The Explanations page in a browser: a tag switched off, its link, and tags that would like to be markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from tests.browser.conftest import assert_readable
from tests.browser.settling import settled
from tests.browser.test_data import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]
NAME = "explained"
LINK = f"/explanations?data={NAME}"


@pytest.fixture(scope="module", autouse=True)
def shelf(server: Server) -> None:
    """Twenty items, of which the first have two tags or three and the last none; three users."""
    items = [f"i{row:02}" for row in range(20)]
    tags = ["rock", HOSTILE, "jazz"]
    there = np.array([[row < 12, row < 18, row % 3 == 0 and row < 18] for row in range(20)])
    rows, columns = np.nonzero(there)
    folder = server.home / "folksonomies" / NAME
    Folksonomy.from_codes(NAME, pd.DataFrame({"track": items}), tags, rows, columns).save(folder)
    users, tracks = np.repeat(np.arange(3), 4), np.array([0, 2, 4, 6, 1, 3, 5, 7, 12, 14, 15, 0])
    Interactions.from_codes(NAME, ["ann", "bob", "cem"], items, users, tracks).write(folder / "interactions")


def figure(page: Page, label: str) -> float:
    """Return what a metric of the page shows."""
    shown = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    return float(shown.get_by_test_id("stMetricValue").inner_text())


def switch_off(page: Page, tag: str) -> None:
    """Choose a tag as a person does: open the list, and click it."""
    page.get_by_label("Switch off tags of the item").click()
    page.get_by_role("option").filter(has_text=tag).click()
    page.keyboard.press("Escape")
    settled(page)


@pytest.mark.parametrize(("theme", "width"), [("light", 800), ("dark", 900)])
def test_the_list_and_its_reasons_are_read_in_both_themes(visit: Visit, theme: str, width: int) -> None:
    page = settled(visit(LINK, width=width, theme=theme))
    page.get_by_text("ann played 4 items").wait_for()
    assert_readable(page, theme)


def test_a_tag_switched_off_moves_the_item_and_the_link_opens_the_same(visit: Visit) -> None:
    page = settled(visit(f"{LINK}&user=bob"))
    page.get_by_text("bob played 4 items").wait_for()
    before = figure(page, "Score"), figure(page, "Place")
    assert before[1] == 1
    switch_off(page, "rock")
    expect(page).to_have_url(re.compile("[?&]off=rock"))
    after = figure(page, "Score"), figure(page, "Place")
    assert after[0] < before[0]
    assert after[1] > before[1]
    page.get_by_text(re.compile(r"LIME let expect -\d\.\d+")).wait_for()
    link = urlsplit(page.url)
    again = settled(visit(f"{link.path}?{link.query}"))
    again.get_by_text("bob played 4 items").wait_for()
    assert (figure(again, "Score"), figure(again, "Place")) == after


def test_hostile_tags_stay_text(visit: Visit) -> None:
    page = visit(f"{LINK}&user=ann")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    settled(page)
    switch_off(page, HOSTILE)
    page.get_by_text(HOSTILE).first.wait_for()
    assert page.locator("img[src=x], img[onerror]").count() == 0
    assert dialogs == []
