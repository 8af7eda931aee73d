"""Serves the dashboard: `python taglab/ui/serve.py APP [Streamlit's options]`, as the command `taglab` does.

Run as a file, not as a module: the server is up before the pages' libraries are imported, and they are
imported while the browser still loads.
"""

from __future__ import annotations

import importlib
import sys
import threading

from streamlit.runtime import Runtime, RuntimeState
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web.cli import main

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


if __name__ == "__main__":
    # A folder `pages` beside the script switches on Streamlit's older way of several pages until some visitor
    # has opened the root: a link to a page would show it bare, without the frame of app.py.
    PagesManager.uses_pages_directory = False
    threading.Thread(target=import_ahead, daemon=True).start()
    sys.argv = ["streamlit", "run", *sys.argv[1:]]
    main()
