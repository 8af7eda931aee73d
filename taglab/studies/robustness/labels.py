"""How well a tagger still tags degraded sound, label by label, and at which magnitude each label breaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.archives import read_arrays
from taglab.audio.degrade import Recording, degradation, key_of_recording
from taglab.audio.library import resolve_audio
from taglab.audio.store import AudioStore
from taglab.cache import content_key, derived_path, file_digest, kept, recalled
from taglab.errors import DataError, InvalidSetting
from taglab.metrics.intervals import BootstrapSettings, Intervals, bootstrap, bootstrap_models
from taglab.outcomes import Predictions
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.runs.inputs import HEARD, Input, InputKind, input_of_audio, require_unchanged
from taglab.runs.run import Part
from taglab.sources import open_folksonomy
from taglab.studies.robustness.changes import ChangeSettings
from taglab.studies.robustness.clips import Clips
from taglab.training import configuration, predict, sound_format_of, tag_sound
from taglab.training.checkpoints import BEST

__all__ = ["MACRO", "LabelRobustness", "label_robustness", "lacking_scores"]

MACRO = "(mean of labels)"
"""What the mean over labels is called among them."""
_FORMAT = 1  # raised where scores are made otherwise than before
_BROKEN = 0.5  # of what a label had above chance, so much is lost
_INTERVALS = BootstrapSettings(swaps=999)

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LabelRobustness:
    """A tagger's labels on degraded sound.

    Attributes:
        run: Name of the run.
        tracks: Whose clips it was given.
        too_short: Tracks that are too short for a clip.
        table: One row a label, degradation and magnitude, `MACRO` among the labels: `label`, `degradation`,
            `magnitude`, `unit`, `severity`, `positives`, `chance` (share of positives), `average_precision`
            with `_low` and `_high`, and `lost` (the original's less this) with its ends. The originals are
            a row a label with an empty degradation and severity 0.
        breaks: One row a label and degradation: `label`, `degradation`, `original` (average precision of
            the originals), `chance`, `breaks_at` (the mildest magnitude at which half of what the label has
            above chance is lost, with an interval above 0), `unit`, `severity`; NaN where it does not break,
            or was not above chance. The first to break come first.
    """

    run: str
    tracks: tuple[str, ...]
    too_short: int
    table: pd.DataFrame
    breaks: pd.DataFrame

    __repr__ = one_line


def label_robustness(
    run: Run,
    settings: ChangeSettings,
    part: Part = "test",
    recordings: Mapping[str, Recording] | None = None,
    progress: Progress = silent,
) -> LabelRobustness:
    """Let a tagger tag clips of its own tracks, as they are and degraded; scores are kept, by content.

    Args:
        run: Trained at least one epoch; its best is asked.
        settings: Which clips, and by what they are degraded.
        part: Which of its tracks.
        recordings: By degradation: its noise or impulse response, mono at the rate of the run's sound.
        progress: Told how far it is; what is stopped goes on when asked again.

    Raises:
        InvalidSetting: If the run is of results only, clips are shorter than what it hears at a time, or too
            few tracks are long enough.
        NotFound: If its data or sound are gone, or there is no such degradation.
        InputsChanged: If there is other sound under the name by now.
        DataError: If a clip cannot be degraded, or its checkpoint is damaged.

    Source: Kim 2021, section 4.5.1 and figure 4.4; by label here, where the paper has a mean over clips.
    """
    clips, tagger, truth, store = _opened(run, settings, part, recordings, between(progress, 0, 0.05))
    rows = [truth.tracks.index(track) for track in clips.tracks]
    labelled = np.asarray(truth.truth)[rows]
    wanted = settings.changes(store.sample_rate_hz)
    before = tagger.scores(None, between(progress, 0.05, 0.1))
    tables = [_originals(truth, labelled, before)]
    for done, (name, magnitude) in enumerate(wanted):
        share = between(progress, 0.1 + 0.9 * done / len(wanted), 0.1 + 0.9 * (done + 1) / len(wanted), name)
        after = tagger.scores((name, magnitude), share)
        kind = degradation(name)
        where = (name, magnitude, kind.unit, kind.severity(magnitude, store.sample_rate_hz))
        tables.append(_changed(truth, labelled, before, after, where))
    table = pd.concat(tables, ignore_index=True)
    return LabelRobustness(run.name, clips.tracks, clips.too_short, table, breaks_of(table))


def lacking_scores(
    run: Run, settings: ChangeSettings, part: Part = "test", recordings: Mapping[str, Recording] | None = None
) -> float:
    """Return what share of the scores that `label_robustness` takes is not kept yet, [0, 1].

    Raises:
        As `label_robustness`.
    """
    _, tagger, _, store = _opened(run, settings, part, recordings)
    changes = settings.changes(store.sample_rate_hz)
    return float(np.mean([tagger.lacks(change) for change in (None, *changes)]))


def breaks_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return at which magnitude each label breaks, see `LabelRobustness`."""
    degraded = table["degradation"] != ""
    originals = {row["label"]: row for row in table[~degraded].to_dict("records")}
    rows = []
    for (label, name), part in table[degraded].groupby(["label", "degradation"], sort=False):
        before = originals[label]
        above = float(before["average_precision"] - before["chance"])
        lost = part[(part["lost"] >= _BROKEN * above) & (part["lost_low"] > 0)]
        broken = lost.sort_values("severity").head(1) if above > 0 else lost.head(0)
        place = broken.iloc[0] if len(broken) else pd.Series({"magnitude": np.nan, "severity": np.nan})
        rows.append(
            {
                "label": label,
                "degradation": name,
                "original": before["average_precision"],
                "chance": before["chance"],
                "breaks_at": place["magnitude"],
                "unit": part["unit"].iloc[0],
                "severity": place["severity"],
            }
        )
    return pd.DataFrame(rows).sort_values("severity", kind="stable", na_position="last", ignore_index=True)


class _Tagger:
    """A run's scores of clips, computed where they are not kept."""

    def __init__(self, run: Run, clips: Clips, recordings: Mapping[str, Recording]) -> None:
        self._run, self._clips, self._recordings = run, clips, recordings
        sound = sound_format_of(run)
        self._identity = (
            file_digest(run.checkpoints / BEST), sound.window_samples, sound.short_tracks,
        )  # fmt: skip

    def scores(self, change: tuple[str, float] | None, progress: Progress) -> Scores:
        """Return probabilities of clips, degraded or, where `change` is None, not (clips, classes)."""
        return kept(self._path(change), _read, partial(self._tagged, change, progress), _write)

    def lacks(self, change: tuple[str, float] | None) -> bool:
        """Return whether the scores are not kept yet."""
        return recalled(self._path(change), _read) is None

    def _path(self, change: tuple[str, float] | None) -> Path:
        changed: list[object] = ["original"]
        if change is not None:
            name, _ = change
            recording = self._recordings.get(name)
            changed = [*change, degradation(name).edition, self._clips.settings.seed]
            changed += [key_of_recording(recording)]
        key = content_key("label-scores", _FORMAT, self._clips.key, *self._identity, *changed)
        return derived_path("label-scores", key, ".npz")

    def _tagged(self, change: tuple[str, float] | None, progress: Progress) -> Scores:
        degrading = between(progress, 0, 0.5)
        if change is None:
            store = self._clips.original(degrading)
        else:
            store = self._clips.degraded(*change, self._recordings.get(change[0]), degrading)
        return tag_sound(self._run, store, "best", between(progress, 0.5, 1)).scores


def _opened(
    run: Run,
    settings: ChangeSettings,
    part: Part,
    recordings: Mapping[str, Recording] | None,
    progress: Progress = silent,
) -> tuple[Clips, _Tagger, Predictions, AudioStore]:
    for name in settings.degradations:
        degradation(name)
    truth = run.predictions(part) or predict(run, "best", part, between(progress, 0, 0.6))
    store = _sound_of(run, between(progress, 0.6, 1))
    _check_length(run, settings)
    clips = settings.drawn(store, truth.tracks)
    return clips, _Tagger(run, clips, settings.recordings(recordings)), truth, store


def _sound_of(run: Run, progress: Progress) -> AudioStore:
    config, _ = configuration(run)
    data = open_folksonomy(config.data, between(progress, 0, 0.5))
    store = resolve_audio(config.audio, data, between(progress, 0.5, 1))
    now: dict[InputKind, Input] = {"audio": input_of_audio(config.audio, store, data)}
    require_unchanged(run.name, run.inputs, now, HEARD, "cannot be tried on degraded sound")
    return store


def _check_length(run: Run, settings: ChangeSettings) -> None:
    heard_s = sound_format_of(run).window_s
    if settings.clip_s < heard_s:
        raise InvalidSetting(
            f"clip_s={settings.clip_s:g} must be {heard_s:g} s or more, which run {run.name!r} hears at once"
        )


def _originals(truth: Predictions, labelled: npt.NDArray[np.bool_], scores: Scores) -> pd.DataFrame:
    intervals = bootstrap(labelled, scores, _INTERVALS).average_precision
    return _rows(truth, labelled, ("", np.nan, "", 0.0), intervals, None)


def _changed(
    truth: Predictions,
    labelled: npt.NDArray[np.bool_],
    before: Scores,
    after: Scores,
    where: tuple[str, float, str, float],
) -> pd.DataFrame:
    models, lost = bootstrap_models(labelled, [before, after], _INTERVALS)
    return _rows(truth, labelled, where, models[1].average_precision, lost.average_precision)


def _rows(
    truth: Predictions,
    labelled: npt.NDArray[np.bool_],
    where: tuple[str, float, str, float],
    reached: Intervals,
    lost: Intervals | None,
) -> pd.DataFrame:
    positives = labelled.sum(axis=0)
    chance = np.where(positives > 0, labelled.mean(axis=0), np.nan)
    columns: dict[str, object] = {"label": [*truth.classes, MACRO]}
    columns |= dict(zip(("degradation", "magnitude", "unit", "severity"), where, strict=True))
    columns["positives"] = [*positives.tolist(), int(positives.sum())]
    columns["chance"] = [*chance, float(np.nanmean(chance)) if positives.any() else np.nan]
    columns |= _ends("average_precision", reached)
    if lost is None:
        columns |= {f"lost{end}": 0.0 for end in ("", "_low", "_high")}
    else:
        columns |= _ends("lost", lost)
    return pd.DataFrame(columns)


def _ends(name: str, of: Intervals) -> dict[str, list[float]]:
    return {
        name: [*of.estimate, of.macro.estimate],
        f"{name}_low": [*of.low, of.macro.low],
        f"{name}_high": [*of.high, of.macro.high],
    }


def _read(path: Path) -> Scores | None:
    if not path.exists():
        return None
    try:
        return read_arrays(path)["scores"]
    except (DataError, KeyError):
        return None  # damaged: computed anew


def _write(path: Path, scores: Scores) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, scores=scores)
