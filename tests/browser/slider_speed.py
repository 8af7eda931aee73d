"""How long a move of the k slider takes, from the key to the new picture; the first dots; and memory.

Not a test, for wall-clock time depends on the machine. Run from the checkout:

    python -m tests.browser.slider_speed [moves] [tags] [seconds to settle]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from tests.browser.conftest import CHROMIUM_ARGUMENTS, sign_in, start_server

_DIM = 200
_PATIENCE_MS = 600_000
# Notes when the browser asks the server, and when the answer with the map (the longest) is there.
WATCH_SOCKET = """
window.sent = 0; window.received = [];
const Plain = WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", (event) =>
      window.received.push([event.data.byteLength || event.data.size || 0, performance.now()]));
  }
  send(data) { window.sent = performance.now(); window.received = []; super.send(data); }
};
"""
_WATCH_PICTURE = """(wanted) => {
  const hosts = [...document.querySelectorAll("*")].filter((each) => each.shadowRoot);
  const map = hosts.map((each) => each.shadowRoot.querySelector(".map")).find(Boolean);
  window.moved = new Promise((resolve) => {
    document.addEventListener("keydown", () => {
      const begun = performance.now();
      const observer = new MutationObserver(() => {
        if (!map.dataset.shows.startsWith(wanted)) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => {
          const longest = window.received.reduce((most, each) => (each[0] > most[0] ? each : most), [0, 0]);
          resolve([performance.now() - begun, longest[1] - window.sent, longest[0]]);
        }));
      });
      observer.observe(map, { attributes: true });
    }, { once: true, capture: true });
  });
}"""


def measure(moves: int = 20, n_tags: int = 7700, settle_s: int = 40) -> pd.DataFrame:
    """Open the Clusters page on made-up tags and move the slider one step at a time.

    Returns:
        One row a move: `total_s` (key press to picture), `server_s` (request to the map's message),
        `message_kb` (its size); and what was measured once: `first_dots_s` and `later_dots_s` (from the
        address to dots, the first time and once clusters are known), `held_mb` (the server at the end).
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        make_data(Path(folder), n_tags)
        process, url = start_server(Path(folder), Path(folder) / "server.log")
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS
                )
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                sign_in(page.context, url)
                page.add_init_script(WATCH_SOCKET)
                first_s = _open(page, f"{url}/?data=speed&vectors=speed&min_count=1&k=100")
                # The process that compiles UMAP ahead takes a core of two for half a minute.
                page.wait_for_timeout(1000 * settle_s)
                rows = pd.DataFrame([_move(page, 101 + number) for number in range(moves)])
                later_s = _open(page, page.url)
                held = psutil.Process(process.pid).memory_info().rss / 1e6
                return rows.assign(first_dots_s=first_s, later_dots_s=later_s, held_mb=held)
        finally:
            process.terminate()
            process.wait(20)


def _open(page: Any, address: str) -> float:
    """Open the page until clusters are drawn; return the seconds until dots are."""
    begun = time.monotonic()
    page.goto(address)
    page.wait_for_selector(".map[data-drawn]", timeout=_PATIENCE_MS)
    dots_s = time.monotonic() - begun
    page.wait_for_selector(".map[data-shows^='k=']", timeout=_PATIENCE_MS)
    return dots_s


def _move(page: Any, k: int) -> dict[str, float]:
    page.locator("input[type=range]").first.focus()
    page.evaluate(_WATCH_PICTURE, f"k={k} ")
    page.keyboard.press("ArrowRight")
    total, server, size = page.evaluate("window.moved")
    page.wait_for_timeout(1200)
    return {"total_s": total / 1000, "server_s": server / 1000, "message_kb": size / 1000}


def make_data(home: Path, n_tags: int) -> None:
    """Put a data set and vectors, both called "speed", into a cache folder."""
    os.environ["TAGLAB_HOME"] = str(home)
    from taglab import cache, embeddings
    from taglab.folksonomy import Folksonomy

    random = np.random.default_rng(0)
    tags = [f"tag{number}" for number in range(n_tags)]
    centres = random.normal(size=(300, _DIM))
    vectors = centres[random.integers(300, size=n_tags)] + random.normal(scale=0.9, size=(n_tags, _DIM))
    tracks = np.concatenate(
        [random.choice(2000, max(2, 1200 // (1 + row)), replace=False) for row in range(n_tags)]
    )
    sizes = [max(2, 1200 // (1 + row)) for row in range(n_tags)]
    folksonomy = Folksonomy.from_codes(
        "speed",
        pd.DataFrame({"track": [f"t{row}" for row in range(2000)]}),
        tags,
        tracks,
        np.repeat(range(n_tags), sizes),
    )
    folksonomy.save(cache.Shelf(cache.FOLKSONOMIES).path("speed"))
    np.save(home / "speed.npy", vectors.astype(np.float32))
    (home / "speed.txt").write_text("\n".join(tags) + "\n", encoding="utf-8")
    embeddings.add_vectors(home / "speed.npy", "speed")


def main() -> None:
    """Measure and write the medians."""
    given = [int(word) for word in sys.argv[1:]]
    rows = measure(*given)
    sys.stdout.write(f"{rows.round(3).to_string()}\nmedian\n{rows.median().round(3).to_string()}\n")


if __name__ == "__main__":
    main()
