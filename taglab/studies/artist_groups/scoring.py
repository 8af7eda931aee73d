"""What the networks' features are worth: genres of held-out tracks, by the classifier of section 3.3.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.audio.store import AudioStore
from taglab.cache import content_key, derived_path, file_digest, keep, recalled
from taglab.errors import DataError, InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.studies.artist_groups.networks import SHARED, SINGLE, WIDE, Ground
from taglab.studies.artist_groups.published import MAIN
from taglab.studies.transfer import Asked, SegmentClassification, Transferred, transferred
from taglab.training import encode_segments
from taglab.training.checkpoints import LAST
from taglab.vectors import Vectors
from taglab.vectors.library import read_vectors, write_vectors

_FORMAT = 1
_SEGMENTS = "segments"


@dataclass(frozen=True, eq=False)
class Scored:
    """What was scored.

    Attributes:
        rows: A row a combination and architecture that is trained: `tasks`, `n`, `main`, `architecture`,
            `log_loss`, `f1`, as `taglab.studies.artist_groups.printed` has them.
        wide: A row a wide network: `n`, `log_loss`, `f1`.
        answers: Of each of those, by architecture and tasks, or "wSTN" and number: a row a held-out track, as
            of `taglab.studies.transfer.Judged`.
        artists: Of the held-out tracks, a number each, in the order of the answers; one of unknown artist
            has its own.
    """

    rows: pd.DataFrame
    wide: pd.DataFrame
    answers: Mapping[tuple[str, str], pd.DataFrame]
    artists: npt.NDArray[np.int64]

    __repr__ = one_line


def score_networks(ground: Ground, runs: Mapping[str, Run], progress: Progress = silent) -> Scored:
    """Return what features of the networks are worth that are trained to their end.

    Args:
        ground: What they have in common.
        runs: As of `make_networks`.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If none is.
    """
    finished = {title: run for title, run in runs.items() if run.finished}
    if not finished:
        raise InvalidSetting(
            f"none of the {len(runs)} networks is trained yet; `taglab launch` trains them in the background"
        )
    heard = {}
    for place, (title, run) in enumerate(finished.items()):
        share = between(progress, 0.5 * place / len(finished), 0.5 * (place + 1) / len(finished), title)
        heard[title] = heard_by(run, ground.store, share)
    asked = _asked(ground, next(iter(heard.values())))
    wanted = _wanted(ground, set(finished))
    results: dict[tuple[str, str], Transferred] = {}
    for place, (key, titles) in enumerate(wanted.items()):
        share = between(progress, 0.5 + 0.5 * place / len(wanted), 0.5 + 0.5 * (place + 1) / len(wanted))
        results[key] = transferred(
            asked, side_by_side([heard[title] for title in titles], " ".join(key)), share
        )
    answers = {key: one.answers for key, one in results.items()}
    return Scored(_rows(results), _wide_rows(results), answers, _artists(ground, asked))


def _wanted(ground: Ground, finished: set[str]) -> dict[tuple[str, str], list[str]]:
    """Return by architecture and tasks the networks whose features stand side by side, all trained."""
    study = ground.study
    wanted: dict[tuple[str, str], list[str]] = {}
    for tasks in study.asked:
        if SINGLE in study.architectures:
            wanted[SINGLE, tasks] = [f"{SINGLE} {letter}" for letter in tasks]
        if SHARED in study.architectures and len(tasks) > 1:
            wanted[SHARED, tasks] = [f"{SHARED} {tasks}"]
    wanted |= {(WIDE, str(n)): [f"{WIDE} {n}"] for n in study.wide}
    return {key: titles for key, titles in wanted.items() if set(titles) <= finished}


def heard_by(run: Run, store: AudioStore, progress: Progress = silent) -> Vectors:
    """Return tracks as segments of a second side by side, as a run's last epoch hears them; kept.

    Its `origin` says how many `segments` there are.
    """
    key = content_key(_FORMAT, run.name, file_digest(run.checkpoints / LAST), store.fingerprint)
    path = derived_path("segments", key, "")

    def read(folder: object) -> Vectors | None:
        try:
            return read_vectors(path, run.name) if path.is_dir() else None
        except DataError:
            return None

    kept = recalled(path, read)
    if kept is not None:
        return kept
    segments = encode_segments(run, weights="last", store=store, progress=progress)
    n_tracks, n_segments, _ = segments.values.shape
    flat = segments.values.reshape(n_tracks, -1)
    vectors = Vectors(
        "tracks", segments.tracks, flat, segments.missing, run.name, "euclidean",
        {"run": run.name, "weights": "last", _SEGMENTS: n_segments},
    )  # fmt: skip
    keep(path, vectors, lambda folder, value: write_vectors(value, folder))
    return vectors


def side_by_side(parts: Sequence[Vectors], name: str) -> Vectors:
    """Return the numbers of several networks side by side within each segment; all of the same tracks.

    Raises:
        ValueError: If they are of other tracks, or of more or fewer segments.
    """
    first = parts[0]
    n_segments = int(first.origin[_SEGMENTS])
    if any(one.ids != first.ids or one.origin[_SEGMENTS] != n_segments for one in parts):
        raise ValueError("features side by side must be of the same tracks and segments")
    arrays = [one.vectors.reshape(len(one), n_segments, -1) for one in parts]
    joined = np.concatenate(arrays, axis=2).reshape(len(first), -1)
    origin = {_SEGMENTS: n_segments, "runs": [one.name for one in parts]}
    return Vectors("tracks", first.ids, joined, first.missing, name, first.measure, origin)


def _asked(ground: Ground, heard: Vectors) -> Asked:
    """Return the question, on the networks' split; what validated them is learned from.

    Raises:
        InvalidSetting: If no track of known genre is held out.
    """
    task = SegmentClassification(column=ground.genre, segments=int(heard.origin[_SEGMENTS]))
    problem = task.problem(ground.data, None)
    tracks = tuple(track for track in problem.tracks if track in heard)
    part_of = dict(zip(ground.split.tracks, ground.split.parts.tolist(), strict=True))
    is_test = np.array([part_of[track] == "test" for track in tracks], bool)
    if not is_test.any() or is_test.all():
        raise InvalidSetting(
            f"of {len(tracks)} tracks with sound and a {ground.genre} {int(is_test.sum())} are held out; "
            "some must be, and others not"
        )
    parts = ((np.flatnonzero(~is_test), np.flatnonzero(is_test)),)
    without = len(problem.tracks) - len(tracks)
    return Asked(task, problem, tracks, parts, (ground.study.seed,), without, is_redrawn=False)


def _artists(ground: Ground, asked: Asked) -> npt.NDArray[np.int64]:
    test = [asked.tracks[row] for row in asked.parts[0][1]]
    if not ground.data.knows_artists:
        return np.arange(len(test))
    artists = ground.data.tracks.set_index("track")["artist"].reindex(test)
    codes, names = pd.factorize(artists)
    return np.where(codes < 0, len(names) + np.arange(len(codes)), codes).astype(np.int64)


def _figures(result: Transferred) -> dict[str, float]:
    return {"log_loss": -float(result.answers["merit"].mean()), "f1": float(result.scores[0])}


def _rows(results: Mapping[tuple[str, str], Transferred]) -> pd.DataFrame:
    rows = [
        {
            "tasks": tasks,
            "n": len(tasks),
            "main": MAIN in tasks,
            "architecture": architecture,
            **_figures(one),
        }
        for (architecture, tasks), one in results.items()
        if architecture != WIDE
    ]
    columns = ["tasks", "n", "main", "architecture", "log_loss", "f1"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        "architecture", ascending=False, kind="stable", ignore_index=True
    )


def _wide_rows(results: Mapping[tuple[str, str], Transferred]) -> pd.DataFrame:
    rows = [{"n": int(n), **_figures(one)} for (of, n), one in results.items() if of == WIDE]
    return pd.DataFrame(rows, columns=["n", "log_loss", "f1"])
