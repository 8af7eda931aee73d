"""The Data page in a browser: an upload, a picked row, a followed link, hostile tags, a download."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from taglab.sources import table
from tests.browser.conftest import assert_readable
from tests.browser.settling import settled
from tests.browser.turning import turn_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

HOSTILE = '"><img src=x onerror=alert(1)>'
ROWS = [
    ("t1", HOSTILE),
    ("t2", HOSTILE),
    ("t1", "rock"),
    ("t2", "rock"),
    ("t3", "rock"),
    ("t3", "\u202eevil"),
]


@pytest.fixture(scope="module")
def hostile(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data set whose tags would like to be markup."""
    path = tmp_path_factory.mktemp("hostile") / "tags.tsv"
    path.write_text("track\ttag\n" + "".join(f"{track}\t{tag}\n" for track, tag in ROWS), encoding="utf-8")
    settings = table.TableSettings(quotes=False)
    table.read(path, "hostile", settings).save(server.home / "folksonomies" / "hostile")
    return "hostile"


def drawn(page: Page) -> Page:
    """Wait until the page's figures are there and it has come to rest."""
    page.wait_for_selector(".js-plotly-plot .main-svg")
    return settled(page)


def no_markup_from(page: Page, opened: list[str]) -> None:
    assert page.locator("img[src=x], img[onerror]").count() == 0
    assert opened == []


def add_file(page: Page, path: Path, name: str) -> None:
    """Go through the dialog as a person does, who waits until it shows what was done."""
    page.get_by_role("button", name="Add data").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").first.set_input_files(path)
    dialog.get_by_text(path.name).first.wait_for()
    drawn(page)
    dialog.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    dialog.get_by_text(f"--name {name}").wait_for()
    drawn(page)
    dialog.get_by_role("button", name="Add", exact=True).click()


def test_hostile_tags_are_shown_as_text(visit: Callable[..., Page], hostile: str) -> None:
    page = visit(f"/data?data={hostile}&min_count=1")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    drawn(page)
    page.locator(".js-plotly-plot .nsewdrag").first.hover()
    page.wait_for_timeout(500)
    assert page.get_by_text(HOSTILE).count() > 0
    no_markup_from(page, dialogs)


def test_a_link_opens_the_same_view(visit: Callable[..., Page], hostile: str) -> None:
    page = drawn(visit(f"/data?data={hostile}&tag=%E2%80%AEevil&find=ROC&min_count=2"))
    assert page.get_by_label("Find tags that contain").input_value() == "ROC"
    page.get_by_text("1 of 3 tags").wait_for()
    page.get_by_text(re.compile("Found together with .evil")).first.wait_for()


def test_what_is_chosen_goes_into_the_link_and_stays_from_page_to_page(
    visit: Callable[..., Page], hostile: str
) -> None:
    page = drawn(visit(f"/data?data={hostile}"))
    page.get_by_test_id("stNumberInputField").fill("2")
    page.keyboard.press("Enter")
    page.wait_for_url("**min_count=2**")
    turn_to(page, "Embeddings")
    page.wait_for_url("**/embeddings?**data=hostile**")
    page.wait_for_url("**min_count=2**")
    expect(page.get_by_test_id("stNumberInputField").first).to_have_value("2", timeout=20_000)


def test_a_file_is_uploaded_and_shown(visit: Callable[..., Page], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("track,tag\na,rock\na,jazz\nb,rock\n", encoding="utf-8")
    page = drawn(visit("/data?data=demo"))
    add_file(page, path, "uploaded")
    page.wait_for_url("**data=uploaded**")
    drawn(page).get_by_text("2 of 2 tags").wait_for()


def test_an_empty_file_is_a_sentence_in_the_dialog(visit: Callable[..., Page], tmp_path: Path) -> None:
    path = tmp_path / "nothing.csv"
    path.write_bytes(b"")
    page = drawn(visit("/data?data=demo"))
    add_file(page, path, "nothing")
    page.get_by_text("is empty (0 bytes)").wait_for()


def test_the_table_is_saved_as_csv(visit: Callable[..., Page], hostile: str) -> None:
    page = drawn(visit(f"/data?data={hostile}"))
    page.get_by_role("button", name="Export").nth(2).click()
    with page.expect_download() as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    # No artists are known here, so there is no column of nothing.
    assert text.splitlines()[0] == "rank,tag,count,share"
    assert "onerror" in text


@pytest.mark.parametrize(("width", "theme"), [(500, "dark"), (1400, "light")])
def test_the_page_fits_its_window_and_theme(
    visit: Callable[..., Page], hostile: str, width: int, theme: str
) -> None:
    page = settled(visit(f"/data?data={hostile}", width=width, theme=theme))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_readable(page, theme)


def test_the_figure_is_saved_as_a_page_of_its_own(visit: Callable[..., Page], hostile: str) -> None:
    page = drawn(visit(f"/data?data={hostile}"))
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download() as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name="HTML").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert "Plotly.newPlot" in text
    assert 'src="http' not in text
