"""Ways out of a page: tables, figures, and the shell line that makes the same."""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def download_table(table: pd.DataFrame, name: str) -> None:
    """Offer a whole table as CSV and as Parquet; nothing is written before a button is pressed."""
    columns = st.columns(2)
    columns[0].download_button(
        "CSV",
        lambda: table.to_csv(index=False).encode(),
        f"{name}.csv",
        "text/csv",
        key=f"{name}.csv",
        on_click="ignore",
        icon=":material/table:",
        width="stretch",
    )
    columns[1].download_button(
        "Parquet",
        lambda: _parquet(table),
        f"{name}.parquet",
        "application/vnd.apache.parquet",
        key=f"{name}.parquet",
        on_click="ignore",
        icon=":material/table:",
        width="stretch",
    )


def download_figure(figure: go.Figure | Callable[[], go.Figure], name: str) -> None:
    """Offer a figure, or what makes it when asked, as one HTML file that needs no network."""

    def html() -> bytes:
        made = figure() if callable(figure) else figure
        text: str = made.to_html(include_plotlyjs=True, full_html=True)
        return text.encode()

    st.download_button(
        "HTML",
        html,
        f"{name}.html",
        "text/html",
        key=f"{name}.html",
        on_click="ignore",
        icon=":material/insert_chart:",
        width="stretch",
    )


def copy_as_command(argv: Sequence[str]) -> None:
    """Show the shell line that makes the same result, with a button that copies it."""
    st.code(shlex.join(argv), language="bash", wrap_lines=True)


def export_panel(
    name: str,
    table: pd.DataFrame | None = None,
    figure: go.Figure | Callable[[], go.Figure] | None = None,
    command: Sequence[str] | None = None,
) -> None:
    """Put all ways out of one view behind one small button."""
    with st.popover("Export", icon=":material/download:"):
        if table is not None:
            st.caption(f"Table, all {len(table):,} rows")
            download_table(table, name)
        if figure is not None:
            st.caption("Figure; its camera button saves PNG or SVG")
            download_figure(figure, name)
        if command is not None:
            st.caption("Copy as command")
            copy_as_command(command)
