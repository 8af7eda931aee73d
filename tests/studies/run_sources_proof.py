"""Do learning sources raise the tasks they are about: `python -m tests.studies.run_sources_proof`.

On the demo, whose truth is known. Networks of one source each, and of tempo with junk beside it, are trained
on artists that the tasks' held-out tracks are not of; their representations then do three tasks: tempo (which
`bpm` is about), genre (`expert`) and recommendation (`taste`). `junk` is a class drawn at random for every
track. Untrained networks of the same first weights, and MFCC statistics, stand beside. Every seed has first
weights, batches and a split of its own; a claim is a mean over seeds of differences between networks of one
seed, with an interval that allows for splits that share tracks.

Half a minute of computing a network, five networks a seed; runs and scores stay in the cache folder, and the
program goes on where it was stopped. Several that begin at different seeds share the work.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab import cache
from taglab.audio.library import resolve_audio
from taglab.batches import SplitSettings
from taglab.encoders import MfccStatistics, encode_tracks
from taglab.errors import DataError, NotFound
from taglab.folksonomy import Folksonomy
from taglab.launch import train_run
from taglab.metrics.intervals import Interval
from taglab.metrics.repeated import mean_interval
from taglab.runs import Run, open_run
from taglab.sources import DEMO, open_folksonomy, plays_of
from taglab.studies.transfer import Classification, Recommendation, Regression, Splits, ask, transferred
from taglab.training import encode, settings_over
from taglab.training.source_config import PRESETS, SourceRun, source_run
from taglab.training.sources import new_source_run
from taglab.vectors import Vectors

DATA = "sources-proof"
SOURCES = {
    "bpm": {"maker": "bpm", "settings": {"k": 20, "learn_from": "train"}},
    "expert": {"maker": "expert", "settings": {"experts": "demo-experts", "k": 20, "learn_from": "train"}},
    "taste": {"maker": "taste", "settings": {"plays": DEMO, "k": 20, "learn_from": "train"}},
    "junk": {"maker": "column", "settings": {"column": "junk"}},
}
TASKS = {
    "bpm": Regression(column="tempo_bpm"),
    "expert": Classification(column="family"),
    "taste": Recommendation(),
}
"""Source → the task it is about."""
WITH_JUNK = ("bpm",)
N_JUNK = 20
UNTRAINED, MFCC = "untrained", "mfcc"


def data_with_junk() -> Folksonomy:
    """Return the demo with a column of classes that tell of nothing, kept under a name of its own."""
    demo = open_folksonomy(DEMO)
    drawn = np.random.default_rng(2021).integers(N_JUNK, size=demo.n_tracks)
    tracks = demo.tracks.assign(junk=[f"junk {number}" for number in drawn])
    data = replace(demo, name=DATA, tracks=tracks)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path(DATA))
    return data


def split_of(seed: int) -> SplitSettings:
    """Return how tracks are split, for networks and tasks alike: artists apart."""
    return SplitSettings(train=0.7, validation=0.1, test=0.2, by_artist=True, seed=seed)


def config_of(names: Sequence[str], seed: int, epochs: int) -> SourceRun:
    """Return what a network of some sources is asked to do."""
    small = PRESETS["tiny-sources"]
    given = {
        "data": DATA,
        "audio": DEMO,
        "sources": [{"name": name, **SOURCES[name]} for name in names],
        "strategy": "ss-r" if len(names) == 1 else "ms-cr@6",
        "split": split_of(seed).model_dump(),
        "train": {"epochs": epochs, "seed": seed},
    }
    return source_run(settings_over(small, given))


def _key(config: SourceRun) -> str:
    return cache.content_key(config.model_dump(mode="json"))


def run_of(config: SourceRun, group: str = DATA) -> Run:
    """Return the run of a configuration, made where it is not there."""
    path = cache.derived_path("sources-proof", _key(config), ".json")
    try:
        return open_run(str(cache.read_json(path)))
    except (NotFound, DataError):
        run = new_source_run(config, group=group)
        path.parent.mkdir(parents=True, exist_ok=True)
        cache.write_json(path, run.name)
        return run


def learned_from() -> list[tuple[str, ...]]:
    """Return the sources of each network."""
    return [(name,) for name in SOURCES] + [(name, "junk") for name in WITH_JUNK]


def scores_of(features: Vectors, data: Folksonomy, seed: int) -> dict[str, float]:
    """Return the score of every task on tracks of artists that no network of this seed heard."""
    plays, splits = plays_of(DEMO), Splits(splits=1, split=split_of(seed))
    scores = {}
    for name, task in TASKS.items():
        asked = ask(task, task.problem(data, plays), data, [features], splits)
        scores[name] = float(transferred(asked, features).scores[0])
    return scores


def _kept_scores(key: str, compute: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return scores from the cache, computed where they are not there."""
    path = cache.derived_path("sources-proof", key, "-scores.json")
    try:
        return cache.read_object(path)
    except DataError:
        scores = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        cache.write_json(path, scores)
        return scores


