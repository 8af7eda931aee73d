"""The dashboard in a real browser: one server and one Chromium a process, a new visitor for each page."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taglab.cli.dashboard import TOKEN, serve_command

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
# With WebGL 2, which the processor plays.
CARD_ARGUMENTS = [
    *(argument for argument in CHROMIUM_ARGUMENTS if argument != "--disable-gpu"),
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
VISITOR_TOKEN = "known-to-all-tests"  # noqa: S105
_START_TIMEOUT_S = 60


@dataclass(frozen=True)
class Server:
    """A running dashboard.

    Attributes:
        url: Where it answers.
        home: Its cache folder (what TAGLAB_HOME names); tests may put data there before they open a page.
    """

    url: str
    home: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs `-m browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def start_server(home: Path, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the dashboard on a free port and wait until it answers those who know `VISITOR_TOKEN`.

    Args:
        home: Its cache folder.
        log: File for what it writes.
    """
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = serve_command(ROOT / "app.py", "127.0.0.1", port)
    environment = {**os.environ, "TAGLAB_HOME": str(home), TOKEN: VISITOR_TOKEN}
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=written, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):  # noqa: S310  # our own server
                return process, url
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"the dashboard did not start: {log.read_text(errors='replace')[-2000:]}")


def sign_in(context: BrowserContext, url: str) -> None:
    """Let a browser in as if it had opened the printed address before."""
    port = url.rpartition(":")[2]
    context.add_cookies([{"name": f"taglab-token-{port}", "value": VISITOR_TOKEN, "url": url}])


def assert_readable(page: Page, theme: str) -> None:
    """The page has the theme's paper, and the numbers at a chart's axes stand out from it."""

    def brightness(selector: str, which: str) -> int:
        colour = page.locator(selector).first.evaluate(f"each => getComputedStyle(each)['{which}']")
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3])

    paper = brightness("[data-testid=stApp]", "background-color")
    assert (paper > 600) == (theme == "light")
    assert abs(brightness(".js-plotly-plot .ytick text", "fill") - paper) > 250


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The dashboard, with an empty cache folder that all browser tests share."""
    folder = tmp_path_factory.mktemp("dashboard")
    process, url = start_server(folder / "home", folder / "server.log")
    yield Server(url, folder / "home")
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright itself: of its kind that waits there can be one in a process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browsing(
    playwright: Playwright, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """Debian's Chromium, headless, drawing without a graphics card, known to the dashboard.

    Its profile lies on disk, so that what a page has downloaded and compiled need not be by the next: a third
    of what opening one costs. To the dashboard every page is a new visitor all the same, and none sees what
    another kept in the browser.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    context = playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=path,
        args=CHROMIUM_ARGUMENTS,
        accept_downloads=True,
    )
    context.set_default_timeout(180_000)  # a busy machine is no fault of the page
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script("localStorage.clear()")
    sign_in(context, server.url)
    yield context
    context.close()


@pytest.fixture
def visit(browsing: BrowserContext, server: Server) -> Iterator[Callable[..., Page]]:
    """A function that opens an address of the dashboard as a new visitor.

    `visit("/?k=5", width=500, theme="dark")` returns the page. Scripts that fail in the browser fail the
    test.
    """
    errors: list[str] = []
    pages = []

    def open_page(address: str = "/", width: int = 1280, height: int = 900, theme: str = "light") -> Page:
        page = browsing.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.url + address)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not errors
