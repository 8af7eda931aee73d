"""What a person does on the Cleaning page: preview, reject, apply, undo, export, import; hostile tags."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pytest

from taglab import cache
from taglab.cleaning import CLEANING_STEPS
from taglab.embeddings import WordVectors
from taglab.folksonomy import Folksonomy
from taglab.ui.cleaning.work import TITLES
from tests.browser.settling import place_of, settled
from tests.cleaning.made import GROWING, HOSTILE, folksonomy, on_tracks_of_their_own

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]

COUNTS = {
    "rock": 20, "beautiful": 16, "Hip-Hop": 9, "seen live": 7, "hiphop": 6, "beautifull": 5, "Rock": 4,
    "zzz": 1,
}  # fmt: skip
LINK = "/cleaning?data=few"
MAP = {"kind": "map", "entries": [{"tag": HOSTILE[0], "targets": ["rock"], "reason": HOSTILE[0]}]}


@pytest.fixture(scope="module", autouse=True)
def data(server: Server) -> None:
    """A few tags with spellings and a slip, and the tags that would like to be markup."""
    few = folksonomy([(track, tag) for tag, count in COUNTS.items() for track in range(count)])
    odd = folksonomy([(track, tag) for row, tag in enumerate(HOSTILE) for track in range(40 - row)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        growing = on_tracks_of_their_own(GROWING)
        for name, made in (("few", few), ("odd", odd), ("growing", growing)):
            dataclasses.replace(made, name=name).save(cache.Shelf(cache.FOLKSONOMIES).path(name))
        tags = odd.tags["tag"].tolist()
        vectors = np.random.default_rng(0).normal(size=(len(tags), 4)).astype(np.float32)
        WordVectors("odd", tuple(tags), vectors).save(cache.Shelf(cache.VECTORS).path("odd"))


def told(page: Page, label: str, value: str) -> None:
    """Wait until a figure says so."""
    page.locator("[data-testid=stMetric]", has_text=label).filter(has_text=value).first.wait_for()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    settled(page)


def untick(page: Page, row: int) -> None:
    """Take the tick from a row of the preview."""
    box = place_of(page.get_by_test_id("stDataFrame").first)
    page.mouse.click(box["x"] + 22, box["y"] + 36 + 35 * row + 17)
    settled(page)


def saved_tags(server: Server, name: str) -> dict[str, int]:
    made = Folksonomy.open(server.home / "folksonomies" / name)
    return made.counts().to_dict()


def apply_as(page: Page, name: str) -> None:
    field = page.get_by_role("textbox", name="Name of the cleaned data")
    field.fill(name)
    field.press("Enter")
    settled(page)
    press(page, "Apply")
    page.get_by_text(f"Saved as {name}").wait_for()


def download(page: Page, name: str, path: Path) -> Path:
    page.locator("[data-testid=stPopover]").get_by_role("button", name="Export").first.click()
    with page.expect_download() as found:
        page.get_by_role("button", name=re.compile(re.escape(name))).click()
    found.value.save_as(path)
    page.keyboard.press("Escape")
    return path


def import_file(page: Page, path: Path) -> None:
    page.get_by_role("button", name="Import").first.click()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_text(path.name).first.wait_for()
    settled(page)
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Import", exact=True).click()
    page.get_by_text(re.compile("is imported")).wait_for()
    settled(page)


def test_preview_reject_apply_undo_export_import_same_result(
    visit: Visit, server: Server, tmp_path: Path
) -> None:
    page = settled(visit(LINK, height=1300))
    told(page, "Tags that merge", "2")  # hiphop and Rock
    assert not [name for name in (server.home / "folksonomies").iterdir() if "few-" in name.name]

    untick(page, 0)  # hiphop, the more used of the two
    told(page, "Tags that merge", "1")
    page.wait_for_url("**rejected**")
    apply_as(page, "few-once")
    kept = saved_tags(server, "few-once")
    assert kept["hiphop"] == 6
    assert "Rock" not in kept
    assert "beautifull" not in kept
    assert saved_tags(server, "few") == COUNTS

    steps = download(page, "Steps", tmp_path / "steps.json")
    became = download(page, "What becomes", tmp_path / "map.tsv")
    assert "hiphop\tkeep\thiphop" in became.read_text(encoding="utf-8")

    press(page, "Undo")
    told(page, "Tags that merge", "2")
    apply_as(page, "few-undone")
    assert "hiphop" not in saved_tags(server, "few-undone")

    for path, name in ((steps, "few-again"), (became, "few-by-map")):
        import_file(page, path)
        apply_as(page, name)
        assert saved_tags(server, name) == kept


def test_what_the_preview_shows_is_what_apply_makes(visit: Visit, server: Server) -> None:
    """Of five tags three merge, one of them in a second round; refusing one keeps that one, too."""
    steps = quote(json.dumps([{"kind": "typos"}]))
    page = settled(visit(f"/cleaning?data=growing&order_typos=impact&steps={steps}", height=1300))
    told(page, "Tags", "5 → 2")
    told(page, "Tags that merge", "3")
    apply_as(page, "grown")
    assert saved_tags(server, "grown") == {"rock": 33, "acoustic": 14}
    untick(page, 2)  # acousticc, the least used
    told(page, "Tags that merge", "1")
    told(page, "Tags", "5 → 4")
    apply_as(page, "grown-less")
    assert saved_tags(server, "grown-less") == {"rock": 33, "acoustic": 9, "acustic": 3, "acousticc": 2}


def test_no_step_is_cut_in_a_narrow_window(visit: Visit) -> None:
    kinds = [kind for kind in CLEANING_STEPS if kind != "map"]
    steps = quote(json.dumps([{"kind": kind} for kind in kinds]))
    for view in ("Preview", "Where+the+counts+went"):
        page = visit(f"/cleaning?vectors=own&view={view}&steps={steps}", width=900, height=1300)
        for width in (900, 800):
            page.set_viewport_size({"width": width, "height": 1300})
            settled(page).get_by_role("button", name=re.compile("6. Collapse embeddings")).wait_for()
            assert not cut_off(page)


def cut_off(page: Page) -> list[str]:
    """Return the texts of buttons and tabs that do not stand whole."""
    texts: list[str] = page.locator(".stButton button, [role=tab]").evaluate_all(
        """controls => controls.flatMap(control => [control, ...control.querySelectorAll('*')])
        .filter(part => part.scrollWidth > part.clientWidth + 1)
        .filter(part => getComputedStyle(part).overflowX !== 'visible')
        .filter(part => !part.textContent.endsWith(' icon'))
        .map(part => part.textContent)"""
    )
    return texts


def test_a_link_opens_the_same_steps(visit: Visit) -> None:
    page = settled(visit(LINK, height=1300))
    page.get_by_role("button", name=re.compile("3. Typos")).click()
    page.get_by_text("3. Typos: merge slips").wait_for()
    page.wait_for_url("**step=3**")
    settled(page)
    untick(page, 0)
    told(page, "Tags that merge", "0")
    again = visit("/" + page.url.split("/", 3)[3], height=1300)
    settled(again)
    told(again, "Tags that merge", "0")
    again.get_by_text("3. Typos: merge slips").wait_for()


def test_a_tag_is_put_into_a_category_by_hand(visit: Visit) -> None:
    page = settled(visit(f"{LINK}&step=4&find=zzz", height=1300))
    box = place_of(page.get_by_test_id("stDataFrame").first)
    page.mouse.dblclick(box["x"] + 230, box["y"] + 36 + 17)
    page.wait_for_timeout(400)
    page.keyboard.type("gen")
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    page.wait_for_url("**assigned**")
    settled(page)
    page.get_by_text("Settings of 4. Categories").click()
    page.get_by_text("1 put into a category by hand").wait_for()


def test_steps_are_switched_moved_and_taken_out(visit: Visit) -> None:
    page = settled(visit(LINK, height=1300))
    page.locator("[data-testid=stCheckbox] label").first.click()
    settled(page)
    page.get_by_text("This step is off.").wait_for()
    page.locator("[data-testid=stCheckbox] label").first.click()
    settled(page)
    told(page, "Tags that merge", "2")
    page.locator(".st-key-down-0 button").first.click()
    settled(page)
    page.get_by_role("button", name=re.compile("2. Normal form")).wait_for()
    page.locator(".st-key-remove-3 button").first.click()
    settled(page)
    assert page.get_by_role("button", name=re.compile("4. Categories")).count() == 0
    press(page, "Undo")
    page.get_by_role("button", name=re.compile("4. Categories")).wait_for()


@pytest.mark.parametrize(
    "view", ["Preview", "Before+and+after", "Where+the+counts+went", "What+went+into+a+tag"]
)
def test_no_tag_is_ever_markup(visit: Visit, view: str) -> None:
    steps = quote(json.dumps([{"kind": kind} for kind in CLEANING_STEPS if kind != "map"] + [MAP]))
    page = visit(f"/cleaning?data=odd&vectors=odd&view={view}&steps={steps}", height=1300)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    settled(page)
    for number, kind in enumerate(CLEANING_STEPS, start=1):
        title = f"{number}. {TITLES[kind]}"
        page.get_by_role("button", name=re.compile(re.escape(title))).first.click()
        settled(page)
        page.get_by_text(f"Settings of {title}").wait_for()
    page.wait_for_timeout(400)
    assert page.locator("img[onerror], img[src=x]").count() == 0
    assert not dialogs
    assert page.get_by_text("Sorry, that should not").count() == 0


@pytest.mark.parametrize(("width", "theme"), [(500, "dark"), (1400, "light")])
def test_the_first_page_shows_the_demo_and_fits_its_window(visit: Visit, width: int, theme: str) -> None:
    page = settled(visit("/cleaning", width=width, theme=theme))
    told(page, "Tags", "791 →")
    page.get_by_role("button", name=re.compile("1. Normal form")).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
