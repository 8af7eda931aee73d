"""Tags as sums: of the rows of a map that their word vectors weigh, and of a row of their own.

A track's vector is the sum of the rows of its features. A tag's is made alike here, of the numbers of its
word vector, a constant, and one feature that no other tag has, so that the steps learn the map by the very
loss by which they learn everything else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.joint_space.updates import TAGS, TRACKS, Pairs
from taglab.vectors import TagVectors

Floats = npt.NDArray[np.float32]


def word_features(tags: Sequence[str], words: TagVectors) -> Floats:
    """Return what the map takes of every tag, (tags, word dimensions + 1).

    Its word vector, of length 1, and a 1 at its end; zeros of tags without one.
    """
    table = np.zeros((len(tags), words.dim + 1), np.float32)
    rows = [row for row, tag in enumerate(tags) if tag in words]
    table[rows, :-1] = words.rows_of([tags[row] for row in rows])
    table[rows, -1] = 1
    return table


def beside_tags(tracks: sparse.csr_array, of_words: Floats) -> sparse.csr_array:
    """Return tracks and below them tags, sparse (tracks + tags, features + word features + tags).

    Args:
        tracks: Sparse (tracks, features), scaled.
        of_words: Array (tags, word features); see `word_features`.
    """
    own = sparse.identity(len(of_words), np.float32, format="csr")
    of_tags = sparse.hstack([sparse.csr_array(of_words), own], format="csr")
    return sparse.csr_array(sparse.block_diag([tracks, of_tags], format="csr"), dtype=np.float32)


def tags_as_tracks(pairs: Pairs, n_tracks: int) -> Pairs:
    """Return pairs in which tags are the tracks from `n_tracks` on, as `beside_tags` numbers them."""
    inputs, outputs = pairs.inputs.copy(), pairs.outputs.copy()
    asked, row_starts = pairs.asked.copy(), pairs.row_starts.copy()
    candidates, right = pairs.candidates.copy(), pairs.right.copy()
    ends = np.append(pairs.row_starts[1:], len(pairs.starts))
    for task in range(len(inputs)):
        if pairs.outputs[task] == TAGS:
            first = pairs.candidate_starts[task]
            candidates[first : first + pairs.n_outputs[task]] += n_tracks
            right[pairs.starts[pairs.row_starts[task]] : pairs.starts[ends[task] - 1]] += n_tracks
            outputs[task] = TRACKS
        if pairs.inputs[task] == TAGS:
            asked[pairs.asked_starts[task] : pairs.asked_starts[task + 1]] += n_tracks
            row_starts[task] -= n_tracks  # so that `starts` is still found by what is asked
            inputs[task] = TRACKS
    return pairs._replace(
        inputs=inputs, outputs=outputs, asked=asked, row_starts=row_starts, candidates=candidates, right=right
    )


def tag_vectors(of_words: Floats, table: Floats) -> tuple[Floats, Floats]:
    """Return the tags' vectors (tags, d) and the map (word features, d).

    Args:
        of_words: Array (tags, word features); see `word_features`.
        table: Array (word features + tags, d): what is learned, the map and below it the tags' own parts.
    """
    word_map, own = table[: of_words.shape[1]], table[of_words.shape[1] :]
    vectors: Floats = of_words @ word_map + own
    return vectors, word_map.copy()
