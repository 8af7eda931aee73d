"""Who is let in, in a real browser: names that others have resolved to this machine, the token, links."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import CHROMIUM_ARGUMENTS, VISITOR_TOKEN, Server, sign_in
from tests.browser.settling import settled

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright


@pytest.fixture
def context(playwright: Playwright) -> Iterator[BrowserContext]:
    """A browser that resolves evil.example to this machine, and has not been here before."""
    arguments = [*CHROMIUM_ARGUMENTS, "--host-resolver-rules=MAP evil.example 127.0.0.1"]
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
    yield browser.new_context()
    browser.close()


@pytest.fixture
def elsewhere(server: Server) -> Iterator[str]:
    """Another web server on this machine, whose page links to the dashboard and opens its stream."""
    stream = server.url.replace("http", "ws") + "/_stcore/stream"
    page = f"""<!DOCTYPE html><a href="{server.url}/embeddings?tag=jazz">a link</a><p id="said"></p><script>
    const stream = new WebSocket("{stream}", "streamlit");
    stream.onopen = () => document.getElementById("said").append("opened");
    stream.onerror = () => document.getElementById("said").append("refused");</script>
    <iframe src="{server.url}/"></iframe>"""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *given: object) -> None:
            """Stay quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{other.server_address[1]}"
        other.shutdown()


def test_a_page_under_another_name_gets_nothing(context: BrowserContext, server: Server) -> None:
    evil = f"http://evil.example:{urlsplit(server.url).port}"
    sign_in(context, evil)
    page = context.new_page()
    answer = page.goto(f"{evil}/training?token={VISITOR_TOKEN}")
    assert answer is not None
    assert answer.status == 403
    assert "does not answer to the name" in page.inner_text("body")


def test_the_printed_address_opens_the_dashboard_and_hides_its_token(
    context: BrowserContext, server: Server
) -> None:
    page = context.new_page()
    page.set_default_timeout(60_000)
    answer = page.goto(f"{server.url}/embeddings?tag=jazz")
    assert answer is not None
    assert answer.status == 403
    assert "printed where taglab was started" in page.inner_text("body")
    page.goto(f"{server.url}/embeddings?tag=jazz&token={VISITOR_TOKEN}")
    page.wait_for_url(f"{server.url}/embeddings?tag=jazz")
    settled(page)
    kept = context.cookies(server.url)
    mine = next(cookie for cookie in kept if cookie["name"] == f"taglab-token-{urlsplit(server.url).port}")
    assert (mine["httpOnly"], mine["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie").find("taglab-token") == -1


def test_a_page_of_another_server_on_this_machine_gets_no_stream(
    context: BrowserContext, server: Server, elsewhere: str
) -> None:
    """Browsers send the cookie along: they take every port of a machine for one site."""
    sign_in(context, server.url)
    page = context.new_page()
    page.goto(elsewhere)
    page.locator("#said", has_text="refused").wait_for()
    shown = page.frames[1]
    assert "Clusters" not in (shown.inner_text("body") if shown.url.startswith(server.url) else "")


def test_a_link_from_another_site_opens_for_those_who_have_been_here(
    context: BrowserContext, server: Server, elsewhere: str
) -> None:
    other_site = elsewhere.replace("127.0.0.1", "evil.example")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(other_site)
    page.get_by_text("a link").click()
    page.get_by_text("printed where taglab was started").wait_for()
    sign_in(context, server.url)
    page.goto(other_site)
    page.get_by_text("a link").click()
    page.wait_for_url(f"{server.url}/embeddings?tag=jazz")
    settled(page)
    assert page.get_by_text("printed where taglab was started").count() == 0


@pytest.mark.parametrize("address", ["/", "/data", "/clusters?k=7", "/training"])
def test_every_request_of_a_page_is_answered(
    visit: Callable[..., Page], server: Server, address: str
) -> None:
    page = visit("/data")
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.goto(server.url + address)
    settled(page)
    assert failed == []
    assert page.get_by_text("Page not found").count() == 0


def test_the_first_page_is_also_opened_by_its_name(visit: Callable[..., Page], server: Server) -> None:
    page = visit("/clusters?k=7")
    page.wait_for_url(f"{server.url}/?k=7")
    page.wait_for_selector(".map[data-shows^='k=7 ']")
