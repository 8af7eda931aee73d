"""The table of runs at the size of a long project, against reading every run's figures by label."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from taglab.benchmarks.row import Row
from taglab.benchmarks.scratch import scratch_cache
from taglab.benchmarks.timing import alternate
from taglab.cache import write_json
from taglab.metrics import metrics_of
from taglab.runs import layout, open_run, run_names, runs_table
from taglab.runs.library import put_run
from taglab.runs.run import About, macro_means, summary_of

N_RUNS = 200
N_CLASSES = 100
N_EPOCHS = 20
REPEATS = 3


def table_of_runs() -> list[Row]:
    """The table of all runs, against reading the last figures of every label of each."""
    with _many_runs():
        timed = alternate(lambda _: runs_table(), lambda _: _read_all(), repeats=REPEATS)
    apart = (timed.ours[0].set_index("run")["auc_pr_macro_last"] - timed.peers[0]).abs()
    return [
        Row(
            name=f"table of {N_RUNS} runs, against reading the figures of their {N_CLASSES} labels",
            ours_s=timed.ours_s,
            peer_s=timed.peer_s,
            ratio=timed.ratio,
            agreement=f"largest difference {apart.max():.0e}",
            note=f"{N_EPOCHS} epochs each; the peer is what choosing all of them in Compare reads",
        )
    ]


def _read_all() -> pd.Series:
    return pd.Series({name: open_run(name).per_label("last")["auc_pr"].mean() for name in run_names()})


@contextmanager
def _many_runs() -> Iterator[None]:
    """Let there be many runs, in a folder of their own."""
    random = np.random.default_rng(0)
    with scratch_cache():
        for number in range(N_RUNS):
            put_run(f"run-{number}", lambda folder: _fill(folder, random))
        yield


def _fill(folder: Path, random: np.random.Generator) -> None:
    labels = [f"label {number}" for number in range(N_CLASSES)]
    names = list(metrics_of())
    figures = pd.DataFrame(random.random((N_EPOCHS * N_CLASSES, len(names))), columns=names)
    figures = figures.assign(
        label=labels * N_EPOCHS, epoch=np.repeat(np.arange(1, N_EPOCHS + 1), N_CLASSES), positives=100.0
    )
    layout.write_per_label(
        folder / layout.PER_LABEL,
        {epoch: figures[figures["epoch"] == epoch] for epoch in range(1, N_EPOCHS + 1)},
    )
    history = macro_means(figures)
    layout.write_lines(folder / layout.HISTORY, layout.rows_of(history))
    write_json(folder / layout.SUMMARY, summary_of(history, N_CLASSES))
    write_json(folder / layout.ABOUT, About().model_dump(mode="json"))
    write_json(folder / layout.CONFIG, {})
    write_json(folder / layout.CLASSES, labels)
