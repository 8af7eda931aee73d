"""The Retrieval page in a browser: asked by keyboard, a result played, the link followed by another."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.settling import place_of, settled
from tests.joint_space.shelved import shelve_heard_space, shelve_sound, shelve_space

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]
ROW_PX = 35


@pytest.fixture(scope="module", autouse=True)
def sound(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two spaces with their data, features and sound; returns the folder of the sound's files."""
    folder = tmp_path_factory.mktemp("sound") / "wav"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        shelve_space()
        shelve_sound(folder)
        shelve_heard_space()
    return folder


def asked(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("ask", [])


def type_term(page: Page, text: str) -> None:
    box = page.get_by_role("combobox", name="Ask with tags")
    box.press_sequentially(text)
    box.press("Enter")
    box.press("Escape")  # the list stays open for the next, and letters are typed into the box
    box.evaluate("box => box.blur()")
    settled(page)


def ranked(page: Page, kind: str) -> Locator:
    return page.locator(f"[class*=st-key-list-of-{kind}-0] [data-testid=stDataFrame]")


def press_in_row(page: Page, kind: str, row: int, x: int) -> None:
    """Click into a list; tables are painted, so that there is no element to be clicked."""
    ranked(page, kind).click(position={"x": x, "y": ROW_PX * (row + 0.5)})
    settled(page)


def heard(page: Page) -> str:
    return page.locator("[class*=st-key-list-of-tracks-0] [data-testid=stMarkdown]").nth(1).inner_text()


def test_a_query_is_typed_narrowed_played_and_sent_as_a_link(visit: Visit) -> None:
    page = settled(visit("/retrieval?space=space"))
    page.keyboard.press("/")
    page.keyboard.type("jazz")
    page.keyboard.press("Enter")
    settled(page)
    assert asked(page) == ["jazz"]
    type_term(page, "- swing")
    assert asked(page) == ["jazz", "- swing"]
    first = heard(page)
    assert first.startswith("1 Song")
    press_in_row(page, "tracks", 3, 17)
    assert heard(page).startswith("3 Song")
    page.locator("audio").evaluate("audio => audio.play()")
    page.wait_for_function("document.querySelector('audio').currentTime > 0.2")
    page.keyboard.press("n")
    page.get_by_text(re.compile("^4 Song")).wait_for()
    settled(page)
    again = settled(visit(urlsplit(page.url)._replace(scheme="", netloc="").geturl()))
    assert asked(again) == ["jazz", "- swing"]
    assert heard(again) == first
    assert ranked(again, "tags").count() == 1


def test_results_are_added_and_taken_away_where_they_stand(visit: Visit) -> None:
    page = settled(visit("/retrieval?space=space&ask=jazz"))
    box = place_of(ranked(page, "artists"))
    press_in_row(page, "artists", 1, int(box["width"]) - 20)
    assert len(asked(page)) == 2
    assert asked(page)[1].startswith("- artist: ")


def test_a_clip_joins_the_query(visit: Visit, sound: Path) -> None:
    page = settled(visit("/retrieval?space=heard&ask=jazz"))
    page.locator("input[type=file]").set_input_files(sound / "metal 2.wav")
    page.wait_for_url("**clip*")
    settled(page)
    assert asked(page) == ["jazz", "clip: metal_2.wav"]
    type_term(page, "- doom")
    assert asked(page) == ["jazz", "clip: metal_2.wav", "- doom"]
    assert ranked(page, "tracks").count() == 1
    assert page.get_by_test_id("stAlert").count() == 0


@pytest.mark.parametrize(("width", "theme"), [(500, "dark"), (900, "light"), (1280, "light")])
def test_the_page_fits_its_window(visit: Visit, width: int, theme: str) -> None:
    page = settled(visit("/retrieval?space=space&ask=jazz&beside=heard", width=width, theme=theme))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
