"""What of a clip made a tagger's decision: its bands and segments, explained as an item's tags are.

A window of sound is an item, its bands in its segments are its tags, and the log odds of a label are its
score: whatever explains by scores alone explains a tagger.

Source: Kim 2021, section 5.2, for what fidelity is of which output; Mishra, Sturm, Dixon, "Local
interpretable model-agnostic explanations for music content analysis", ISMIR 2017, for what is switched off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse
from scipy.special import expit

from taglab.audio.cells import Cells, cells_of
from taglab.audio.store import AudioStore
from taglab.errors import InvalidSetting, NotFound
from taglab.metrics.fidelity import decision_auc, mean_kl_divergence, tau_ap_a
from taglab.progress import Progress, silent
from taglab.recommend.explain import EXPLAINERS, Explained, Explanation, LeaveOneOut, deletion
from taglab.recommend.explain.perturbed import left_out_at_random
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.training import Diverged, configuration, make_fabric, sound_format_of
from taglab.training.devices import failures_told
from taglab.training.running import Which, kept_step, on_one_device
from taglab.training.tagging import unlabelled

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BY_SCORES = tuple(
    name for name, kind in EXPLAINERS.items() if not (kind.differentiates or kind.averages_history)
)
"""Explainers that only ask for scores."""
_INT16 = np.iinfo(np.int16)


class ClipSettings(BaseModel):
    """How a clip is cut and explained.

    Attributes:
        bands: Bands of equal width on the mel scale, of 0 Hz to half the sample rate.
        segments: Parts of equal length of what the network is given at a time.
        windows: So many windows of the track, those in which the label scores highest.
        tries: So many times parts of each window are left out at random, to tell how true an explanation is.
        decided_at: From which probability on the label is decided; half of the window's where not given.
        seed: Of whatever is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bands: int = Field(8, ge=1, le=128)
    segments: int = Field(5, ge=1, le=1_000)
    windows: int = Field(3, ge=1)
    tries: int = Field(100, ge=2, le=100_000)
    decided_at: float | None = Field(None, gt=0, lt=1)
    seed: int = Field(0, ge=0, lt=2**63)


@dataclass(frozen=True, eq=False)
class ExplainedClip:
    """Which parts of a clip count for a label.

    Attributes:
        label: The label.
        probabilities: Of it in the windows explained (windows,).
        starts_s: Where the windows begin in the track (windows,).
        cells: What a window is cut into.
        explanation: θ of the parts, in log odds.
        ranking: τ_AP,a of what the explanation makes of windows with parts left out, against their scores.
        decisions: ROC-AUC of the same against whether the label is decided; NaN where it always is, or never.
        classes: Kullback–Leibler divergence of the same from the probabilities of yes and no, in nats.
    """

    label: str
    probabilities: Floats
    starts_s: Floats
    cells: Cells
    explanation: Explanation
    ranking: float
    decisions: float
    classes: float

    __repr__ = one_line

    def parts(self) -> pd.DataFrame:
        """Return a row a part of a window: `start_s`, `end_s`, `low_hz`, `high_hz`, `weight`, and `lost`, the
        log odds less those without it."""
        cells, n = self.cells, len(self.starts_s)
        start_s, low_hz = cells.edges_s[cells.segment], cells.edges_hz[cells.band]
        end_s, high_hz = cells.edges_s[cells.segment + 1], cells.edges_hz[cells.band + 1]
        lost = LeaveOneOut().explain(self.explanation.explained).item().toarray()
        return pd.DataFrame(
            {
                "start_s": (self.starts_s[:, None] + start_s).ravel(),
                "end_s": (self.starts_s[:, None] + end_s).ravel(),
                "low_hz": np.tile(low_hz, n),
                "high_hz": np.tile(high_hz, n),
                "weight": self.explanation.item().toarray().ravel(),
                "lost": lost.ravel(),
            }
        )

    def by_band(self) -> pd.DataFrame:
        """Return a row a band: `low_hz`, `high_hz`, `weight`, the sum over segments, mean over windows."""
        edges = self.cells.edges_hz
        sums = self._summed(self.cells.band, len(edges) - 1).mean(axis=0)
        return pd.DataFrame({"low_hz": edges[:-1], "high_hz": edges[1:], "weight": sums})

    def by_segment(self) -> pd.DataFrame:
        """Return a row a segment of a window: `start_s`, `end_s`, `weight`, the sum over bands."""
        edges = self.cells.edges_s
        starts, ends = (self.starts_s[:, None] + part for part in (edges[:-1], edges[1:]))
        sums = self._summed(self.cells.segment, len(edges) - 1)
        return pd.DataFrame({"start_s": starts.ravel(), "end_s": ends.ravel(), "weight": sums.ravel()})

    def deletion(self) -> pd.DataFrame:
        """Return a row a step, as parts are switched off, those that speak most for the label first.

        Returns:
            `off` (parts that are), `probability` and `foretold` by the explanation, means over windows.
        """
        switching = deletion(self.explanation)
        mean, foretold = expit(switching.actual).mean(axis=0), expit(switching.foretold).mean(axis=0)
        return pd.DataFrame({"off": np.arange(len(mean)), "probability": mean, "foretold": foretold})

    def _summed(self, group: Ints, n: int) -> Floats:
        theta = self.explanation.item().toarray()
        return np.stack([theta[:, group == one].sum(axis=1) for one in range(n)], axis=1)


