"""What a person does on the Clusters page: move the slider, lasso, click, share, label, save."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from taglab import cache, labels
from taglab.embeddings import WordVectors
from taglab.folksonomy import Folksonomy
from tests.browser.settling import place_of, settled

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]

HOSTILE = '<img/src="x"/onerror="document.title=1">'
TAGS = [
    HOSTILE,
    "עברית",
    "x" * 400,
    *(f"{group}{n}" for n in range(8) for group in ("metal", "jazz", "folk")),
]
DATA = "/?data=corners&vectors=corners&min_count=1"
LINK = f"{DATA}&map=PCA"


@pytest.fixture(scope="module", autouse=True)
def corners(server: Server) -> None:
    """A data set whose tags lie in three far corners: metal (with the odd ones), jazz and folk."""
    rng = np.random.default_rng(0)
    group = np.array([0, 0, 0, *[0, 1, 2] * 8])
    vectors = np.eye(6)[group] + rng.normal(scale=0.08, size=(len(TAGS), 6))
    sizes = np.arange(60, 60 - len(TAGS), -1)
    rows = np.concatenate([np.arange(size) for size in sizes])
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(60)]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        data = Folksonomy.from_codes("corners", tracks, TAGS, rows, np.repeat(np.arange(len(TAGS)), sizes))
        data.save(cache.Shelf(cache.FOLKSONOMIES).path("corners"))
        words = WordVectors("corners", tuple(TAGS), vectors.astype(np.float32))
        words.save(cache.Shelf(cache.VECTORS).path("corners"))
        # Others, in which two tags are not known.
        dealt = np.eye(6)[np.arange(len(TAGS) - 2) % 2] + rng.normal(scale=0.1, size=(len(TAGS) - 2, 6))
        others = WordVectors("dealt anew", tuple(TAGS[:-2]), dealt.astype(np.float32))
        others.save(cache.Shelf(cache.VECTORS).path("dealt anew"))


def shown(page: Page, state: str) -> Locator:
    """Return the map once it shows a state such as "k=5 pca cluster"."""
    found = page.locator(f'.map[data-shows^="{state}"]')
    found.wait_for()
    return found


def lasso_all_but_nothing(page: Page) -> None:
    """Draw a lasso round the whole map."""
    page.get_by_role("button", name="Lasso").click()
    place = place_of(page.locator("canvas.pointer"))
    left, top = place["x"] + 8, place["y"] + 42
    right, bottom = place["x"] + place["width"] - 8, place["y"] + place["height"] - 8
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(x, y, steps=3)
    page.mouse.up()


def walk_to(page: Page | Locator, tag: str) -> None:
    """Go through the tags with the keyboard until one is named."""
    pointer = page.locator("canvas.pointer")
    for _ in range(len(TAGS)):
        pointer.press("PageDown")
        if page.locator(".tip .tag").inner_text() == tag:
            return
    raise AssertionError(f"{tag} is not on the map")


def test_the_first_page_is_the_demo_with_its_slider(visit: Visit) -> None:
    page = visit("/")
    shown(page, "k=")
    page.get_by_text("Clusters, k", exact=True).wait_for()
    slider = place_of(page.locator("input[type=range]").first)
    picture = place_of(page.locator("canvas.pointer"))
    assert slider["y"] < picture["y"] < 400
    assert page.get_by_text("Sorry, that should not").count() == 0


def test_the_slider_brings_a_new_picture_and_a_new_link(visit: Visit) -> None:
    page = visit(f"{LINK}&k=5")
    shown(page, "k=5 ")
    settled(page)
    page.locator(".map").evaluate("map => map.dataset.kept = 'yes'")
    page.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    shown(page, "k=6 ")
    settled(page)
    assert "k=6" in page.url
    assert page.locator(".map").get_attribute("data-kept") == "yes"


def test_a_chart_filters_by_brush_and_key_and_escape_lets_go(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3&view=Filter&filter=count%3D44.5..46.5")
    shown(page, "k=3 ")
    chart = page.locator('.chart[data-column="count"]')
    chart.locator(".now", has_text="45 to 46").wait_for()  # the filter's own bounds, between edges
    page.get_by_text("2 of 27 tags pass").wait_for()
    assert chart.locator(".end").first.get_attribute("aria-valuetext") == "45"
    settled(page)
    chart.locator(".end").last.focus()
    page.keyboard.press("Escape")
    page.get_by_text("2 of 27 tags pass").wait_for(state="detached")
    plot = chart.locator(".plot")
    plot.scroll_into_view_if_needed()
    settled(page)
    box = place_of(plot)
    bar = box["width"] / 27  # a bar for every count from 34 to 60
    page.mouse.move(box["x"] + 10.5 * bar, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 15.5 * bar, box["y"] + 20, steps=4)
    page.mouse.up()
    page.get_by_text("6 of 27 tags pass").wait_for()
    assert chart.locator(".now").inner_text() == "44 to 49"
    settled(page)
    chart.locator(".end").last.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("7 of 27 tags pass").wait_for()
    assert "filter=count%3D44..51" in page.url
    settled(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.get_by_text("of 27 tags pass").wait_for(state="detached")
    page.wait_for_timeout(400)  # longer than a key waits
    settled(page)
    assert "filter=" not in page.url
    assert page.get_by_text("of 27 tags pass").count() == 0
    assert chart.locator(".now").inner_text() == ""


def test_the_legend_lights_up_a_cluster_and_selects_it(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 ")
    settled(page)
    legend = page.locator(".legend .pick")
    assert legend.count() == 3
    swatches = page.locator(".legend i").all()
    assert len({swatch.evaluate("i => getComputedStyle(i).backgroundColor") for swatch in swatches}) == 3
    jazz = page.locator(".legend .pick", has_text="jazz")
    before = ink_of_map(page)
    jazz.hover()
    page.locator(".legend .entry.lit", has_text="jazz").wait_for()
    page.wait_for_timeout(200)
    assert ink_of_map(page) < 0.75 * before
    page.locator("canvas.pointer").hover(position={"x": 5, "y": 200})
    page.locator(".legend .entry.lit").wait_for(state="detached")
    page.wait_for_timeout(200)
    assert ink_of_map(page) == pytest.approx(before, rel=0.02)
    legend.first.focus()
    page.keyboard.press("ArrowDown")
    assert legend.nth(1).evaluate("button => button.matches('.lit > :focus')")
    jazz.click()
    page.get_by_text(re.compile(r"8 selected in 1 cluster: jazz0")).wait_for()


def ink_of_map(page: Page) -> int:
    """Return how much colour the points have: differences of their bands, summed over the picture."""
    colour: int = page.locator("canvas.points").evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let sum = 0;
            for (let at = 0; at < data.length; at += 4) {
                const bands = [data[at], data[at + 1], data[at + 2]];
                const apart = Math.max(...bands) - Math.min(...bands);
                if (apart > 40) sum += apart;
            }
            return sum;
        }"""
    )
    return colour


