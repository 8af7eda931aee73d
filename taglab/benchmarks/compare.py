"""How long the Compare page's data take to read, with as many runs as a large sweep leaves behind."""

from __future__ import annotations

import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from taglab.benchmarks.row import Row
from taglab.compare.tables import stacked
from taglab.figures.compare import histograms, run_colours
from taglab.metrics.thresholds import THRESHOLDS, Confusion
from taglab.runs import layout, open_run, run_names
from taglab.runs.library import put_run
from taglab.runs.run import About, summary_of
from taglab.runs.tables import results, summary_table

N_RUNS = 200
N_LABELS = 100
N_EPOCHS = 20
REPEATS = 3


def compare() -> list[Row]:
    """A summary of all runs, and the histograms of each run's labels, from disk; there is no peer."""
    with tempfile.TemporaryDirectory() as folder, _home(Path(folder)):
        fill_shelf(N_RUNS, N_LABELS, N_EPOCHS)
        return [
            _alone("first view, no run read before", first_view, repeats=1),
            _alone("first view", first_view),
            _alone("summary, no run read before", _summary, repeats=1),
            _alone("summary", _summary),
        ]


def _summary() -> pd.DataFrame:
    return summary_table({name: open_run(name) for name in run_names()})


def first_view() -> int:
    """Read every run's labels and draw what the page shows first; returns how many labels it has."""
    tables = {name: results(open_run(name)) for name in run_names()}
    rows = stacked(tables, "auc_pr")
    histograms(rows, run_colours(list(tables)), "AUC-PR").to_json()
    return len(rows)


def fill_shelf(n_runs: int, n_labels: int, n_epochs: int) -> None:
    """Put made-up runs of these sizes on the shelf."""
    labels = [f"label {number}" for number in range(n_labels)]
    random = np.random.default_rng(0)
    for number in range(n_runs):
        values = random.beta(1, 4, (n_epochs, n_labels)).cumsum(axis=0) / np.arange(1, n_epochs + 1)[:, None]
        put_run(f"run {number}", lambda folder, values=values: _fill(folder, labels, values))  # type: ignore[misc]


def _fill(folder: Path, labels: list[str], values: np.ndarray) -> None:
    from taglab.cache import write_json

    tables = {
        epoch: pd.DataFrame({"label": labels, "auc_pr": row, "auc_roc": 0.5 + row / 2})
        for epoch, row in enumerate(values, start=1)
    }
    history = [
        {"epoch": epoch, "auc_pr_macro": float(row.mean()), "auc_pr_micro": float(row.mean())}
        for epoch, row in enumerate(values, start=1)
    ]
    layout.write_per_label(folder / layout.PER_LABEL, tables)
    layout.write_lines(folder / layout.HISTORY, history)
    layout.write_confusion(folder / layout.CONFUSION, _counts(len(labels)))
    write_json(folder / layout.CLASSES, labels)
    write_json(folder / layout.ABOUT, About(kind="imported", created="2026-01-01").model_dump(mode="json"))
    write_json(folder / layout.CONFIG, {"train": {"learning_rate": float(values[0, 0])}})
    write_json(folder / layout.SUMMARY, summary_of(pd.DataFrame(history), len(labels)))


def _counts(n_labels: int) -> Confusion:
    found = np.linspace(500, 0, len(THRESHOLDS)).astype(np.int64)[:, None]
    tp = np.broadcast_to(found, (len(THRESHOLDS), n_labels)).copy()
    return Confusion(THRESHOLDS, tp, tp * 8, 500 - tp, 4500 - tp * 8)


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """Let another folder be taglab's cache for a while."""
    before = os.environ.get("TAGLAB_HOME")
    os.environ["TAGLAB_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TAGLAB_HOME"]
        else:
            os.environ["TAGLAB_HOME"] = before


def _alone(name: str, compute: Callable[[], object], repeats: int | None = None) -> Row:
    times = []
    for _ in range(repeats or REPEATS):
        started = time.perf_counter()
        compute()
        times.append(time.perf_counter() - started)
    size = f"{N_RUNS} runs x {N_LABELS} labels x {N_EPOCHS} epochs"
    return Row(f"compare: {name}, {size}", statistics.median(times), math.nan, math.nan, "")
