"""The Representations page in a browser: scores, a track of the map heard, two features side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.clipping import clipped
from tests.browser.conftest import assert_readable
from tests.browser.settling import settled
from tests.studies.transfer.examples import shelve, shelve_tones

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]
NAME = "transfer-mine"
LINK = f"/representations?data={NAME}&audio={NAME}&task=genre&splits=2&features=telling&features=timbre"


@pytest.fixture(scope="module", autouse=True)
def shelf(server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A data set with features and a tone for each of its first tracks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        shelve(NAME)
        shelve_tones(tmp_path_factory.mktemp("tones") / "wav", NAME)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_scores_are_the_first_thing_at_any_width(visit: Visit, theme: str) -> None:
    page = settled(visit(LINK, width=900, theme=theme))
    page.locator(".js-plotly-plot").wait_for()
    settled(page)
    assert_readable(page, theme)
    assert page.locator(".js-plotly-plot .shapelayer path").count() >= 1
    assert clipped(page) == []


def test_a_track_of_the_link_is_played_on_the_map(visit: Visit) -> None:
    page = settled(visit(f"{LINK}&view=Map&map=PCA&track=Song+4+·+artist+1+·+t004"))
    page.locator("audio").wait_for()
    page.locator("audio").evaluate("audio => audio.play()")
    page.wait_for_function("document.querySelector('audio').currentTime > 0.2")
    page.get_by_text("genre: jazz").wait_for()


def test_a_click_on_the_map_lets_a_track_be_heard_and_stands_in_the_link(visit: Visit) -> None:
    page = settled(visit(f"{LINK}&view=Map&map=PCA&by=telling"))
    canvas = page.locator("canvas.pointer")
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    for across in (0.5, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6):
        for down in (0.5, 0.3, 0.7, 0.4, 0.6, 0.2, 0.8):
            canvas.click(position={"x": box["width"] * across, "y": box["height"] * down})
            page.wait_for_timeout(150)
            settled(page)
            if "track" in parse_qs(urlsplit(page.url).query):
                break
        else:
            continue
        break
    (track,) = parse_qs(urlsplit(page.url).query)["track"]
    assert re.fullmatch(r"Song \d+ · artist \d+ · t\d{3}", track)
    page.get_by_text(re.compile("^genre: ")).wait_for()


def test_the_map_is_coloured_by_a_number(visit: Visit) -> None:
    page = settled(visit(f"{LINK.replace('=genre', '=tempo')}&view=Map&map=PCA"))
    page.get_by_label("Map of 120 tracks by telling, coloured by tempo").wait_for()
    assert not page.get_by_text("BidiComponent Error").count()


def test_the_factors_chosen_stand_in_the_link_and_come_back(visit: Visit) -> None:
    page = settled(visit(f"{LINK}&view=Map&map=PCA&colour=Factor&factor=tag"))
    page.get_by_label("K", exact=True).fill("7")
    page.get_by_label("K", exact=True).press("Enter")
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["tag_factors_k"] == ["7"]
    link = urlsplit(page.url)
    again = settled(visit(f"{link.path}?{link.query}"))
    assert again.get_by_label("K", exact=True).input_value() == "7"


def test_features_are_set_side_by_side_down_to_a_track(visit: Visit) -> None:
    page = settled(visit(f"{LINK}&view=Side+by+side"))
    page.get_by_text("Difference in accuracy, telling less timbre: +").wait_for()
    page.get_by_text(re.compile("telling: .*timbre: ")).first.wait_for()
    page.get_by_role("radio", name="Alike").click()
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["which"] == ["Alike"]
    page.get_by_text(re.compile("telling: .*timbre: ")).first.wait_for()
    assert clipped(page) == []
