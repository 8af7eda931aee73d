"""Cleaning at the size of Last.fm's whole vocabulary: every step, and typos against comparing all pairs."""

from __future__ import annotations

import math
import resource
import time

import numpy as np
import pandas as pd

from taglab.benchmarks.reading import peak_gb
from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.cleaning import CLEANING_STEPS, WORD_LISTS, Typos, remap, word_list, words
from taglab.cleaning.memory import categorised
from taglab.cleaning.typos import known_phrases, known_words, preference, similarity, slip_between
from taglab.embeddings import WordVectors, compose
from taglab.folksonomy import Folksonomy

N_TAGS = 522_000
N_SAMPLE = 20_000
_REPEATS = 3
_BATCH = 2_000
_DIM = 64
_IN_PLACE = 0.1
"""How much letters compared at their place may add to the Jaro-Winkler similarity."""
_SYLLABLES = [
    first + second
    for first in ("b", "c", "d", "f", "g", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "ch", "st")
    for second in ("a", "e", "i", "o", "u", "ai", "ou")
]


def made_up_tags(n_tags: int, seed: int = 0) -> list[str]:
    """Return distinct tags of one to four words, most used first; a third of them with a slip in a word.

    Words are those of the package's lists and made-up ones, used as 1 / rank^0.8.
    """
    random = np.random.default_rng(seed)
    listed = sorted({word for name in WORD_LISTS for phrase in word_list(name) for word in words(phrase)})
    made = ["".join(random.choice(_SYLLABLES, size)) for size in random.integers(1, 5, 40_000)]
    vocabulary = np.array(listed + made, dtype=object)
    share = np.arange(1, len(vocabulary) + 1) ** -0.8
    found: dict[str, None] = {}
    while len(found) < n_tags:
        sizes = random.choice([1, 2, 3, 4], n_tags, p=[0.25, 0.4, 0.25, 0.1])
        chosen = random.choice(vocabulary, (n_tags, 4), p=share / share.sum())
        slips = random.random((n_tags, 3))
        for size, parts, slip in zip(sizes, chosen, slips, strict=True):
            tag = list(map(str, parts[:size]))
            if slip[0] < 1 / 3:
                at = int(slip[1] * size)
                tag[at] = _slipped(tag[at], float(slip[2]))
            found[" ".join(tag)] = None
    return list(found)[:n_tags]


def _slipped(word: str, where: float) -> str:
    """Return a word with a letter left out, doubled, or swapped with the next."""
    if len(word) < 4:
        return word
    at, kind = divmod(int(where * 3 * (len(word) - 1)), 3)
    changed = ("", word[at] * 2, word[at + 1] + word[at])[kind]
    return word[:at] + changed + word[at + 1 + (kind == 2) :]


def folksonomy_of(tags: list[str]) -> Folksonomy:
    """Return a folksonomy whose n-th tag is on about 1 / n as many tracks as the first, at least one."""
    n_tracks = 50_000
    counts = np.maximum(n_tracks / np.arange(1, len(tags) + 1), 1).astype(np.int64)
    tracks = np.arange(counts.sum()) % n_tracks
    table = pd.DataFrame({"track": np.arange(n_tracks).astype(str)})
    return Folksonomy.from_codes("made up", table, tags, tracks, np.repeat(np.arange(len(tags)), counts))


