"""Asking a joint space: with tags, artists and tracks, added and taken away; answered by ranks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting, NotFound
from taglab.joint_space.nearest import best_products
from taglab.joint_space.space import JointSpace
from taglab.parallel import blocks
from taglab.vectors import Vectors

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_ROWS_AT_ONCE = 1 << 14
_SIGN = re.compile(r"(?:^|\s)([+−-])(?=\s|$)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TERM = re.compile(r"(?:(tag|artist|track|word|clip):\s*)?(.*)", re.DOTALL)


@dataclass(frozen=True)
class Term:
    """A part of a query.

    Attributes:
        name: Of a tag, an artist, a track, or of what `ask` is given beside these.
        kind: "tag", "artist", "track" or another that `ask` is given; empty takes the first that has the
            name.
        taken_away: Whether results are to be unlike it.
    """

    name: str
    kind: str = ""
    taken_away: bool = False


def parse_query(text: str) -> tuple[Term, ...]:
    """Read a query: names between " + " and " - ", each perhaps after what it is, as in "artist:Ann".

    It can be `tag:`, `artist:`, `track:`, `word:` or `clip:`. Signs count only between blanks, so that
    "lo-fi" and "r+b" are names; in double quotes nothing counts.

    Raises:
        InvalidSetting: If a name is missing.

    Examples:
        >>> [(term.name, term.kind, term.taken_away) for term in parse_query("jazz - artist:Ann + lo-fi")]
        [('jazz', '', False), ('Ann', 'artist', True), ('lo-fi', '', False)]
        >>> parse_query('artist:"Sand - Sea"')[0].name
        'Sand - Sea'
    """
    quoted: list[str] = []

    def set_apart(match: re.Match[str]) -> str:
        quoted.append(re.sub(r"\\(.)", r"\1", match[1]))
        return f"\0{len(quoted) - 1}\0"

    pieces = _SIGN.split(f" {_QUOTED.sub(set_apart, text.replace(chr(0), ' ').strip())}")
    signs, names = ["+", *pieces[1::2]], [piece.strip() for piece in pieces[0::2]]
    if not names[0] and len(names) > 1:  # the first has a sign of its own
        signs, names = signs[1:], names[1:]
    if not all(names):
        raise InvalidSetting(f"query {text[:60]!r} must be names between + and -, such as 'jazz - sad'")
    return tuple(_term(name, sign != "+", quoted) for name, sign in zip(names, signs, strict=True))


def _term(text: str, taken_away: bool, quoted: Sequence[str]) -> Term:
    match = _TERM.fullmatch(text)
    kind, name = (match[1] or "", match[2]) if match else ("", text)
    name = re.sub("\0(\\d+)\0", lambda place: quoted[int(place[1])], name)
    if not name:
        raise InvalidSetting(f"{text!r} must be followed by a name")
    return Term(name, kind, taken_away)


def written(term: Term) -> str:
    """Return a term as `parse_query` reads it, without its sign.

    Examples:
        >>> written(Term("Sand - Sea", "artist")), written(Term("lo-fi"))
        ('artist:"Sand - Sea"', 'lo-fi')
    """
    prefix = f"{term.kind}:" if term.kind else ""
    plain = Term(term.name, term.kind)
    if '"' not in term.name and _parsed_alike(f"{prefix}{term.name}", plain):
        return f"{prefix}{term.name}"
    escaped = term.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'{prefix}"{escaped}"'


def _parsed_alike(text: str, term: Term) -> bool:
    """Return whether a text is read as just this term."""
    try:
        return parse_query(text) == (term,)
    except InvalidSetting:
        return False


@dataclass(frozen=True, eq=False)
class Answer:
    """What lies nearest to a query.

    Attributes:
        terms: As asked, with the kind that was taken for each.
        vector: Array (d,), of the query; see `ask`.
        tracks, tags, artists: The best ones, best first: a column of names (`track`, `tag`, `artist`), `rank`
            from 1, `percentile`, the share of all of its kind that rank below it, and `specificity`, the
            share of all tags, artists and tracks that, asked alone, lie less near to it than the query does;
            both in [0, 100]. What was asked with is left out.
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


