"""Several runs on the screen: which, what of them, and against whose truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd
import streamlit as st

from taglab import cache, runs
from taglab.errors import TaglabError
from taglab.figures.compare import run_colours
from taglab.predictions import Predictions, split_warning
from taglab.progress import Progress
from taglab.runs import Run
from taglab.runs.comparison import METRICS, MOMENTS, common_truth, of_predictions, results, stacked
from taglab.ui.export import command_line
from taglab.ui.messages import literal, working

Truth = Literal["own", "common", "lift"]
Part = Literal["test", "validation"]
TRUTHS: dict[Truth, str] = {"own": "Own truth", "common": "Common truth", "lift": "Lift"}
_TRUTH_HELP = (
    "Own truth: each model by the labels it was trained on; a cluster “sad” and a tag “sad” are true of "
    "different tracks. Common truth: all models by one model's labels, on the tracks and labels they share; "
    "needs kept predictions, and only here do bootstrap intervals of differences exist. Lift: own truth, "
    "divided by what chance reaches."
)
FIRST_SEEN = ("thesis-model-3.3-clusters-spectrogram", "thesis-model-3.3-tags-spectrogram")
_NEWEST = 3


@dataclass(frozen=True, eq=False)
class Compared:
    """What is to be compared.

    Attributes:
        runs: As picked, in order.
        titles: What each is called on the page; all different.
        colours: Title → colour.
        truth: "own", "common" or "lift".
        judge: Title of the run whose truth is common; "" unless `truth` is "common".
        moment: Of which results, one of `taglab.runs.comparison.MOMENTS`.
        metric: One of `taglab.runs.comparison.METRICS`.
        tables: Title → table of results (see `taglab.runs.comparison`), of the runs that have any.
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
        name = METRICS[self.metric]
        return f"{name}, lift over chance" if self.truth == "lift" else name

    @property
    def what(self) -> str:
        """Which results and which truth, in a few words."""
        truth = {"own": "own truth", "common": f"truth of {self.judge}", "lift": "own truth"}[self.truth]
        return f"{MOMENTS[self.moment]}; {truth}"

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row a run and label, see `taglab.runs.comparison.stacked`; only labels with a value."""
        rows = stacked(self.tables, self.metric, self.truth == "lift")
        return rows[rows["value"].notna()].reset_index(drop=True)

    @property
    def drawn(self) -> dict[str, str]:
        """Title → colour of the runs that have any value."""
        known = set(self.rows["run"])
        return {title: colour for title, colour in self.colours.items() if title in known}

    def command(self, by: str, *more: str) -> list[str]:
        """Return the shell line that prints the table behind a view."""
        flags = {"by": by, "metric": self.metric, "moment": self.moment, "truth": self.truth}
        if self.judge:
            flags["judge"] = self.by_title[self.judge].name
        return command_line(["compare-runs"], [run.name for run in self.runs], flags, more)


def pick_compared() -> Compared | None:
    """Let runs and what is asked of them be chosen, in the sidebar; None where nothing is picked."""
    with st.sidebar:
        picked = _pick_runs()
    if not picked:
        st.info("Pick one run or more in the sidebar; two to see differences.", icon=":material/compare:")
        return None
    titles = _titles(picked)
    with st.sidebar:
        truth, judge = _pick_truth(titles)
        moment = _pick_moment(truth)
        slot = st.container()
    notes: list[str] = []
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
        warning=None if truth == "common" else _warning(picked),
        notes=tuple(notes),
    )


def _pick_runs() -> list[Run]:
    """Let runs be picked. In the URL as `runs`, once for each."""
    own, published = runs.run_names(), runs.published_names()
    names = [*own, *published]
    if "runs" not in st.session_state:
        asked = st.query_params.get_all("runs")
        for gone in (name for name in asked if name not in names):
            st.warning(literal(f"The link asks for the run {gone!r}, which is not here."))
        if not asked:
            st.session_state["runs"] = _first_seen(names)
    titled = {name: _title(name, _stamp(runs.open_run(name))) for name in names}
    chosen = st.multiselect(
        "Runs", names, format_func=lambda name: titled.get(name, name), key="runs", bind="query-params",
        help="Runs trained or imported here, and those the Ros Perez thesis published.",
    )  # fmt: skip
    return [runs.open_run(name) for name in chosen]


def _first_seen(names: Sequence[str]) -> list[str]:
    """Return the newest runs that have results; where there are none, the pair of the thesis's table 34."""
    table = runs.runs_table()
    own = table.loc[table["epochs"].fillna(0).astype(int) > 0, "run"].head(_NEWEST).tolist()
    return own or [name for name in FIRST_SEEN if name in names] or list(names[:2])


def _stamp(run: Run) -> int:
    """Return a number that changes when anything is written into a run that is read here."""
    paths = [*run.folder.glob("*.json"), *run.folder.glob("*.csv"), *run.folder.glob("predictions/*.npz")]
    return max((path.stat().st_mtime_ns for path in paths if path.exists()), default=0)


@st.cache_data(max_entries=2000, show_spinner=False)
def _title(name: str, stamp: int) -> str:
    try:
        return runs.open_run(name).title
    except TaglabError:
        return name


