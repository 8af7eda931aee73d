"""The map by itself, opened from a file as people take it away: what is drawn, hit, searched and written."""

from __future__ import annotations

import base64
import io
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from taglab.ui.map_page import map_page
from taglab.ui.tag_map import MapClasses, MapPaint, MapScale, map_points
from tests.browser.conftest import CARD_ARGUMENTS, CHROMIUM_ARGUMENTS
from tests.browser.contrast import SIGN, contrast, faint_parts

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


def launched(playwright: Playwright, arguments: list[str]) -> Browser:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    return playwright.chromium.launch(executable_path=path, args=arguments)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launched(playwright, CHROMIUM_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def browser_with_card(playwright: Playwright) -> Iterator[Browser]:
    """A browser with WebGL 2, played by the processor."""
    browser = launched(playwright, CARD_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def open_map(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """A function that opens the map as a file; its keywords: those of `MapPaint`, `neighbours`, `theme`."""
    errors: list[str] = []
    pages = []

    def open_page(
        width: int = 1000, look: str = "", on: Browser = browser, more: str = "", **paint: Any
    ) -> Page:
        near, theme = paint.pop("neighbours", None), paint.pop("theme", "light")
        points = map_points("six", TAGS, [60, 50, 40, 30, 20, 10], POSITIONS)
        shown = MapPaint(**{"label": "Six tags", "shows": "six", "classes": CLASSES, **paint})
        text = map_page("Six tags", points, shown, look=look, neighbours=near)
        (tmp_path / "map.html").write_text(
            text.replace("</script></body>", f"{more}</script></body>"), encoding="utf-8"
        )
        page = on.new_page(viewport={"width": width, "height": 700}, color_scheme=theme)
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


def ink(page: Page) -> int:
    """Return how many pixels of the dots' canvas are not its paper."""
    return int(
        page.locator("canvas.points").evaluate(
            """canvas => {
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              const pixels = new Uint32Array(data.buffer);
              return pixels.reduce((sum, pixel) => sum + (pixel !== pixels[0]), 0);
            }"""
        )
    )


def picture(page: Page) -> Any:
    """Return what is drawn of the dots, (height, width, 4)."""
    url = page.locator("canvas.points").evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))), int)


def drawn_anew(page: Page, act: Callable[[], object]) -> None:
    """Do something and wait for the next picture."""
    before = page.locator(".map").get_attribute("data-drawn")
    act()
    page.locator(f".map:not([data-drawn='{before}'])").wait_for()


def test_a_class_that_is_off_is_not_drawn_and_is_out_of_reach(open_map: Open) -> None:
    page = open_map()
    whole = ink(page)
    drawn_anew(page, page.get_by_role("switch", name="Show jazz").click)
    page.mouse.move(2, 2)
    page.wait_for_timeout(100)
    assert ink(page) == pytest.approx(whole * 2 / 3, rel=0.02)
    assert walked(page, 5) == ["rock", "rock ballad", HOSTILE, "עברית", "rock"]
    page.get_by_role("searchbox").fill("jazz")
    assert page.locator(".search output").inner_text() == "none"
    page.get_by_role("button", name="Show all (1 hidden)").click()
    page.get_by_role("searchbox").fill("jaz")
    assert page.locator(".search output").inner_text() == "1"
    assert page.get_by_role("switch", name="Show jazz").get_attribute("aria-checked") == "true"


