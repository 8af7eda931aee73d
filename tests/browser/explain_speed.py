"""How long it takes from a tag that is switched off to the new list, on the Explanations page of the demo.

Not a test, for wall-clock time depends on the machine. Run from the checkout:

    python -m tests.browser.explain_speed [switches] [seconds to settle]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from tests.browser.conftest import CHROMIUM_ARGUMENTS, sign_in, start_server
from tests.browser.settling import settled
from tests.browser.slider_speed import WATCH_SOCKET

LABEL = "Switch off tags of the item"
# The new list is there once the score is another, no script runs, and what came has been painted.
_WATCH_LIST = """() => {
  const score = () => document.querySelector("[data-testid=stMetricValue]")?.innerText;
  const app = document.querySelector("[data-testid=stApp]");
  const running = () => app.dataset.testScriptState !== "notRunning";
  const before = score();
  window.switched = new Promise((resolve) => {
    document.addEventListener("pointerup", () => {
      const begun = performance.now();
      const look = () => {
        if (score() === before || running() || document.querySelector("[data-stale=true]"))
          return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() =>
          resolve([performance.now() - begun, window.received.at(-1)[1] - window.sent])));
      };
      look();
    }, { once: true, capture: true });
  });
}"""


def measure(switches: int = 10, settle_s: int = 20) -> pd.DataFrame:
    """Open the page, and switch a tag off and on again, so many times.

    Returns:
        One row a switch: `total_s` (click to the painted list), `server_s` (request to the last message).
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        process, url = start_server(Path(folder), Path(folder) / "server.log")
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS
                )
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                sign_in(page.context, url)
                page.add_init_script(WATCH_SOCKET)
                page.goto(f"{url}/explanations")
                page.get_by_label(LABEL).wait_for(timeout=240_000)
                settled(page).wait_for_timeout(1000 * settle_s)
                return pd.DataFrame([switch(page) for _ in range(switches)])
        finally:
            process.terminate()
            process.wait(20)


def switch(page: Any) -> dict[str, float]:
    """Switch off the first tag of the item, which stands below "Select all", and on again."""
    settled(page)
    page.get_by_label(LABEL).focus()
    page.keyboard.press("ArrowDown")  # opens the list, which a click closes where it is open already
    page.get_by_role("option").nth(1).wait_for()
    page.evaluate(_WATCH_LIST)
    page.get_by_role("option").nth(1).click()
    total, server = page.evaluate("window.switched")
    page.keyboard.press("Escape")
    page.keyboard.press("Backspace")
    return {"total_s": total / 1000, "server_s": server / 1000}


def main() -> None:
    """Measure and write the medians."""
    rows = measure(*[int(word) for word in sys.argv[1:]])
    sys.stdout.write(f"{rows.round(3).to_string()}\nmedian\n{rows.median().round(3).to_string()}\n")


if __name__ == "__main__":
    main()
