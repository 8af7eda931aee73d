"""The Embeddings page in a browser: views by link, a tag picked on the map, pages told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taglab.ui.embeddings.views import VIEWS
from tests.browser.conftest import assert_readable
from tests.browser.settling import settled
from tests.browser.turning import turn_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server


@pytest.mark.parametrize("view", list(VIEWS))
def test_a_link_opens_each_view(visit: Callable[..., Page], view: str) -> None:
    page = settled(visit(f"/embeddings?view={view.replace(' ', '+')}"))
    page.get_by_role("tab", name=view, selected=True).wait_for()
    assert page.get_by_test_id("stAlert").get_by_text("Sorry").count() == 0


def test_the_first_view_is_a_tag_among_its_neighbours(visit: Callable[..., Page]) -> None:
    page = settled(visit("/embeddings?tag=jazz"))
    page.locator("[data-shows=jazz]").wait_for()
    page.get_by_text("Nearest to jazz").wait_for()


def test_every_page_opens_from_every_other(visit: Callable[..., Page]) -> None:
    page = settled(visit("/embeddings?view=Coverage"))
    for name in ("Clusters", "Data", "Embeddings", "Clusters", "Embeddings", "Data"):
        turn_to(page, name)
        page.wait_for_timeout(300)
        settled(page)
        assert page.get_by_text("Sorry, that should not").count() == 0
        assert page.get_by_text("encountered an error").count() == 0


@pytest.mark.parametrize("address", ["/", "/data", "/embeddings"])
def test_nothing_is_fetched_from_elsewhere(visit: Callable[..., Page], server: Server, address: str) -> None:
    page = visit("/data")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.url + address)
    settled(page)
    page.wait_for_timeout(1000)
    ours = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []


def test_vectors_are_uploaded_chosen_and_shown(visit: Callable[..., Page], tmp_path: Path) -> None:
    lines = ["rock 1 0.1 0", "pop 0.9 0.2 0.1", "jazz 0 1 0.2", "blues 0.1 0.9 0", "metal 0.8 0 0.4"]
    (tmp_path / "mine.txt").write_text("\n".join(lines) + "\n")
    page = settled(visit("/embeddings?tag=jazz&map=PCA"))
    page.get_by_role("button", name="Add vectors").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(tmp_path / "mine.txt")
    dialog.get_by_text("mine.txt").first.wait_for()
    settled(page)
    dialog.get_by_label("Name", exact=True).fill("uploaded words")
    page.keyboard.press("Enter")
    dialog.get_by_text("--name 'uploaded words'").wait_for()
    settled(page)
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**vectors=uploaded**")
    settled(page).get_by_text("Without a vector (").wait_for()
    page.locator("[data-shows=jazz]").wait_for()


@pytest.mark.parametrize(("width", "theme"), [(500, "dark"), (1400, "light")])
def test_the_page_fits_its_window_and_theme(visit: Callable[..., Page], width: int, theme: str) -> None:
    page = settled(visit("/embeddings?tag=jazz", width=width, theme=theme))
    page.locator("[data-shows=jazz]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.locator(".map").evaluate(
        "map => [...map.querySelector('.points').getContext('2d').getImageData(2, 100, 1, 1).data]"
    )
    assert (sum(paper[:3]) > 600) == (theme == "light")
    assert_readable(page, theme)


def test_a_set_that_is_uploaded_is_judged(visit: Callable[..., Page]) -> None:
    # So high that nothing scrolls: a list of options closes when it does.
    page = settled(visit("/embeddings?view=Quality", height=1600))
    page.get_by_text("music-pairs: people and vectors").wait_for()
    page.get_by_role("button", name="Sets").click()
    lines = b"rock pop 5\njazz blues 7\nmetal jazz 1\nfolk country 6\nnowhere rock 1\n"
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.txt", "mimeType": "text/plain", "buffer": lines}
    )
    page.get_by_text("80 % known").wait_for()
    settled(page)
    page.get_by_role("button", name="Sets").click()
    page.get_by_test_id("stFileUploader").wait_for(state="hidden")
    page.get_by_role("combobox", name="Look closely at").click()
    page.get_by_role("option", name="mine").click()
    page.get_by_text("mine: people and vectors").wait_for()
    page.get_by_text("Left out: 1 of 5").wait_for()
