"""How long a move of a magnitude's slider takes until the changed sound plays in the browser.

Not a test, for wall-clock time depends on the machine. Run from the checkout:

    python -m tests.browser.sound_speed [moves] [seconds to settle] [degradation]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from tests.browser.conftest import CHROMIUM_ARGUMENTS, sign_in, start_server
from tests.joint_space.shelved import shelve_heard_space, shelve_sound, shelve_space

_PAGE = "robustness?data=robust&audio=robust&robust_features=heard-robust&clips=5&clip_s=3"
_PATIENCE_MS = 120_000
_WATCH_SOUND = """() => {
  const hosts = [...document.querySelectorAll("*")].filter((one) => one.shadowRoot);
  const sound = hosts.map((one) => one.shadowRoot.querySelector("audio.changed")).find(Boolean)
    || document.querySelector("audio.changed");
  window.moved = new Promise((resolve) => {
    document.addEventListener("keydown", () => {
      const begun = performance.now();
      sound.addEventListener("loadstart", () => sound.addEventListener(
        "playing", () => resolve(performance.now() - begun), { once: true }), { once: true });
    }, { once: true, capture: true });
  });
}"""


def measure(moves: int = 10, settle_s: int = 20, degradation: str = "Pink noise") -> pd.DataFrame:
    """Open the Robustness page on made-up tracks, play clips of 3 s, and move the slider.

    Returns:
        One row a move: `heard_s`, from the key press until the changed sound plays.
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        os.environ["TAGLAB_HOME"] = str(Path(folder) / "home")
        shelve_space("of-robust", "robust")
        shelve_sound(Path(folder) / "wav", "robust", seconds=8)
        shelve_heard_space("heard-robust", "robust")
        process, url = start_server(Path(folder) / "home", Path(folder) / "server.log")
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS
                )
                page = browser.new_page(viewport={"width": 1400, "height": 1400})
                sign_in(page.context, url)
                page.goto(f"{url}/{_PAGE}&degradation={degradation.replace(' ', '+')}")
                page.get_by_role("button", name="Play", exact=True).click(timeout=_PATIENCE_MS)
                page.wait_for_timeout(1000 * settle_s)
                slider = page.get_by_role("slider", name=degradation)
                return pd.DataFrame([_move(page, slider, number) for number in range(moves)])
        finally:
            process.terminate()
            process.wait(20)


def _move(page: Any, slider: Any, number: int) -> dict[str, float]:
    """Go one magnitude up, to one that nobody has heard yet."""
    slider.focus(timeout=_PATIENCE_MS)
    page.evaluate(_WATCH_SOUND)
    page.keyboard.press("ArrowRight")
    heard_ms = page.evaluate("window.moved")
    page.wait_for_timeout(2_000)
    return {"move": number, "heard_s": heard_ms / 1000}


def main() -> None:
    """Measure and write the median."""
    numbers = [int(word) for word in sys.argv[1:3]]
    rows = measure(*numbers, *sys.argv[3:4])
    sys.stdout.write(f"{rows.round(3).to_string(index=False)}\nmedian {rows['heard_s'].median():.3f} s\n")


if __name__ == "__main__":
    main()
