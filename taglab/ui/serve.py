"""Serves the dashboard: `python taglab/ui/serve.py APP OPTIONS`, as the command `taglab` does.

OPTIONS are Streamlit's, as a JSON object. The environment holds what others must not see: TAGLAB_TOKEN, which
visitors must know (empty: they need none), and TAGLAB_TICKET, which does the same once.

Run as a file, not as a module: the server is up before the pages' libraries are imported, and they are
imported while the browser still loads.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit.runtime import Runtime, RuntimeState
from streamlit.runtime.pages_manager import PagesManager

from taglab.gate import Gate

_LOOK_EVERY_S = 0.02
_WANTED_BY_PAGES = ("taglab.ui", "plotly.graph_objects", "plotly.io", "scipy.linalg", "taglab.clustering")


def import_ahead() -> None:
    """Import what pages will want, once the server answers."""
    up = (RuntimeState.NO_SESSIONS_CONNECTED, RuntimeState.ONE_OR_MORE_SESSIONS_CONNECTED)
    wait = threading.Event()
    while not (Runtime.exists() and Runtime.instance().state in up):
        wait.wait(_LOOK_EVERY_S)
    for name in _WANTED_BY_PAGES:
        importlib.import_module(name)


def serve(app: Path, options: dict[str, Any]) -> None:
    """Serve until the process is stopped.

    Args:
        app: The script of the frame.
        options: Streamlit's, by their names in a configuration file; `server.allowedHosts` among them.
    """
    base = "/".join(["", *filter(None, options["server.baseUrlPath"].split("/"))])
    # Taken out, for the environment goes on to every process that is started here.
    token, ticket = os.environ.pop("TAGLAB_TOKEN"), os.environ.pop("TAGLAB_TICKET", "")
    # Whoever stands behind a proxy is as strange as its headers say, but never less.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
    gate = Middleware(
        Gate,
        hosts=options["server.allowedHosts"],
        token=token,
        ticket=ticket,
        proxy_origins=options.get("server.corsAllowedOrigins", ()),
        open_paths=[f"{base}/_stcore/health"],
    )
    # Streamlit looks for its configuration beside what it takes for the program that was started.
    sys.argv = [str(app)]
    st.App(app, middleware=[gate], routes=_pages(app, base)).run(config=options)


def _pages(app: Path, base: str) -> list[Route]:
    """Return routes to Streamlit's page that tell it where the server is.

    Opened under `/embeddings`, it would first look for a server below that, and meet two answers of 404.
    """
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    place = '<script>window.__streamlit = {BACKEND_BASE_URL: new URL("./", location.href).href}</script>'
    page = page.replace("<head>", f"<head>{place}", 1)

    def answer(asked: Request) -> HTMLResponse:
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    return [Route(f"{base}/{path.stem}", answer) for path in (app.parent / "pages").glob("*.py")]


if __name__ == "__main__":
    # A folder `pages` beside the script switches on Streamlit's older way of several pages until some visitor
    # has opened the root: a link to a page would show it bare, without the frame of app.py.
    PagesManager.uses_pages_directory = False
    threading.Thread(target=import_ahead, daemon=True).start()
    serve(Path(sys.argv[1]), json.loads(sys.argv[2]))
