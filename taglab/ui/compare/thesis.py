"""The thesis and what was found here: claims, figures told in the text, tables and figures, side by side."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from taglab import cache
from taglab.embeddings import Lookup
from taglab.progress import Progress
from taglab.runs import Run, open_run, run_names
from taglab.studies.pages import Section
from taglab.studies.study_report import Drawn
from taglab.studies.thesis.figures import FIGURES, draw
from taglab.studies.thesis.report import Report, gather, html_page, with_figures
from taglab.studies.verdicts import VERDICTS
from taglab.ui.compare.compared import Compared
from taglab.ui.export import copy_as_command, export_panel, picture_config
from taglab.ui.forms import settings_widgets
from taglab.ui.messages import guard, literal, working
from taglab.ui.pickers import pick_data, pick_vectors
from taglab.ui.remembered import Shelved, remembered
from taglab.ui.uploads import given_path
from taglab.verbs.studies import ThesisReport

_Key = tuple[ThesisReport, tuple[Shelved, ...], tuple[Run, ...]]
_ARRAYS_HELP = (
    "Figures by label and decisions of ten models, and the co-occurrence of figure 14. It lies on the "
    "machine taglab runs on and has folders such as model-1-tags-spectrogram in it."
)


@guard()
def show_thesis(compared: Compared) -> None:
    """Show every claim of the thesis with its verdict, its tables and figures beside ours, and what differs.

    Args:
        compared: Not looked at: the runs are those `taglab reproduce` made, of the data set chosen here.
    """
    data = pick_data()
    typed = st.text_input(
        "Folder of the arrays published with the thesis", key="thesis arrays", placeholder="not looked at",
        help=_ARRAYS_HELP,
    )  # fmt: skip
    with st.expander("Word vectors of table 14 and figures 10 and 11"):
        vectors, lookup = pick_vectors(), settings_widgets(Lookup, "thesis lookup")
    question = ThesisReport(data=data, vectors=vectors, lookup=lookup, arrays=_folder(typed))
    kept = (Shelved.of(cache.FOLKSONOMIES, data), Shelved.of(cache.VECTORS, vectors))
    key = (question, kept, _all_runs())
    with working("Gathering the thesis") as progress:
        report = _gathered(*key, progress)
    st.caption(literal(f"{report.about} `taglab reproduce all --data {data}` trains what is missing."))
    _offer_page(report, question)
    _show_differences(report.differs)
    _show_claims(report.claims, question)
    st.subheader("Figures told in the text", anchor=False)
    st.dataframe(report.told, hide_index=True, key="thesis told", alt="Figures told in the thesis's text")
    _show_table(report.sections)
    _show_figure(report, key)


def _folder(typed: str) -> Path | None:
    """Return the folder that was typed; raises InvalidSetting and DataError as `given_path`."""
    if not typed.strip():
        return None
    with given_path(typed) as path:
        return path.resolve()


def _offer_page(report: Report, question: ThesisReport) -> None:
    """Offer the whole as one file; its figures are drawn when it is asked for."""

    def page() -> bytes:
        return html_page(with_figures(report)).encode()

    name = f"thesis-{question.data}.html"
    with st.container(horizontal=True):
        st.download_button(
            "The whole report (HTML)", page, name, "text/html", key="thesis page", on_click="ignore",
            icon=":material/download:",
            help="Every claim, table and figure in one file. Figures of the data take a while to be drawn.",
        )  # fmt: skip
        with st.popover("Copy as command", icon=":material/terminal:"):
            copy_as_command(question.model_copy(update={"html": Path(name)}))


def _show_differences(differs: pd.DataFrame) -> None:
    st.subheader("What differs here", anchor=False)
    if differs.empty:
        st.caption("Nothing is from here.")
        return
    st.dataframe(
        differs, hide_index=True, key="thesis differences", alt="Settings that differ from the thesis's"
    )


def _show_claims(claims: pd.DataFrame, question: ThesisReport) -> None:
    st.subheader("Claims", anchor=False)
    counts = claims["here"].value_counts()
    given = [
        f"{verdict} {counts[verdict]} ({VERDICTS[verdict]})" for verdict in VERDICTS if verdict in counts
    ]
    st.caption(literal(f"Here: {'; '.join(given)}."))
    shown = claims[["says", "published", "here", "published why", "here why", "rule", "source"]]
    st.dataframe(shown, hide_index=True, key="thesis claims", alt="Claims of the thesis with their verdicts")
    export_panel("thesis claims", claims, None, question)


def _show_table(sections: list[Section]) -> None:
    st.subheader("Tables", anchor=False)
    titles = {f"{each.heading}: {each.title}": each for each in sections}
    chosen = titles[st.selectbox("Table", list(titles), key="thesis table")]
    for note in chosen.notes:
        st.caption(literal(note))
    for column, whose, table in zip(
        st.columns(2), ("Published", "Here"), (chosen.published, chosen.here), strict=True
    ):
        with column:
            st.markdown(f"**{whose}**")
            if table is not None and len(table):
                st.dataframe(
                    table, hide_index=True, key=f"thesis {whose}", alt=f"{whose}: the table of the thesis"
                )
            if whose == "Here" and chosen.said:
                st.caption(literal(chosen.said))
            elif table is None:
                st.caption("Nothing is published of it." if whose == "Published" else "Nothing is from here.")


def _show_figure(report: Report, key: _Key) -> None:
    st.subheader("Figures", anchor=False)
    name = st.selectbox("Figure", list(FIGURES), key="thesis figure", index=None, placeholder="Choose one")
    if name is None:
        return
    with working("Drawing"):
        drawn = _drawn(name, *key, report)
    sides = (("Published", drawn.published), ("Here", drawn.here))
    for column, (whose, figure), said in zip(st.columns(2), sides, drawn.notes, strict=True):
        with column:
            st.markdown(f"**{whose}**")
            if figure is not None:
                alt = f"{name}, {whose.lower()}"
                st.plotly_chart(figure, config=picture_config(), key=f"thesis figure {whose}", alt=alt)
                export_panel(f"thesis {drawn.heading} {whose}", None, figure)
            if said:
                st.caption(literal(said))


def _all_runs() -> tuple[Run, ...]:
    """Return all runs made or imported here: another one, or one that goes on, may change every figure."""
    return tuple(map(open_run, run_names()))


@remembered("small")
def _gathered(
    question: ThesisReport, kept: tuple[Shelved, ...], runs: tuple[Run, ...], _progress: Progress
) -> Report:
    return gather(question.tags, arrays=question.arrays, figures=False, progress=_progress)


@remembered("small")
def _drawn(
    name: str, question: ThesisReport, kept: tuple[Shelved, ...], runs: tuple[Run, ...], _report: Report
) -> Drawn:
    return draw(name, _report.sides)
