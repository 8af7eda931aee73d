"""Pages in the frame of app.py, one at a time.

`AppTest` takes a folder `pages` beside the script for Streamlit's older way of several pages and would run a
page without its frame.
"""

import base64
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from streamlit.testing.v1 import AppTest

from taglab.cli.commands import build_parser

PAGES = Path(__file__).resolve().parents[2] / "pages"


def _frame(page: str) -> None:
    from pathlib import Path

    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from taglab.ui import guard, tell_what_is_not_kept

    others = [other for other in Path(page).parent.glob("*.py") if other != Path(page)]
    context = get_script_run_ctx()
    assert context is not None
    context.main_script_path = str(Path(page).parents[1] / "app.py")  # beside which links to pages are sought
    shown = st.navigation([st.Page(page, default=True), *map(st.Page, others)])  # pages link to one another
    with guard():
        shown.run()
    tell_what_is_not_kept()


def open_page(name: str, **url: str) -> AppTest:
    """Return a page, not yet run, with what stands in its URL."""
    app = AppTest.from_function(_frame, args=(str(PAGES / f"{name}.py"),), default_timeout=60)
    for key, value in url.items():
        app.query_params[key] = value
    return app


def texts(app: AppTest) -> str:
    """Return what a page says in words, as it is read."""
    elements = [*app.markdown, *app.caption, *app.text, *app.error, *app.info, *app.warning]
    return re.sub(r"\\(.)", r"\1", "\n".join(element.value for element in elements))


def require_sound(app: AppTest) -> None:
    """A page has no error and no markup, and the commands it shows are such."""
    assert not app.exception
    assert not app.error, [error.value for error in app.error]
    for element in [*app.markdown, *app.caption]:
        assert not re.search(r"(?<!\\)<", element.value)
    for block in app.code:
        for line in block.value.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "taglab"
            build_parser().parse_args(arguments)


def plotted(numbers: Any) -> npt.NDArray[Any]:
    """Return what a chart draws along an axis, which Plotly packs where it is an array."""
    if isinstance(numbers, dict):
        return np.frombuffer(base64.b64decode(numbers["bdata"]), numbers["dtype"])
    return np.ravel(numbers)
