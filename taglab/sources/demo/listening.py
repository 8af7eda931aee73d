"""The demo's listeners: who hears what, what they notice, and how they write it.

A listener who hears a track writes each tag at a rate that is the product of three things: how much the
tag's concept applies to the track, the listener's habit of writing that tag, and one number a tag, found so
that the tag comes out about as often as its rank among Last.fm's tags asks. Who hears what depends on no
recipe; tags whose concept is the listener's own affair ("seen live") therefore say nothing of the sound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.sources.demo.vocabulary import FALSE_FRIENDS, Spelling, concepts, table_31

__all__ = ["LASTFM_TRACKS", "affinities", "choose_spellings", "target_counts", "write_tags"]

Matrix = npt.NDArray[np.float64]

LASTFM_TRACKS = 505_216
"""Tracks of the Million Song Dataset with a Last.fm tag (thesis, section 4)."""

# Below the 100th tag the slope of the table goes on, -0.54 growing to -0.58. Last.fm's own tail grows steeper
# yet (rank 7,700 has 100 tracks), but a tag on fewer than some six of 1,200 tracks teaches nothing.
_TAIL_POWER = -0.58
_LEAST_COUNT = 6.0

# How much a listener's own concept ("cool") is counted, beside the share of tracks a sound applies to.
_LISTENER_SHARE = 0.02
# Spellings of a kind against the plain one, before chance: what is chosen and how often it is written.
_PROMINENCE = {
    "base": 1.0,
    "junk": 1.0,
    "synonym": 0.32,
    "variant": 0.4,
    "language": 0.25,
    "typo": 0.3,
    "compound": 0.5,
    "unknown": 0.3,
}
_SURE_KINDS = frozenset({"base", "junk", "compound", "unknown"})
# Listeners by the language they tag in; an English spelling is open to everybody.
_LANGUAGES = {
    "en": 0.6, "de": 0.12, "es": 0.09, "fr": 0.07, "it": 0.03, "pt": 0.03, "sv": 0.02, "fi": 0.01, "ja": 0.02,
    "ru": 0.01,
}  # fmt: skip
_ERRORS = 0.03  # listeners also err: this much of what is written, where nothing is heard


def affinities(
    spellings: Sequence[Spelling], by_concept: dict[str, npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    """Return how much each spelling applies to each track, (tracks, spellings); a compound asks both."""
    columns = []
    for spelling in spellings:
        applies = by_concept[spelling.concept]
        columns.append(applies * by_concept[spelling.also] if spelling.also else applies)
    return np.stack(columns, axis=1)


def choose_spellings(
    rng: np.random.Generator,
    spellings: Sequence[Spelling],
    applies: Matrix,
    n_tags: int,
) -> npt.NDArray[np.int64]:
    """Return rows of `spellings`, the most used first: the thesis's in its order, then others by prominence.

    The chosen hold every plain spelling, every compound and every false friend; chance decides on the rest.
    """
    kept = {tag for pair in FALSE_FRIENDS for tag in pair}
    share = applies.mean(axis=0)
    for row, spelling in enumerate(spellings):
        if concepts()[spelling.concept].basis == "listener":
            share[row] = _LISTENER_SHARE
    kinds = np.array([_PROMINENCE[spelling.kind] for spelling in spellings])
    prominence = kinds * np.sqrt(share + 1e-6) * rng.lognormal(0, 0.5, len(spellings))
    order = np.argsort(-prominence, kind="stable")
    row_of = {spelling.tag: row for row, spelling in enumerate(spellings)}
    head = [row_of[tag] for tag in table_31()]
    order = order[~np.isin(order, head)]
    sure = [row for row in order if spellings[row].kind in _SURE_KINDS or spellings[row].tag in kept]
    chance = order[~np.isin(order, sure)][: max(0, n_tags - len(head) - len(sure))]
    return np.array([*head, *order[np.isin(order, [*sure, *chance])]], np.int64)


def target_counts(n_tags: int, n_tracks: int) -> npt.NDArray[np.float64]:
    """Return on how many tracks the tag of each rank should come out, (tags,)."""
    real = np.array(list(table_31().values())) / LASTFM_TRACKS
    ranks = np.arange(len(real) + 1, n_tags + 1)
    tail = real[-1] * (ranks / len(real)) ** _TAIL_POWER
    least = np.minimum(_LEAST_COUNT / 1200, tail.max(initial=1))
    return np.concatenate([real, np.maximum(tail, least)]) * n_tracks


def write_tags(
    rng: np.random.Generator,
    spellings: Sequence[Spelling],
    applies: Matrix,
    targets: npt.NDArray[np.float64],
    n_listeners: int,
) -> sparse.csr_array:
    """Let the listeners write.

    Args:
        rng: Source of chance.
        spellings: The tags.
        applies: How much (tracks, tags).
        targets: Tracks a tag should come out on, (tags,).
        n_listeners: How many there are.

    Returns:
        How many listeners gave each tag to each track, (tracks, tags); every track has one at least.
    """
    audience = _audience(rng, len(applies), n_listeners)
    junk = np.array([concepts()[spelling.concept].basis == "listener" for spelling in spellings])
    heard = applies + np.maximum(_ERRORS * applies.mean(axis=0), 1e-6)
    rates = heard * (audience @ _habits(rng, spellings, junk, n_listeners))
    rates *= _solve(rates, np.minimum(targets, applies.sum(axis=0) + 1e-3))
    written = rng.poisson(rates)
    silent = np.flatnonzero(written.sum(axis=1) == 0)
    written[silent, rates[silent].argmax(axis=1)] = 1
    return sparse.csr_array(written)


def _audience(rng: np.random.Generator, n_tracks: int, n_listeners: int) -> sparse.csr_array:
    """Draw who hears what, 0/1 (tracks, listeners): some tracks are known to many, most to a few."""
    sizes = np.clip(np.round(rng.lognormal(2.2, 0.65, n_tracks)), 3, n_listeners).astype(int)
    heard = [rng.choice(n_listeners, size, replace=False) for size in sizes]
    rows = np.repeat(np.arange(n_tracks), sizes)
    shape = (n_tracks, n_listeners)
    return sparse.csr_array((np.ones(len(rows)), (rows, np.concatenate(heard))), shape=shape)


def _habits(
    rng: np.random.Generator, spellings: Sequence[Spelling], junk: npt.NDArray[np.bool_], n_listeners: int
) -> Matrix:
    """Draw how readily each listener writes each tag, (listeners, tags), 1 on average.

    A listener sticks to few spellings; capitals, typos and junk are habits that run through all that a
    listener writes, and words of a language come from those who speak it.
    """
    habits = rng.gamma(0.6, 1 / 0.6, (n_listeners, len(spellings)))
    capitals = np.array([spelling.tag != spelling.tag.lower() for spelling in spellings])
    typos = np.array([spelling.kind == "typo" for spelling in spellings])
    for which, shape in ((capitals, 0.8), (typos, 0.5), (junk, 0.6)):
        habits[:, which] *= rng.gamma(shape, 1 / shape, (n_listeners, 1))
    shares = np.array(list(_LANGUAGES.values()))
    speaks = rng.choice(list(_LANGUAGES), n_listeners, p=shares / shares.sum())
    for column, spelling in enumerate(spellings):
        if spelling.language:
            habits[:, column] *= np.where(speaks == spelling.language, 1.0, 0.01)
    return np.asarray(habits / np.maximum(habits.mean(axis=0), 1e-12))


def _solve(rates: Matrix, targets: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the factor by which each column of rates must grow for its expected count to meet its target.

    The expected count is the sum over tracks of 1 - exp(-factor * rate). No tag is asked for more than
    what its own tracks can bear.
    """
    bearable = 1.3 * rates.sum(axis=0) ** 2 / (rates**2).sum(axis=0)
    wanted = np.minimum(targets, bearable)
    factors = wanted / rates.sum(axis=0)
    for _ in range(20):  # Newton from below on a concave function: no overshoot
        unsaid = np.exp(-rates * factors)
        missing = wanted - (1 - unsaid).sum(axis=0)
        factors = factors + missing / (rates * unsaid).sum(axis=0)
    return np.asarray(factors)
