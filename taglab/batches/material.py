"""What a tagger is trained on: usable tracks, their windows and targets, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.audio.store import AudioStore, Rows
from taglab.audio.windows import LONGEST_DEFAULT_S, Windows, WindowSettings
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelSpace
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.split import PARTS, Split

__all__ = ["Material", "prepare", "prepare_known"]

_EXAMPLES = 5


@dataclass(frozen=True, eq=False)
class Material:
    """Tracks that have sound and targets, n of them, in the folksonomy's order.

    Attributes:
        windows: On the store.
        tracks: Their names, (n,).
        rows: Their rows in the store, (n,).
        targets: Which track is in which class, (n, classes) bool.
        classes: Names, in the order of a tagger's outputs.
        parts: "train", "validation" or "test", (n,).
        split: Of all tracks of the folksonomy; its fingerprint goes with every prediction.
        left_out: Columns `reason`, `tracks` (how many), `examples` (a few, as text): every track of the
            folksonomy that is not here, each counted once.
    """

    windows: Windows
    tracks: tuple[str, ...]
    rows: Rows
    targets: npt.NDArray[np.bool_]
    classes: tuple[str, ...]
    parts: npt.NDArray[np.str_]
    split: Split
    left_out: pd.DataFrame

    __repr__ = one_line

    def of(self, part: str) -> Rows:
        """Return the positions of a part's tracks, (tracks of the part,), in [0, n)."""
        return np.flatnonzero(self.parts == part)

    def positives(self, part: str) -> Rows:
        """Return how many tracks of a part are in each class, (classes,)."""
        return np.asarray(self.targets[self.of(part)].sum(0), np.int64)

    @property
    def sizes(self) -> dict[str, int]:
        """Usable tracks by part."""
        return {part: len(self.of(part)) for part in PARTS}

    @property
    def padded(self) -> int:
        """How many of the tracks are shorter than a window, and end in zeros."""
        return int(np.isin(self.rows, self.windows.padded).sum())

    def torn_copies(self) -> tuple[tuple[str, ...], ...]:
        """Return the groups of tracks with the very same sound that lie in more than one part."""
        part_of = dict(zip(self.tracks, self.parts.tolist(), strict=True))
        groups = [tuple(track for track in same if track in part_of) for same in self.windows.store.copies]
        return tuple(same for same in groups if len({part_of[track] for track in same}) > 1)

    def without_positives(self) -> pd.DataFrame:
        """Return the classes that have no positive in some part: `class`, `train`, `validation`, `test`.

        What has none in training cannot be learned; what has none in test has no score.
        """
        table = pd.DataFrame({"class": self.classes, **{part: self.positives(part) for part in PARTS}})
        return table[(table[list(PARTS)] == 0).any(axis=1)].reset_index(drop=True)


def prepare(
    folksonomy: Folksonomy,
    space: LabelSpace,
    store: AudioStore,
    split: Split,
    window: WindowSettings | None = None,
    drop_unlabelled: bool = True,
    progress: Progress = silent,
) -> Material:
    """Bring together sound, targets and split.

    Args:
        folksonomy: Says which track has which tags.
        space: Says which tags make which class.
        store: The sound; tracks it has and the folksonomy does not are not looked at.
        split: Of the folksonomy's tracks, made before anything is dropped.
        window: See `WindowSettings`; without a length it is 15 s, or that of the shortest usable track.
        drop_unlabelled: Whether tracks in no class are left out (Ros Perez 2021 does so for every model).
        progress: Told how far it is.

    Raises:
        InvalidSetting: If the split is of other tracks, no class has a tag of the folksonomy, or nothing is
            left in some part.
    """
    progress(0.0, "who is in which class")
    targets = space.targets(folksonomy)
    if not targets.nnz:
        raise InvalidSetting(
            f"none of the {len(space)} classes of {space.name!r} has a tag of {folksonomy.name!r}; were they "
            "made from other data?"
        )
    progress(0.5, "who has sound")
    unlabelled = (np.diff(targets.indptr) == 0) & drop_unlabelled
    material = _material(folksonomy, unlabelled, "in no class", store, split, window)
    rows = pd.Index(folksonomy.tracks["track"].astype(str)).get_indexer(pd.Index(material.tracks))
    progress(1.0, f"{len(material.tracks)} of {folksonomy.n_tracks} tracks")
    return replace(material, targets=targets[rows].toarray().astype(np.bool_), classes=space.names)


