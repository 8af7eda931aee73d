"""Runs as they go: how far, how fast, how good, what the log says; stop and resume. All read from disk."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pandas as pd
import streamlit as st

from taglab import launch, runs
from taglab.errors import DataError, NotFound, TaglabError
from taglab.figures.training import Panel, training_curves
from taglab.launch import RunState
from taglab.metrics import METRICS, mean_columns
from taglab.runs import Run, layout
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import guard, literal
from taglab.ui.remembered import remembered
from taglab.ui.visitors import refusal

_EVERY_S = 2.0
_MOST_OVERLAID = 8
_NEXT = "run to watch next"
_TOLD = "training told"
_LOG_LINES = 200
BADGES: dict[str, tuple[Literal["blue", "green", "gray", "red", "orange"], str]] = {
    "queued": ("blue", ":material/hourglass_empty:"),
    "running": ("green", ":material/play_arrow:"),
    "finished": ("gray", ":material/check:"),
    "failed": ("red", ":material/error:"),
    "stopped": ("orange", ":material/stop:"),
    "lost": ("red", ":material/link_off:"),
}


@dataclass(frozen=True, eq=False)
class Watched:
    """What is read of a run at one moment.

    Attributes:
        run: The run.
        state: Of its training.
        epochs: It was asked for.
        history: One row an epoch done.
        steps: Rows within epochs.
        summary: See `Run.summary`.
    """

    run: Run
    state: RunState
    epochs: int
    history: pd.DataFrame
    steps: pd.DataFrame
    summary: dict[str, Any]

    @property
    def done(self) -> float:
        """Epochs done, the share of the one under way included."""
        whole = float(self.history["epoch"].max()) if len(self.history) else 0.0
        if not self.state.active or self.steps.empty:
            return whole
        return max(whole, min(float(self.places().iloc[-1]), whole + 1))

    def places(self) -> pd.Series:
        """Return where each row of the steps stands, in epochs."""
        steps = self.steps["step"].astype("float64")
        known = self.steps["steps_per_epoch"] if "steps_per_epoch" in self.steps else steps.max()
        return self.steps["epoch"].astype("float64") - 1 + (steps / known).clip(upper=1.0)

    @property
    def seconds_left(self) -> float:
        """Seconds it will take at the pace of its last epochs, or steps; NaN where unknown."""
        left = self.epochs - self.done
        if len(self.history) and "seconds" in self.history:
            return left * float(self.history["seconds"].tail(3).mean())
        if len(self.steps) < 2 or self.state.since is None:
            return math.nan
        span = float(self.steps["time"].iloc[-1] - self.steps["time"].iloc[0])
        covered = float(self.places().iloc[-1] - self.places().iloc[0])
        return left * span / covered if covered > 0 else math.nan


def trained_names() -> list[str]:
    """Return the runs that are or were trained here, newest first."""
    found = []
    for name in runs.run_names():
        try:
            about = runs.open_run(name).about
        except (DataError, NotFound):
            continue  # damaged: the table of runs tells it
        if about.kind == "trained":
            found.append((about.created, name))
    return [name for _, name in sorted(found, reverse=True)]


def watch_next(names: Sequence[str]) -> None:
    """Let these runs be watched from the next run of the page on."""
    st.session_state[_NEXT] = list(names)


def tell(text: str, went_well: bool = True) -> None:
    """Keep a sentence for the top of the page, to be shown by `show_told`."""
    st.session_state[_TOLD] = (text, went_well)


def show_told() -> None:
    """Show what a button had to say."""
    text, went_well = st.session_state.pop(_TOLD, ("", True))
    if text and went_well:
        st.success(literal(text), icon=":material/check:")
    elif text:
        st.error(literal(text), icon=":material/error:")


def pick_runs(names: Sequence[str]) -> list[str]:
    """Let runs be chosen to watch, the newest to begin with. In the URL as `run`.

    Args:
        names: At least one, newest first.
    """
    asked = st.session_state.pop(_NEXT, None)
    linked = st.query_params.get_all("run")
    if asked is not None:
        st.session_state["run"] = [name for name in asked if name in names]
    elif "run" in st.session_state:
        held = st.session_state["run"]
        gone = [name for name in held if name not in names]
        if gone:
            st.info(literal(f"No longer there: {', '.join(gone)}."), icon=":material/delete:")
            st.session_state["run"] = [name for name in held if name in names] or [names[0]]
    else:
        gone = [name for name in linked if name not in names]
        if gone:
            said = f"The link asks for the run {gone[0]!r}, which is not here."
            st.warning(literal(said), icon=":material/link_off:")
        if len(gone) == len(linked):
            st.session_state["run"] = [_first(names)]
    return st.multiselect(
        "Runs shown", list(names), key="run", bind="query-params", max_selections=_MOST_OVERLAID,
        help="Several are drawn over one another.",
    )  # fmt: skip


def _first(names: Sequence[str]) -> str:
    """Return the newest run that is being trained, else the newest."""
    states = launch.states(list(names))
    return next((name for name in names if name in states and states[name].state == "running"), names[0])


def watch(names: Sequence[str]) -> None:
    """Show runs, again every two seconds as long as one of them is active."""
    states = launch.states(list(names))
    active = any(state.active for state in states.values())
    st.fragment(_show, run_every=_EVERY_S if active else None)(tuple(names), active)


@guard()
def _show(names: tuple[str, ...], active: bool) -> None:
    found: list[Watched] = []
    for name in names:
        try:
            found.append(_read(name))
        except NotFound:
            st.info(literal(f"The run {name} was removed meanwhile."), icon=":material/delete:")
    if active != any(each.state.active for each in found):
        # One has ended, or a button of these lines has begun one: the rest of the page is out of date, and
        # whether this is shown again by itself is settled when the whole page is run.
        st.rerun()
    for each in found:
        _show_line(each, several=len(found) > 1)
    if found:
        _say_unlike(found)
        _show_curves(found)
        _show_log(found[0])


def _say_unlike(found: Sequence[Watched]) -> None:
    """Warn of figures that stand on one axis and are not of the same."""
    warning = runs.split_warning_of(each.run for each in found if len(each.history))
    if warning:
        st.warning(warning, icon=":material/call_split:")
    if len({each.run.classes for each in found}) > 1:
        st.caption(
            "These runs have different classes, and may leave out different tracks as unlabelled: curves say "
            "how each learns, not which is better. Compare holds them against a common truth."
        )


def _read(name: str) -> Watched:
    run = runs.open_run(name)
    folder = run.folder
    if not folder.is_dir():
        raise NotFound(f"run {name!r} was removed")
    stamps = tuple(_stamp(folder / file) for file in ("history.jsonl", "steps.jsonl", "summary.json"))
    epochs, history, steps, summary = _files(run, stamps)
    state = launch.state(name)
    return Watched(run, state, epochs, history, steps, summary)


def _stamp(path: Any) -> tuple[int, int]:
    try:
        seen = path.stat()
    except OSError:
        return 0, 0
    return seen.st_mtime_ns, seen.st_size


@remembered("small")
def _files(
    run: runs.Run, stamps: tuple[tuple[int, int], ...]
) -> tuple[int, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    return launch.kind_of(run).epochs(run.config), run.history(), run.steps(), run.summary()


def _show_line(watched: Watched, several: bool) -> None:
    """One run in a line: name, state, how far, how long still, and what can be done with it."""
    state = watched.state
    with st.container(horizontal=True, vertical_alignment="center"):
        colour, icon = BADGES[state.state]
        st.badge(state.state, icon=icon, color=colour)
        if several or watched.run.title != watched.run.name:
            st.markdown(f"**{literal(watched.run.title)}**")
        _buttons(watched)
    if state.active and watched.epochs:
        st.progress(min(watched.done / watched.epochs, 1.0), literal(_pace(watched)))
    elif state.detail:
        show = st.error if state.state in ("failed", "lost") else st.caption
        show(literal(state.detail))
    if not state.active and len(watched.history):
        st.caption(literal(_outcome(watched)))
    if (watched.run.folder / layout.SPACE).is_dir():
        st.page_link(
            "pages/retrieval.py", label="Ask it on Retrieval", icon=":material/search:",
            query_params={"space": watched.run.name},
        )  # fmt: skip


def _pace(watched: Watched) -> str:
    if watched.state.state == "queued":
        return watched.state.detail or "waits for its turn"
    parts, unit = [], launch.kind_of(watched.run).unit
    if watched.steps.empty and watched.history.empty:
        since = watched.state.since
        waited = f", {duration(time.time() - since)} so far" if since else ""
        parts.append(f"Preparing: opening data and sound{waited}")
    elif watched.done >= watched.epochs:
        parts.append(f"All {unit}s done; the best checkpoint hears the validation and test tracks")
    else:
        number = min(int(watched.done) + 1, watched.epochs)
        parts.append(f"{unit} {number} of {watched.epochs}")
        left = watched.seconds_left
        parts.append(f"about {duration(left)} left" if math.isfinite(left) else "")
        parts.append(_speed(watched))
    if watched.state.heartbeat_age_s is not None and watched.state.heartbeat_age_s > 30:
        parts.append(f"no sign of life for {duration(watched.state.heartbeat_age_s)}")
    return ", ".join(filter(None, parts))


def _speed(watched: Watched) -> str:
    if watched.steps.empty:
        return ""
    last = watched.steps.iloc[-1]
    memory = last["memory_gib"]
    held = f", {memory:.1f} GiB" if pd.notna(memory) and memory > 0 else ""
    return f"{last['clips_per_s']:,.0f} clips/s{held}" if pd.notna(last["clips_per_s"]) else ""


def _outcome(watched: Watched) -> str:
    best = watched.summary.get("best") or {}
    kind = launch.kind_of(watched.run)
    done = f"{len(watched.history)} of {watched.epochs} {kind.unit}s"
    test = watched.summary.get("test") or {}
    figures = []
    for source, where in (
        (best, f"best {kind.unit} {watched.summary.get('best_epoch')}, validation"),
        (test, "held-out test"),
    ):
        reached = _reached(source, kind.metric)
        if reached:
            figures.append(f"{where}: {reached}")
    took = watched.history["seconds"].sum() if "seconds" in watched.history else math.nan
    spent = f" in {duration(took)}" if math.isfinite(took) and took > 0 else ""
    return "; ".join([done + spent, *figures]) + "."


def _reached(source: Mapping[str, Any], name: str) -> str:
    """Return the means of a metric among figures, or the loss where there is none; empty where not known."""
    if not name:
        loss = source.get("validation_loss")
        return "" if loss is None else f"loss {loss:.3f}"
    metric = METRICS[name]
    known = {
        mean.average: f"{mean.average} {source[column]:.3f}"
        for column, mean in mean_columns(metric.kind).items()
        if mean.name == name and source.get(column) is not None
    }
    return f"{metric.short} {', '.join(sorted(known.values()))}" if known else ""


def duration(seconds: float) -> str:
    """Return a span of time in words a person would use."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def _buttons(watched: Watched) -> None:
    name, state = watched.run.name, watched.state
    reason = refusal()
    if state.active:
        st.button(
            "Stop", key=f"stop {name}", icon=":material/stop:", on_click=_act, args=("stop", name),
            disabled=reason is not None, help=reason or "What is trained so far is kept, and can be resumed.",
        )  # fmt: skip
    elif state.state != "finished":
        fresh = watched.history.empty
        st.button(
            "Start" if fresh else "Resume", key=f"resume {name}", icon=":material/play_arrow:", on_click=_act,
            args=("resume", name), disabled=reason is not None,
            help=reason or ("" if fresh else "Goes on where the last checkpoint stands."),
        )  # fmt: skip


