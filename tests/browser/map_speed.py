"""How large and how fast the map to take away is: opening, recolouring, dragging, searching, on made-up tags.

Not a test, for wall-clock time depends on the machine. Run from the checkout:

    python -m tests.browser.map_speed [points] [look] [picture]

`look` is what stands in the link, such as `by=card` (WebGL, here played by the processor) or `as=density`;
`picture` a file for a screenshot.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.figures.theme import DIVERGING, SEQUENTIAL_MARKS
from taglab.ui.map_page import map_page, n_with_neighbours
from taglab.ui.tag_map import MapClasses, MapPaint, MapPoints, MapScale, map_points
from tests.browser.conftest import CARD_ARGUMENTS, CHROMIUM_ARGUMENTS

_GROUPS = 100
_NEIGHBOURS = 10
_DIM = 300
# Waits for the picture after next, so that the first has reached the screen.
_RECOLOUR = """async (of) => {
  const [map, select] = ['.map', '.colouring select'].map((part) => document.querySelector(part));
  const drawn = map.dataset.drawn;
  const begun = performance.now();
  select.value = of;
  select.dispatchEvent(new Event("change", { bubbles: true }));
  while (map.dataset.drawn === drawn) await new Promise(requestAnimationFrame);
  return performance.now() - begun;
}"""
_DRAG = """async (seconds) => {
  const [map, pointer] = ['.map', '.pointer'].map((part) => document.querySelector(part));
  const { left, top, width, height } = pointer.getBoundingClientRect();
  pointer.setPointerCapture = () => {};
  const at = (type, x, y) =>
    pointer.dispatchEvent(new PointerEvent(type, { clientX: left + x, clientY: top + y, pointerId: 1 }));
  at("pointerdown", width / 2, height / 2);
  const drawn = Number(map.dataset.drawn);
  const begun = performance.now();
  for (let step = 0; performance.now() - begun < 1000 * seconds; step++) {
    at("pointermove", width / 2 + 150 * Math.sin(step / 12), height / 2 + 80 * Math.sin(step / 9));
    await new Promise(requestAnimationFrame);
  }
  const rate = (1000 * (Number(map.dataset.drawn) - drawn)) / (performance.now() - begun);
  at("pointerup", width / 2, height / 2);
  return rate;
}"""
_SEARCH = """async (text) => {
  const field = document.querySelector(".search input");
  field.focus();
  const begun = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input"));
  return performance.now() - begun;
}"""


def made_up(n: int) -> tuple[MapPoints, MapPaint]:
    """Return a map of `n` tags in a hundred clouds of different size."""
    random = np.random.default_rng(0)
    shares = random.dirichlet(np.full(_GROUPS, 1.5))
    labels = random.choice(_GROUPS, n, p=shares).astype(np.int32)
    centres, widths = random.normal(size=(_GROUPS, 2)) * 12, random.uniform(0.5, 2.5, (_GROUPS, 1))
    positions = (centres[labels] + random.normal(size=(n, 2)) * widths[labels]).astype(np.float32)
    counts = np.maximum(2, (200_000 / np.arange(1, n + 1)).astype(np.int32))
    silhouettes = np.clip(random.normal(0.1, 0.3, n), -1, 1)
    points = map_points(f"speed {n}", [f"tag{row}" for row in range(n)], counts, positions)
    names = [f"group {group}" for group in range(_GROUPS)]
    groups = MapClasses(labels, names, np.arange(_GROUPS) % 12, centres.astype(np.float32))
    scales = (
        MapScale("count", "tracks (log)", SEQUENTIAL_MARKS, 2.0, 200_000.0, log=True),
        MapScale("silhouette", "silhouette", DIVERGING, -1.0, 1.0),
    )
    facts = {"silhouette": silhouettes}
    return points, MapPaint("Made-up tags", "speed", groups, scales=scales, facts=facts)


def _neighbours(n: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return as many made-up neighbours as the page would take along, of vectors of a usual width."""
    random = np.random.default_rng(0)
    shape = n_with_neighbours(n, _DIM), _NEIGHBOURS
    return random.integers(n, size=shape, dtype=np.int32), random.random(shape, np.float32)


def measure(n: int = 7700, look: str = "", picture: str = "") -> dict[str, Any]:
    """Open the map of `n` points from a file in Chromium and work on it.

    Returns:
        Megabytes of the file; seconds to open, recolour (median of three) and search; redraws a second while
        dragging.
    """
    from playwright.sync_api import sync_playwright

    arguments = CARD_ARGUMENTS if "by=card" in look else CHROMIUM_ARGUMENTS
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "map.html"
        text = map_page("Speed", *made_up(n), look=look, neighbours=_neighbours(n))
        file.write_text(text, encoding="utf-8")
        size = file.stat().st_size
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = browser.new_page(viewport={"width": 1400, "height": 800})
        begun = time.monotonic()
        page.goto(file.as_uri())
        page.wait_for_selector(".map[data-drawn]", timeout=60_000)
        opened = time.monotonic() - begun
        colours = [page.evaluate(_RECOLOUR, of) / 1000 for of in ("count", "silhouette", "class")]
        drag = page.evaluate(_DRAG, 3)
        page.evaluate("document.querySelector('.search input').focus()")
        search = [page.evaluate(_SEARCH, text) / 1000 for text in ("tag1", "tag77", "tga777", "")]
        page.wait_for_timeout(500)
        drawn = page.locator(".look output").text_content()
        if picture:
            page.screenshot(path=picture)
        browser.close()
    return {
        "points": n,
        "file_mb": size / 1e6,
        "drawn": drawn,
        "open_s": opened,
        "recolour_s": float(np.median(colours)),
        "redraws_a_second": drag,
        "search_s": max(search),
    }


def main() -> None:
    """Measure and write what came out."""
    n, *rest = sys.argv[1:] or ["7700"]
    for name, value in measure(int(n), *rest).items():
        sys.stdout.write(f"{name} {value:.3f}\n" if isinstance(value, float) else f"{name} {value}\n")


if __name__ == "__main__":
    main()
