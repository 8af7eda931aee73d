"""The experiment of Kim 2021, chapter 4, on data at hand: networks, what they make of changes, models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from taglab.audio.degrade import degradation
from taglab.audio.store import AudioStore
from taglab.cache import content_key
from taglab.encoders import Encoder, encode_tracks, encoder_alike, encoder_name, encoder_of
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import from_top_tags
from taglab.metrics.additive import AdditiveModel
from taglab.metrics.paired import interval_over_queries
from taglab.metrics.tagging import label_scores
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run, open_run, runs_table
from taglab.runs.inputs import LEARNED_FROM, changed_inputs
from taglab.studies.against_baseline import baseline_of
from taglab.studies.robustness.analysis import Modelled, fit_models, require_severities
from taglab.studies.robustness.changes import ChangeSettings, ConsistencySettings
from taglab.studies.robustness.labels import LabelRobustness, label_robustness
from taglab.studies.robustness.measuring import Consistencies, consistency, consistency_of_originals
from taglab.studies.robustness.published import task_title
from taglab.studies.robustness.unheard import unheard_tracks
from taglab.training import new_run, run_config, train
from taglab.training.config import RunConfig, as_of_today
from taglab.training.label_spaces import save_spaces
from taglab.training.running import inputs_of, require_parts
from taglab.vectors import feature_names, open_features, save_features

__all__ = ["ConsistencyStudy", "StudyEvidence", "carry_out", "encoders_of"]

_GROUP = "consistency"
_N_TAGS = 50
_PATIENCE = 15
_N_FFT, _HOP, _FRAMES = 1_024, 256, 128


class ConsistencyStudy(ChangeSettings):
    """What is carried out.

    Attributes:
        clips, clip_s, seed: See `ClipSettings`; clips are drawn of tracks that no network here
            learns from, nor the run of any encoder.
        degradations, grid: See `ChangeSettings`.
        encoders: Kept features, as NAME or NAME=TASK: mfcc, auto-tagging, instruments, voice-separation,
            autoencoder or random; what a program made goes by its own name otherwise. Features of one task
            are trials of it. MFCC statistics are made where none are named.
        networks: Auto-taggers that are trained here, each with a seed and a draw of first weights of its own.
        untrained: Whether such a network with its first weights is an encoder, too.
        width: Of the networks trained here; Kim's is 1.
        epochs: Of the networks at most; the epoch that is best on validation tracks is taken.
        stop: Whether training ends after 15 epochs without improvement on validation tracks.
        test_share: Of the tracks, those that networks do not learn from, of which clips are drawn.
        labels: Label space of the auto-taggers; empty for the 50 most used tags, as Kim has it.
    """

    encoders: tuple[str, ...] = ()
    networks: int = Field(1, ge=0, le=20)
    untrained: bool = True
    width: float = Field(0.25, gt=0, le=4)
    epochs: int = Field(60, ge=1)
    stop: bool = True
    test_share: float = Field(0.3, gt=0, lt=0.9)
    labels: str = ""


@dataclass(frozen=True, eq=False)
class StudyEvidence:
    """What came of it.

    Attributes:
        settings: What was carried out.
        data: Name of the data set.
        rate_hz: Of the sound.
        tasks: Features → what figures call their encoder.
        measured: Consistencies.
        originals: See `consistency_of_originals`.
        models: Additive models, by what they are of.
        performance: One row a tagger: `run`, `network` and `baseline` (mean over held-out tracks of the
            ROC-AUC over labels), `difference`, `low`, `high`, `tracks`.
        labels: Of each tagger, its labels on degraded sound.
        trained: One row a network trained here.
        untold: Features of which it cannot be known whether their encoder learned from the clips.
    """

    settings: ConsistencyStudy
    data: str
    rate_hz: int
    tasks: Mapping[str, str]
    measured: Consistencies
    originals: pd.DataFrame
    models: Mapping[Modelled, AdditiveModel]
    performance: pd.DataFrame
    labels: tuple[LabelRobustness, ...]
    trained: pd.DataFrame
    untold: tuple[str, ...] = ()

    __repr__ = one_line


def carry_out(
    data: Folksonomy, audio: str, store: AudioStore, settings: ConsistencyStudy, progress: Progress = silent
) -> StudyEvidence:
    """Train what is missing, make features, measure, and fit the models. What is there already is taken.

    Args:
        data: The data set.
        audio: Name of its sound.
        store: That sound.
        settings: What is carried out.
        progress: Told how far it is; what is stopped goes on when asked again.

    Raises:
        NotFound: If features, labels or degradations are not there.
        InvalidSetting: If there are fewer than two encoders, features cannot be made of other sound, too few
            tracks are there for clips, or clips are too short for a network.
        DataError: If a clip cannot be degraded.
    """
    named = _checked_encoders(settings)
    _check_clips(store, settings, named)
    runs = _trained(data, audio, store, settings, between(progress, 0, 0.4))
    tasks = _encoders(store, settings, runs, between(progress, 0.4, 0.45))
    unheard = unheard_tracks(runs, tasks)
    among = unheard.tracks
    asked = ConsistencySettings(
        **settings.model_dump(include=set(ChangeSettings.model_fields)), features=tuple(tasks)
    )
    measured = consistency(store, asked, None, between(progress, 0.45, 0.8), among)
    originals = consistency_of_originals(store, asked, between(progress, 0.8, 0.82), among)
    models = fit_models(measured, tasks)
    performance = [_performance(run, between(progress, 0.82, 0.85)) for run in runs]
    changes = ChangeSettings(**settings.model_dump(include=set(ChangeSettings.model_fields)))
    labels = tuple(label_robustness(run, changes, progress=between(progress, 0.85, 1)) for run in runs)
    return StudyEvidence(
        settings, data.name, store.sample_rate_hz, tasks, measured, originals, models,
        pd.DataFrame(performance, columns=_PERFORMANCE), labels, pd.DataFrame(map(_of_training, runs)),
        unheard.untold,
    )  # fmt: skip


def _checked_encoders(settings: ConsistencyStudy) -> dict[str, str]:
    """Refuse settings that could only be refused after hours otherwise; return `encoders_of` them."""
    for name in settings.degradations:
        degradation(name)
    named = encoders_of(settings.encoders)
    if len({*named.values(), task_title("mfcc")}) < 2 and not settings.networks:
        raise InvalidSetting(
            "networks=0 leaves MFCC alone, and encoders are compared; name features, or train a network"
        )
    return named


def _check_clips(store: AudioStore, settings: ConsistencyStudy, named: Mapping[str, str]) -> None:
    """Refuse what the sound has no clips for, and named features that cannot be made of them."""
    rate_hz = store.sample_rate_hz
    severities = {
        name: {degradation(name).severity(one, rate_hz) for one in settings.magnitudes(name, rate_hz)}
        for name in settings.degradations
    }
    require_severities({name: len(some) for name, some in severities.items()})
    for name in named:
        encoder_alike(name, rate_hz)
    settings.drawn(store, unheard_tracks((), named).tracks)


def encoders_of(given: tuple[str, ...]) -> dict[str, str]:
    """Return what is called an encoder, by features: as said, else by what made them.

    Raises:
        NotFound: If there are no such features.
        InvalidSetting: If a task is none, or is to be told.
    """
    tasks: dict[str, str] = {}
    for one in given:
        name, equals, task = one.partition("=")
        if equals:
            tasks[name] = task_title(task)
            continue
        titles = {"mfcc-statistics": task_title("mfcc"), "random": task_title("random"), "program": name}
        by = encoder_name(open_features(name))
        if by not in titles:
            raise InvalidSetting(
                f"features {name!r} do not tell their task; write {name}=auto-tagging or the like"
            )
        tasks[name] = titles[by]
    return tasks


def _trained(
    data: Folksonomy, audio: str, store: AudioStore, settings: ConsistencyStudy, progress: Progress
) -> list[Run]:
    """Return auto-taggers, trained where they are not."""
    needed_s = (_FRAMES - 1) * _HOP / store.sample_rate_hz
    if settings.networks and settings.clip_s < needed_s:
        raise InvalidSetting(
            f"clip_s={settings.clip_s:g} must be {needed_s:.3g} s or more: the network takes {_FRAMES} frames"
        )
    labels = _labels(data, settings) if settings.networks else ""
    runs = []
    for seed in range(settings.networks):
        share = between(
            progress, seed / settings.networks, (seed + 1) / settings.networks, f"network {seed + 1}"
        )
        config = _config(data.name, audio, labels, settings, settings.seed + seed)
        run = _there(config, data, store) or new_run(config, _GROUP, "auto-tagging of the consistency study")
        runs.append(train(run.name, share))
    return runs


def _config(data: str, audio: str, labels: str, settings: ConsistencyStudy, seed: int) -> RunConfig:
    train = {
        "epochs": settings.epochs,
        "seed": seed,
        "batch_size": 24,
        "learning_rate": 1e-3,
        "window_s": settings.clip_s,
        "test_share": settings.test_share,
        "early_stopping_patience": _PATIENCE if settings.stop else None,
    }
    network = {"network": "kim-4.1", "width": settings.width, "n_fft": _N_FFT, "hop": _HOP}
    return run_config({"data": data, "audio": audio, "labels": labels, "network": network, "train": train})


def _there(config: RunConfig, data: Folksonomy, store: AudioStore) -> Run | None:
    """Return a run of an earlier study that was asked for just this, of the same sound and labels."""
    table = runs_table()
    runs = [
        open_run(str(name)) for name in (table.loc[table["group"] == _GROUP, "run"] if len(table) else ())
    ]
    now = inputs_of(config, require_parts(config), data, store)
    for run in sorted(runs, key=lambda run: not run.finished):
        same = not set(changed_inputs(run.inputs, now)) & set(LEARNED_FROM)
        if same and run_config(as_of_today(run.config)) == config:
            return run
    return None


def _labels(data: Folksonomy, settings: ConsistencyStudy) -> str:
    if settings.labels:
        return settings.labels
    n_tags = min(_N_TAGS, data.n_tags)
    return save_spaces([from_top_tags(data, n_tags, f"{data.name}-top-{n_tags}")])[0]


def _encoders(
    store: AudioStore, settings: ConsistencyStudy, runs: list[Run], progress: Progress
) -> dict[str, str]:
    """Return what is called an encoder, by features, made where they are not."""
    tasks = encoders_of(settings.encoders)
    wanted: list[tuple[str, str, dict[str, object]]] = []
    if task_title("mfcc") not in tasks.values():
        cepstra: dict[str, object] = {"encoder": "mfcc-statistics", "n_mfcc": 25, "first": False}
        wanted.append(("consistency-mfcc", "mfcc", cepstra))
    wanted += [(f"{run.name}-features", "auto-tagging", {"encoder": "run", "run": run.name}) for run in runs]
    if settings.untrained and runs:
        first: dict[str, object] = {"encoder": "random", "run": runs[0].name}
        wanted.append((f"{runs[0].name}-untrained", "random", first))
    for at, (name, task, encoder) in enumerate(wanted):
        share = between(progress, at / len(wanted), (at + 1) / len(wanted), f"features {name}")
        kind = encoder_of(str(encoder["encoder"]), encoder)
        tasks[_features(kind, store, name, share)] = task_title(task)
    return tasks


def _features(encoder: Encoder, store: AudioStore, begins: str, progress: Progress) -> str:
    """Return the name of features, which tells what they are made of, made where they are not there yet."""
    key = content_key(encoder.model_dump(mode="json"), encoder.origin(""), store.fingerprint)
    name = f"{begins[:80]}-{key[:10]}"
    if name not in feature_names():
        save_features(encode_tracks(encoder, store, name=name, progress=progress), name)
    return name


_PERFORMANCE = ["run", "network", "baseline", "difference", "low", "high", "tracks"]


def _performance(run: Run, progress: Progress) -> dict[str, object]:
    """Return how well a network and logistic regression on MFCC rank the labels of each held-out track."""
    pair = baseline_of(run, progress=progress)
    sides = [label_scores(one.truth.T, one.scores.T).roc_auc for one in (pair.network, pair.baseline)]
    defined = np.isfinite(sides[0]) & np.isfinite(sides[1])
    less = interval_over_queries(sides[0][defined] - sides[1][defined])
    return {
        "run": run.name,
        "network": float(sides[0][defined].mean()),
        "baseline": float(sides[1][defined].mean()),
        "difference": less.estimate,
        "low": less.low,
        "high": less.high,
        "tracks": int(defined.sum()),
    }


def _of_training(run: Run) -> dict[str, object]:
    summary = run.summary()
    return {
        "run": run.name,
        "task": task_title("auto-tagging"),
        "epochs": summary.get("epochs"),
        "best": summary.get("best_epoch"),
    }
