"""What a person does on the Training page: fill the form, start, watch it end, stop, compare on one axis."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from taglab import launch, runs
from tests.browser.settling import settled
from tests.training.examples import make_world

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]

LINK = "/training?data=small&labels=sounds&audio=small&preset=tiny"
LONG_S = 90_000


@pytest.fixture(scope="module", autouse=True)
def world(server: Server) -> Iterator[None]:
    """Sixty tracks of one second whose tags can be heard; what a failed test left running is stopped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        make_world(server.home)
        yield
        for name, state in launch.states(runs.run_names()).items():
            if state.active:
                launch.stop(name)


def fill_form(page: Page, epochs: int) -> None:
    """Ask for a training of a few seconds."""
    settled(page)
    page.get_by_text("All settings", exact=True).click()
    for label, value in {"Epochs": epochs, "Batch size": 8, "Window (s)": 0.5}.items():
        field = page.get_by_label(label, exact=True)
        field.fill(str(value))
        field.press("Tab")
        settled(page)


def start(page: Page) -> None:
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("Runs shown", exact=True).wait_for()


def train_an_epoch(page: Page) -> None:
    """Wait until an epoch is in the history; what is stopped before is started, and not resumed."""
    page.get_by_text(re.compile(r"epoch ([2-9]|\d\d+) of 5000, .*clips/s")).wait_for(timeout=LONG_S)


def test_a_run_is_started_watched_to_its_end_and_listed(visit: Visit, server: Server) -> None:
    page = visit(LINK, height=1600)
    fill_form(page, 2)
    start(page)
    page.get_by_text("2 of 2 epochs in").wait_for(timeout=LONG_S)
    page.get_by_text("held-out test: AUC-PR exact macro").wait_for()
    page.locator(".stPlotlyChart").nth(3).wait_for()
    settled(page)
    page.get_by_role("tab", name="Runs", exact=True).click()
    # The folder is shared with the tests of other pages, which may have left runs of their own.
    n_runs = len(list((server.home / "runs").glob("*/about.json")))
    page.get_by_text(f"{n_runs} run{'s' if n_runs > 1 else ''}, newest first").wait_for()
    assert page.get_by_text("Sorry, that should not").count() == 0


def test_a_run_is_stopped_and_goes_on_from_the_same_link(visit: Visit) -> None:
    page = visit(LINK, height=1600)
    fill_form(page, 5000)
    start(page)
    train_an_epoch(page)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").first.click()
    page.get_by_role("button", name="Resume").first.wait_for(timeout=LONG_S)
    page.reload()
    settled(page)
    page.get_by_role("button", name="Resume").wait_for()
    page.get_by_text("stopped on request").wait_for()


def test_a_resumed_run_is_seen_to_train_without_a_reload(visit: Visit) -> None:
    page = visit(LINK, height=1600)
    fill_form(page, 5000)
    start(page)
    train_an_epoch(page)
    for _ in range(2):
        page.get_by_test_id("stMain").get_by_role("button", name="Stop").first.click()
        page.get_by_role("button", name="Resume").first.wait_for(timeout=LONG_S)
        settled(page)
        page.get_by_role("button", name="Resume").first.click()
        train_an_epoch(page)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").first.click()
    page.get_by_role("button", name="Resume").first.wait_for(timeout=LONG_S)


@pytest.mark.parametrize(("width", "theme"), [(420, "dark"), (1400, "light")])
def test_the_page_fits_its_window(visit: Visit, width: int, theme: str) -> None:
    page = visit(LINK, width=width, theme=theme)
    settled(page)
    across = page.evaluate("document.documentElement.scrollWidth")
    assert across <= width
