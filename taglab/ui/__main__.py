"""Serves the dashboard: `python -m taglab.ui APP [Streamlit's options]`, as the command `taglab` does."""

from __future__ import annotations

import sys

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web.cli import main

# A folder `pages` beside the script switches on Streamlit's older way of several pages until some visitor
# has opened the root: a link to a page would show it bare, without the frame of app.py.
PagesManager.uses_pages_directory = False

if __name__ == "__main__":
    sys.argv = ["streamlit", "run", *sys.argv[1:]]
    main()
