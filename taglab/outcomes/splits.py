"""Fingerprints of splits and of evaluated tracks, by which results are known to be comparable."""

from __future__ import annotations

from collections.abc import Sequence

from taglab.cache import content_key

UNKNOWN = "unknown"


def split_fingerprint(tracks: Sequence[str], parts: Sequence[str]) -> str:
    """Return the fingerprint of a split: which part each of all tracks is in, in whatever order.

    Args:
        tracks: Every track of the split, each once.
        parts: The part of each ("train", "validation", "test").

    Returns:
        32 hexadecimal digits.
    """
    if len(tracks) != len(parts):
        raise ValueError(f"{len(tracks)} tracks and {len(parts)} parts")
    refuse_repeats("track", tracks)
    return content_key("split", sorted(zip(map(str, tracks), map(str, parts), strict=True)))


def track_set_fingerprint(tracks: Sequence[str]) -> str:
    """Return the fingerprint of a set of tracks, in whatever order: 32 hexadecimal digits."""
    refuse_repeats("track", tracks)
    return content_key("tracks", sorted(map(str, tracks)))


def split_warning(splits: Sequence[str], evaluated: Sequence[str]) -> str | None:
    """Say why results may not be comparable, or return None where they are.

    Args:
        splits: Fingerprint of each result's split, or `UNKNOWN`.
        evaluated: Fingerprint of the tracks each was evaluated on, or `UNKNOWN`.

    Returns:
        One sentence to be shown wherever these results stand on one axis.
    """
    if len(splits) < 2:
        return None
    unknown = sum(UNKNOWN in pair for pair in zip(splits, evaluated, strict=True))
    if len(set(splits) - {UNKNOWN}) > 1:
        return (
            "These results come from different splits: one may have learned from tracks on which another "
            "is tested, so differences between them may be the split's."
        )
    if len(set(evaluated) - {UNKNOWN}) > 1:
        return (
            "These results come from one split but were evaluated on different tracks; compare them on the "
            "tracks they have in common."
        )
    if unknown:
        return (
            f"The split or the tracks of {unknown} of these {len(splits)} results are unknown, so "
            "differences between them may be those of the tracks."
        )
    return None


def refuse_repeats(what: str, names: Sequence[str]) -> None:
    """Raise ValueError if a name stands twice; `what` says of what they are names."""
    if len(set(names)) < len(names):
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise ValueError(f"{what} {name!r} stands twice")
            seen.add(name)
