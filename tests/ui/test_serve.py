"""The server itself, asked with a raw WebSocket and plain requests: who is let in, and what they may do."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from tests.browser.conftest import start_server
from tests.browser.protocol import Session, open_stream, visitor_cookie


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a dashboard answers, without http://."""
    folder = tmp_path_factory.mktemp("served")
    process, url = start_server(folder / "home", folder / "server.log")
    yield urlsplit(url).netloc
    process.terminate()
    process.wait(20)


def test_a_page_under_another_name_opens_no_open_stream(address: str) -> None:
    port = urlsplit(f"//{address}").port
    evil = f"evil.example:{port}"
    with pytest.raises(InvalidStatus) as refused:
        open_stream(address, evil, Origin=f"http://{evil}", **visitor_cookie(address))
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:1", "null"])
def test_a_page_from_elsewhere_opens_no_open_stream(address: str, origin: str) -> None:
    with pytest.raises(InvalidStatus):
        open_stream(address, Origin=origin, **visitor_cookie(address))


@pytest.mark.parametrize("given", [{}, {"Cookie": "taglab-token=x"}])
def test_without_the_token_there_is_no_open_stream(address: str, given: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus):
        open_stream(address, Origin=f"http://{address}", **given)


@pytest.mark.parametrize(
    "path", ["/", "/embeddings", "/static/index.html", "/media/x", "/_stcore/host-config", "/_stcore/metrics"]
)
def test_without_the_token_nothing_is_served(address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://{address}{path}")
    assert refused.value.code == 403


def test_the_page_of_every_name_is_streamlit_s(address: str) -> None:
    asked = urllib.request.Request(f"http://{address}/embeddings", headers=visitor_cookie(address))
    with urllib.request.urlopen(asked) as answer:  # noqa: S310  # our own server
        text = answer.read().decode()
    assert "window.__streamlit = {BACKEND_BASE_URL" in text
    assert "./static/js/index." in text


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, True),
        ({"X-Forwarded-For": "127.0.0.1"}, False),
        ({"X-Forwarded-Host": "localhost"}, False),
        ({"Forwarded": "for=127.0.0.1;host=localhost"}, False),
        ({"Via": "1.1 proxy"}, False),
    ],
)
def test_what_a_proxy_says_makes_a_visitor_strange_never_trusted(
    address: str, headers: dict[str, str], may: bool
) -> None:
    with open_stream(address, Origin=f"http://{address}", **visitor_cookie(address), **headers) as connection:
        answer = Session(connection).open("training")
        assert "Train a first tagger" in answer.text
        assert ("it launches nothing" in answer.text) != may