def ask(
    space: JointSpace,
    terms: Sequence[Term],
    tracks: Vectors | None = None,
    n: int = 15,
    given: Mapping[str, Mapping[str, Floats]] | None = None,
) -> Answer:
    """Return the tracks, tags and artists that lie nearest to a query, by dot product.

    Every term counts alike: its vector is scaled to length 1 before they are added, for an artist's and a
    track's differ in length for reasons that have nothing to do with the query.

    Args:
        space: The space.
        terms: At least one.
        tracks: Places of tracks in the space (`JointSpace.place`), where tracks are asked with or for.
        n: How many of a kind are returned, at most.
        given: What else can be asked with: kind → name → vector (d,) in the space, such as clips.

    Raises:
        InvalidSetting: If there is no term, or the terms cancel one another.
        NotFound: If a name is none of the space's tags and artists, no track's, and was not given.
    """
    if not terms:
        raise InvalidSetting("a query needs at least one tag, artist or track")
    known = {
        "tag": _Known(space.tags, space.tag_vectors),
        "artist": _Known(space.artists, space.artist_vectors),
        "track": _Known((), space.tag_vectors[:0]) if tracks is None else _Known(tracks.ids, tracks.vectors),
    }
    others = given or {}
    asked, vector = [], np.zeros(space.dim, np.float64)
    for term in terms:
        kind, one = _vector_of(term, known, others, space.name)
        length = float(np.linalg.norm(one))
        vector += (-1 if term.taken_away else 1) * (one / length if length else one)
        asked.append(Term(term.name, kind, term.taken_away))
    if np.linalg.norm(vector) < 1e-9:
        raise InvalidSetting("the query says nothing: its terms cancel one another, or have no features")
    query = vector.astype(np.float32)
    best = {kind: _best_rows(query, kind, one, asked, n) for kind, one in known.items()}
    specific = _specificities(query, best, known)
    tables = {kind: _table(kind, one, best[kind], specific[kind], asked) for kind, one in known.items()}
    return Answer(tuple(asked), query, tables["track"], tables["tag"], tables["artist"])


class _Known(NamedTuple):
    """What has a vector, of one kind."""

    names: Sequence[str]
    vectors: Floats

    def row(self, name: str) -> int | None:
        """Return the row of a name; None where there is none."""
        try:
            return self.names.index(name)
        except ValueError:
            return None


def _vector_of(
    term: Term, known: Mapping[str, _Known], given: Mapping[str, Mapping[str, Floats]], space: str
) -> tuple[str, npt.NDArray[np.float64]]:
    """Return of which kind a term is, and its vector."""
    for kind in (term.kind,) if term.kind else (*known, *given):
        row = known[kind].row(term.name) if kind in known else None
        if row is not None:
            return kind, known[kind].vectors[row].astype(np.float64)
        if term.name in given.get(kind, {}):
            return kind, given[kind][term.name].astype(np.float64)
    what = f"no {term.kind}" if term.kind else "neither a tag nor an artist nor a track"
    raise NotFound(f"{term.name!r} is {what} of the joint space {space!r}")


def _rows_asked(kind: str, known: _Known, asked: Sequence[Term]) -> set[int]:
    """Return the rows of what was asked with, of one kind."""
    rows = (known.row(term.name) for term in asked if term.kind == kind)
    return {row for row in rows if row is not None}


def _best_rows(query: Floats, kind: str, known: _Known, asked: Sequence[Term], n: int) -> Rows:
    """Return the rows of the best of one kind, best first, but for what was asked with."""
    own = _rows_asked(kind, known, asked)
    rows = best_products(query[None], known.vectors, n + len(own)).rows[0]
    best: Rows = rows[~np.isin(rows, list(own))][:n]
    return best


def _specificities(
    query: Floats, best: Mapping[str, Rows], known: Mapping[str, _Known]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return, of the best of each kind, the share of all that, asked alone, lies less near than the query."""
    nearest = np.concatenate([known[kind].vectors[rows] for kind, rows in best.items()])
    of_query = nearest @ query / np.linalg.norm(query)
    less_near = np.zeros(len(nearest), np.int64)
    for one in known.values():
        for block in blocks(len(one.names), _ROWS_AT_ONCE):
            vectors = one.vectors[block]
            lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
            bar = np.where(
                lengths > 0, of_query * lengths, of_query
            )  # of no direction, it is near to nothing
            less_near += (vectors @ nearest.T < bar).sum(axis=0)
    shares = 100 * less_near / max(sum(len(one.names) for one in known.values()), 1)
    ends = np.cumsum([len(rows) for rows in best.values()])
    return dict(zip(best, np.split(shares, ends[:-1]), strict=True))


def _table(
    kind: str, known: _Known, rows: Rows, specificity: npt.NDArray[np.float64], asked: Sequence[Term]
) -> pd.DataFrame:
    """Return the best of one kind as `Answer` has them."""
    others = len(known.names) - len(_rows_asked(kind, known, asked))
    rank = np.arange(1, len(rows) + 1)
    return pd.DataFrame(
        {
            kind: [known.names[row] for row in rows],
            "rank": rank,
            "percentile": 100 * (others - rank) / max(others, 1),
            "specificity": specificity,
        }
    )
