"""Vectors of whole tags from which tags they stand beside: the network of the thesis, in PyTorch.

One tag in, all other tags of the track out, no window. What the network says depends on the tag that goes in
alone, so the loss over all tracks is a sum over pairs of tags: how often i stood beside j is all there is to
know, and every step sees all tracks.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from taglab.cooccurrence import MAX_DENSE
from taglab.embeddings.words import WordVectors
from taglab.errors import InvalidSetting, TooManyTags
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors

if TYPE_CHECKING:
    import torch

DoubleArray = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]

_FIRST_WEIGHTS = 0.01  # their standard deviation
_PENALTY = 0.1
_FEW_TAGS = 2_000
_BYTES_A_PAIR = {"softmax": 20, "as_published": 40}  # at the peak of a step, as measured
# How many threads torch had before the first of those who compute with one now; as often as they are.
_THREADS_BEFORE: list[int] = []
_THREADS_LOCK = threading.Lock()
_PLATEAU = 100  # what is common to all tags is learned first, and then for a while nothing


class NoSharedTracks(InvalidSetting):
    """No two of the tags share a track."""


class TagSkipGramSettings(BaseModel):
    """How vectors of tags are trained.

    Attributes:
        loss: "softmax", cross-entropy against the track's other tags, each an equal share of 1;
            "as_published", binary cross-entropy on the softmax outputs, which can hardly reach its targets
            where a track has more than one other tag, for the outputs sum to 1.
        dimension: Of the vectors: "square-root" of the number of tags, rounded down, as the thesis takes;
            "fourth-root", which it names as the usual rule; or "given", by `dim`.
        dim: Components, where `dimension` is "given".
        steps: Most steps of Adam over all tracks.
        learning_rate: Of Adam.
        penalty: Weight of the mean squared length of the tags' rows in both matrices. None: 0.1 with
            "softmax", and with "as_published" 0, for the thesis has no penalty. Without one what a rare tag's
            vector says is noise; 0.1 was chosen on three demos: recovery of their planted subgenres rises
            until about there.
        tolerance: Training stops when 100 steps lower the loss by less than this share of it.
        seed: Of the first weights.

    Source:
        Ros Perez 2021, section 8.2 (model 4.2).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    loss: Literal["softmax", "as_published"] = "softmax"
    dimension: Literal["square-root", "fourth-root", "given"] = "square-root"
    dim: int = Field(64, ge=1, le=1000)
    steps: int = Field(1000, ge=1, le=100_000)
    learning_rate: float = Field(0.01, gt=0, le=1)
    penalty: float | None = Field(None, ge=0, le=100)
    tolerance: float = Field(1e-3, ge=0, lt=1)
    seed: int = Field(0, ge=0, lt=2**32)

    @property
    def penalty_taken(self) -> float:
        """The penalty, that of the loss where none is given."""
        if self.penalty is not None:
            return self.penalty
        return _PENALTY if self.loss == "softmax" else 0.0

    def n_components(self, n_tags: int) -> int:
        """Return the length of the vectors of so many tags."""
        if self.dimension == "given":
            return self.dim
        return max(
            1, math.isqrt(n_tags) if self.dimension == "square-root" else math.isqrt(math.isqrt(n_tags))
        )


@dataclass(frozen=True, eq=False)
class TagSkipGram:
    """What training gave.

    Attributes:
        vectors: Rows of the input matrix, made unit vectors; tags that never stand beside another are
            `missing`.
        losses: After each step, per sample (steps,). A sample is one tag of one track with two or more.
        samples: How many there were.
    """

    vectors: TagVectors
    losses: DoubleArray
    samples: int

    __repr__ = one_line


def train_tag_skipgram(
    incidence: sparse.sparray,
    tags: Sequence[str],
    settings: TagSkipGramSettings | None = None,
    name: str = "tag skip-gram",
    progress: Progress = silent,
) -> TagSkipGram:
    """Train vectors of tags on which of them share a track.

    Input matrix, linear hidden layer, output matrix, no biases, softmax; Adam over all samples at once. The
    first weights are small, so that a direction comes from the data and not from the draw.

    Args:
        incidence: Which track has what (tracks, tags); whatever is not 0 counts once.
        tags: What the columns are.
        settings: How to train; the defaults where None.
        name: What to call the vectors.
        progress: Told after each step; what it raises stops the training.

    Raises:
        TooManyTags: If there are more than `MAX_DENSE` tags.
        NoSharedTracks: If no two of them share a track.

    Source:
        Ros Perez 2021, section 8.2 and figure 16.
    """
    chosen = settings or TagSkipGramSettings()
    _require(incidence, tags, chosen)
    has = sparse.csr_array(incidence != 0).astype(np.float64)
    sizes = np.diff(has.indptr)
    has = sparse.csr_array(has[sizes > 1])
    samples = np.asarray(has.sum(axis=0))  # of each tag: tracks on which it is not alone
    if not samples.any():
        raise NoSharedTracks(
            f"no two of the {len(tags)} tags share a track, so there is nothing to train on; "
            "take more tags, or a genre whose tags stand beside each other"
        )
    # What the outputs shall be, summed over tracks: each other tag's share of 1, or 1.
    others = np.diff(has.indptr) - 1.0
    weights = 1 / others if chosen.loss == "softmax" else np.ones(len(others))
    wanted = (has.T @ sparse.diags_array(weights / samples.sum()) @ has).astype(np.float32).toarray()
    np.fill_diagonal(wanted, 0)
    vectors, losses = _train(wanted, samples, chosen, progress)
    vectors[samples == 0] = 0
    return TagSkipGram(TagVectors.from_any(tags, vectors, name), losses, int(samples.sum()))


