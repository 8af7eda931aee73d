"""Several sets of features of the same tracks, and all of them side by side."""

from __future__ import annotations

from collections.abc import Sequence

from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.joint_space.material import scaled
from taglab.vectors import Vectors


def common_tracks(features: Sequence[Vectors]) -> tuple[tuple[str, ...], list[sparse.csr_array]]:
    """Return the tracks that have all features, and these, sparse (tracks, features) each.

    Raises:
        InvalidSetting: If no track has them all.
    """
    others = [set(one.ids) for one in features[1:]]
    ids = tuple(track for track in features[0].ids if all(track in other for other in others))
    if not ids:
        names = ", ".join(one.name for one in features)
        raise InvalidSetting(f"no track has all features ({names}); are they of different data?")
    arrays = []
    for one in features:
        row_of = {track: row for row, track in enumerate(one.ids)}
        arrays.append(sparse.csr_array(one.vectors[[row_of[track] for track in ids]]))
    return ids, arrays


def together(arrays: Sequence[sparse.csr_array]) -> sparse.csr_array:
    """Return features side by side, each set of a track of length 1, so that no set drowns another.

    The paper puts counts side by side, of which a song of more codes has more.
    """
    return sparse.csr_array(sparse.hstack([scaled(array, "length") for array in arrays], format="csr"))
