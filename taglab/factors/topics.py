"""Factors of documents over terms, learned from some tracks and given to all: what makers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from scipy import sparse

from taglab.errors import DataError, InvalidSetting
from taglab.factors.plsa import Doubles, fit_plsa, fold_in
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.settings import Flag, Group
from taglab.split import SplitSettings, split_tracks
from taglab.targets import BoolArray, Factors, FloatArray, Targets

_NAMED_TERMS = 3

Folding = Callable[[sparse.csr_array], Doubles]


@dataclass(frozen=True)
class TopicModel:
    """A way to learn factors.

    Attributes:
        about: What it is, a phrase.
        learn: `learn(counts, settings, progress)` gives p(term | factor) (terms, k), p(factor | document)
            (documents, k), and a function that gives the shares of other documents.
    """

    about: str
    learn: Callable[[sparse.csr_array, TopicSettings, Progress], tuple[Doubles, Doubles, Folding]]


def _plsa(
    counts: sparse.csr_array, settings: TopicSettings, progress: Progress
) -> tuple[Doubles, Doubles, Folding]:
    learned = fit_plsa(counts, settings.k, settings.seed, settings.iterations, progress=progress)
    return learned.terms, learned.shares, lambda others: fold_in(others, learned.terms)


def _lda(
    counts: sparse.csr_array, settings: TopicSettings, progress: Progress
) -> tuple[Doubles, Doubles, Folding]:
    from sklearn.decomposition import LatentDirichletAllocation

    progress(0.0, "factors")
    model = LatentDirichletAllocation(
        settings.k, max_iter=settings.iterations, evaluate_every=5, random_state=settings.seed
    )
    shares = model.fit_transform(counts)
    weights = model.components_ / model.components_.sum(axis=1, keepdims=True)
    return weights.T, shares, lambda others: np.asarray(model.transform(others), np.float64)


TOPIC_MODELS: dict[str, TopicModel] = {
    "plsa": TopicModel("probabilistic latent semantic analysis", _plsa),
    "lda": TopicModel("latent Dirichlet allocation, scikit-learn's, with priors of 1/k", _lda),
}
"""Name → way to learn factors of documents."""


def _known_model(name: str) -> str:
    if name not in TOPIC_MODELS:
        raise InvalidSetting(f"model={name!r} must be one of: {', '.join(TOPIC_MODELS)}")
    return name


def _abouts() -> Mapping[str, str]:
    return {name: model.about for name, model in TOPIC_MODELS.items()}


ModelName = Annotated[str, Flag(choices=_abouts), AfterValidator(_known_model)]
Splitting = Annotated[SplitSettings, Group("which tracks are the training part", prefix="split-")]


class LearnedFactors(BaseModel):
    """How many factors are learned, and from which tracks.

    Attributes:
        k: Number of factors.
        seed: Of the start.
        learn_from: "all" learns from all tracks; "train" from those of the training part alone, and gives the
            others the shares of what was learned.
        split: Which tracks that part has; the same settings give a run the same part, unless its sound
            holds copies.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    k: int = Field(50, ge=2, le=10_000)
    seed: int = Field(0, ge=0, lt=2**32)
    learn_from: Literal["all", "train"] = "all"
    split: Splitting = SplitSettings()

    def learned_tracks(self, folksonomy: Folksonomy) -> BoolArray:
        """Return which tracks are learned from, (tracks,)."""
        if self.learn_from == "all":
            return np.ones(folksonomy.n_tracks, bool)
        parts = split_tracks(folksonomy, self.split).parts
        return np.asarray(parts == "train", bool)


class TopicSettings(LearnedFactors):
    """How factors of documents are learned.

    Attributes:
        model: Way to learn them.
        iterations: At most so many.
    """

    model: ModelName = "plsa"
    iterations: int = Field(100, ge=1, le=100_000)


@dataclass(frozen=True, eq=False)
class Documents:
    """Bags of words, and which tracks have which.

    Attributes:
        kind: What the terms are: "tags", "words", "users", "frames".
        of: What the documents are: "tracks" or "artists".
        terms: The terms, each once.
        counts: Array (documents, terms), at least 0.
        document_of: Row in `counts` of each track, (tracks,); -1 of a track that has none.
        learned: Which documents are learned from, (documents,).
        name: What the factors are called.
        origin: What the counts were made of.
        notes: What was left out, a sentence each.
    """

    kind: str
    of: str
    terms: Sequence[str]
    counts: sparse.csr_array
    document_of: npt.NDArray[np.int64]
    learned: BoolArray
    name: str
    origin: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    __repr__ = one_line


