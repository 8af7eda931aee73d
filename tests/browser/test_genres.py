"""The Genres page in a browser: views by link, a genre picked, choices kept from view to view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from taglab import labels
from tests.browser.conftest import Server
from tests.browser.settling import settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

CLASSES = {
    "metal": [
        "metal",
        "heavy metal",
        "death metal",
        "thrash metal",
        "doom metal",
        "black metal",
        "folk metal",
    ],
    "jazz": ["jazz", "bebop", "cool jazz", "acid jazz", "Smooth Jazz", "jazz fusion", "vocal jazz"],
    "rock": ["rock", "hard rock", "classic rock", "Progressive rock", "post-rock", "Grunge", "glam rock"],
}


@pytest.fixture(autouse=True)
def saved(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAGLAB_HOME", str(server.home))
    if "three genres" not in labels.label_space_names():
        labels.save_label_space(labels.from_classes(CLASSES, name="three genres"))


def address(view: str, **more: str) -> str:
    asked = {"classes": "A saved label space", "labels": "three genres", "view": view, **more}
    return "/genres?" + "&".join(f"{key}={value.replace(' ', '+')}" for key, value in asked.items())


@pytest.mark.parametrize("view", ["Co-occurrence", "Genres", "Subgenres"])
def test_a_link_opens_each_view(visit: Callable[..., Page], view: str) -> None:
    page = settled(visit(address(view)))
    page.get_by_role("tab", name=view, selected=True).wait_for()
    page.get_by_test_id("stMetric").first.wait_for()
    assert page.get_by_test_id("stAlert").count() == 0


def test_a_genre_is_picked_and_stays_when_the_view_changes(visit: Callable[..., Page]) -> None:
    page = settled(visit(address("Subgenres")))
    page.get_by_role("combobox", name="Genre").last.click()
    page.get_by_role("option", name="jazz").click()
    page.get_by_text("jazz: t-SNE of 1 − NPMI").wait_for()
    assert "genre=jazz" in page.url
    page.get_by_role("tab", name="Genres", exact=True).click()
    page.get_by_text("Merged, and what comes next").wait_for()
    page.get_by_role("tab", name="Subgenres").click()
    page.get_by_text("jazz: t-SNE of 1 − NPMI").wait_for()


def test_in_a_narrow_dark_window_nothing_is_wider_than_it(visit: Callable[..., Page]) -> None:
    page = settled(visit(address("Subgenres", closer="Dendrogram"), width=420, theme="dark"))
    page.get_by_text("Which merge first").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
