"""Who is let in: the names the dashboard answers to, the pages that may ask, and the token.

A web page anywhere can have its own name resolved to 127.0.0.1 and then ask whatever listens there; other
users of this machine, and of a proxy, reach the same port. So every request is held against a list of
host names, requests that do something against the page they come from, and all but the health check need a
token, which only the printed address has.
"""

from __future__ import annotations

import hmac
import html
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_PARAMETER = "token"
_HOST = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[^:/?#@\[\]\s]+))(?::(?P<port>\d{1,5}))?")
_POLICY_VIOLATION = 1008
_DEFAULT_PORTS = {"http": "80", "ws": "80", "https": "443", "wss": "443"}
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>taglab</title>{head}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.5 sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }}
</style></head><body><h1>taglab</h1>{body}</body></html>"""
_REFUSED = """<p>This dashboard opens with its token. <strong>The address with the token is printed where
taglab was started</strong>: in that terminal, after “taglab opens at”.</p><p>Did somebody send you a link?
It carries what a page shows, not the right to see it. Open the printed address once in this browser; then
the link works here, too.</p>"""


class Gate:
    """ASGI middleware that lets in, or answers itself."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Iterable[str],
        token: str = "",
        ticket: str = "",
        proxy_origins: Iterable[str] = (),
        open_paths: Iterable[str] = (),
    ) -> None:
        """Put the gate before an application.

        Args:
            app: What is behind it.
            hosts: Names and addresses that the dashboard answers to, whatever the port.
            token: What visitors must know; empty: nothing.
            ticket: Does once what the token does always. The command opens the browser with it, because other
                users of the machine see the addresses that programs are started with.
            proxy_origins: Origins, such as `https://hub.example`, under which a proxy that does not pass the
                Host on shows the dashboard.
            open_paths: What is answered without a token.
        """
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._token = token
        self._tickets = {ticket} - {""}
        self._proxy_origins = frozenset(proxy_origins)
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have it answered."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = self._answer(HTTPConnection(scope))
        if answer is None:
            self._name_as_the_browser_does(scope)
            await self._app(scope, receive, _unframed(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await answer(scope, receive, send)

    def _answer(self, asked: HTTPConnection) -> Response | None:
        """Return the gate's own answer; None where the request may pass."""
        host = asked.headers.get("host")
        if _host_name(host) not in self._hosts:
            return _refuse(
                f"This dashboard does not answer to the name {host!r}. If that is its name, have it started "
                "with `taglab app --allowed-host NAME`."
            )
        if not self._origin_may_ask(asked):
            return _refuse("This dashboard does not answer to other pages than its own.")
        if not self._token or asked.url.path in self._open_paths:
            return None
        if asked.scope["type"] == "http" and _PARAMETER in asked.query_params:
            return self._sign_in(asked)
        if self._is_token(asked.cookies.get(_cookie_name(asked), "")):
            return None
        if asked.headers.get("sec-fetch-site") == "cross-site" and _is_navigation(asked):
            # Browsers keep the cookie back where a page elsewhere, such as a mail, links here. What our own
            # page asks for comes with it.
            return _turn_to(asked)
        return _page(_REFUSED, 403) if _is_navigation(asked) else _refuse("The token is missing.")

    def _origin_may_ask(self, asked: HTTPConnection) -> bool:
        """Return whether the page that a request comes from may ask for what does something."""
        origin = asked.headers.get("origin")
        if origin is None or (asked.scope["type"] == "http" and asked.scope["method"] in _SAFE_METHODS):
            return True
        return origin in self._proxy_origins or _netloc(origin) == asked.headers.get("host")

    def _name_as_the_browser_does(self, scope: Scope) -> None:
        """Put the proxy's name, under which the browser asks, where the proxy wrote its own as Host."""
        headers = MutableHeaders(scope=scope)
        if headers.get("origin") in self._proxy_origins:
            headers["host"] = _netloc(headers["origin"])

    def _sign_in(self, asked: HTTPConnection) -> Response:
        given = asked.query_params[_PARAMETER]
        if not self._is_token(given) and not self._is_ticket(given):
            return _page(_REFUSED, 403)
        answer = _turn_to(asked)
        answer.set_cookie(
            _cookie_name(asked),
            self._token,
            httponly=True,
            samesite="strict",
            secure=asked.url.scheme in ("https", "wss"),
        )
        return answer

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _is_ticket(self, given: str) -> bool:
        fitting = [ticket for ticket in self._tickets if hmac.compare_digest(given.encode(), ticket.encode())]
        self._tickets.difference_update(fitting)
        return bool(fitting)


def _cookie_name(asked: HTTPConnection) -> str:
    """Return the cookie's name: cookies are kept by host, and several dashboards may be open on one."""
    port = (_HOST.fullmatch(asked.headers["host"]) or {"port": None})["port"]
    return f"taglab-token-{port or _DEFAULT_PORTS[asked.url.scheme]}"


def _host_name(host: str | None) -> str | None:
    """Return the name or address in a Host header, in small letters; None where it is none."""
    parts = _HOST.fullmatch(host or "")
    return parts and (parts["ipv6"] or parts["name"].rstrip(".")).lower()


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _is_navigation(asked: HTTPConnection) -> bool:
    wants_page = "text/html" in asked.headers.get("accept", "")
    return asked.scope["type"] == "http" and asked.scope["method"] in ("GET", "HEAD") and wants_page


def _turn_to(asked: HTTPConnection) -> HTMLResponse:
    """Return a page that turns to the same address without the token.

    Not a redirect: to the browser, that would still be a step of whoever linked here, without the cookie.
    """
    query = urlencode([pair for pair in parse_qsl(asked.url.query, True) if pair[0] != _PARAMETER])
    place = "./" + asked.url.path.rpartition("/")[2] + (f"?{query}" if query else "")
    shown = html.escape(place, quote=True)
    return _page(
        f'<p><a href="{shown}">Open the dashboard</a></p>',
        200,
        f'<meta http-equiv="refresh" content="0; url={shown}">',
    )


def _page(body: str, status: int, head: str = "") -> HTMLResponse:
    answer = HTMLResponse(_PAGE.format(head=head, body=body), status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return answer


def _refuse(reason: str) -> PlainTextResponse:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return PlainTextResponse(f"{reason}\n", 403, headers)


def _unframed(send: Send) -> Send:
    """Return `send` with a word to browsers that no other page may show these inside its own."""

    async def send_with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("Content-Security-Policy", "frame-ancestors 'self'")
        await send(message)

    return send_with_policy