def factors_of_documents(
    folksonomy: Folksonomy, documents: Documents, settings: TopicSettings, progress: Progress = silent
) -> Targets:
    """Return how much of each of k factors every track has.

    Terms that no document to be learned from has are left out, and so nothing is known of documents without
    any other. A factor is named by its strongest terms.

    Args:
        folksonomy: Whose tracks.
        documents: Theirs.
        settings: How factors are learned.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If there are fewer terms or documents than factors.
        DataError: If no track to be learned from has a document.
    """
    bags = _bags(folksonomy, documents, settings.k)
    weights, shares = _learned_and_folded(bags, settings, progress)
    known = (documents.document_of >= 0) & bags.filled[documents.document_of]
    values: FloatArray = np.where(known[:, None], shares[documents.document_of], 0).astype(np.float32)
    factors = Factors(documents.kind, bags.terms, weights.astype(np.float32))
    return Targets(
        kind="distribution",
        tracks=tuple(folksonomy.tracks["track"]),
        columns=factor_names(factors),
        values=values,
        known=known,
        name=documents.name,
        origin={
            "data": folksonomy.fingerprint,
            **documents.origin,
            "settings": settings.model_dump(mode="json"),
        },
        factors=factors,
        notes=documents.notes,
    )


@dataclass(frozen=True, eq=False)
class _Bags:
    """Documents over those terms alone that can be learned.

    Attributes:
        terms: Terms that a document to be learned from has.
        counts: Array (documents, terms), float64.
        learned: Which documents are learned from, (documents,).
        filled: Which have any such term, (documents,).
    """

    terms: tuple[str, ...]
    counts: sparse.csr_array
    learned: BoolArray
    filled: BoolArray


def _bags(folksonomy: Folksonomy, documents: Documents, k: int) -> _Bags:
    """Return what can be learned; raises DataError where that is nothing, InvalidSetting where k is more."""
    counts = sparse.csr_array(documents.counts, dtype=np.float64)
    learned = documents.learned & (counts.sum(axis=1) > 0)
    if not learned.any():
        raise DataError(
            folksonomy.name,
            f"has no track to learn from with any of the {documents.kind}, of which factors are to be made",
        )
    used = np.flatnonzero(counts[learned].sum(axis=0) > 0)
    counts = sparse.csr_array(counts[:, used])
    n_learned = int(learned.sum())
    if k > min(len(used), n_learned):
        raise InvalidSetting(
            f"k={k} must be at most the {len(used):,} {documents.kind} and the {n_learned:,} "
            f"{documents.of} of {folksonomy.name} that factors of {documents.name} can be learned from; take "
            "fewer factors"
        )
    terms = tuple(documents.terms[at] for at in used.tolist())
    return _Bags(terms, counts, learned, counts.sum(axis=1) > 0)


def _learned_and_folded(bags: _Bags, settings: TopicSettings, progress: Progress) -> tuple[Doubles, Doubles]:
    """Return p(term | factor) (terms, k), and the shares (documents, k) of those learned from and others."""
    weights, own, folding = TOPIC_MODELS[settings.model].learn(
        sparse.csr_array(bags.counts[bags.learned]), settings, between(progress, 0.0, 0.9)
    )
    shares = np.zeros((bags.counts.shape[0], settings.k))
    shares[bags.learned] = own
    others = bags.filled & ~bags.learned
    if others.any():
        progress(0.9, "folding in the others")
        shares[others] = folding(sparse.csr_array(bags.counts[others]))
    return weights, shares


def factor_names(factors: Factors) -> tuple[str, ...]:
    """Name each factor by its strongest terms; of several of one name the later ones are numbered."""
    strongest = np.argsort(-factors.weights, axis=0, kind="stable")[:_NAMED_TERMS]
    return distinct_names([", ".join(factors.terms[row] for row in column) for column in strongest.T])


def distinct_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of which each stands once: of several of one name the later ones are numbered."""
    times = Counter[str]()
    numbered = []
    for name in names:
        times[name] += 1
        numbered.append(name if times[name] == 1 else f"{name} ({times[name]})")
    if len(set(numbered)) < len(numbered):  # a name was a number in brackets already
        numbered = [f"{number} {name}" for number, name in enumerate(names, 1)]
    return tuple(numbered)
