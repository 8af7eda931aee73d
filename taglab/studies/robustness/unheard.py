"""Which tracks no encoder has learned from: clips of others would be those it was made for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from taglab.audio.library import resolve_audio
from taglab.encoders import learned_elsewhere, run_of
from taglab.errors import InvalidSetting, TaglabError
from taglab.reprs import one_line
from taglab.runs import Run, open_run
from taglab.settings import checked
from taglab.sources import open_folksonomy
from taglab.split import SplitSettings, split_tracks
from taglab.vectors import open_features

__all__ = ["Unheard", "unheard_tracks"]


@dataclass(frozen=True, eq=False)
class Unheard:
    """What encoders have not learned from.

    Attributes:
        tracks: Those in the test part of every run; None where no run's network is among the encoders.
        untold: Features of which it cannot be known from which tracks their encoder learned.
    """

    tracks: frozenset[str] | None
    untold: tuple[str, ...]

    __repr__ = one_line


def unheard_tracks(runs: Iterable[Run], features: Iterable[str]) -> Unheard:
    """Return the tracks that no network learned from or was chosen by.

    Args:
        runs: Networks that were trained.
        features: Names of kept features, those of further runs among them.

    Raises:
        InvalidSetting: If a run was not trained to its end, or no track is left.
        NotFound: If there are no such features.
    """
    by_name = {run.name: run for run in runs}
    origins = {name: open_features(name) for name in features}
    untold = [name for name, kept in origins.items() if learned_elsewhere(kept)]
    learned = {
        name: kept for name, kept in origins.items() if kept.origin.get("split") and name not in untold
    }
    parts: dict[str, frozenset[str]] = {name: _test_tracks(run) for name, run in by_name.items()}
    splits = {run.about.split for run in by_name.values()}
    for name, kept in learned.items():
        run = run_of(kept)
        if run and run not in parts:
            tracks = _known_test_tracks(run, str(kept.origin["split"]))
            if tracks is None:
                untold.append(name)
            else:
                parts[run] = tracks
                splits.add(str(kept.origin["split"]))
    # A dictionary or a scaling is learned from the training tracks of its split.
    untold += [
        name for name, kept in learned.items() if not run_of(kept) and kept.origin["split"] not in splits
    ]
    left = frozenset.intersection(*parts.values()) if parts else None
    if left is not None and not left:
        raise InvalidSetting(
            f"no track is left that none of the runs {', '.join(parts)} has learned from or was chosen by; "
            "train them on one split (split_seed, test_share), or name fewer"
        )
    return Unheard(left, tuple(untold))


def _test_tracks(run: Run) -> frozenset[str]:
    predictions = run.predictions("test")
    if predictions is None:
        raise InvalidSetting(f"run {run.name!r} was not trained to its end; begin again, and it goes on")
    return frozenset(predictions.tracks)


def _known_test_tracks(name: str, split: str) -> frozenset[str] | None:
    """Return the test part of a run of any kind; None where it can no longer be told."""
    try:
        run = open_run(name)
        predictions = run.predictions("test")
        if predictions is not None:
            return frozenset(predictions.tracks)
        config: Any = run.config
        data = open_folksonomy(str(config["data"]))
        together = bool(config.get("copies_together"))
        copies = resolve_audio(str(config["audio"]), data).copies if together else ()
        parts = split_tracks(data, checked(SplitSettings, config["split"]), copies)
    except (TaglabError, KeyError):
        return None
    if parts.fingerprint != split:
        return None
    return frozenset(track for track, part in zip(parts.tracks, parts.parts, strict=True) if part == "test")
