"""Draw the README's picture of the first screen anew: `python -m tests.browser.first_screen`.

The demo in the light theme, once the map has settled; in 256 colours, so that it stays small.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM_ARGUMENTS, sign_in, start_server

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / ".readme" / "first-screen.png"
_WIDTH, _HEIGHT = 1280, 900
_FIRST_MAP_MS = 180_000  # the first map of a new cache folder computes everything


def photograph(browser: Browser, url: str) -> bytes:
    """Return the first screen as PNG, once t-SNE has taken PCA's place."""
    context = browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
    sign_in(context, url)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("[data-shows*=' tsne ']", timeout=_FIRST_MAP_MS)
    page.wait_for_timeout(2_000)  # for names that fade in, and the facts below
    return page.screenshot()


def main() -> None:
    """Start a dashboard with an empty cache folder, and write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        process, url = start_server(Path(folder) / "home", Path(folder) / "log")
        try:
            with sync_playwright() as playwright:
                path = shutil.which("chromium") or shutil.which("chromium-browser")
                browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
                png = photograph(browser, url)
        finally:
            process.terminate()
            process.wait()
    PICTURE.parent.mkdir(exist_ok=True)
    few_colours = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few_colours.save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
