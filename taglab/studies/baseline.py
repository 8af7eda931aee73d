"""What a tagger without a network reaches: cepstral statistics and logistic regression.

The customary baseline of music tagging: how the timbre of a track is on average, how it varies, and how fast
it changes, without any order of time. A network that does not exceed it has learned nothing it had to be a
network for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from taglab.audio.mfcc import Mfcc, MfccSettings
from taglab.audio.store import AudioStore, Rows
from taglab.batches import Material
from taglab.errors import InvalidSetting
from taglab.metrics.tagging import label_scores
from taglab.outcomes import Predictions
from taglab.progress import Progress, between, counted, silent

__all__ = ["REGULARISATIONS", "fit_baseline", "mfcc_features"]

Features = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]

REGULARISATIONS = (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of regularisation (scikit-learn's C) that are tried, on standardised features."""

_FEWEST_FRAMES = 5


def mfcc_features(
    store: AudioStore, rows: Rows, settings: MfccSettings | None = None, progress: Progress = silent
) -> Features:
    """Return statistics of the cepstral coefficients of whole tracks.

    Args:
        store: The sound.
        rows: Rows of tracks in it, (n,).
        settings: See `MfccSettings`; the sample rate is the store's.
        progress: Told after every track.

    Returns:
        (n, 4 · coefficients) float32: of each coefficient the mean and the deviation over the frames, then
        those of the size of its change from frame to frame.

    Raises:
        InvalidSetting: If a track has fewer than 5 frames.
    """
    settings = settings or MfccSettings()
    settings = settings.model_copy(update={"sample_rate_hz": store.sample_rate_hz})
    mfcc = Mfcc(settings).eval()
    features = np.empty((len(rows), 4 * settings.n_mfcc), np.float32)
    for at, row in enumerate(np.asarray(rows, np.int64).tolist()):
        features[at] = _statistics(mfcc, store, row)
        progress((at + 1) / len(rows), counted("timbre of tracks", at + 1, len(rows)))
    return features


def _statistics(mfcc: Mfcc, store: AudioStore, row: int) -> Features:
    samples = torch.from_numpy(store.mono(row).astype(np.float32) / 32_768)
    if len(samples) < _FEWEST_FRAMES * mfcc.settings.hop + mfcc.settings.n_fft:
        raise InvalidSetting(
            f"track {store.tracks['track'].iloc[row]!r} of {len(samples)} samples is too short for "
            f"n_fft={mfcc.settings.n_fft} and hop={mfcc.settings.hop}"
        )
    with torch.no_grad():
        frames = mfcc(samples[None])[0]
    change = frames.diff(dim=1).abs()
    found: Features = torch.cat([frames.mean(1), frames.std(1), change.mean(1), change.std(1)]).numpy()
    return found


def fit_baseline(
    material: Material,
    Cs: Sequence[float] = REGULARISATIONS,
    part: str = "test",
    features: Features | None = None,
    progress: Progress = silent,
) -> Predictions:
    """Fit a logistic regression for each class and say what it finds in a part.

    It learns from the training part alone. Of the regularisations, the one with the highest macro average
    precision on the validation part is taken, the same for all classes.

    Args:
        material: See `taglab.batches.prepare`.
        Cs: Regularisations to choose from, as `REGULARISATIONS`.
        part: "test" or "validation".
        features: Of the material's tracks, (n, features); those of `mfcc_features` where None.
        progress: Told how far it is.

    Returns:
        Probabilities; a class without positives (or without negatives) in the training part has its share of
        them as the score of every track.

    Raises:
        InvalidSetting: If there is no regularisation to choose, one is not above 0, or features are of other
            tracks.
    """
    if not Cs or min(Cs) <= 0:
        raise InvalidSetting(f"Cs={tuple(Cs)} must hold at least one number, all above 0")
    if features is None:
        features = mfcc_features(material.windows.store, material.rows, progress=between(progress, 0.0, 0.5))
        progress = between(progress, 0.5, 1.0)
    if features.ndim != 2 or len(features) != len(material.tracks):
        raise InvalidSetting(f"features {features.shape} must have {len(material.tracks)} rows, one a track")
    train, validation, wanted = material.of("train"), material.of("validation"), material.of(part)
    best, best_score = np.zeros((len(wanted), len(material.classes))), -np.inf
    for number, c in enumerate(Cs):
        scores = _scores(features, material.targets, train, np.concatenate([validation, wanted]), c)
        macro = _macro(material.targets[validation], scores[: len(validation)])
        if macro > best_score:
            best, best_score = scores[len(validation) :], macro
        progress((number + 1) / len(Cs), f"logistic regression, C={c:g}: validation {macro:.3f}")
    return Predictions(
        tracks=tuple(material.tracks[at] for at in wanted),
        classes=material.classes,
        truth=material.targets[wanted],
        scores=best.astype(np.float32),
        split=material.split.fingerprint,
    )


def _macro(truth: npt.NDArray[np.bool_], scores: Scores) -> float:
    """Return the macro average precision, 0 where no class has a positive to judge by."""
    found = label_scores(truth, scores.astype(np.float32)).average_precision
    return float(np.nan_to_num(np.nanmean(found))) if not np.isnan(found).all() else 0.0


def _scores(
    features: Features, targets: npt.NDArray[np.bool_], train: Rows, wanted: Rows, c: float
) -> Scores:
    """Return probabilities (wanted, classes) of regressions fitted on the training rows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features[train])
    known, asked = scaler.transform(features[train]), scaler.transform(features[wanted])
    scores = np.empty((len(wanted), targets.shape[1]))
    for column, truth in enumerate(targets[train].T):
        if truth.all() or not truth.any():
            scores[:, column] = truth.mean()
            continue
        model: Any = LogisticRegression(C=c, max_iter=2_000).fit(known, truth)
        scores[:, column] = model.predict_proba(asked)[:, 1]
    return scores
