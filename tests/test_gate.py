"""The gate: which requests reach what is behind it."""

import asyncio
from typing import Any

import pytest

from taglab.gate import Gate

TOKEN = "one-that-nobody-guesses"  # noqa: S105
HERE = {"host": "localhost:8501"}
COOKIE = {"cookie": f"a=b; taglab-token-8501={TOKEN}"}
BROWSER = {"accept": "text/html,application/xhtml+xml"}


class Asked:
    """What came of one request: the answer's status, headers and text, or that it went through."""

    def __init__(
        self, gate: Gate, path: str, headers: dict[str, str], query: str, kind: str, method: str
    ) -> None:
        self.sent: list[Any] = []
        self.scope = {
            "type": kind,
            "method": method,
            "scheme": "http" if kind == "http" else "ws",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request" if kind == "http" else "websocket.connect"}

        async def send(message: Any) -> None:
            self.sent.append(message)

        asyncio.run(gate(self.scope, receive, send))

    @property
    def status(self) -> int:
        return int(self.sent[0].get("status") or self.sent[0].get("code") or 0)

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def text(self) -> str:
        return b"".join(part.get("body", b"") for part in self.sent).decode()


async def behind(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    hosts = b",".join(value for name, value in scope["headers"] if name == b"host")
    await send({"type": "http.response.body", "body": b"behind " + hosts})


def ask(
    path: str = "/",
    headers: dict[str, str] | None = None,
    query: str = "",
    kind: str = "http",
    method: str = "GET",
) -> Asked:
    gate = Gate(
        behind,
        ["localhost", "127.0.0.1", "::1", "Lab.example"],
        TOKEN,
        "good once",
        ["https://hub.example:8443"],
        ["/_stcore/health"],
    )
    return Asked(gate, path, HERE | (headers or {}), query, kind, method)


def passes(asked: Asked) -> bool:
    return asked.sent[0]["type"] == "websocket.accept" or asked.status == 200


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1:8501", "[::1]:8501", "lab.EXAMPLE", "lab.example.", "lab.example.:80"],
)
def test_names_it_answers_to(host: str) -> None:
    assert passes(ask("/_stcore/health", {"host": host}))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "localhost.evil.example",
        "evil@localhost",
        "localhost:8501:8501",
        "localhost:port",
        "localhost/",
        "localhost#.evil.example",
        "[localhost]",
        "::1",
        "",
        " ",
    ],
)
@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/stream", "/static/index.js"])
def test_names_it_does_not_answer_to(host: str, path: str) -> None:
    kind = "websocket" if path.endswith("stream") else "http"
    asked = ask(path, {"host": host, **COOKIE}, kind=kind)
    assert asked.status == (1008 if kind == "websocket" else 403)
    assert kind == "websocket" or "--allowed-host" in asked.text


def test_a_request_without_a_name_is_refused() -> None:
    gate = Gate(behind, ["localhost"])
    assert Asked(gate, "/", {}, "", "http", "GET").status == 403


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("http://localhost:8501", True),
        ("https://localhost:8501", True),  # a proxy in front may speak TLS
        ("https://hub.example:8443", True),
        (None, True),  # no browser
        ("http://localhost:9999", False),  # somebody else's server on this machine
        ("http://localhost", False),
        ("http://127.0.0.1:8501", False),
        ("http://evil.example:8501", False),
        ("https://hub.example", False),
        ("https://hub.example:8443.evil.example", False),
        ("null", False),
        ("", False),
        ("http://[", False),
    ],
)
@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        ("websocket", "GET", "/_stcore/stream"),
        ("http", "PUT", "/_stcore/upload_file/1/2"),
        ("http", "POST", "/"),
        ("http", "DELETE", "/_stcore/upload_file/1/2"),
    ],
)
def test_pages_that_may_ask(origin: str | None, may: bool, kind: str, method: str, path: str) -> None:
    headers = COOKIE if origin is None else {**COOKIE, "origin": origin}
    assert passes(ask(path, headers, kind=kind, method=method)) == may


