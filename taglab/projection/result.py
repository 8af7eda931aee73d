"""`Projection`: a map of tags, with what it took and how far it can be trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taglab.archives import read_arrays
from taglab.cache import replacing
from taglab.errors import DataError
from taglab.projection.settings import ProjectionSettings

AS_IS = "as-is"


@dataclass(frozen=True, eq=False)
class Projection:
    """Where each tag lies on a map.

    Attributes:
        positions: Array (tags, dimensions), float32; the axes have no unit.
        method: What placed the tags: a name in `PROJECTIONS`, or "as-is" where nothing was to be done.
        settings: Those really used, which fit the number of tags.
        notes: Sentences on what differs from what was asked for.
        trustworthiness: In [0, 1], see `taglab.projection.quality.Quality`; NaN below 3 tags.
        neighbours_kept: In [0, 1], likewise.
        queries: Tags over which both were taken; fewer than the tags where they are estimates, 0 where the
            map has not been judged yet.
        explained_variance: Share of all variance along each axis shown, (dimensions,); None but for PCA of
            vectors; NaN where all tags coincide.
        scree: Share of all variance along every axis there is, falling, (dim,); likewise.
        why_not_judged: Why it could not be judged; empty where it was, or may be yet. It is not saved.

    Raises:
        ValueError: If shapes disagree.
    """

    positions: npt.NDArray[np.float32]
    method: str
    settings: ProjectionSettings
    notes: tuple[str, ...]
    trustworthiness: float
    neighbours_kept: float
    queries: int
    explained_variance: npt.NDArray[np.float64] | None = None
    scree: npt.NDArray[np.float64] | None = None
    why_not_judged: str = ""

    def __post_init__(self) -> None:
        if self.positions.ndim != 2 or self.positions.shape[1] != self.settings.dimensions:
            raise ValueError(
                f"positions must be (tags, {self.settings.dimensions}), not {self.positions.shape}"
            )
        if not np.isfinite(self.positions).all():
            raise ValueError("positions must be finite")

    def __repr__(self) -> str:
        size = f"{len(self)} tags in {self.settings.dimensions} dimensions"
        return f"<Projection {self.method}: {size}, trustworthiness {self.trustworthiness:.3f}>"

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def quality_sentence(self) -> str:
        """What to show beside the map."""
        if len(self) < 3:
            return "Fewer than 3 points have no neighbourhood to keep or lose."
        if self.why_not_judged:
            return f"How far the map can be trusted could not be found out: {self.why_not_judged}."
        if not self.queries:
            return "How far the map can be trusted is still being found out."
        over = (
            f"every one of the {len(self):,} points"
            if self.queries == len(self)
            else f"{self.queries:,} of the {len(self):,} points, drawn with seed {self.settings.seed}"
        )
        return (
            f"Trustworthiness {self.trustworthiness:.3f}; {self.neighbours_kept:.0%} of a point's "
            f"{self.settings.quality_neighbours} nearest on the map are among its nearest originally; "
            f"over {over}."
        )

    def save(self, path: Path) -> None:
        """Write to an .npz file, atomically.

        Raises:
            StorageError: If the disk is full or the place cannot be written.
        """
        with replacing(path) as temporary:
            self.write(temporary)

    def write(self, path: Path) -> None:
        """Write to a new file; raises OSError."""
        facts = {
            "method": self.method,
            "settings": self.settings.model_dump(),
            "notes": self.notes,
            "trustworthiness": self.trustworthiness,
            "neighbours_kept": self.neighbours_kept,
            "queries": self.queries,
        }
        arrays = {"positions": self.positions, "facts": np.array(json.dumps(facts))}
        if self.explained_variance is not None and self.scree is not None:
            arrays |= {"explained_variance": self.explained_variance, "scree": self.scree}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    @classmethod
    def open(cls, path: Path) -> Projection:
        """Read what `save` wrote.

        Raises:
            DataError: If it is damaged.
        """
        try:
            arrays = read_arrays(path)
            facts = json.loads(str(arrays["facts"]))
            return cls(
                positions=arrays["positions"],
                method=facts["method"],
                settings=ProjectionSettings(**facts["settings"]),
                notes=tuple(facts["notes"]),
                trustworthiness=facts["trustworthiness"],
                neighbours_kept=facts["neighbours_kept"],
                queries=facts["queries"],
                explained_variance=arrays.get("explained_variance"),
                scree=arrays.get("scree"),
            )
        except DataError:
            raise
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(path, f"is not a saved projection or is damaged ({error})") from error