def all_pairs(folksonomy: Folksonomy, step: Typos) -> dict[str, str]:
    """Return what the step finds, by comparing every tag with every target: the peer."""
    from rapidfuzz.distance import JaroWinkler
    from rapidfuzz.process import cdist

    forms: dict[str, int] = {}
    for tag, count in zip(folksonomy.tags["tag"], folksonomy.tags["count"], strict=True):
        forms.setdefault(" ".join(words(tag)), count)
    phrases = known_phrases(step.known)
    vocabulary = known_words(phrases)
    targets = list(dict.fromkeys((*list(forms)[: step.most_used], *sorted(phrases))))
    asked = [form for form in forms if form not in phrases]
    fitting: dict[str, list[tuple[float, str]]] = {}
    for start in range(0, len(asked), _BATCH):
        batch = asked[start : start + _BATCH]
        scores = cdist(
            batch, targets, scorer=JaroWinkler.similarity, score_cutoff=step.threshold - _IN_PLACE,
            dtype=np.float64, workers=-1,
        )  # fmt: skip
        for row, column in zip(*np.nonzero(scores), strict=True):
            form, target = batch[row], targets[column]
            if form == target or abs(len(form) - len(target)) > 2:
                continue
            rarer = forms.get(target, math.inf) * step.max_share >= forms[form]
            score = similarity(form, target)
            if rarer and score >= step.threshold and slip_between(form, target, vocabulary):
                fitting.setdefault(form, []).append((score, target))
    best = {
        form: max(pairs, key=lambda pair: preference(pair[0], pair[1], forms))
        for form, pairs in fitting.items()
    }
    return {form: target for form, (_, target) in best.items()}


def every_step() -> list[Row]:
    """Each cleaning step with its defaults, one after the other, on a vocabulary of Last.fm's size."""
    cleaned = folksonomy_of(made_up_tags(N_TAGS))
    rows = []
    for name, kind in CLEANING_STEPS.items():
        step, vectors = kind(), None
        if step.needs_vectors:
            vectors = compose(_random_vectors(cleaned), list(cleaned.tags["tag"]))
        n_tags, started = cleaned.n_tags, time.process_time()
        plan = step.plan(cleaned, vectors)
        cleaned = categorised(remap(cleaned, plan.mapping), plan.categories)
        seconds = time.process_time() - started
        rows.append(
            Row(
                name=f"{name}, {n_tags:,} tags",
                ours_s=seconds,
                peer_s=math.nan,
                ratio=math.nan,
                agreement="",
                note=f"{len(plan.mapping):,} tags changed, {peak_gb():.2f} GB at the peak; CPU time, "
                "planning and applying",
            )
        )
    return rows


def _random_vectors(folksonomy: Folksonomy) -> WordVectors:
    """Return vectors of all words of a folksonomy, that mean nothing."""
    vocabulary = sorted({word for tag in folksonomy.tags["tag"] for word in words(tag)})
    drawn = np.random.default_rng(0).normal(size=(len(vocabulary), _DIM)).astype(np.float32)
    return WordVectors("random", tuple(vocabulary), drawn)


def typos() -> list[Row]:
    """Typos of a sample against rapidfuzz's matrix of all pairs, and of the whole vocabulary."""
    step = Typos()
    whole = made_up_tags(N_TAGS)
    sample = folksonomy_of(whole[:: max(1, len(whole) // N_SAMPLE)])
    timed = alternate(
        lambda _: step.plan(sample).mapping, lambda _: all_pairs(sample, step), repeats=_REPEATS
    )
    ours = {" ".join(words(tag)): " ".join(words(target)) for tag, (target,) in timed.ours[0].items()}
    theirs = timed.peers[0]
    same = sum(theirs.get(form) == target for form, target in ours.items())
    made = folksonomy_of(whole)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    merged = len(step.plan(made).mapping)
    seconds = time.perf_counter() - started
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6
    return [
        Row(
            name=f"typos, {sample.n_tags} tags, against rapidfuzz's matrix of all pairs",
            ours_s=timed.ours_s,
            peer_s=timed.peer_s,
            ratio=timed.ratio,
            agreement=f"{same} of {len(ours)} merges are the same, the peer has {len(theirs)}",
            note="ours with 1 thread, rapidfuzz with one a core",
        ),
        Row(
            name=f"typos, {made.n_tags} tags",
            ours_s=seconds,
            peer_s=math.nan,
            ratio=math.nan,
            agreement="",
            note=f"{merged} merges, {more:.2f} GB more at the peak, 1 thread",
        ),
    ]