def prepare_known(
    folksonomy: Folksonomy,
    known: npt.NDArray[np.bool_],
    store: AudioStore,
    split: Split,
    window: WindowSettings | None = None,
    unknown: str = "known to no source",
) -> Material:
    """Bring together sound and split, without classes: for what is learned from other targets.

    Args:
        folksonomy: Whose tracks.
        known: Of which of them anything is known, (tracks,); others are left out.
        store: The sound.
        split: Of the folksonomy's tracks.
        window: See `prepare`.
        unknown: What is said of those that are left out.

    Raises:
        InvalidSetting: If the split is of other tracks, or nothing is left in some part.
    """
    return _material(folksonomy, ~known, unknown, store, split, window)


def _material(
    folksonomy: Folksonomy,
    unlabelled: npt.NDArray[np.bool_],
    why: str,
    store: AudioStore,
    split: Split,
    window: WindowSettings | None,
) -> Material:
    """Return the tracks that have sound and targets, without classes.

    Args:
        folksonomy: Whose tracks.
        unlabelled: Which of them are left out for want of targets, (tracks,).
        why: What is said of those.
        store: The sound.
        split: Of the folksonomy's tracks.
        window: See `WindowSettings`.
    """
    tracks = np.array(folksonomy.tracks["track"].astype(str))
    parts = _parts_of(tracks, split, folksonomy.name)
    rows = store.rows(tracks.tolist())
    windows = _windows(store, rows[(rows >= 0) & ~unlabelled], window or WindowSettings(), folksonomy.name)
    reasons = _reasons(tracks, rows, unlabelled, windows, why)
    kept = np.flatnonzero(reasons == "")
    material = Material(
        windows=windows,
        tracks=tuple(tracks[kept].tolist()),
        rows=rows[kept],
        targets=np.zeros((len(kept), 0), np.bool_),
        classes=(),
        parts=parts[kept],
        split=split,
        left_out=_left_out(tracks, reasons),
    )
    _refuse_empty_parts(material, parts)
    return material


def _parts_of(tracks: npt.NDArray[np.str_], split: Split, name: str) -> npt.NDArray[np.str_]:
    rows = pd.Index(split.tracks).get_indexer(pd.Index(tracks))
    if (rows < 0).any() or len(split.tracks) != len(tracks):
        raise InvalidSetting(
            f"split must be of the {len(tracks)} tracks of {name!r}; it is of {len(split.tracks)}, and "
            f"{int((rows < 0).sum())} are not in it"
        )
    parts: npt.NDArray[np.str_] = split.parts[rows]
    return parts


def _windows(store: AudioStore, rows: Rows, settings: WindowSettings, name: str) -> Windows:
    """Return windows whose length, where it is not given, follows the tracks that are used."""
    if not len(rows):
        raise InvalidSetting(
            f"none of the tracks of {name!r} to be learned has sound in the audio {store.folder.name!r} "
            f"({len(store)} tracks, such as {_some(store.tracks['track'])}); are they named alike?"
        )
    if settings.duration_s is None:
        shortest_s = float(store.samples[rows].min()) / store.sample_rate_hz
        settings = settings.model_copy(update={"duration_s": min(LONGEST_DEFAULT_S, shortest_s)})
    return Windows.of(store, settings)


def _reasons(
    tracks: npt.NDArray[np.str_],
    rows: Rows,
    unlabelled: npt.NDArray[np.bool_],
    windows: Windows,
    why: str,
) -> npt.NDArray[np.object_]:
    """Return why each track is left out, (tracks,) text, empty for those that stay."""
    store = windows.store
    length_s = windows.length / store.sample_rate_hz
    silent_rows = rows < 0
    refused = silent_rows & np.isin(tracks, store.refused["track"].to_numpy(dtype=str))
    reasons = np.full(len(tracks), "", object)
    # The last one said is the first that counts.
    reasons[np.isin(rows, windows.refused)] = f"shorter than the window of {length_s:g} s"
    reasons[silent_rows] = "no audio"
    reasons[refused] = "audio that could not be used"
    reasons[unlabelled] = why
    return reasons


def _left_out(tracks: npt.NDArray[np.str_], reasons: npt.NDArray[np.object_]) -> pd.DataFrame:
    rows = []
    for reason in sorted(set(reasons.tolist()) - {""}):
        names = tracks[reasons == reason]
        rows.append({"reason": reason, "tracks": len(names), "examples": _some(names.tolist())})
    return pd.DataFrame(rows, columns=["reason", "tracks", "examples"])


def _some(names: Sequence[str] | pd.Series) -> str:
    return ", ".join(map(str, names[:_EXAMPLES]))


def _refuse_empty_parts(material: Material, parts: npt.NDArray[np.str_]) -> None:
    for part in PARTS:
        if not len(material.of(part)):
            told = ", ".join(f"{row.tracks} {row.reason}" for row in material.left_out.itertuples())
            raise InvalidSetting(
                f"no track is left in {part}, of {int((parts == part).sum())} that the split put there "
                f"(left out of all {len(parts)}: {told or 'none'}); add audio, take another label space, or "
                "change the split"
            )
