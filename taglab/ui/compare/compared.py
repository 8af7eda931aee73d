"""Several runs on the screen: which, what of them, and against whose truth."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd
import streamlit as st

from taglab import runs
from taglab.compare.decisions import predictions_at
from taglab.compare.inputs import inputs_warning
from taglab.compare.tables import common_truth, metric_most_have, stacked
from taglab.errors import DataError
from taglab.figures.compare import run_colours
from taglab.metrics import METRICS, metrics_of
from taglab.outcomes import Predictions, split_warning
from taglab.progress import Progress, counted
from taglab.runs import Run
from taglab.runs.published import PublishedRun
from taglab.runs.run import Kept
from taglab.runs.tables import MOMENTS, of_predictions, results
from taglab.ui.compare.runs import pick_runs, titles_of
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice
from taglab.ui.remembered import remembered
from taglab.verbs.compare_runs import CompareRuns

Truth = Literal["own", "common", "lift"]
TRUTHS: dict[Truth, str] = {"own": "Own", "common": "Common", "lift": "Lift"}
_TRUTH_HELP = (
    "Own: each model by the labels it was trained on; a cluster “sad” and a tag “sad” are true of "
    "different tracks. Common: all models by one model's labels, on the tracks and labels they share; "
    "needs kept predictions, and only here do differences have intervals and p. Lift: own truth, "
    "divided by what chance reaches."
)
_NOTE_COLUMNS = {"note": st.column_config.TextColumn(width="large")}


@dataclass(frozen=True, eq=False)
class Compared:
    """What is to be compared.

    Attributes:
        runs: As picked, in order.
        titles: What each is called on the page; all different.
        colours: Title → colour.
        truth: "own", "common" or "lift".
        judge: Title of the run whose truth is common; "" unless `truth` is "common".
        moment: Of which results, one of `taglab.compare.tables.MOMENTS`.
        metric: One of predictions in `taglab.metrics.METRICS`.
        tables: Title → table of results (see `taglab.compare.tables`), of the runs that have any.
        predictions: Title → predictions on the common tracks, classes and truth; empty unless `truth` is
            "common".
        warning: Why results may not be comparable; to be shown wherever they share an axis.
        notes: Sentences on what is left out, and why.
    """

    runs: tuple[Run, ...]
    titles: tuple[str, ...]
    colours: dict[str, str]
    truth: Truth
    judge: str
    moment: str
    metric: str
    tables: Mapping[str, pd.DataFrame]
    predictions: Mapping[str, Predictions]
    warning: str | None
    notes: tuple[str, ...]

    @property
    def by_title(self) -> dict[str, Run]:
        """Title → run."""
        return dict(zip(self.titles, self.runs, strict=True))

    @property
    def axis(self) -> str:
        """What the metric is called on an axis."""
        name = METRICS[self.metric].axis
        return f"{name} (lift)" if self.truth == "lift" else name

    @property
    def what(self) -> str:
        """Which results and which truth, in a few words."""
        truth = {"own": "own truth", "common": f"truth of {self.judge}", "lift": "own truth"}[self.truth]
        return f"{MOMENTS[self.moment]}; {truth}"

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row a run and label, see `taglab.compare.tables.stacked`; only labels with a value."""
        rows = stacked(self.tables, self.metric, self.truth == "lift")
        return rows[rows["value"].notna()].reset_index(drop=True)

    @property
    def drawn(self) -> dict[str, str]:
        """Title → colour of the runs that have any value."""
        known = set(self.rows["run"])
        return {title: colour for title, colour in self.colours.items() if title in known}

    def command(self, by: str, titles: Sequence[str] = (), **which: str) -> CompareRuns:
        """Return what asks for the table behind a view.

        Args:
            by: What a row of the table is, as the command takes it.
            titles: Runs that come first in it.
            which: Further settings of `WhichResults`.
        """
        order = [*titles, *(title for title in self.titles if title not in titles)]
        asked: dict[str, str | None] = dict(which)
        if by not in ("summary", "settings", "epoch", "repeats"):
            judge = self.by_title[self.judge].name if self.judge else None
            asked |= {"metric": self.metric, "moment": self.moment, "truth": self.truth, "judge": judge}
        runs = tuple(self.by_title[title].name for title in order)
        return CompareRuns.model_validate({"runs": runs, "by": by, "which": asked})


