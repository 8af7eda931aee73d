"""Asking a joint space: with tags, artists and tracks, added and taken away; answered by ranks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting, NotFound
from taglab.joint_space.space import JointSpace
from taglab.vectors import Vectors

Floats = npt.NDArray[np.float32]

_KINDS = ("tag", "artist", "track")
_PREFIX = re.compile(r"(tag|artist|track):\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Term:
    """A part of a query.

    Attributes:
        name: Of a tag, an artist or a track.
        kind: "tag", "artist" or "track"; empty takes the first of these that has the name.
        taken_away: Whether results are to be unlike it.
    """

    name: str
    kind: str = ""
    taken_away: bool = False


def parse_query(text: str) -> tuple[Term, ...]:
    """Read a query: names between " + " and " - ", each perhaps after `tag:`, `artist:` or `track:`.

    Signs count only between blanks, so that "lo-fi" and "r+b" are names.

    Raises:
        InvalidSetting: If a name is missing.

    Examples:
        >>> [(term.name, term.kind, term.taken_away) for term in parse_query("jazz - artist:Ann + lo-fi")]
        [('jazz', '', False), ('Ann', 'artist', True), ('lo-fi', '', False)]
    """
    pieces = re.split(r"(?:^|\s)([+−-])(?=\s|$)", f" {text.strip()}")
    signs, names = ["+", *pieces[1::2]], [piece.strip() for piece in pieces[0::2]]
    if not names[0] and len(names) > 1:  # the first has a sign of its own
        signs, names = signs[1:], names[1:]
    if not all(names):
        raise InvalidSetting(f"query {text[:60]!r} must be names between + and -, such as 'jazz - sad'")
    return tuple(_term(name, sign != "+") for name, sign in zip(names, signs, strict=True))


def _term(text: str, taken_away: bool) -> Term:
    match = _PREFIX.fullmatch(text)
    kind, name = match.groups() if match else ("", text)
    if not name:
        raise InvalidSetting(f"{text!r} must be followed by a name")
    return Term(name, kind, taken_away)


@dataclass(frozen=True, eq=False)
class Answer:
    """What lies nearest to a query.

    Attributes:
        terms: As asked, with the kind that was taken for each.
        vector: Array (d,), of the query; see `ask`.
        tracks, tags, artists: The best ones, best first: a column of names (`track`, `tag`, `artist`), `rank`
            from 1, and `percentile`, the share of all that rank below it, in [0, 100]. What was asked with is
            left out.
    """

    terms: tuple[Term, ...]
    vector: Floats
    tracks: pd.DataFrame
    tags: pd.DataFrame
    artists: pd.DataFrame

    def __repr__(self) -> str:
        asked = " ".join(f"{'−' if term.taken_away else '+'} {term.kind}:{term.name}" for term in self.terms)
        sizes = f"{len(self.tracks)} tracks, {len(self.tags)} tags, {len(self.artists)} artists"
        return f"<Answer to {asked}: {sizes}>"


def ask(space: JointSpace, terms: Sequence[Term], tracks: Vectors | None = None, n: int = 15) -> Answer:
    """Return the tracks, tags and artists that lie nearest to a query, by dot product.

    Every term counts alike: its vector is scaled to length 1 before they are added, for an artist's and a
    track's differ in length for reasons that have nothing to do with the query.

    Args:
        space: The space.
        terms: At least one.
        tracks: Places of tracks in the space (`JointSpace.place`), where tracks are asked with or for.
        n: How many of a kind are returned, at most.

    Raises:
        InvalidSetting: If there is no term, or the terms cancel one another.
        NotFound: If a name is none of the space's tags and artists, and no track's.
    """
    if not terms:
        raise InvalidSetting("a query needs at least one tag, artist or track")
    known = {
        "tag": dict(zip(space.tags, space.tag_vectors, strict=True)),
        "artist": dict(zip(space.artists, space.artist_vectors, strict=True)),
        "track": {} if tracks is None else dict(zip(tracks.ids, tracks.vectors, strict=True)),
    }
    asked = tuple(Term(term.name, _kind(term, known, space.name), term.taken_away) for term in terms)
    vector = np.zeros(space.dim, np.float64)
    for term in asked:
        one = known[term.kind][term.name].astype(np.float64)
        length = float(np.linalg.norm(one))
        vector += (-1 if term.taken_away else 1) * (one / length if length else one)
    if np.linalg.norm(vector) < 1e-9:
        raise InvalidSetting("the query says nothing: its terms cancel one another, or have no features")
    query = vector.astype(np.float32)
    best = {kind: _nearest(query, kind, known[kind], asked, n) for kind in _KINDS}
    return Answer(asked, query, best["track"], best["tag"], best["artist"])


def _kind(term: Term, known: Mapping[str, Mapping[str, Floats]], space: str) -> str:
    for kind in (term.kind,) if term.kind else _KINDS:
        if term.name in known[kind]:
            return kind
    what = f"no {term.kind}" if term.kind else "neither a tag nor an artist nor a track"
    raise NotFound(f"{term.name!r} is {what} of the joint space {space!r}")


def _nearest(
    query: Floats, kind: str, vectors: Mapping[str, Floats], asked: Sequence[Term], n: int
) -> pd.DataFrame:
    with_it = {term.name for term in asked if term.kind == kind}
    names = [name for name in vectors if name not in with_it]
    if not names:
        return pd.DataFrame({kind: [], "rank": [], "percentile": []})
    scores = np.stack([vectors[name] for name in names]) @ query
    order = np.argsort(-scores, kind="stable")[:n]
    below = np.searchsorted(np.sort(scores), scores[order])
    return pd.DataFrame(
        {
            kind: [names[row] for row in order],
            "rank": np.arange(1, len(order) + 1),
            "percentile": 100 * below / len(names),
        }
    )
