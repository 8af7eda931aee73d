"""What a person does on the Compare page: see published runs at once, find runs, share a link, come back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from taglab.runs import change_about
from tests.browser.settling import place_of, settled
from tests.browser.turning import turn_to
from tests.runs.examples import LABELS, made_run, small_data

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]

HOSTILE = '<img/src="x"/onerror="document.title=1">'
PUBLISHED = ["thesis-3.3-k100-spectrogram", "thesis-3.3-tags-spectrogram"]
LINK = "/compare?" + "&".join(f"runs={name}" for name in PUBLISHED)


@pytest.fixture(scope="module")
def found(server: Server) -> None:
    """Two runs, the title of one and a label of both being markup."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        data = small_data("compared", (*LABELS, HOSTILE))
        for seed, name in enumerate(("one", "two")):
            run = made_run(f"compared-{name}", data, (*LABELS, HOSTILE), seed=seed)
            change_about(run, group="zebra", title=HOSTILE if name == "one" else "")


def drawn(page: Page) -> Locator:
    """Return the chart once it is there and the script is done."""
    chart = page.locator(".js-plotly-plot")
    chart.locator(".nsewdrag").first.wait_for()
    settled(page)
    return chart


def runs_in_link(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("runs", [])


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (500, "light")])
def test_published_histograms_are_seen_without_scrolling(visit: Visit, width: int, theme: str) -> None:
    page = visit(LINK, width=width, theme=theme)
    box = place_of(drawn(page).locator(".nsewdrag").first)
    assert box["y"] < (700 if width > 800 else 800)  # names stand whole, on more lines in a narrow window
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    names = page.locator(".js-plotly-plot .legendtext").all_text_contents()
    assert len(names) == 2
    assert all("39 labels" in name for name in names)


def test_labels_are_found_in_a_narrow_window(visit: Visit) -> None:
    page = visit(f"{LINK}&view=Labels", width=500, theme="dark")
    drawn(page)
    page.get_by_label("Find labels").fill("metal")
    page.get_by_label("Find labels").press("Enter")
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .ytick').length === 2")
    assert "find_label=metal" in page.url
    chart = place_of(page.locator(".js-plotly-plot"))
    legend = place_of(page.locator(".js-plotly-plot .legend"))
    assert legend["x"] >= chart["x"]
    assert legend["y"] >= chart["y"]


@pytest.mark.usefixtures("found")
def test_runs_are_found_in_a_table_compared_and_kept(visit: Visit) -> None:
    page = visit(LINK)
    drawn(page)
    page.get_by_role("button", name="Find …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Find", exact=True).fill("zebra")
    dialog.get_by_label("Find", exact=True).press("Enter")
    table = dialog.get_by_test_id("stDataFrame")
    table.wait_for()
    settled(page)
    box = place_of(table)
    page.mouse.click(box["x"] + 18, box["y"] + 18)  # all rows
    dialog.get_by_role("button", name="Compare these 2").click()
    dialog.wait_for(state="detached")
    page.wait_for_url(re.compile("runs=made-compared-one"))
    drawn(page)
    assert sorted(runs_in_link(page)) == ["made-compared-one", "made-compared-two"]
    assert "made-compared" not in page.title()
    assert page.title() != "1"
    turn_to(page, "Data")
    page.wait_for_url(re.compile("/data"))
    turn_to(page, "Compare")
    drawn(page)
    assert sorted(runs_in_link(page)) == ["made-compared-one", "made-compared-two"]


@pytest.mark.usefixtures("found")
def test_a_link_shows_the_same_to_somebody_else(visit: Visit) -> None:
    page = visit("/compare?runs=made-compared-one&runs=made-compared-two&view=Labels&truth=Common")
    drawn(page)
    page.get_by_text("labels were compared").first.wait_for()
    other = visit(page.url.removeprefix(page.url.split("/compare")[0]))
    drawn(other)
    other.get_by_text("labels were compared").first.wait_for()
    assert runs_in_link(other) == ["made-compared-one", "made-compared-two"]
    assert other.title() != "1"