def scores_of_network(data: Folksonomy, names: Sequence[str], seed: int, epochs: int) -> dict[str, float]:
    """Return the scores of a network, trained and set to the tasks where it was not before."""
    config = config_of(names, seed, epochs)

    def compute() -> dict[str, float]:
        run = run_of(config)
        run = run if run.finished else train_run(run.name)
        return scores_of(encode(run, with_deviations=True), data, seed)

    return _kept_scores(_key(config), compute)


def all_scores(data: Folksonomy, seeds: Sequence[int], epochs: int) -> pd.DataFrame:
    """Train and score; a row a seed and representation, columns `seed`, `learned` and the tasks' sources."""
    store = resolve_audio(DEMO, data)
    mfcc = encode_tracks(MfccStatistics(), store, name=MFCC)
    rows = []
    for seed in seeds:
        rows.append({"seed": seed, "learned": MFCC, **scores_of(mfcc, data, seed)})
        first = config_of(("junk",), seed, epochs)
        untrained = _kept_scores(
            f"{_key(first)}-{UNTRAINED}",
            partial(_untrained_scores, first, data, seed),
        )
        rows.append({"seed": seed, "learned": UNTRAINED, **untrained})
        for names in learned_from():
            scores = scores_of_network(data, names, seed, epochs)
            rows.append({"seed": seed, "learned": "+".join(names), **scores})
            sys.stderr.write(f"{rows[-1]}\n")
    return pd.DataFrame(rows)


def _untrained_scores(config: SourceRun, data: Folksonomy, seed: int) -> dict[str, float]:
    return scores_of(encode(run_of(config), weights="untrained", with_deviations=True), data, seed)


def _interval(values: npt.ArrayLike) -> Interval:
    """Return a mean over seeds; their splits share tracks, four learned from for each held out."""
    return mean_interval(values, 0.25)


def score_means(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score and its interval for every representation and task."""
    rows = []
    for learned, own in scores.groupby("learned", sort=False):
        means = {name: _interval(own[name]) for name in TASKS}
        texts = {task_title(name): _written(mean) for name, mean in means.items()}
        rows.append({"learned": learned, **texts})
    return pd.DataFrame(rows)


def task_title(name: str) -> str:
    """Return the title of the task that a source is about, with its measure."""
    return f"{TASKS[name].title}, {TASKS[name].measure}"


def _written(mean: Interval) -> str:
    return f"{mean.estimate:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]"


def claims(scores: pd.DataFrame) -> pd.DataFrame:
    """Return what was claimed, the difference that would bear it out, and whether its interval does.

    A source must raise its task beyond every source that is not about it; of junk the claim is that it does
    not raise a task, so that it fails where an interval lies above 0.
    """
    by = {name: scores.pivot_table(index="seed", columns="learned", values=name) for name in TASKS}
    rows = []
    for name in TASKS:
        table = by[name]
        others = [other for other in SOURCES if other != name]
        unlike = {"the mean of the other sources": table[others].mean(axis=1)}
        unlike |= {other: table[other] for other in (*others, UNTRAINED)}
        for what, values in unlike.items():
            mean = _interval(table[name] - values)
            rows.append((f"{name} raises {task_title(name)} more than {what}", _written(mean), mean.low > 0))
        mean = _interval(table["junk"] - table[UNTRAINED])
        rows.append((f"junk does not raise {task_title(name)}", _written(mean), mean.low <= 0))
    for name in WITH_JUNK:
        mean = _interval(by[name][f"{name}+junk"] - by[name][name])
        text = f"junk beside {name} does not raise {task_title(name)}"
        rows.append((text, _written(mean), mean.low <= 0))
    return pd.DataFrame(rows, columns=["claim", "difference", "holds"])


def main() -> None:
    """Train what is not trained yet, and print scores and claims."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="networks of every kind")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--epochs", type=int, default=12, help="of each network")
    args = parser.parse_args()
    scores = all_scores(data_with_junk(), range(args.first, args.first + args.seeds), args.epochs)
    table = claims(scores)
    lines = (
        f"{row.claim}: {row.difference} {'holds' if row.holds else 'is not shown'}"
        for row in table.itertuples()
    )
    sys.stdout.write("\n".join([score_means(scores).to_string(index=False), "", *lines, ""]))


if __name__ == "__main__":
    main()