def _act(verb: str, name: str) -> None:
    """Stop or resume a run, and keep what there is to say."""
    reason = refusal()
    try:
        if reason is not None:
            tell(reason, went_well=False)
        elif verb == "stop":
            launch.stop(name)
        else:
            launch.resume(name)
    except TaglabError as error:
        tell(str(error), went_well=False)


def _show_curves(found: Sequence[Watched]) -> None:
    history = pd.concat(
        [each.history.assign(run=each.run.name) for each in found if len(each.history)] or [_NOTHING],
        ignore_index=True,
    )
    steps = pd.concat(
        [each.steps.assign(run=each.run.name, at=each.places()) for each in found if len(each.steps)]
        or [_NO_STEPS],
        ignore_index=True,
    )
    if history.empty and steps.empty:
        return
    best = {each.run.name: each.summary["best_epoch"] for each in found if each.summary.get("best_epoch")}
    shown, units = _panels(found)
    figures = {
        name: training_curves(history, panel, steps, best, unit=units[name]) for name, panel in shown.items()
    }
    titles = {name: f"{panel.title} by {units[name]}" for name, panel in shown.items()}
    _in_two_columns({name: titles[name] for name, panel in shown.items() if not panel.folded}, figures)
    folded = [name for name, panel in shown.items() if panel.folded]
    with st.expander(" · ".join(shown[name].title for name in folded)):
        _in_two_columns({name: titles[name] for name in folded}, figures)
    if len(history):
        name = found[0].run.name if len(found) == 1 else "runs"
        first = next(panel for panel in shown if shown[panel].judged)
        export_panel(f"{name} history", history, figures[launch.kind_of(found[0].run).metric or first])


