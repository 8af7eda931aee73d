"""The experiment of Kim 2021, chapter 4, on data at hand: networks, what they make of changes, models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from taglab.audio.degrade import degradation
from taglab.audio.store import AudioStore
from taglab.cache import content_key
from taglab.encoders import Encoder, encode_tracks, encoder_alike, encoder_name, encoder_of
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.metrics.additive import AdditiveModel
from taglab.metrics.paired import interval_over_queries
from taglab.metrics.tagging import label_scores
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.studies.against_baseline import baseline_of
from taglab.studies.robustness.analysis import Modelled, fit_models, require_severities
from taglab.studies.robustness.changes import ChangeSettings, ConsistencySettings
from taglab.studies.robustness.labels import LabelRobustness, label_robustness
from taglab.studies.robustness.measuring import Consistencies, consistency, consistency_of_originals
from taglab.studies.robustness.published import task_title
from taglab.studies.robustness.study_networks import about_training, trained_networks
from taglab.studies.robustness.study_settings import ConsistencyStudy
from taglab.studies.robustness.unheard import unheard_tracks
from taglab.studies.robustness.voices import VoiceMap, voice_map
from taglab.vectors import feature_names, open_features, save_features

__all__ = ["StudyEvidence", "carry_out", "encoders_of"]


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
        voices: Of each network that separates voices, where it puts windows of songs.
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
    voices: tuple[VoiceMap, ...]
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
    trained = trained_networks(data, audio, store, settings, between(progress, 0, 0.4))
    tasks = _encoders(store, settings, trained, between(progress, 0.4, 0.45))
    taggers = [run for run, _ in trained if run.predictions("test") is not None]
    unheard = unheard_tracks(taggers, tasks)
    among = unheard.tracks
    asked = ConsistencySettings(
        **settings.model_dump(include=set(ChangeSettings.model_fields)), features=tuple(tasks)
    )
    measured = consistency(store, asked, None, between(progress, 0.45, 0.8), among)
    originals = consistency_of_originals(store, asked, between(progress, 0.8, 0.82), among)
    models = fit_models(measured, tasks)
    performance = [_performance(run, between(progress, 0.82, 0.85)) for run in taggers]
    changes = ChangeSettings(**settings.model_dump(include=set(ChangeSettings.model_fields)))
    labels = tuple(label_robustness(run, changes, progress=between(progress, 0.85, 0.95)) for run in taggers)
    separating = [run for run, task in trained if task == "voice-separation"]
    voices = tuple(voice_map(run, settings.seed, between(progress, 0.95, 1)) for run in separating)
    table = pd.DataFrame([about_training(run, task) for run, task in trained])
    return StudyEvidence(
        settings, data.name, store.sample_rate_hz, tasks, measured, originals, models,
        pd.DataFrame(performance, columns=_PERFORMANCE), labels, voices, table, unheard.untold,
    )  # fmt: skip


def _checked_encoders(settings: ConsistencyStudy) -> dict[str, str]:
    """Refuse settings that could only be refused after hours otherwise; return `encoders_of` them."""
    for name in settings.degradations:
        degradation(name)
    named = encoders_of(settings.encoders)
    if len({*named.values(), task_title("mfcc")}) < 2 and not (settings.networks and settings.tasks):
        why = "tasks=" if settings.networks else "networks=0"
        raise InvalidSetting(
            f"{why} leaves MFCC alone, and encoders are compared; name features, or train a network"
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


def _encoders(
    store: AudioStore, settings: ConsistencyStudy, trained: list[tuple[Run, str]], progress: Progress
) -> dict[str, str]:
    """Return what is called an encoder, by features, made where they are not."""
    tasks = encoders_of(settings.encoders)
    wanted: list[tuple[str, str, dict[str, object]]] = []
    if task_title("mfcc") not in tasks.values():
        cepstra: dict[str, object] = {"encoder": "mfcc-statistics", "n_mfcc": 25, "first": False}
        wanted.append(("consistency-mfcc", "mfcc", cepstra))
    wanted += [(f"consistency-{task}", task, {"encoder": "run", "run": run.name}) for run, task in trained]
    if settings.untrained and trained:
        of_first: dict[str, object] = {"encoder": "random", "run": trained[0][0].name}
        wanted.append(("consistency-untrained", "random", of_first))
    for at, (name, task, encoder) in enumerate(wanted):
        share = between(progress, at / len(wanted), (at + 1) / len(wanted), f"features {name}")
        kind = encoder_of(str(encoder["encoder"]), encoder)
        tasks[_features(kind, store, name, share)] = task_title(task)
    return tasks


def _features(encoder: Encoder, store: AudioStore, begins: str, progress: Progress) -> str:
    """Return the name of features, which tells what they are made of, made where they are not there yet."""
    key = content_key(encoder.model_dump(mode="json"), encoder.origin(""), store.fingerprint)
    name = f"{begins}-{key[:10]}"
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
