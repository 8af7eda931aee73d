"""Ways out of a page: tables, figures, and the shell line that makes the same."""

from __future__ import annotations

import functools
import io
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from taglab.embeddings import projector_metadata, write_projector
from taglab.folksonomy import Folksonomy
from taglab.spreadsheets import n_formulas, without_formulas
from taglab.vectors import Vectors
from taglab.verbs import shell_line
from taglab.verbs.question import Question

if TYPE_CHECKING:
    import plotly.graph_objects as go

_PICTURE = "picture format"


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def download_table(table: pd.DataFrame, name: str) -> None:
    """Offer a whole table as CSV and as Parquet; nothing is written before a button is pressed."""
    safe = False
    if n := n_formulas(table):
        st.caption(
            f"{n:,} cells begin with = + - or @, which a spreadsheet would run as formulas in the CSV."
        )
        safe = st.toggle(
            "Apostrophe before them, in the CSV", key=f"{name} spreadsheet safe",
            help="They are then shown as text. A program that reads the CSV would see the apostrophe.",
        )  # fmt: skip
    columns = st.columns(2)
    columns[0].download_button(
        "CSV",
        lambda: (without_formulas(table) if safe else table).to_csv(index=False).encode(),
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

    _download_html(html, name)


def _download_html(html: Callable[[], bytes], name: str) -> None:
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


def picture_config() -> dict[str, Any]:
    """Return Plotly's configuration for every chart: what its camera button saves is chosen beside Export."""
    camera = {"format": st.session_state.get(_PICTURE, "png"), "scale": 2}
    return {"toImageButtonOptions": camera, "displaylogo": False}


def _choose_picture(name: str) -> None:
    now, other = (
        ("png", "svg") if picture_config()["toImageButtonOptions"]["format"] == "png" else ("svg", "png")
    )
    st.caption(f"Figure; the camera button above it saves {now.upper()}")
    st.button(
        f"Save {other.upper()} instead",
        key=f"{name} picture",
        on_click=st.session_state.__setitem__,
        args=(_PICTURE, other),
        width="stretch",
    )


def copy_as_command(*questions: Question | Sequence[str]) -> None:
    """Show the shell lines that ask the same, with a button that copies them."""
    lines = [shell_line(one) if isinstance(one, Question) else one for one in questions]
    st.code("\n".join(map(shlex.join, lines)), language="bash", wrap_lines=True)


def export_panel(
    name: str,
    table: pd.DataFrame | None = None,
    figure: go.Figure | Callable[[], go.Figure] | None = None,
    command: Question | Sequence[str] | None = None,
    page: Callable[[], str] | None = None,
    further: Sequence[Question | Sequence[str]] = (),
    page_note: str = "",
) -> None:
    """Put all ways out of one view behind one small button.

    Args:
        name: Begins the files' names.
        table: Offered whole.
        figure: Offered as HTML.
        command: What asks the same in a shell.
        page: Makes the tag map as a page, in place of a figure; it has buttons for PNG and SVG itself.
        further: What is asked after the first, where it takes several.
        page_note: Said after what the page holds.
    """
    with st.popover("Export", icon=":material/download:"):
        if table is not None:
            st.caption(f"Table, all {len(table):,} rows")
            download_table(table, name)
        if page is not None:
            holds = "The map to take away, with search, selection and neighbours"
            st.caption(f"{holds}; its buttons save PNG and SVG{page_note}")
            _download_html(lambda: page().encode(), name)
        elif figure is not None:
            _choose_picture(name)
            download_figure(figure, name)
        if command is not None:
            st.caption("Copy as command")
            copy_as_command(command, *further)


def export_projector(tags: Vectors, folksonomy: Folksonomy, command: Question) -> None:
    """Offer the two files that the TensorFlow Embedding Projector opens."""
    with st.popover("For the Embedding Projector", icon=":material/download:"):
        st.caption("Load both at projector.tensorflow.org: vectors as step 1, metadata as step 2")
        for kind in ("vectors", "metadata"):
            st.download_button(
                f"{kind}.tsv",
                functools.partial(_projector_file, kind, tags, folksonomy),
                f"{kind}.tsv",
                "text/tab-separated-values",
                key=f"projector {kind}",
                on_click="ignore",
                width="stretch",
            )
        copy_as_command(command)


def _projector_file(kind: str, tags: Vectors, folksonomy: Folksonomy) -> bytes:
    files = write_projector(tags, projector_metadata(tags, folksonomy))
    return files.vectors if kind == "vectors" else files.metadata