def explain_clip(
    run: Run,
    store: AudioStore,
    track: str,
    label: str | None = None,
    explainer: str = "lime",
    settings: ClipSettings | None = None,
    which: Which = "best",
    progress: Progress = silent,
) -> ExplainedClip:
    """Explain what a tagger says of a track by the parts of its sound.

    Args:
        run: Trained at least one epoch.
        store: The sound, of the rate that `sound_format_of` tells.
        track: One of it.
        label: Of the run; the one of the highest mean score where None.
        explainer: One of `BY_SCORES`.
        settings: How it is cut and explained.
        which: Checkpoint of the "best" epoch on the run's validation tracks, or of the "last".
        progress: Told how far it is.

    Raises:
        NotFound: If there is no such track or label.
        InvalidSetting: If the explainer needs more than scores, sound cannot be cut so, or as `tag_sound`.
        DataError, Diverged: As `tag_sound`.
    """
    asked = settings or ClipSettings()
    if explainer not in BY_SCORES:
        raise InvalidSetting(
            f"explainer={explainer!r} must be one that asks for scores alone: {', '.join(BY_SCORES)}"
        )
    config, space = configuration(run)
    if label is not None and label not in space.names:
        raise NotFound(f"{run.name} has no label {label!r}; it has: {', '.join(space.names[:20])} …")
    sound = sound_format_of(run, progress)
    windows = sound.windows(store)
    (row,) = store.rows([track])
    if row not in windows.rows:
        raise NotFound(f"the sound has no track {track!r} that is long enough for {run.name}")
    starts = windows.consecutive_starts(int(row))
    crops = windows.crops(np.full(len(starts), row), starts)
    fabric, batch_size = make_fabric(on_one_device(config).train), config.train.batch_size
    material = unlabelled(windows, space.names, np.array([row], np.int64))
    with failures_told(fabric.device, batch_size, lambda: "explaining a clip"):
        step = kept_step(run, on_one_device(config), material, fabric, which, of_its_split=False)

        def logits(waveforms: npt.NDArray[np.int16]) -> Floats:
            with step.evaluating():
                parts = [
                    step.logits(torch.from_numpy(waveforms[at : at + batch_size])).cpu().numpy()
                    for at in range(0, len(waveforms), batch_size)
                ]
            whole = np.concatenate(parts).astype(np.float64)
            if not np.isfinite(whole).all():
                raise Diverged(int(run.summary()["epochs"]), 0, "the logits are")
            return whole

        scores = expit(logits(crops))
        column = int(scores.mean(axis=0).argmax()) if label is None else space.names.index(label)
        first = np.sort(np.argsort(-scores[:, column], kind="stable")[: asked.windows])
        progress(0.2, "explaining")
        cells = cells_of(windows.length, store.sample_rate_hz, asked.bands, asked.segments)
        explained = explained_windows(crops[first], cells, batch_size, lambda given: logits(given)[:, column])
        explanation = EXPLAINERS[explainer]().explain(explained, asked.seed)
        progress(0.8, "holding the explanation against the tagger")
        ranking, decisions, classes = fidelities(explanation, asked)
    return ExplainedClip(
        space.names[column], scores[first, column], starts[first] / store.sample_rate_hz, cells, explanation,
        ranking, decisions, classes,
    )  # fmt: skip


def explained_windows(
    crops: npt.NDArray[np.int16],
    cells: Cells,
    together: int,
    score: Callable[[npt.NDArray[np.int16]], Floats],
) -> Explained:
    """Return windows as items, whose tags are the parts that are heard."""
    sounds = [cells.sounds(crop) for crop in crops]

    def of_parts(items: Ints, heard: sparse.csr_array) -> Floats:
        result = np.empty(len(items))
        for at in range(0, len(items), together):
            shares = heard[at : at + together].toarray().astype(np.float32)
            mixed = [
                np.tensordot(share, sounds[item], 1) for share, item in zip(shares, items[at:], strict=False)
            ]
            whole = np.clip(np.round(np.stack(mixed)), _INT16.min, _INT16.max)
            result[at : at + together] = score(whole.astype(np.int16))
        return result

    n_parts = len(cells.band)
    return Explained(np.arange(len(crops)), sparse.csr_array(np.ones((len(crops), n_parts))), of_parts)


def fidelities(explanation: Explanation, asked: ClipSettings) -> tuple[float, float, float]:
    """Return how near what it makes of windows with parts left out comes to the tagger, three ways."""
    explained = explanation.explained
    masks = left_out_at_random(explained.own, asked.tries, (asked.seed, 1))
    truth = explained.masked_scores(masks)
    theta = explanation.item().toarray()
    off = np.einsum("nmp,np->nm", ~masks, theta)
    estimates = explained.scores[:, None] - off
    at = expit(explained.scores)[:, None] / 2 if asked.decided_at is None else asked.decided_at
    decided = (expit(truth) >= at).ravel()
    no_and_yes = np.stack([expit(-truth).ravel(), expit(truth).ravel()], axis=1)
    return (
        tau_ap_a(truth.ravel(), estimates.ravel(), ties="order"),
        decision_auc(decided.astype(np.int64), estimates.ravel()),
        mean_kl_divergence(no_and_yes, np.stack([np.zeros(estimates.size), estimates.ravel()], axis=1)),
    )