def pick_compared() -> Compared | None:
    """Let runs be chosen, and in the sidebar what is asked of them; None where nothing is picked."""
    notes: list[str] = []
    picked = [run for run in pick_runs() if _readable(run, notes)]
    if not picked:
        _show_left_out(notes)
        st.info("Pick one run or more above; two to see differences.", icon=":material/compare:")
        return None
    titles = titles_of(picked)
    with st.sidebar:
        truth, judge = _pick_truth(titles)
        moment = _pick_moment()
        slot = st.container()
    with working("Reading the runs") as progress:
        if truth == "common":
            predictions, tables = _common(picked, titles, judge, moment, notes, progress)
        else:
            predictions, tables = {}, _own(picked, titles, moment, notes, progress)
    with slot:
        metric = _pick_metric(tables)
    notes += _without(tables, metric, truth)
    return Compared(
        runs=tuple(picked),
        titles=tuple(titles),
        colours=run_colours(titles),
        truth=truth,
        judge=judge,
        moment=moment,
        metric=metric,
        tables=tables,
        predictions=predictions,
        warning=_warning(dict(zip(titles, picked, strict=True)), predictions.values()),
        notes=tuple(notes),
    )


def _pick_truth(titles: Sequence[str]) -> tuple[Truth, str]:
    truth: Truth = st.segmented_control(
        "Truth", list(TRUTHS), default="own", format_func=TRUTHS.__getitem__, key="truth",
        bind=bound_choice("truth", "truth", TRUTHS), required=True, help=_TRUTH_HELP,
    )  # fmt: skip
    if truth != "common":
        return truth, ""
    return truth, st.selectbox(
        "Truth of", titles, key="judge", bind=bound_choice("judge", "run", titles),
        help="Every model is judged by this one's labels, on the tracks and labels that all have.",
    )  # fmt: skip


def _pick_moment() -> str:
    """Let it be chosen which results."""
    titles = {moment: phrase.capitalize() for moment, phrase in MOMENTS.items()}
    return st.selectbox(
        "Results of", list(titles), format_func=titles.__getitem__, key="moment",
        bind=bound_choice("moment", "moment", titles),
        help="The thesis's tables by label are of the last epoch. Predictions of validation tracks are kept "
        "of the best epoch and of the last, those of test tracks of the best.",
    )  # fmt: skip


def _pick_metric(tables: Mapping[str, pd.DataFrame]) -> str:
    """Let the metric be chosen; to begin with, the first that most of the runs have."""
    first, names = metric_most_have(tables), list(metrics_of())
    titles = {name: METRICS[name].title for name in names}
    return st.selectbox(
        "Metric", names, index=names.index(first), format_func=titles.__getitem__,
        key="metric", bind=bound_choice("metric", "metric", titles),
        help="  \n".join(f"{METRICS[name].title}: {METRICS[name].about}." for name in names)
        + "  \nThey differ, so a figure shows one of them only.",
    )  # fmt: skip


@remembered("tiny")
def _results(run: Run, moment: str) -> pd.DataFrame:
    return results(run, moment)


def _own(
    picked: Sequence[Run], titles: Sequence[str], moment: str, notes: list[str], progress: Progress
) -> dict[str, pd.DataFrame]:
    """Return the results of each run by its own truth; what has none is told in `notes`."""
    tables = {}
    for number, (run, title) in enumerate(zip(picked, titles, strict=True)):
        progress(number / len(picked), f"{counted('reading runs', number + 1, len(picked))}, {title}")
        try:
            table = _results(run, moment)
        except DataError as error:
            notes.append(f"“{title}” cannot be read: {error}")
            continue
        if len(table):
            tables[title] = table
            if run.kind == "imported" and moment != "test" and not run.summary()["epochs"]:
                notes.append(f"“{title}” does not tell its epoch; its results are as they were imported.")
        else:
            notes.append(f"“{title}” has no results by label of: {MOMENTS[moment]}.")
    return tables


