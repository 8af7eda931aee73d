"""The map by itself, opened from a file as people take it away: what is drawn, hit, searched and written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from taglab.ui.map_page import map_page
from taglab.ui.tag_map import MapClasses, MapPaint, map_points
from tests.browser.conftest import CHROMIUM_ARGUMENTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

HOSTILE = '<img/src="x"/onerror="document.title=1">'
TAGS = ["rock", "rock ballad", HOSTILE, "עברית", "jazz", "folk"]
LABELS = np.array([0, 0, 1, 1, 2, 2], np.int32)
POSITIONS = np.array([[0, 0], [1, 0], [10, 0], [11, 0], [5, 8], [6, 8]], np.float32)
CLASSES = MapClasses(
    LABELS,
    ["rock", HOSTILE, "jazz"],
    np.array([0, 1, 2]),
    np.array([[0.5, 0], [10.5, 0], [5.5, 8]], np.float32),
)
Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def open_map(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """A function that opens the map as a file; its keywords are those of `MapPaint`."""
    errors: list[str] = []
    pages = []

    def open_page(width: int = 1000, **paint: Any) -> Page:
        points = map_points("six", TAGS, [60, 50, 40, 30, 20, 10], POSITIONS)
        look = MapPaint(**{"label": "Six tags", "shows": "six", "classes": CLASSES, **paint})
        (tmp_path / "map.html").write_text(map_page("Six tags", points, look), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 700})
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((tmp_path / "map.html").as_uri())
        page.locator(".map[data-shows='six']").wait_for()
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not errors


def walked(page: Page, steps: int) -> list[str]:
    """Return the tags that Page Down goes through."""
    page.locator("canvas.pointer").focus()
    names = []
    for _ in range(steps):
        page.keyboard.press("PageDown")
        names.append(page.locator(".tip .tag").inner_text())
    return names


def test_what_does_not_pass_the_filters_is_neither_walked_nor_searched_nor_selected(open_map: Open) -> None:
    page = open_map(kept=np.array([True, False, True, False, True, True]))
    assert walked(page, 5) == ["rock", HOSTILE, "jazz", "folk", "rock"]
    page.get_by_role("searchbox").fill("rock")
    assert page.locator(".search output").inner_text() == "1"
    page.get_by_role("searchbox").fill("")
    page.locator(".legend bdi", has_text="rock").click()
    page.locator(".status", has_text="1 of 6 tags selected").wait_for()
