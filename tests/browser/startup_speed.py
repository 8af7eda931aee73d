"""How long it takes from `taglab` to the first map in the browser: the first time ever, and later.

Beside it, in turn: a Streamlit page that holds nothing but one chart of as many dots, from `streamlit run`.

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
from tests.browser.conftest import CHROMIUM_ARGUMENTS, VISITOR_TOKEN, sign_in

_PATIENCE_S = 120
_LOOK_EVERY_S = 0.02


_ONE_CHART = """
import numpy as np
import plotly.graph_objects as go
import streamlit as st

places = np.random.default_rng(0).normal(size=(389, 2))
st.plotly_chart(go.Figure(go.Scatter(x=places[:, 0], y=places[:, 1], mode="markers")))
"""


def measure(later: int = 3) -> pd.DataFrame:
    """Start the dashboard again and again on one cache folder, which is empty at first, and the peer in turn.

    Returns:
        One row a start: `served_s` (from the command to a server that answers) and `map_s` (to the map); then
        `peer_served_s` and `peer_chart_s`, of the page with one chart.
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS)
        script = Path(home) / "one_chart.py"
        script.write_text(_ONE_CHART, encoding="utf-8")
        dashboard = [sys.executable, "-m", "taglab", "app", "--no-browser", "--port"]
        peer = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true",
                "--browser.gatherUsageStats=false", "--server.port"]  # fmt: skip
        rows = []
        for _ in range(1 + later):
            served, drawn = _start(browser, dashboard, Path(home), ".map[data-shows^='k=']")
            peer_served, peer_drawn = _start(
                browser, peer, Path(home), ".js-plotly-plot .scatterlayer .point"
            )
            rows.append(
                {"served_s": served, "map_s": drawn, "peer_served_s": peer_served, "peer_chart_s": peer_drawn}
            )
        return pd.DataFrame(rows).assign(times=lambda row: row["map_s"] / row["peer_chart_s"])


def _start(browser: Any, command: list[str], home: Path, drawn: str) -> tuple[float, float]:
    """Return the seconds from a command, less its port, to a server that answers, and to what is drawn."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    begun = time.monotonic()
    process = subprocess.Popen(
        [*command, str(port)],
        cwd=home,
        env={**os.environ, "TAGLAB_HOME": str(home), TOKEN: VISITOR_TOKEN},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        served = time.monotonic()
        sign_in(page.context, f"http://127.0.0.1:{port}")
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector(drawn, timeout=1000 * _PATIENCE_S)
        return served - begun, time.monotonic() - begun
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
    """Measure and write every start; the first is the first time ever, of the peer as of ours."""
    rows = measure(*(int(word) for word in sys.argv[1:]))
    sys.stdout.write(f"{rows.round(2).to_string()}\n")


if __name__ == "__main__":
    main()