def train_tag_vectors(
    folksonomy: Folksonomy,
    settings: TagSkipGramSettings | None = None,
    name: str = "tag skip-gram",
    min_count: int = 1,
    progress: Progress = silent,
) -> WordVectors:
    """Train vectors of all tags of a folksonomy, to be kept and used as any word vectors.

    Their words are whole tags, which `Lookup.whole_tag` finds; of tags that are not among them the words are
    looked up.

    Args:
        folksonomy: Whose tracks are trained on.
        settings: How to train; the defaults where None.
        name: What to call the vectors.
        min_count: Tags that fewer tracks have get no vector.
        progress: Told after each step; what it raises stops the training.

    Raises:
        InvalidSetting: As `train_tag_skipgram`.
    """
    used = folksonomy.select_tags(min_count=min_count)
    # As a tag is looked up: without the blanks around it, and of two that then are one the more used.
    rows: dict[str, int] = {}
    for row, tag in enumerate(used.tags["tag"]):
        if tag.strip():
            rows.setdefault(tag.strip(), row)
    incidence = sparse.csr_array(used.matrix[:, list(rows.values())])
    made = train_tag_skipgram(incidence, list(rows), settings, name, progress).vectors
    return WordVectors(name, made.tags, made.vectors, f"tag skip-gram on {folksonomy.name}")


def _require(incidence: sparse.sparray, tags: Sequence[str], settings: TagSkipGramSettings) -> None:
    if incidence.shape[1] != len(tags):
        raise ValueError(f"incidence has {incidence.shape[1]} columns and there are {len(tags)} tags")
    if len(tags) > MAX_DENSE:
        gb = _BYTES_A_PAIR[settings.loss] * len(tags) ** 2 / 1e9
        raise TooManyTags(
            f"{len(tags):,} tags would need {gb:,.0f} GB for all pairs; the limit is {MAX_DENSE:,}. Raise "
            "the minimum count, or train skip-gram with negative sampling"
        )


def _train(
    wanted: FloatArray, samples: DoubleArray, settings: TagSkipGramSettings, progress: Progress
) -> tuple[DoubleArray, DoubleArray]:
    """Return the input matrix (tags, dim) and the loss of each step."""
    import torch

    n = len(wanted)
    dim = settings.n_components(n)
    generator = torch.Generator().manual_seed(settings.seed)
    embed = (torch.randn((n, dim), generator=generator) * _FIRST_WEIGHTS).requires_grad_()
    out = (torch.randn((dim, n), generator=generator) * _FIRST_WEIGHTS).requires_grad_()
    target = torch.from_numpy(wanted)
    weight = torch.from_numpy((samples / samples.sum()).astype(np.float32))
    loss_of = _LOSSES[settings.loss]
    optimiser = torch.optim.Adam([embed, out], settings.learning_rate)
    losses: list[float] = []
    with _threads_for(n):
        for step in range(settings.steps):
            optimiser.zero_grad()
            loss = loss_of(embed @ out, target, weight)
            lengths = (embed.square().sum() + out.square().sum()) / n
            (loss + settings.penalty_taken * lengths).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            losses.append(float(loss.detach()))
            progress((step + 1) / settings.steps, f"training tag vectors, loss {losses[-1]:.4f}")
            if step >= _PLATEAU and losses[-_PLATEAU] - losses[-1] < settings.tolerance * losses[-_PLATEAU]:
                break
    return embed.detach().numpy().astype(np.float64), np.array(losses)


@contextlib.contextmanager
def _threads_for(n_tags: int) -> Iterator[None]:
    """Compute with one thread where tags are few: waking others takes longer than their part.

    The number is the process's: what it was before the first of several who compute at once is what each
    leaves behind, whatever the others' order.
    """
    import torch

    if n_tags > _FEW_TAGS:
        yield
        return
    with _THREADS_LOCK:
        _THREADS_BEFORE.append(_THREADS_BEFORE[-1] if _THREADS_BEFORE else torch.get_num_threads())
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _THREADS_LOCK:
            torch.set_num_threads(_THREADS_BEFORE.pop())


def _softmax_loss(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return −Σ_ij target_ij log p_ij; each row of `target` sums to the row's weight."""
    return -(target * logits.log_softmax(1)).sum()


def _published_loss(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the binary cross-entropy of softmax outputs, summed over outputs."""
    import torch

    log_p = logits.log_softmax(1)
    # log(1 − p) of p near 1 would be −∞; Keras clips p at 1 − 1e-7.
    log_not = torch.log1p(-log_p.exp().clamp(max=1 - 1e-7))
    return -(target * log_p + (weight[:, None] - target) * log_not).sum()


_LOSSES = {"softmax": _softmax_loss, "as_published": _published_loss}