def _common(
    picked: Sequence[Run],
    titles: Sequence[str],
    judge: str,
    moment: str,
    notes: list[str],
    progress: Progress,
) -> tuple[dict[str, Predictions], dict[str, pd.DataFrame]]:
    """Return predictions against the truth of one run, and their results."""
    usable = []
    for run, title in zip(picked, titles, strict=True):
        if predictions_at(run, moment, kept_predictions) is None:
            notes.append(f"“{title}” has kept no predictions ({MOMENTS[moment]}) and cannot be judged anew.")
        else:
            usable.append((title, run))
    if judge not in dict(usable):
        return {}, {}
    return _judged(tuple(usable), judge, moment, progress)


@remembered("large")
def _judged(
    usable: tuple[tuple[str, Run], ...], judge: str, moment: str, _progress: Progress
) -> tuple[dict[str, Predictions], dict[str, pd.DataFrame]]:
    opened = {title: predictions_at(run, moment, kept_predictions) for title, run in usable}
    judged = common_truth({title: each for title, each in opened.items() if each is not None}, judge)
    tables = {}
    for number, (title, predictions) in enumerate(judged.items()):
        _progress(number / len(judged), f"{counted('judging runs', number + 1, len(judged))}, {title}")
        tables[title] = of_predictions(predictions)
    return judged, tables


@remembered("medium")
def kept_predictions(run: Run, kept: Kept) -> Predictions | None:
    """Return predictions that a run keeps, read once; None where it does not."""
    return run.predictions(kept)


def _without(tables: Mapping[str, pd.DataFrame], metric: str, truth: Truth) -> list[str]:
    """Return sentences on runs that have results, but not of this metric."""
    told, notes = METRICS[metric], []
    if truth == "lift" and told.chance is None:
        return [f"What chance reaches in {told.title} is not known, so it has no lift."]
    for title, table in tables.items():
        if not table[metric].notna().any():
            notes.append(f"“{title}” has no {told.title}.")
        elif truth == "lift" and told.chance == "prevalence" and not table["prevalence"].notna().any():
            notes.append(f"Of “{title}” no prevalence is known, so it has no lift.")
    return notes


def _warning(picked: Mapping[str, Run], judged: Collection[Predictions]) -> str | None:
    """Return why results may not be comparable; judged on the same tracks, only the splits can differ."""
    if judged:
        splits = split_warning([each.split for each in judged], [each.evaluated for each in judged])
    else:
        splits = runs.split_warning_of(picked.values())
    return " ".join(filter(None, (splits, inputs_warning(picked)))) or None


def _readable(run: Run, notes: list[str]) -> bool:
    """Return whether it can be told what a run is; if not, `notes` say why."""
    try:
        return bool(run.about)
    except DataError as error:
        notes.append(f"Run “{run.name}” cannot be read: {error}")
        return False


def _show_left_out(notes: Sequence[str]) -> None:
    if notes:
        st.info("  \n".join(literal(note) for note in notes), icon=":material/playlist_remove:")


def show_notes(compared: Compared) -> None:
    """Say above all views what to beware of, and what is left out."""
    if compared.warning:
        st.warning(literal(compared.warning), icon=":material/call_split:")
    _show_left_out(compared.notes)
    noted = [
        run.noted().assign(run=title)
        for title, run in compared.by_title.items()
        if isinstance(run, PublishedRun)
    ]
    if noted and sum(map(len, noted)):
        table = pd.concat(noted, ignore_index=True)[["run", "table", "label", "figure", "note"]]
        with st.expander(f"{len(table)} notes on printed figures that contradict something else"):
            st.dataframe(
                table,
                hide_index=True,
                key="notes",
                column_config=_NOTE_COLUMNS,
                alt="Notes on printed figures",
            )
