"""Words in the same space: a tag's vector as a linear map of its word vector, plus a part of its own.

The map is learned by ridge regression from the tags that the space was trained with, weighed by how many
training tracks have them; what it does not explain of a tag's vector is that tag's own part. A tag that
nobody used in training, or any word with a vector, has no part of its own, and lies where the map puts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.embeddings import WordVectors, compose, resolve
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.joint_space.fitting import FittedSpace, fit_space
from taglab.joint_space.material import JointMaterial
from taglab.joint_space.settings import JointSpaceSettings
from taglab.joint_space.space import JointSpace
from taglab.metrics.tagging import label_scores
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors

Floats = npt.NDArray[np.float32]

_STRENGTHS = np.logspace(-3, 3, 13)  # of the ridge, one of which leaving out a tag at a time chooses
_FEWEST = 5  # tags with a word vector, from which a map is learned


def with_words(space: JointSpace, words: TagVectors, counts: npt.ArrayLike | None = None) -> JointSpace:
    """Return a space that also knows where any word lies.

    Args:
        space: Trained; its vectors stay as they are.
        words: Word vectors of its tags, as `taglab.embeddings.compose` gives them; from tags without one
            nothing is learned.
        counts: Array (tags,): training tracks of each of the space's tags, by which they weigh; all alike
            where None.

    Returns:
        The space with its `word_map`.

    Raises:
        InvalidSetting: If too few tags have a word vector.
    """
    from sklearn.linear_model import RidgeCV

    rows = rows_with_words(space.tags, words)
    known = words.rows_of([space.tags[row] for row in rows]).astype(np.float64)
    weights = np.ones(len(rows)) if counts is None else np.asarray(counts, np.float64)[rows]
    ridge = RidgeCV(alphas=_STRENGTHS).fit(
        known, space.tag_vectors[rows], sample_weight=weights / weights.mean()
    )
    word_map = np.vstack([ridge.coef_.T, ridge.intercept_]).astype(np.float32)
    about = {"words": {"name": words.name, "fingerprint": words.fingerprint, "strength": float(ridge.alpha_)}}
    return replace(space, word_map=word_map, about={**space.about, **about})


def fit_with_words(
    material: JointMaterial,
    settings: JointSpaceSettings,
    words: TagVectors,
    name: str = "",
    about: dict[str, Any] | None = None,
    progress: Progress = silent,
) -> FittedSpace:
    """Train a space that also knows where any word lies, its map as `settings.word_map` says.

    Args:
        material: Tracks, features, artists, tags, parts.
        settings: See `JointSpaceSettings`.
        words: Word vectors of the tags.
        name: What the space is called.
        about: What it is made of, kept with it.
        progress: Told after some thousand steps; may raise to stop.

    Raises:
        InvalidSetting: If too few tags have a word vector; else as `fit_space`.
    """
    rows_with_words(material.tags, words)
    fitted = fit_space(material, settings, name, about, progress, words)
    return replace(fitted, space=with_map(fitted.space, words, material))


def with_map(space: JointSpace, words: TagVectors, material: JointMaterial) -> JointSpace:
    """Return a space with a map fitted to its tags, by how many training tracks have them, if it has none."""
    if space.word_map is not None:
        return space
    return with_words(space, words, material.right("tags", "train").sum(axis=0))


def rows_with_words(tags: Sequence[str], words: TagVectors) -> list[int]:
    """Return which tags have a word vector.

    Raises:
        InvalidSetting: If they are too few to learn a map from.
    """
    rows = [row for row, tag in enumerate(tags) if tag in words]
    if len(rows) < _FEWEST:
        raise InvalidSetting(
            f"words={words.name!r} have a vector for {len(rows)} of the {len(tags):,} tags, and a map "
            f"is learned from at least {_FEWEST}; choose other word vectors"
        )
    return rows


def words_of(space: JointSpace, data: Folksonomy) -> WordVectors:
    """Return the word vectors that a space's map was learned of.

    Args:
        space: Whose `about` names them.
        data: What the space was trained on; vectors named "own" are of its tag lists.

    Raises:
        NotFound: If they are gone.
    """
    return resolve(str(space.about["words"]["name"]), data)


def place_words(space: JointSpace, words: WordVectors, names: Sequence[str]) -> dict[str, Floats]:
    """Return where words lie in a space, (d,) each; those without a word vector are left out.

    Args:
        space: With a `word_map`; of others nothing is returned.
        words: The word vectors that its map was learned of.
        names: Words or phrases.
    """
    if space.word_map is None or not names:
        return {}
    known = compose(words, list(dict.fromkeys(names)))
    return dict(zip(known.tags, mapped(space, known.vectors), strict=True))


def mapped(space: JointSpace, vectors: Floats) -> Floats:
    """Return where word vectors (words, dimensions) of length 1 lie in a space, (words, d)."""
    if space.word_map is None or vectors.shape[1] != len(space.word_map) - 1:
        raise InvalidSetting(
            f"the joint space {space.name!r} knows no words of {vectors.shape[1]} dimensions"
        )
    placed: Floats = vectors @ space.word_map[:-1] + space.word_map[-1]
    return placed


@dataclass(frozen=True, eq=False)
class ZeroShot:
    """How well tags are found that no training track was allowed to show.

    Attributes:
        table: A row a held-out tag and way to ask: `tag`, `way` ("word map, fitted" and "word map, learned",
            see `JointSpaceSettings`; "nearest trained tag", by word vector), `right` (tracks that have it, of
            those ranked), `average_precision`, `auc_roc`, `chance` (average precision expected of any order).
        left_out: Tags that were to be held out and have no word vector.
    """

    table: pd.DataFrame
    left_out: tuple[str, ...]

    __repr__ = one_line


def zero_shot(
    material: JointMaterial,
    settings: JointSpaceSettings,
    words: TagVectors,
    share: float = 0.2,
    fewest: int = 5,
    part: str = "test",
    progress: Progress = silent,
) -> ZeroShot:
    """Hold tags out of training, and rank tracks by what their words alone say.

    Args:
        material: Tracks, tags and parts.
        settings: Of the space; `seed` also draws the tags that are held out.
        words: Word vectors of the tags, made without sight of the part that is ranked.
        share: Of the tags, in (0, 1).
        fewest: Tracks of the part that a tag must have to be held out.
        part: Whose tracks are ranked.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If no tag can be held out, or too few are left.
    """
    right = material.right("tags", part).toarray() > 0
    able = [
        row
        for row, tag in enumerate(material.tags)
        if tag in words and fewest <= right[:, row].sum() < len(right)
    ]
    drawn = np.random.default_rng(settings.seed).permutation(able)[: round(share * len(able))]
    if not len(drawn):
        raise InvalidSetting(
            f"no tag can be held out: {len(able)} have a word vector and {fewest} tracks of the {part} part"
        )
    held_out = np.sort(drawn)
    kept = np.setdiff1d(np.arange(len(material.tags)), held_out)
    shown = replace(
        material, tags=tuple(material.tags[row] for row in kept), tags_of=material.tags_of[:, kept]
    )
    spaces = {
        way: fit_with_words(
            shown,
            settings.model_copy(update={"word_map": way}),
            words,
            progress=between(progress, at / 2, (at + 1) / 2),
        ).space
        for at, way in enumerate(("fitted", "learned"))
    }
    space = spaces["fitted"]
    rows = material.features[material.parts[part]]
    tracks = {way: one.place(rows) for way, one in spaces.items()}
    names = [material.tags[row] for row in held_out]
    trained = words.select(space.tags)
    nearest = (words.rows_of(names) @ trained.vectors.T).argmax(axis=1)
    rows_of = {tag: row for row, tag in enumerate(space.tags)}
    known = words.rows_of(names)
    of_nearest = space.tag_vectors[[rows_of[trained.tags[row]] for row in nearest]]
    scores = {f"word map, {way}": mapped(one, known) @ tracks[way].T for way, one in spaces.items()}
    scores["nearest trained tag"] = of_nearest @ tracks["fitted"].T
    truth = right[:, held_out]
    tables = [_scored(way, names, of_way, truth.T) for way, of_way in scores.items()]
    left_out = tuple(tag for tag in material.tags if tag not in words)
    return ZeroShot(pd.concat(tables, ignore_index=True), left_out)


def _scored(
    way: str, names: Sequence[str], scores: npt.NDArray[np.floating], truth: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Return a row for every tag, of scores and truth (tags, tracks)."""
    figures = label_scores(truth.T, scores.T)
    return pd.DataFrame(
        {
            "tag": names,
            "way": way,
            "right": truth.sum(axis=1),
            "average_precision": figures.average_precision,
            "auc_roc": figures.roc_auc,
            "chance": truth.mean(axis=1),
        }
    )
