"""How long it takes from `taglab` to the first map in the browser: the first time ever, and later.

Not a test, for wall-clock time depends on the machine. Run from the checkout:

    python -m tests.browser.startup_speed [later starts]
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from taglab.cli.dashboard import TOKEN
from tests.browser.conftest import CHROMIUM_ARGUMENTS, ROOT, VISITOR_TOKEN, sign_in

_PATIENCE_S = 120
_LOOK_EVERY_S = 0.02


def measure(later: int = 3) -> pd.DataFrame:
    """Start the dashboard again and again on one cache folder, which is empty at first.

    Returns:
        One row a start: `served_s` (from the command to a server that answers) and `map_s` (to the map).
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS)
        return pd.DataFrame([_start(browser, Path(home)) for _ in range(1 + later)])


def _start(browser: Any, home: Path) -> dict[str, float]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    command = [sys.executable, "-m", "taglab", "app", "--no-browser", "--port", str(port)]
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "TAGLAB_HOME": str(home), TOKEN: VISITOR_TOKEN},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        served = time.monotonic()
        sign_in(page.context, f"http://127.0.0.1:{port}")
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector(".map[data-shows^='k=']", timeout=1000 * _PATIENCE_S)
        return {"served_s": served - begun, "map_s": time.monotonic() - begun}
    finally:
        page.close()
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once something listens; a server that ends before, or never comes, is an error."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(_LOOK_EVERY_S)
    raise RuntimeError("the dashboard did not start")


def main() -> None:
    """Measure and write every start; the first is the first time ever."""
    rows = measure(*(int(word) for word in sys.argv[1:]))
    sys.stdout.write(f"{rows.round(2).to_string()}\n")


if __name__ == "__main__":
    main()
