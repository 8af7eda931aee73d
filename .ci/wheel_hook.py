"""Puts the dashboard's own files, which stand beside the package in a checkout, into the wheel."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DashboardHook(BuildHookInterface):
    """Adds app.py, pages/ and the Streamlit configuration; an editable install runs them where they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files to include (hatchling calls this before it builds)."""
        if version != "editable":
            for path in ("app.py", "pages", ".streamlit/config.toml"):
                build_data["force_include"][path] = f"taglab/_app/{path}"