def test_the_legend_is_worked_by_keys_alone(open_map: Open) -> None:
    page = open_map()
    page.locator(".legend .pick").first.focus()
    for key in ("ArrowDown", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    states = [each.get_attribute("aria-checked") for each in page.locator(".legend .turn").all()]
    assert states == ["true", "false", "true"]
    for key in ("End", "Delete", "ArrowRight", "ArrowUp", "Delete"):
        page.keyboard.press(key)
    states = [each.get_attribute("aria-checked") for each in page.locator(".legend .turn").all()]
    assert states == ["true", "true", "false"]
    page.locator(".legend .turn").first.click(modifiers=["Shift"])
    states = [each.get_attribute("aria-checked") for each in page.locator(".legend .turn").all()]
    assert states == ["true", "false", "false"]


def test_colours_by_number_are_the_browsers_own(open_map: Open) -> None:
    scale = MapScale("count", "tracks", ("#000000", "#ff0000"), 10.0, 60.0)
    page = open_map(scales=(scale,))
    assert page.get_by_label("Colour").evaluate("select => [...select.options].map((each) => each.text)") == [
        "Cluster",
        "tracks",
    ]
    drawn_anew(page, lambda: page.get_by_label("Colour").select_option("count"))
    reds = page.locator("canvas.points").evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let [green, red] = [255, 0];
          for (let i = 0; i < data.length; i += 4)
            if (data[i + 1] < 60) [green, red] = [Math.min(green, data[i + 1]), Math.max(red, data[i])];
          return [green, red];
        }"""
    )
    # Dots that do not crowd are opaque.
    assert reds[0] == pytest.approx(0, abs=2)
    assert reds[1] == pytest.approx(255, abs=2)


@pytest.mark.parametrize("look", ["", "as=density", "size=2_opacity=0.4", "off=3:1"])
def test_a_card_draws_what_the_processor_does(open_map: Open, browser_with_card: Browser, look: str) -> None:
    pictures = []
    for by in ("processor", "card"):
        page = open_map(on=browser_with_card, look=f"{look}_by={by}")
        said = page.locator(".look output").text_content() or ""
        assert said.endswith("processor" if by == "processor" else "graphics card")
        pictures.append(picture(page))
    ours, cards = pictures
    assert (ours != ours[0, 0]).any()
    assert np.abs(ours - cards).max() <= 6


def test_a_card_that_the_processor_plays_is_left_alone(open_map: Open, browser_with_card: Browser) -> None:
    page = open_map(on=browser_with_card)
    assert (page.locator(".look output").text_content() or "").endswith("processor")


def test_a_look_that_is_not_understood_is_left_out(open_map: Open) -> None:
    bad = "size=9_opacity=-1_as=<b>_by=card2_off=4:0_off=3:9_constructor=1_toString=dots_nonsense"
    page = open_map(look=bad)
    assert ink(page) == ink(open_map())
    assert page.locator(".legend .turn[aria-checked=false]").count() == 0


def test_a_link_names_the_classes_that_are_on_where_they_are_fewer(open_map: Open) -> None:
    page = open_map(look="on=3:1")
    checked = page.locator(".legend .turn").evaluate_all("all => all.map(one => one.ariaChecked)")
    assert sorted(checked) == ["false", "false", "true"]


def test_how_dots_are_drawn_is_set_by_keys_and_reset(open_map: Open) -> None:
    page = open_map()
    usual = ink(page)
    page.get_by_role("button", name="How dots are drawn").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    drawn_anew(page, lambda: page.keyboard.press("End"))
    assert ink(page) > 2 * usual
    drawn_anew(page, page.get_by_role("button", name="As usual").click)
    assert ink(page) == usual
    page.keyboard.press("Escape")
    assert page.locator("form.look").is_hidden()
    assert page.get_by_role("button", name="How dots are drawn").evaluate("each => each.matches(':focus')")


def test_pictures_have_the_legend_and_hostile_names_as_text(open_map: Open, tmp_path: Path) -> None:
    page = open_map()
    with page.expect_download() as svg:
        page.get_by_role("button", name="SVG").click()
    svg.value.save_as(tmp_path / "map.svg")
    drawn = ElementTree.parse(tmp_path / "map.svg").getroot()  # noqa: S314  # made by the page under test
    texts = [each.text for each in drawn.findall(".//{*}text")]
    assert texts[-6:] == ["rock", "2", HOSTILE[:21] + "…", "2", "jazz", "2"]
    assert len(drawn.findall("{*}circle")) == 6
    with page.expect_download() as png:
        page.get_by_role("button", name="PNG").click()
    png.value.save_as(tmp_path / "map.png")
    width, _ = struct.unpack(">II", (tmp_path / "map.png").read_bytes()[16:24])
    assert width == page.locator("canvas.points").evaluate("canvas => canvas.width") + 200


def test_neighbours_that_a_page_holds_lead_from_tag_to_tag_without_a_server(open_map: Open) -> None:
    rows = np.array([[1, 5], [0, 2], [3, 0], [2, 4]])
    page = open_map(neighbours=(rows, np.array([[0.75, -0.5], [0.75, 0.1], [1, 0], [1, 0]])))
    walked(page, 1)
    page.keyboard.press("Enter")
    listed = page.locator(".near li button")
    assert page.locator(".near summary").inner_text() == "Nearest to rock"
    assert listed.locator("bdi").all_inner_texts() == ["rock ballad", "folk"]
    assert listed.locator("span").all_inner_texts() == ["0.75", "\u22120.50"]
    listed.first.press("Enter")
    assert page.locator(".near summary").inner_text() == "Nearest to rock ballad"
    assert listed.locator("bdi").all_inner_texts() == ["rock", HOSTILE]
    listed.nth(1).click()
    listed.first.click()
    assert page.locator(".near summary").inner_text() == "Nearest to עברית"
    listed.nth(1).click()  # jazz, of which none are held
    page.locator(".status", has_text="1 of 6 tags selected").wait_for()
    assert page.locator(".near").is_hidden()


NEAR = np.array([[1, 5]] * 6), np.array([[0.75, -0.5]] * 6)
SCALE = MapScale("count", "tracks", ("#515cbc", "#c68400"), 10.0, 60.0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_signs_and_dots_stand_out_in_every_state(open_map: Open, theme: str) -> None:
    page = open_map(theme=theme, neighbours=NEAR, scales=(SCALE,))
    colours, n = np.unique(picture(page)[..., :3].reshape(-1, 3), axis=0, return_counts=True)
    paper, *dots = colours[np.argsort(-n)][: 1 + len(CLASSES.names)]
    assert min(contrast(dot, paper) for dot in dots) >= SIGN
    walked(page, 1)
    page.keyboard.press("Enter")
    page.get_by_role("switch", name="Show jazz").click()
    page.get_by_role("button", name="Show all (1 hidden)").wait_for()
    page.get_by_role("searchbox").fill("rock")
    page.get_by_role("button", name="How dots are drawn").click()
    page.locator("canvas.pointer").press("PageDown")
    n, faint = faint_parts(page.locator(".map"))
    assert n >= 40
    assert faint == []


@pytest.mark.parametrize("width", [1000, 420])
def test_a_long_legend_scrolls_beside_the_dots_or_below_them(open_map: Open, width: int) -> None:
    page = open_map(width=width)
    page.locator(".entries").evaluate(
        "list => { for (let i = 0; i < 90; i++) list.append(list.firstChild.cloneNode(true)); }"
    )
    whole, stage, legend = (page.locator(part).bounding_box() or {} for part in (".map", ".stage", ".legend"))
    assert legend["y"] + legend["height"] <= whole["y"] + whole["height"]
    below = width < 480
    assert (legend["y"] >= stage["y"] + stage["height"]) == below
    assert stage["height"] == pytest.approx(whole["height"] - 2 - below * legend["height"], abs=1)
    assert ink(page) > 0


# What has the focus, and whether a ring shows that it has.
FOCUSED = """() => {
  const one = document.activeElement;
  const name = one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  return [name.trim(), outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
}"""


def test_every_control_is_reached_by_tab_and_shows_that_it_is(open_map: Open) -> None:
    page = open_map(neighbours=NEAR, scales=(SCALE,))
    walked(page, 1)
    page.keyboard.press("Enter")
    page.get_by_role("searchbox").fill("rock")
    page.get_by_role("button", name="How dots are drawn").click()
    page.locator("canvas.pointer").focus()
    for key in ("Tab", "Shift+Tab"):  # a ring shows where the keyboard has led
        page.keyboard.press(key)
    reached = []
    while len(reached) < 40:
        reached.append(page.evaluate(FOCUSED))
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    assert [name for name, ring in reached if not ring] == []
    names = [" ".join(name.split()) for name, _ in reached]
    assert names == [
        "Six tags", "Move the map", "Lasso", "Box", "Zoom in", "Zoom out", "Show all", "Clear the selection",
        "How dots are drawn", "PNG", "SVG", "Find tags on the map", "Select", "Draw by zoomdotsdensity",
        "Size of dots", "Opacity", "Drawn by what is fastergraphics cardprocessor", "As usual",
        "Nearest to rock", "rock ballad0.75", "folk\u22120.50", "Colour Clustertracks", "rock2",
    ]  # fmt: skip


SHOW_PART = "globalThis.showPart = (part) => show({ ...host, data: open(part) });"


def test_classes_that_are_off_in_a_link_stay_off_while_classes_are_under_way(open_map: Open) -> None:
    page = open_map(look="off=3:1", more=SHOW_PART)
    page.evaluate(
        """() => {
          const [, map] = JSON.parse(document.getElementById("parts").textContent);
          showPart({ ...map, classes: null, cluster: null });
          showPart(map);
        }"""
    )
    states = [each.get_attribute("aria-checked") for each in page.locator(".legend .turn").all()]
    assert states == ["true", "false", "true"]


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_same_tags_elsewhere_are_followed_on_their_way(open_map: Open, motion: str) -> None:
    page = open_map(more=SHOW_PART)
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    page.evaluate(
        """() => {
          const root = document.querySelector(".map");
          window.flew = false;
          const note = () => (window.flew ||= "flying" in root.dataset);
          new MutationObserver(note).observe(root, { attributes: true });
          const [points, map] = JSON.parse(document.getElementById("parts").textContent);
          const turned = (name) => ({ x: "y", y: "x" })[name] ?? name;
          const columns = points.table.columns.map((each) => ({ ...each, name: turned(each.name) }));
          showPart({ ...points, points: "turned", table: { ...points.table, columns } });
          showPart({ ...map, points: "turned", shows: "turned" });
        }"""
    )
    page.locator(".map[data-shows='turned']").wait_for()
    assert page.evaluate("window.flew") == (motion == "no-preference")
    assert walked(page, 1) == ["rock"]