def _panels(shown: Sequence[Watched]) -> tuple[dict[str, Panel], dict[str, str]]:
    """Return the panels of all runs that are shown, by name with the lines of each, and what rows are of."""
    panels: dict[str, Panel] = {}
    units: dict[str, str] = {}
    for watched in shown:
        kind = launch.kind_of(watched.run)
        for name, panel in kind.panels(watched.run.config).items():
            lines = {**(panels[name].lines if name in panels else {}), **panel.lines}
            panels[name], units[name] = replace(panel, lines=lines), kind.unit
    return panels, units


_NOTHING = pd.DataFrame({"run": [], "epoch": []})
_NO_STEPS = pd.DataFrame({"run": [], "at": []})


def _in_two_columns(titles: Mapping[str, str], figures: Mapping[str, Any]) -> None:
    names = list(titles)
    for at in range(0, len(names), 2):
        # A row each: stacked in a narrow window they keep their order.
        for column, name in zip(st.columns(2), names[at : at + 2], strict=False):
            column.plotly_chart(figures[name], config=picture_config(), key=f"curve {name}", alt=titles[name])


def _show_log(watched: Watched) -> None:
    text = watched.run.log_tail(_LOG_LINES)
    failed = watched.state.state in ("failed", "lost")
    with st.expander(f"Log of {literal(watched.run.name)}", expanded=failed, icon=":material/notes:"):
        st.code(text or "Nothing was written yet.", language=None, height=260, wrap_lines=True)