def test_behind_a_proxy_that_keeps_the_name_back_the_browser_s_name_counts() -> None:
    asked = ask("/x", {**COOKIE, "origin": "https://hub.example:8443"}, method="POST")
    assert asked.text == "behind hub.example:8443"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("http", "/"),
        ("http", "/embeddings"),
        ("http", "/static/js/index.js"),
        ("http", "/media/1.png"),
        ("http", "/_stcore/host-config"),
        ("http", "/_stcore/health/"),
        ("http", "//_stcore/health"),
        ("http", "/x/_stcore/health"),
        ("http", "/_stcore/upload_file/1/2"),
        ("websocket", "/_stcore/stream"),
    ],
)
def test_everything_but_the_health_check_needs_the_token(kind: str, path: str) -> None:
    refused = 1008 if kind == "websocket" else 403
    for cookie in ("", "taglab-token-8501=", f"taglab-token-8502={TOKEN}", "taglab-token-8501=wr\u00f6ng"):
        assert ask(path, {"cookie": cookie}, kind=kind).status == refused
    assert ask(path, kind=kind).status == refused
    assert passes(ask(path, COOKIE, kind=kind))
    assert passes(ask("/_stcore/health"))


def test_the_token_alone_opens_no_web_socket() -> None:
    """Streamlit's page asks without a query, so whoever asks with one is not that page."""
    assert ask("/_stcore/stream", query=f"token={TOKEN}", kind="websocket").status == 1008


def test_the_first_visit_leaves_a_cookie_and_an_address_without_the_token() -> None:
    asked = ask("/tags/clusters", BROWSER, f"k=5&token={TOKEN}&tag=a%26b%22%3E&empty=")
    assert asked.status == 200
    cookie = asked.headers["set-cookie"]
    assert cookie.startswith(f"taglab-token-8501={TOKEN};")
    assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert 'content="0; url=./clusters?k=5&amp;tag=a%26b%22%3E&amp;empty="' in asked.text
    assert TOKEN not in asked.text
    assert asked.headers["cache-control"] == "no-store"
    assert asked.headers["referrer-policy"] == "no-referrer"


def test_an_address_cannot_turn_elsewhere() -> None:
    for path, place in (
        ("//evil.example", "./evil.example"),
        ("/javascript:alert(1)", "./javascript:alert(1)"),
    ):
        assert f'url={place}"' in ask(path, BROWSER, f"token={TOKEN}").text


@pytest.mark.parametrize(
    ("host", "name"), [("localhost", "80"), ("[::1]:8600", "8600"), ("lab.example:9", "9")]
)
def test_the_cookie_is_named_for_the_port(host: str, name: str) -> None:
    asked = ask("/", {"host": host}, f"token={TOKEN}")
    assert asked.headers["set-cookie"].startswith(f"taglab-token-{name}=")


@pytest.mark.parametrize("query", ["token=", "token=wrong", f"token={TOKEN}x", "token=w%C3%B6rong"])
def test_a_wrong_token_is_told_where_the_right_one_is_printed(query: str) -> None:
    asked = ask("/", BROWSER, query)
    assert asked.status == 403
    assert "printed where\ntaglab was started" in asked.text
    assert "set-cookie" not in asked.headers


def test_the_ticket_is_good_once() -> None:
    gate = Gate(behind, ["localhost"], TOKEN, "ticket")
    first, second = (Asked(gate, "/", HERE, "token=ticket", "http", "GET") for _ in range(2))
    assert f"={TOKEN};" in first.headers["set-cookie"]
    assert second.status == 403
    assert Asked(gate, "/", HERE, f"token={TOKEN}", "http", "GET").status == 200


def test_a_link_from_elsewhere_is_asked_for_again_by_our_own_page() -> None:
    """Browsers keep a strict cookie back on the first step from elsewhere."""
    elsewhere = {**BROWSER, "sec-fetch-site": "cross-site"}
    asked = ask("/data", elsewhere, "tag=rock")
    assert asked.status == 200
    assert 'url=./data?tag=rock"' in asked.text
    assert "set-cookie" not in asked.headers
    assert ask("/data", {**BROWSER, "sec-fetch-site": "same-origin"}).status == 403
    assert ask("/static/x.js", {"sec-fetch-site": "cross-site", "accept": "*/*"}).status == 403


def test_without_a_token_names_and_origins_still_count() -> None:
    gate = Gate(behind, ["localhost"])
    assert passes(Asked(gate, "/", HERE, "", "http", "GET"))
    assert passes(Asked(gate, "/_stcore/stream", HERE, "", "websocket", "GET"))
    evil = HERE | {"origin": "http://evil.example"}
    assert Asked(gate, "/_stcore/stream", evil, "", "websocket", "GET").status == 1008
    assert Asked(gate, "/", {"host": "evil.example"}, "", "http", "GET").status == 403


def test_no_other_page_may_show_it_inside_its_own() -> None:
    assert ask("/", COOKIE).headers["content-security-policy"] == "frame-ancestors 'self'"