def test_a_lasso_selects_in_every_view_and_the_link_keeps_it(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3&view=Tags")
    shown(page, "k=3 ")
    settled(page)
    lasso_all_but_nothing(page)
    page.get_by_text(f"{len(TAGS)} of {len(TAGS)} tags selected").wait_for()
    page.get_by_text(f"The {len(TAGS)} selected of {len(TAGS)} tags").wait_for()
    page.wait_for_url(re.compile("selected=0-26"))
    again = visit(page.url.split("/", 3)[3].join(["/", ""]))
    again.get_by_text(f"{len(TAGS)} of {len(TAGS)} tags selected").wait_for()
    page.locator("canvas.pointer").focus()
    page.keyboard.press("Escape")
    page.get_by_text(f"All {len(TAGS)} tags; tick").wait_for()
    settled(page)
    assert "selected" not in page.url


def around_tip(page: Page) -> tuple[float, float, float]:
    """Return the left of the point whose tip is shown, and how high it lies if above or below the tip."""
    left, above, below = page.locator(".tip").evaluate(
        "tip => { const top = parseFloat(tip.style.top);"
        " return [parseFloat(tip.style.left) - 12, top - 14, top + tip.offsetHeight + 12]; }"
    )
    return left, above, below


def test_a_box_selects_what_lies_in_it(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3&view=Tags")
    shown(page, "k=3 ")
    settled(page)
    walk_to(page, "jazz2")
    x, top, bottom = around_tip(page)
    place = place_of(page.locator("canvas.pointer"))
    page.get_by_role("button", name="Box").click()
    page.mouse.move(place["x"] + x - 8, place["y"] + top - 8)
    page.mouse.down()
    page.mouse.move(place["x"] + x + 8, place["y"] + bottom + 8, steps=4)
    page.mouse.up()
    selected = page.locator(".status", has_text=re.compile(r"^[1-9]\d? of 27 tags selected"))
    selected.wait_for()
    assert not selected.inner_text().startswith("27 ")
    page.get_by_text(re.compile(r"The \d+ selected of 27 tags")).wait_for()
    page.get_by_text(re.compile(r"selected in \d cluster.*jazz2")).wait_for()
    page.wait_for_url(re.compile("selected="))


def test_a_link_keeps_the_open_label_space_and_the_scan(visit: Visit, server: Server) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        if "linked" not in labels.label_space_names():
            labels.save_label_space(labels.from_clusters(TAGS[3:7], [0, 0, 1, 1], name="linked"))
    page = settled(visit(f"{LINK}&k=3&view=Label+space&label_space=linked&edit_kind=Merge", height=1400))
    page.get_by_text("This is linked (2 classes, no edits)").wait_for()
    page.get_by_text("Classes, the first gives its name").wait_for()
    page.wait_for_url(re.compile("label_space=linked"))
    page.get_by_role("tab", name="Scan over k").click()
    page.get_by_role("button", name="Scan", exact=True).click()
    page.get_by_text("highest silhouette").first.wait_for()


def test_a_click_on_the_curve_and_the_button_set_k(visit: Visit) -> None:
    page = settled(visit(f"{LINK}&k=3&view=Scan+over+k&ks=2,4,6,9", height=1600))
    page.get_by_role("button", name="Scan", exact=True).click()
    page.get_by_text("highest silhouette").first.wait_for()
    settled(page)
    point = page.locator(".js-plotly-plot .scatterlayer .trace").nth(1).locator(".points path").nth(2)
    point.scroll_into_view_if_needed()
    place = place_of(point)
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    page.mouse.up()
    shown(page, "k=6 ")
    settled(page)
    page.wait_for_url(re.compile("k=6"))
    button = page.get_by_role("button", name=re.compile(r"Take k = (2|4|9) "))
    offered = re.search(r"k = (\d+)", button.first.inner_text())
    assert offered is not None
    button.first.click()
    shown(page, f"k={offered[1]} ")


def test_a_merge_of_classes_is_seen_on_the_map(visit: Visit) -> None:
    page = settled(visit(f"{LINK}&k=3&view=Label+space&edit_kind=Merge", height=1400))
    shown(page, "k=3 pca cluster of Class")
    walk_to(page, "jazz0")
    assert "Class: jazz0 (8 tags)" in page.locator(".tip").inner_text()
    settled(page)
    for name in ("jazz0", "folk0"):
        page.get_by_label("Classes, the first gives its name").press_sequentially(name)
        page.get_by_role("option", name=name).wait_for()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")  # an open list hides the rest of the page from what asks for roles
        settled(page)
    page.get_by_role("button", name="Merge", exact=True).last.click()
    settled(page)
    walk_to(page, "folk0")
    assert "Class: jazz0 (16 tags)" in page.locator(".tip").inner_text()


def test_the_keyboard_finds_selects_and_adds_tags(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 ")
    settled(page)
    walk_to(page, "jazz0")
    assert "Cluster: jazz0" in page.locator(".tip").inner_text()
    assert page.locator(".said").inner_text()
    page.keyboard.press("Enter")
    page.get_by_text("1 selected").wait_for()
    settled(page)
    walk_to(page, "jazz1")
    page.keyboard.press("Shift+Enter")
    page.get_by_text("2 selected").wait_for()


def test_a_click_on_a_tag_selects_it_a_double_click_keeps_it_and_a_click_beside_clears(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 ")
    settled(page)
    walk_to(page, "jazz2")
    left, above, below = around_tip(page)
    place = place_of(page.locator("canvas.pointer"))
    for y in (above, below):
        page.mouse.move(place["x"] + left, place["y"] + y)
        if page.locator(".tip").is_visible():
            page.mouse.click(place["x"] + left, place["y"] + y)
            break
    page.locator(".status", has_text="1 of 27 tags selected").wait_for()
    page.get_by_text("1 selected in 1 cluster: jazz2").wait_for()
    beside = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.dblclick(*beside)
    page.wait_for_timeout(700)  # what follows sooner is no new click
    page.locator(".status", has_text="1 of 27 tags selected").wait_for()
    page.get_by_text("1 selected in 1 cluster: jazz2").wait_for()
    page.mouse.click(*beside)
    page.locator(".status", has_text="selected").wait_for(state="hidden")


def test_tags_are_searched_on_the_map_by_keyboard_alone(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 ")
    settled(page)
    field = page.get_by_role("searchbox", name="Find tags on the map")
    counted = page.locator(".search output")
    page.locator("canvas.pointer").focus()
    page.keyboard.press("/")
    page.keyboard.type("JÁZZ")
    assert counted.inner_text() == "8"
    tips = []
    for key in ("Enter", "Enter", "Shift+Enter", "Shift+Enter"):
        page.keyboard.press(key)
        tips.append((counted.inner_text(), page.locator(".tip .tag").inner_text()))
    assert tips == [("1 of 8", "jazz0"), ("2 of 8", "jazz1"), ("1 of 8", "jazz0"), ("8 of 8", "jazz7")]
    for typed, hits in (("metl", "8"), ("<img", "1"), ("עברית", "1"), ("kraut", "none"), ("", "")):
        field.fill(typed)
        assert counted.inner_text() == hits, typed
    field.fill("folk")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".status", has_text="8 of 27 tags selected").wait_for()
    page.get_by_text("8 selected in").wait_for()
    assert field.input_value() == "folk"
    field.press("Escape")
    assert (field.input_value(), counted.inner_text()) == ("", "")
    assert page.locator("canvas.pointer").evaluate("canvas => canvas.getRootNode().activeElement === canvas")


def test_the_map_to_take_away_opens_from_disk_and_is_searched(visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 ")
    settled(page)
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML").click()
    download.value.save_as(tmp_path / "map.html")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "map.html").as_uri())
    shown(page, "k=3 ")
    page.get_by_role("searchbox", name="Find tags on the map").fill("jazz")
    assert page.locator(".search output").inner_text() == "8"
    page.get_by_role("button", name="Select", exact=True).click()
    page.locator(".status", has_text="8 of 27 tags selected").wait_for()
    assert page.locator(".legend .pick").count() == 3
    walk_to(page, HOSTILE)
    assert page.title() != "1"
    assert page.locator("img").count() == 0
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []


def test_the_neighbours_of_a_selected_tag_lead_from_one_to_the_next(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 ")
    settled(page)
    walk_to(page, "jazz0")
    page.keyboard.press("Enter")
    near = page.locator(".near li button")
    near.first.wait_for()
    assert page.locator(".near summary").inner_text() == "Nearest to jazz0"
    names = near.locator("bdi").all_inner_texts()
    assert sorted(names[:7]) == [f"jazz{n}" for n in range(1, 8)]
    assert len(names) == 10
    likeness = [float(text.replace("\u2212", "-")) for text in near.locator("span").all_inner_texts()]
    assert likeness == sorted(likeness, reverse=True)
    near.first.focus()
    page.keyboard.press("Enter")
    page.locator(".near summary", has_text=f"Nearest to {names[0]}").wait_for()
    assert near.first.evaluate("button => button.matches(':focus')")
    page.get_by_text(f"1 selected in 1 cluster: {names[0]}").wait_for()


def test_what_is_set_on_the_map_stands_in_the_link_and_colours_follow_on_the_page(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 pca cluster")
    settled(page)
    page.get_by_role("switch", name="Show jazz0").click()
    page.wait_for_url(re.compile("look=off%3D3%3A[0-2]$|look=off%3D3%3A[0-2]&|look=off=3:[0-2]"))
    page.locator(".colouring select").select_option("silhouette")
    shown(page, "k=3 pca silhouette")
    assert "colour=Silhouette" in page.url
    settled(page)
    again = visit("/" + page.url.split("/", 3)[3])
    shown(again, "k=3 pca silhouette")
    assert again.get_by_role("switch", name="Show jazz0").get_attribute("aria-checked") == "false"
    again.get_by_role("searchbox", name="Find tags on the map").fill("jazz")
    assert again.locator(".search output").inner_text() == "none"


SECOND = f"{LINK}&k=3&second_map=PCA&second_vectors=dealt+anew"
# What the second map says the moment a key is pressed on the first, before any server can have answered.
SAID_AT_ONCE = """(first, [second, key]) => {
  first.querySelector(".pointer").dispatchEvent(new KeyboardEvent("keydown", { key }));
  const tip = second.querySelector(".tip");
  return [tip.hidden ? "" : tip.textContent, second.querySelector(".status").textContent];
}"""


def second_shown(page: Page, state: str) -> Locator:
    """Return the second map once it and the first show a state."""
    shown(page, state)
    return shown(page, f"second {state}")


def test_two_maps_share_selection_pointer_search_and_legend_in_the_browser(visit: Visit) -> None:
    page = visit(SECOND)
    second = second_shown(page, "k=3 pca")
    first = page.locator(".map:not(.second)")
    settled(page)
    page.get_by_text("PCA of dealt anew. 2 of 27 tags have no vector there.").wait_for()
    walk_to(first, "jazz0")
    handle = second.element_handle()
    assert first.evaluate(SAID_AT_ONCE, [handle, "PageDown"]) == ["folk0", ""]
    assert first.evaluate(SAID_AT_ONCE, [handle, "Enter"]) == ["folk0", "1 of 27 tags selected"]
    page.get_by_text("1 selected in 1 cluster: folk0").wait_for()
    page.wait_for_url(re.compile("selected=5"))
    # Each names what is nearest by its own vectors.
    for a_map in (first, second):
        a_map.locator(".near summary", has_text="Nearest to folk0").wait_for()
    lists = [a_map.locator(".near bdi").all_inner_texts() for a_map in (first, second)]
    assert sorted(lists[0][1:8]) == [f"folk{n}" for n in range(1, 8)]
    assert set(lists[0]) != set(lists[1])
    second.get_by_role("searchbox").fill("folk")
    outputs = [a_map.locator(".search output").inner_text() for a_map in (first, second)]
    assert outputs == ["8", "7"]
    second.get_by_role("button", name="Select", exact=True).click()
    page.get_by_text("7 selected in 1 cluster").wait_for()
    first.locator(".status", has_text="7 of 27 tags selected").wait_for()
    second.get_by_role("searchbox").press("Escape")
    assert first.get_by_role("searchbox").input_value() == ""
    first.get_by_role("switch", name="Show folk0").click()
    second.get_by_role("searchbox").fill("folk")
    assert second.locator(".search output").inner_text() == "none"
    page.wait_for_url(re.compile("look=off"))
    settled(page)
    again = visit("/" + page.url.split("/", 3)[3])
    fresh = second_shown(again, "k=3 pca")
    fresh.locator(".status", has_text="7 of 27 tags selected").wait_for()
    fresh.get_by_role("searchbox").fill("folk")
    assert fresh.locator(".search output").inner_text() == "none"


@pytest.mark.parametrize(("width", "beside"), [(800, False), (1280, True), (1700, True)])
def test_two_maps_stand_side_by_side_where_there_is_room(visit: Visit, width: int, beside: bool) -> None:
    page = visit(SECOND, width=width)
    second = second_shown(page, "k=3 pca")
    settled(page)
    left, right = (place_of(a_map) for a_map in (page.locator(".map:not(.second)"), second))
    assert (right["x"] > left["x"] + left["width"]) == beside
    assert (right["y"] > left["y"] + left["height"]) != beside
    assert right["x"] + right["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_tag_is_ever_markup(visit: Visit) -> None:
    for view in ("Clusters", "Silhouettes", "Tags", "Compare", "Label+space"):
        page = visit(f"{LINK}&k=3&selected=0-2&view={view}")
        shown(page, "k=3 ")
        settled(page)
        page.wait_for_timeout(300)
        assert page.locator("img[onerror], img[src=x]").count() == 0
        assert page.title() != "1"
    walk_to(page, HOSTILE)
    assert page.locator(".tip img").count() == 0
    assert page.title() != "1"


def test_the_picture_is_saved_as_png_and_svg(visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 ")
    settled(page)
    with page.expect_download() as png:
        page.get_by_role("button", name="PNG").click()
    assert png.value.suggested_filename.endswith(".png")
    png.value.save_as(tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes()[:4] == b"\x89PNG"
    with page.expect_download() as svg:
        page.get_by_role("button", name="SVG").click()
    svg.value.save_as(tmp_path / "map.svg")
    drawn = ElementTree.parse(tmp_path / "map.svg").getroot()  # noqa: S314  # made by the page under test
    assert len(drawn.findall("{*}circle")) == len(TAGS)
    assert not drawn.findall(".//{*}img")


def test_ticking_a_cluster_selects_it_on_the_map(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3")
    shown(page, "k=3 ")
    settled(page)
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = place_of(table)
    page.mouse.click(box["x"] + 16, box["y"] + 54)
    page.locator(".status", has_text=re.compile(r"^(8|11) of 27")).wait_for()


def test_a_diamond_of_the_silhouettes_selects_its_cluster(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3&view=Silhouettes", height=1500)
    shown(page, "k=3 ")
    settled(page)
    diamonds = page.locator(".stPlotlyChart path.point")
    diamonds.first.wait_for()
    diamonds.first.scroll_into_view_if_needed()
    box = place_of(diamonds.nth(1))
    page.mouse.move(box["x"] + box["width"] / 2 - 3, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    page.wait_for_timeout(300)
    page.mouse.down()
    page.mouse.up()
    page.locator(".status", has_text=re.compile(r"^(1|8|11) of 27")).wait_for()


def test_a_slow_map_replaces_pca_when_it_is_there(visit: Visit) -> None:
    page = visit(f"{DATA}&k=3")
    shown(page, "k=3 tsne")
    settled(page)
    page.get_by_text("3-D", exact=True).click()
    page.get_by_text("In 3-D the map shows what is selected elsewhere").wait_for()


def test_a_label_space_is_made_saved_and_there_after_a_reload(visit: Visit) -> None:
    page = visit(f"{LINK}&k=3&view=Label+space", height=1400)
    shown(page, "k=3 ")
    settled(page)
    page.get_by_label("New name").fill("<b>loud</b>")
    page.get_by_label("New name").press("Enter")
    page.get_by_test_id("stBaseButton-primary").get_by_text("Rename").click()
    page.get_by_text("1 edit", exact=True).wait_for()
    settled(page)
    page.get_by_label("Name", exact=True).fill("browser space")
    page.get_by_label("Name", exact=True).press("Enter")
    settled(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved as browser space").wait_for()
    page.reload()
    settled(page)
    page.get_by_test_id("stBaseButton-secondary").get_by_text("Open", exact=True).click()
    page.get_by_text("browser space is open").wait_for()
    page.get_by_text("1 edit", exact=True).wait_for()
    assert page.locator("b", has_text="loud").count() == 0


@pytest.mark.parametrize(("width", "theme"), [(500, "dark"), (1400, "light")])
def test_the_page_fits_its_window(visit: Visit, width: int, theme: str) -> None:
    page = visit("/", width=width, theme=theme)
    shown(page, "k=")
    settled(page)
    across = page.evaluate("document.documentElement.scrollWidth")
    assert across <= width
    paper = page.locator(".map").evaluate(
        "map => [...map.querySelector('.points').getContext('2d').getImageData(2, 100, 1, 1).data]"
    )
    assert (sum(paper[:3]) > 600) == (theme == "light")
