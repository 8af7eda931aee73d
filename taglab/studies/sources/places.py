"""Places of a map of tracks by one network, and what it expects its sources to say there: figure 2.16."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import DataError, InputsChanged, InvalidSetting, NotFound
from taglab.factors.describe import strongest_by_source
from taglab.figures.theme import visible
from taglab.progress import Progress, between, silent
from taglab.projection import ProjectionSettings, cached_projection
from taglab.reprs import one_line
from taglab.runs import Run
from taglab.studies.design import SINGLE
from taglab.studies.design.analysis import with_standard_scores
from taglab.studies.sources.study import StudyOfSources, Target
from taglab.studies.transfer import Classification
from taglab.studies.transfer.task import standardised
from taglab.targets import Targets
from taglab.training import encode, predicted_targets
from taglab.vectors import Vectors

N_PLACES, NEAREST, STRONGEST = 6, 10, 2
"""Places of a map, tracks nearest to each, and factors of each source that are told of them."""
_PREFERRED = "MS-CR"
_LEAST_TRACKS = 3

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Places:
    """Tracks on a map by what one network hears, and some places of it.

    Attributes:
        about: Of which network, a sentence.
        points: A row a track: `track`, `x`, `y`, `group`: its class by the first task that asks for one, and
            `note`: the strongest factors of each source, as the network expects them.
        places: A row a place: `place`, `x`, `y`, `tracks` (how many are told of), `note`.
        strongest: A row a place, source and factor: `place`, `tracks`, `source`, `factor`, `share`: mean of
            the tracks there, and `of all`: of all tracks.
    """

    about: str
    points: pd.DataFrame
    places: pd.DataFrame
    strongest: pd.DataFrame

    __repr__ = one_line


def places_of(study: StudyOfSources, progress: Progress = silent) -> Places:
    """Return the places of a study's best network of several sources, on the tracks of the tasks.

    Args:
        study: As far as it is.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If no network of several sources is scored yet, or it hears too few of the tracks.
        DataError, InputsChanged, NotFound: As `encode` and `predicted_targets`.
    """
    number, run = best_of_several(study)
    expected = predicted_targets(run, progress=between(progress, 0, 0.35))
    heard = encode(run, progress=between(progress, 0.35, 0.7), with_deviations=True)
    tracks = [track for track in study.target.data.tracks["track"].astype(str) if track in heard]
    if len(tracks) < _LEAST_TRACKS:
        raise InvalidSetting(f"run {run.name} hears {len(tracks)} of the tracks of {study.target.data.name}")
    scaled = standardised(heard.rows_of(tracks), np.arange(len(tracks)))
    vectors = Vectors.of("tracks", tracks, scaled, run.name, "euclidean")
    placed = cached_projection(vectors, ProjectionSettings(method="tsne"), between(progress, 0.7, 1))
    positions = placed.positions.astype(np.float64)
    row = study.design.runs[study.design.runs["number"] == number].iloc[0]
    about = (
        f"Run {number} of the design, {row['strategy']} of {row['n']} sources ({', '.join(expected)}), "
        f"the best by its mean standardised score; {len(tracks):,} tracks of {study.target.data.name}, by "
        "t-SNE."
    )
    return described(about, tracks, positions, expected, _classes(study.target, tracks))


def best_of_several(study: StudyOfSources) -> tuple[int, Run]:
    """Return number and run of the network of several sources whose mean standardised score is best.

    One of MS-CR where any is scored, as the figure of the thesis is of one.

    Raises:
        InvalidSetting: If none is scored yet.
    """
    scores = with_standard_scores(study.design.scored_runs(), study.design.settings.sources)
    finished = study.finished
    several = scores[(scores["strategy"] != SINGLE) & scores["run"].isin(list(finished))]
    preferred = several[several["strategy"].str.startswith(_PREFERRED)]
    several = preferred if len(preferred) else several
    if several.empty:
        raise InvalidSetting("no network of several sources is trained and scored yet")
    means = several.groupby("run", sort=True)["standard"].mean()
    number = int(means.index.to_numpy()[means.to_numpy().argmax()])
    return number, finished[number]


def _classes(target: Target, tracks: Sequence[str]) -> list[str]:
    """Return the class of each track by the first task of a column of classes; empty where not known."""
    columns = [task.column for task in target.tasks if isinstance(task, Classification) and task.column]
    if not columns:
        return [""] * len(tracks)
    by_track = target.data.tracks.set_index(target.data.tracks["track"].astype(str))
    cells = by_track[columns[0]].reindex(list(tracks))
    return ["" if pd.isna(cell) else str(cell) for cell in cells]


def described(
    about: str,
    tracks: Sequence[str],
    positions: Doubles,
    expected: Mapping[str, Targets],
    groups: Sequence[str],
    n_places: int = N_PLACES,
    nearest: int = NEAREST,
) -> Places:
    """Return places of a map, the centres of as many clusters of it, and the strongest factors there.

    Args:
        about: Of which network, a sentence.
        tracks: On the map.
        positions: Where each is (tracks, 2).
        expected: By source, what the network expects it to say of tracks.
        groups: The class of each track; empty where it is not known.
        n_places: At most so many.
        nearest: So many tracks, nearest to its centre, are told of each.
    """
    centres = _centres(positions, n_places)
    chosen = {name: own.select(tracks) for name, own in expected.items()}
    notes = strongest_by_source(chosen, tracks, STRONGEST)
    points = pd.DataFrame(
        {"track": tracks, "x": positions[:, 0], "y": positions[:, 1], "group": groups, "note": notes}
    )
    rows, rings = [], []
    for place, centre in enumerate(centres, 1):
        near = np.argsort(np.linalg.norm(positions - centre, axis=1), kind="stable")[:nearest]
        own = [row for name, of in chosen.items() for row in _strongest(name, of, near)]
        rows += [{"place": place, "tracks": len(near), **row} for row in own]
        note = "; ".join(f"{row['source']}: {row['factor']} {row['share']:.2f}" for row in own)
        rings.append((place, centre[0], centre[1], len(near), note))
    places = pd.DataFrame(rings, columns=["place", "x", "y", "tracks", "note"])
    columns = ["place", "tracks", "source", "factor", "share", "of all"]
    return Places(about, points, places, pd.DataFrame(rows, columns=columns))


def _strongest(source: str, targets: Targets, near: npt.NDArray[np.intp]) -> list[dict[str, object]]:
    values = targets.dense()
    here, everywhere = values[near].mean(axis=0), values.mean(axis=0)
    return [
        {
            "source": source,
            "factor": visible(targets.columns[column], 60),
            "share": float(here[column]),
            "of all": float(everywhere[column]),
        }
        for column in np.argsort(-here, kind="stable")[:STRONGEST].tolist()
    ]


def _centres(positions: Doubles, n_places: int) -> Doubles:
    """Return the centres of clusters of positions, from the left to the right (places, 2)."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(positions, axis=0))
    fitted = KMeans(min(n_places, distinct), n_init=10, random_state=0).fit(positions)
    centres: Doubles = fitted.cluster_centers_
    return centres[np.lexsort(centres.T[::-1])]


def places_or_reason(study: StudyOfSources, progress: Progress = silent) -> Places | str:
    """Return the places of a study, or a sentence on why there are none."""
    try:
        return places_of(study, progress)
    except (DataError, InputsChanged, InvalidSetting, NotFound) as error:
        return str(error)
