"""Targets that a run keeps: what its tracks should be given, as it was when the run was made.

What makes them computes with floating-point numbers, whose last bit is another on another processor; so that
a training goes on anywhere with the very numbers it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
from scipy import sparse

from taglab.archives import Arrays, read_arrays
from taglab.cache import check_checksums, content_key, replacing, write_checksums
from taglab.errors import DataError, InputsChanged
from taglab.reprs import one_line
from taglab.runs import layout
from taglab.runs.run import Run
from taglab.targets import TARGET_KINDS, Factors, Targets

TARGETS = "targets.npz"
_ABOUT = "about"
_MOST_NUMBERS = 1 << 30  # of all dense values together: 4 GiB


@dataclass(frozen=True, eq=False)
class KeptTargets:
    """Targets by what they are called, and what they were made of.

    Attributes:
        ingredients: Content key of what they were made of: the same on every machine.
        of: Name → targets, all of the same tracks.
    """

    ingredients: str
    of: Mapping[str, Targets]

    __repr__ = one_line

    def fingerprint(self, ingredients: str = "") -> str:
        """Return the content key of what they were made of and of what they hold.

        Args:
            ingredients: Of what is there now, to be compared with; as they were made where empty.
        """
        held = {name: own.fingerprint for name, own in self.of.items()}
        return content_key(ingredients or self.ingredients, held)


class _OfOne(pydantic.BaseModel):
    """What is kept of targets beside their arrays."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")
    kind: str
    columns: tuple[str, ...]
    name: str
    terms: tuple[str, ...] | None = None
    terms_kind: str = ""
    notes: tuple[str, ...] = ()


class _About(pydantic.BaseModel):
    """What is kept beside arrays: of all tracks, and of each source."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")
    ingredients: str = pydantic.Field(alias="made_of")
    tracks: tuple[str, ...]
    of: dict[str, _OfOne]


def write_targets(folder: Path, kept: KeptTargets) -> None:
    """Write targets and their checksum into a run's folder, before it takes its place.

    Args:
        folder: Of the run.
        kept: The targets.
    """
    tracks = next((own.tracks for own in kept.of.values()), ())
    about = _About(
        made_of=kept.ingredients, tracks=tracks, of={name: _about(own) for name, own in kept.of.items()}
    )
    arrays: Arrays = {_ABOUT: np.frombuffer(about.model_dump_json(by_alias=True).encode(), np.uint8)}
    for number, own in enumerate(kept.of.values()):
        arrays |= {f"{part} {number}": array for part, array in _arrays(own).items()}
    place = folder / layout.TARGETS
    with replacing(place) as temporary:
        temporary.mkdir()
        with (temporary / TARGETS).open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        write_checksums(temporary, [TARGETS])


def _about(targets: Targets) -> _OfOne:
    factors = targets.factors
    return _OfOne(
        kind=targets.kind,
        columns=targets.columns,
        name=targets.name,
        terms=None if factors is None else factors.terms,
        terms_kind="" if factors is None else factors.kind,
        notes=targets.notes,
    )


def _arrays(targets: Targets) -> Arrays:
    """Return what is known of tracks, and of those the values; of the others they are zeros."""
    arrays: Arrays = {"known": targets.known}
    if targets.factors is not None:
        arrays["weights"] = targets.factors.weights
    values = targets.values
    if isinstance(values, sparse.csr_array):
        ordered = values.sorted_indices()
        return {**arrays, "data": ordered.data, "indices": ordered.indices, "indptr": ordered.indptr}
    return {**arrays, "values": values[targets.known]}


def read_targets(run: Run) -> KeptTargets:
    """Return the targets that a run keeps, each number as it was written.

    Raises:
        DataError: If they are missing or damaged.
        InputsChanged: If the run was made before runs kept them.
    """
    folder = run.folder / layout.TARGETS
    if not folder.is_dir():
        raise InputsChanged(
            f"run {run.name!r} was made before runs kept what their sources say of the tracks, and what "
            "is computed again may differ in the last bit; make a new run of the same settings"
        )
    check_checksums(folder)
    path = folder / TARGETS
    kept = targets_of_file(path)
    frozen = run.inputs.get("sources")
    if frozen is not None and frozen.fingerprint != kept.fingerprint():
        raise DataError(path, "holds other targets than those that the run was made with")
    return kept


def targets_of_file(path: Path) -> KeptTargets:
    """Return what a file of targets holds, trusting nothing in it; raises DataError."""
    arrays = read_arrays(path)
    if _ABOUT not in arrays:
        raise DataError(path, "does not say of which tracks and columns its targets are")
    try:
        about = _About.model_validate_json(arrays[_ABOUT].tobytes())
        _require_room(about)
        of = {
            name: _targets(one, about.tracks, arrays, number)
            for number, (name, one) in enumerate(about.of.items())
        }
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise DataError(path, f"holds no sound targets ({' '.join(str(error).split())})") from error
    return KeptTargets(about.ingredients, of)


def _require_room(about: _About) -> None:
    """Refuse what would take far more memory than the file does: of unknown tracks it holds no values."""
    n_columns = sum(len(one.columns) for one in about.of.values() if not _is_sparse(one))
    if len(about.tracks) * n_columns > _MOST_NUMBERS:
        raise ValueError(
            f"{len(about.tracks):,} tracks by {n_columns:,} columns must be at most {_MOST_NUMBERS:,} numbers"
        )


def _is_sparse(one: _OfOne) -> bool:
    return one.kind in TARGET_KINDS and TARGET_KINDS[one.kind].sparse


def _targets(one: _OfOne, tracks: tuple[str, ...], arrays: Arrays, number: int) -> Targets:
    """Return the targets of a source, of its arrays; raises where they do not fit."""
    own = {part: arrays[f"{part} {number}"] for part in _parts(one)}
    known, shape = own["known"], (len(tracks), len(one.columns))
    factors = None
    if one.terms is not None:
        factors = Factors(one.terms_kind, one.terms, own["weights"])
    values: Any
    if "indptr" in own:
        values = sparse.csr_array((own["data"], own["indices"], own["indptr"]), shape=shape)
        values.check_format(full_check=True)
    else:
        values = np.zeros(shape, np.float32)
        values[known] = own["values"]
    return Targets(one.kind, tracks, one.columns, values, known, one.name, factors=factors, notes=one.notes)


def _parts(one: _OfOne) -> tuple[str, ...]:
    values = ("data", "indices", "indptr") if _is_sparse(one) else ("values",)
    return ("known", *values, *(("weights",) if one.terms is not None else ()))