def _titles(picked: Sequence[Run]) -> list[str]:
    """Return what each run is called, with its name behind where two have one title."""
    titles = [_title(run.name, _stamp(run)) for run in picked]
    return [
        title if titles.count(title) == 1 else f"{title} ({run.name})"
        for run, title in zip(picked, titles, strict=True)
    ]


def _pick_truth(titles: Sequence[str]) -> tuple[Truth, str]:
    truth: Truth = st.segmented_control(
        "Judged by", list(TRUTHS), default="own", format_func=TRUTHS.__getitem__, key="truth",
        bind="query-params", required=True, help=_TRUTH_HELP,
    )  # fmt: skip
    if truth != "common":
        return truth, ""
    return truth, st.selectbox(
        "Truth of", titles, key="judge", bind="query-params",
        help="Every model is judged by this one's labels, on the tracks and labels that all have.",
    )  # fmt: skip


def _pick_moment(truth: Truth) -> str:
    """Let it be chosen which results; common truth rests on kept predictions, the best epoch's."""
    offered = [moment for moment in MOMENTS if truth != "common" or moment != "last"]
    if st.session_state.get("moment") not in (None, *offered):
        st.session_state["moment"] = "best"
    return st.selectbox(
        "Results of", offered, format_func=lambda moment: MOMENTS[moment].capitalize(), key="moment",
        bind="query-params",
        help="The thesis's tables by label are of the last epoch. Predictions are kept of the best one.",
    )  # fmt: skip


def _pick_metric(tables: Mapping[str, pd.DataFrame]) -> str:
    """Let the metric be chosen; to begin with, the first that most of the runs have."""
    having = {name: sum(table[name].notna().any() for table in tables.values()) for name in METRICS}
    first = max(METRICS, key=lambda name: having[name])
    return st.selectbox(
        "Metric", list(METRICS), index=list(METRICS).index(first), format_func=METRICS.__getitem__,
        key="metric", bind="query-params",
        help="Interpolated over 200 thresholds is what Keras and the thesis call AUC-PR; exact is average "
        "precision. They differ, so a figure shows one of them only.",
    )  # fmt: skip


@st.cache_resource(max_entries=1000, show_spinner=False)
def _results(name: str, moment: str, stamp: int, home: str) -> pd.DataFrame:
    return results(runs.open_run(name), moment)


def _own(
    picked: Sequence[Run], titles: Sequence[str], moment: str, notes: list[str], progress: Progress
) -> dict[str, pd.DataFrame]:
    """Return the results of each run by its own truth; what has none is told in `notes`."""
    tables = {}
    for number, (run, title) in enumerate(zip(picked, titles, strict=True)):
        progress(number / len(picked), title)
        table = _results(run.name, moment, _stamp(run), str(cache.home()))
        if len(table):
            tables[title] = table
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
    part: Part = "test" if moment == "test" else "validation"
    usable = []
    for run, title in zip(picked, titles, strict=True):
        if run_predictions(run, part) is None:
            notes.append(f"“{title}” has kept no predictions of {part} tracks and cannot be judged anew.")
        else:
            usable.append((title, run))
    if judge not in dict(usable):
        return {}, {}
    stamps = tuple((title, run.name, _stamp(run)) for title, run in usable)
    return _judged(stamps, judge, part, str(cache.home()), progress)


@st.cache_resource(max_entries=4, show_spinner=False)
def _judged(
    stamps: tuple[tuple[str, str, int], ...], judge: str, part: Part, home: str, _progress: Progress
) -> tuple[dict[str, Predictions], dict[str, pd.DataFrame]]:
    opened = {title: run_predictions(runs.open_run(name), part) for title, name, _ in stamps}
    judged = common_truth({title: each for title, each in opened.items() if each is not None}, judge)
    tables = {}
    for number, (title, predictions) in enumerate(judged.items()):
        _progress(number / len(judged), title)
        tables[title] = of_predictions(predictions)
    return judged, tables


def run_predictions(run: Run, part: Part) -> Predictions | None:
    """Return what a run said of a part of the tracks ("validation" or "test"); None where it is not kept."""
    return _predictions(run.name, part, _stamp(run), str(cache.home()))


@st.cache_resource(max_entries=12, show_spinner=False)
def _predictions(name: str, part: Part, stamp: int, home: str) -> Predictions | None:
    return runs.open_run(name).predictions(part)


def _without(tables: Mapping[str, pd.DataFrame], metric: str, truth: Truth) -> list[str]:
    """Return sentences on runs that have results, but not of this metric."""
    notes = []
    for title, table in tables.items():
        if not table[metric].notna().any():
            notes.append(f"“{title}” has no {METRICS[metric]}.")
        elif truth == "lift" and metric != "auc_roc" and not table["prevalence"].notna().any():
            notes.append(f"Of “{title}” no prevalence is known, so it has no lift.")
    return notes


def _warning(picked: Sequence[Run]) -> str | None:
    abouts = [run.about for run in picked]
    return split_warning([about.split for about in abouts], [about.evaluated for about in abouts])


def show_notes(compared: Compared) -> None:
    """Say above all views what to beware of, and what is left out."""
    if compared.warning:
        st.warning(literal(compared.warning), icon=":material/call_split:")
    if compared.notes:
        st.info("  \n".join(literal(note) for note in compared.notes), icon=":material/playlist_remove:")
