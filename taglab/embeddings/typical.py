"""Which tracks a tag is best heard in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.folksonomy import Folksonomy
from taglab.vectors import Vectors


def typical_tracks(
    folksonomy: Folksonomy, vectors: Vectors, tag: str
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return the tracks that have a tag, those first whose tags together mean most nearly what it means.

    A track means the sum of its tags' vectors, each times its weight; the nearer by cosine, the more typical.
    Ties stand in the order of the tracks.

    Args:
        folksonomy: Whose tracks.
        vectors: Of its tags; tags without one have no say.
        tag: One that has a vector.

    Returns:
        Rows of tracks and the cosine of each to the tag, both (tracks that have the tag,).

    Raises:
        NotFound: If the folksonomy has no such tag.
    """
    column = folksonomy.tag_row(tag)
    rows = np.flatnonzero(folksonomy.matrix[:, [column]].toarray()[:, 0])
    known = np.array([name in vectors for name in folksonomy.tags["tag"]], bool)
    places = [vectors.row(name) for name in folksonomy.tags["tag"][known]]
    meant = folksonomy.matrix[rows][:, np.flatnonzero(known)] @ vectors.points[places]
    wanted = vectors.points[vectors.row(tag)]
    lengths = np.linalg.norm(meant, axis=1) * np.linalg.norm(wanted)
    cosines = np.divide(meant @ wanted, lengths, out=np.zeros(len(rows)), where=lengths > 0)
    order = np.argsort(-cosines, kind="stable")
    return rows[order], cosines[order]
