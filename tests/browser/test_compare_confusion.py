"""Cells that can be clicked and a slider that answers, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.settling import place_of, settled
from tests.runs.examples import LABELS, made_run, small_data, small_sound

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]

HOSTILE = '<img/src="x"/onerror="document.title=1">'
RUNS = "runs=made-decider&runs=made-other"


@pytest.fixture(scope="module", autouse=True)
def decided(server: Server) -> None:
    """Two runs on a small data set, one label of which is markup."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        labels = (*LABELS, HOSTILE)
        data = small_data("decided", labels)
        small_sound("decided")
        made_run("decider", data, labels, seed=0)
        made_run("other", data, labels, seed=1)


def plots(page: Page, n: int) -> Locator:
    """Return the charts once there are n of them, drawn."""
    page.locator(".js-plotly-plot .nsewdrag").nth(n - 1).wait_for()
    settled(page)
    return page.locator(".js-plotly-plot")


def click_cell(page: Page, chart: Locator, across: float, down: float) -> None:
    """Click at a place of a chart's axes, given as shares of their width and height."""
    place = place_of(chart.locator(".nsewdrag").first)
    page.mouse.click(place["x"] + across * place["width"], place["y"] + down * place["height"])


def test_a_click_on_a_confusion_matrix_lists_its_tracks_to_be_heard(visit: Visit) -> None:
    page = visit(f"/compare?{RUNS}&view=Confusion&label=rock")
    charts = plots(page, 3)
    # Near the corner of a cell, for all of it must answer.
    click_cell(page, charts.nth(0), 0.04, 0.96)
    page.get_by_text(re.compile(r"\d+ false positives of made-decider for rock")).wait_for()
    players = page.locator("audio")
    players.first.wait_for()
    assert 0 < players.count() <= 4
    click_cell(page, charts.nth(1), 0.75, 0.25)
    page.get_by_text(re.compile(r"\d+ false negatives of made-other for rock")).wait_for()


def test_a_click_on_a_label_table_lists_its_tracks(visit: Visit) -> None:
    page = visit(f"/compare?{RUNS}&view=Co-prediction&pairing=True+together&label_order=Name", theme="dark")
    chart = plots(page, 1).first
    # Labels by name: 80s, the markup, chill, jazz, rock, sad.
    click_cell(page, chart, 4.5 / 6, 2.5 / 6)
    page.get_by_text(re.compile(r"\d+ tracks truly chill and truly rock, made-decider")).wait_for()
    click_cell(page, chart, 4.5 / 6, 1.5 / 6)
    page.get_by_text(re.compile(r"\d+ tracks truly <img")).wait_for()
    assert page.title() != "1"


def test_the_slider_moves_matrix_and_link(visit: Visit) -> None:
    page = visit(f"/compare?{RUNS}&view=Confusion&label=rock&threshold=0.251", width=420)
    chart = plots(page, 3).first
    before = chart.locator(".infolayer").text_content()
    slider = page.locator("input[type=range]").first
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.wait_for_url("**threshold=0.352**")
    page.wait_for_function(
        "before => document.querySelector('.js-plotly-plot .infolayer').textContent !== before", arg=before
    )


def test_curves_stand_side_by_side(visit: Visit) -> None:
    page = visit(f"/compare?{RUNS}&view=Curves&label=rock&metric=AUC-PR%2C+exact")
    charts = plots(page, 2)
    assert charts.nth(0).locator(".scatterlayer .trace").count() == 6
    legend = charts.nth(0).locator(".legendtext").all_text_contents()
    assert len(legend) == 2
    assert all("average precision" in text for text in legend)
