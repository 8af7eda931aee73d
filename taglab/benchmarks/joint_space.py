"""The joint space against LightFM and Faiss, and at the sizes of Weston et al. 2011, on made-up tracks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.errors import MissingExtra
from taglab.joint_space import JointMaterial, JointSpaceSettings, fit_space
from taglab.joint_space.fitting import rank_weights
from taglab.joint_space.material import scaled, sparse_rows
from taglab.joint_space.nearest import best_products
from taglab.joint_space.updates import TAGS, TRACKS, Pairs, Rules, Tables, update
from taglab.parallel import cores

Floats = npt.NDArray[np.float32]

DIM = 100
N_TRACKS, N_TAGS, TAGS_A_TRACK, N_TOPICS = 8_000, 1_000, 8, 50
N_FEATURES, FRAMES_A_TRACK = 2_000, 400
HELD_OUT = 0.25

N_ARTISTS, N_SONGS, N_QUERIES = 26_972, 342_000, 100  # of Big-data, training and test songs together
TAGATUNE_CLIPS, TAGATUNE_TAGS = 16_289, 160
BIG_DATA_SONGS = 275_930
BIG_DATA_SHARE = 0.1  # of its songs, whose features alone would take gigabytes
BIG_DATA_STEPS = 20_000
BIG_DATA_PASSES = 10
SONG_FRAMES = 2_998  # 30 s, of which about a thousand of 2,000 entries come up


@dataclass(frozen=True, eq=False)
class Synthetic:
    """Tracks of two topics each, from which their features and tags are drawn.

    Attributes:
        features: Sparse (tracks, features), counts.
        tags: Sparse (tracks, tags) of 1, to learn from.
        held_out: Sparse (tracks, tags) of 1, to be judged by.
    """

    features: sparse.csr_array
    tags: sparse.csr_array
    held_out: sparse.csr_array

    def __repr__(self) -> str:
        return f"<Synthetic {self.features.shape[0]} tracks, {self.tags.nnz} pairs>"


def synthetic_tracks(
    n_tracks: int, n_tags: int, n_features: int, frames: int, held_out: float = HELD_OUT, seed: int = 0
) -> Synthetic:
    """Return tracks whose tags and features go together."""
    random = np.random.default_rng(seed)
    topics = random.integers(N_TOPICS, size=(n_tracks, 2))
    of_tags = random.dirichlet(np.full(n_tags, 20 / n_tags), N_TOPICS)
    of_features = random.dirichlet(np.full(n_features, 0.3), N_TOPICS)
    rows = np.repeat(np.arange(n_tracks), TAGS_A_TRACK)
    of_row = topics[rows, random.integers(2, size=len(rows))]
    drawn = (of_tags.cumsum(axis=1)[of_row] < random.random((len(rows), 1))).sum(axis=1)
    cells = np.unique(rows * n_tags + np.minimum(drawn, n_tags - 1))
    is_held = random.random(len(cells)) < held_out
    counts = [random.multinomial(frames, of_features[pair].mean(axis=0)) for pair in topics]
    return Synthetic(
        sparse.csr_array(np.array(counts, np.float32)),
        _ones(cells[~is_held], (n_tracks, n_tags)),
        _ones(cells[is_held], (n_tracks, n_tags)),
    )


def _ones(cells: npt.NDArray[np.integer], shape: tuple[int, int]) -> sparse.csr_array:
    entries = (np.ones(len(cells), np.float32), np.divmod(cells, shape[1]))
    return sparse.csr_array(entries, shape=shape)


def precision_at_5(scores: Floats, tracks: Synthetic) -> float:
    """Return precision at 5 of the held-out tags, where those learned from are passed over."""
    known = tracks.tags.tocoo()
    scores[known.row, known.col] = -np.inf
    best = np.argpartition(-scores, 5, axis=1)[:, :5]
    right = tracks.held_out.toarray() > 0
    return float(np.take_along_axis(right, best, 1).mean(axis=1)[right.any(axis=1)].mean())


def updates() -> list[Row]:
    """Steps a second against LightFM's WARP, on the same pairs, by identities and by sparse features."""
    tracks = synthetic_tracks(N_TRACKS, N_TAGS, N_FEATURES, FRAMES_A_TRACK)
    identities = sparse.csr_array(sparse.eye_array(N_TRACKS, dtype=np.float32, format="csr"))
    return [
        _update_row("identities only", tracks, identities, passes=(15, 4), rate=0.01, limit=1.2),
        _update_row(
            f"{tracks.features.nnz / N_TRACKS:.0f} of {N_FEATURES} features a track",
            tracks, scaled(tracks.features, "length"), passes=(1, 1), rate=0.005, limit=3.0,
        ),
    ]  # fmt: skip


def _update_row(
    by: str, tracks: Synthetic, features: sparse.csr_array, passes: tuple[int, int], rate: float, limit: float
) -> Row:
    name = f"WARP, {N_TRACKS} tracks x {N_TAGS} tags, d={DIM}, {by}, against LightFM"
    try:
        peer = _lightfm(tracks, features, passes[1])
    except MissingExtra as error:
        return Row(name, math.nan, math.nan, math.nan, "", str(error))
    n_pairs = tracks.tags.nnz
    timed = alternate(
        lambda run: _our_steps(tracks, features, passes[0] * n_pairs, rate, limit, run), peer, repeats=3
    )
    a_million = [1e6 / (count * n_pairs) for count in passes]
    ours_s, peer_s = timed.ours_s * a_million[0], timed.peer_s * a_million[1]
    ours, theirs = (
        np.mean([precision_at_5(scores, tracks) for scores in some]) for some in (timed.ours, timed.peers)
    )
    return Row(
        name=name,
        ours_s=ours_s,
        peer_s=peer_s,
        ratio=peer_s / ours_s,
        agreement=f"precision@5 of held-out tags {ours:.3f}, peer {theirs:.3f}",
        note=f"a million updates, one thread each; {passes[0]} passes over {n_pairs} pairs, peer {passes[1]}"
        "; LightFM draws at most 10 wrong outputs a step and has AdaGrad, its weight for rank 1 is 0 "
        "where ours is 1",
    )


def _our_steps(
    tracks: Synthetic, features: sparse.csr_array, n_steps: int, rate: float, limit: float, seed: int
) -> Floats:
    """Return scores (tracks, tags) after so many steps."""
    random = np.random.default_rng(seed)
    sizes = (0, tracks.tags.shape[1], features.shape[1])
    tables = Tables(*((random.standard_normal((n, DIM)) / np.sqrt(DIM)).astype(np.float32) for n in sizes))
    weights = rank_weights(JointSpaceSettings(), tracks.tags.shape[1])
    rules = Rules(weights, rate, limit, True)
    counts, state = np.zeros((1, 3), np.int64), np.array([seed + 1], np.uint64)
    update(n_steps, tables, sparse_rows(features), _pairs(tracks.tags), rules, state, counts)
    scores: Floats = (features @ tables.features) @ tables.tags.T
    return scores


def _pairs(tags: sparse.csr_array) -> Pairs:
    tags.sort_indices()
    asked = np.flatnonzero(np.diff(tags.indptr))

    def one(*values: int) -> npt.NDArray[np.int64]:
        return np.array(values, np.int64)

    return Pairs(
        inputs=one(TRACKS),
        outputs=one(TAGS),
        n_outputs=one(tags.shape[1]),
        candidate_starts=one(0),
        candidates=np.arange(tags.shape[1]),
        same=one(0),
        asked_starts=one(0, len(asked)),
        asked=asked.astype(np.int64),
        row_starts=one(0),
        starts=tags.indptr.astype(np.int64),
        right=tags.indices.astype(np.int64),
    )


def _lightfm(tracks: Synthetic, features: sparse.csr_array, passes: int) -> Callable[[int], Floats]:
    """Return what trains LightFM and gives its scores (tracks, tags)."""
    try:
        from lightfm import LightFM
    except ImportError as error:
        raise MissingExtra("lightfm", "bench") from error
    known, given = _of_small_indices(tracks.tags), _of_small_indices(features)

    def train(seed: int) -> Floats:
        model: Any = LightFM(no_components=DIM, loss="warp", random_state=seed)
        model.fit(known.tocoo(), user_features=given, epochs=passes, num_threads=1)
        of_tracks, of_tags = (
            model.get_user_representations(given)[1],
            model.get_item_representations(),
        )
        scores: Floats = of_tracks @ of_tags[1].T + of_tags[0]
        return scores

    return train


def _of_small_indices(matrix: sparse.csr_array) -> sparse.csr_matrix:
    """Return a matrix as LightFM takes it, which reads indices of 32 bits only."""
    indices, starts = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return sparse.csr_matrix((matrix.data, indices, starts), shape=matrix.shape)


def nearest() -> list[Row]:
    """The best artists for a song, and the best songs for a hundred queries, by exact dot products."""
    random = np.random.default_rng(0)
    songs = random.standard_normal((N_SONGS, DIM), dtype=np.float32)
    queries = random.standard_normal((N_QUERIES, DIM), dtype=np.float32)
    return [_best_artists(songs[:N_ARTISTS].copy(), queries[:1]), _best_songs(songs, queries)]


def _best_artists(artists: Floats, query: Floats) -> Row:
    def partitioned(_: int) -> npt.NDArray[np.intp]:
        products = artists @ query[0]
        best = np.argpartition(-products, 15)[:15]
        ordered: npt.NDArray[np.intp] = best[np.argsort(-products[best])]
        return ordered

    timed = alternate(lambda _: best_products(query, artists, 15).rows[0], partitioned, repeats=51)
    features = 7_168 + 2_000
    model_mb = 8 * DIM * (len(artists) + features) / 2**20
    return Row(
        name=f"top 15 of {len(artists)} artists, d={DIM}, against NumPy's product and argpartition",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"{np.mean(timed.ours[0] == timed.peers[0]):.0%} the same",
        note=f"of a song already placed; {model_mb:.1f} MiB as doubles with {features} features, "
        f"{model_mb / 2:.1f} as kept; the paper: 45 ms, 27.7 MB",
    )


def _best_songs(songs: Floats, queries: Floats) -> Row:
    name = f"top 100 of {len(songs)} songs for {len(queries)} queries, d={DIM}, against Faiss's flat index"
    try:
        import faiss
    except ImportError:
        return Row(name, math.nan, math.nan, math.nan, "", str(MissingExtra("faiss", "bench")))
    index = faiss.IndexFlatIP(songs.shape[1])
    index.add(songs)
    k = min(100, len(songs))
    timed = alternate(lambda _: best_products(queries, songs, k).rows, lambda _: index.search(queries, k)[1])
    return Row(
        name=name,
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"{np.mean(timed.ours[0] == timed.peers[0]):.2%} of places the same",
        note=f"Faiss {faiss.__version__}, {faiss.omp_get_max_threads()} threads; ours {cores()}",
    )


def tagatune() -> list[Row]:
    """Training at the size of TagATune until the validation clips' precision@3 stops rising; no peer."""
    tracks = synthetic_tracks(TAGATUNE_CLIPS, TAGATUNE_TAGS, N_FEATURES, SONG_FRAMES, held_out=0)
    part = np.random.default_rng(1).random(TAGATUNE_CLIPS) < 0.1
    material = JointMaterial(
        tracks=tuple(map(str, range(TAGATUNE_CLIPS))),
        artists=(),
        tags=tuple(f"tag {number}" for number in range(TAGATUNE_TAGS)),
        features=tracks.features,
        artists_of=sparse.csr_array((TAGATUNE_CLIPS, 0), dtype=np.float32),
        tags_of=tracks.tags,
        parts={"train": np.flatnonzero(~part), "validation": np.flatnonzero(part), "test": np.arange(0)},
        left_out=pd.DataFrame(columns=["reason", "tracks", "examples"]),
    )
    settings = JointSpaceSettings(dim=DIM, tasks=("tags",), learning_rate=0.01, limit=3.0)
    started = time.perf_counter()
    fitted = fit_space(material, settings)
    seconds = time.perf_counter() - started
    per_track = tracks.features.nnz / TAGATUNE_CLIPS
    return [
        Row(
            name=f"a space of {TAGATUNE_CLIPS} clips x {TAGATUNE_TAGS} tags, {per_track:.0f} of {N_FEATURES} "
            "features a clip, until it gets no better",
            ours_s=seconds,
            peer_s=math.nan,
            ratio=math.nan,
            agreement=f"validation precision@3 {fitted.history['p@3'].max():.3f}",
            note=f"best after {fitted.best_steps} of {int(fitted.history['steps'].max())} steps, one thread; "
            'the paper: "several minutes"',
        )
    ]


def big_data() -> list[Row]:
    """Artist prediction at the size of Big-data, for some steps, and what ten passes would take; no peer."""
    n_songs = round(BIG_DATA_SHARE * BIG_DATA_SONGS)
    random = np.random.default_rng(0)
    tracks = synthetic_tracks(n_songs, 2, N_FEATURES, SONG_FRAMES)
    cells = np.arange(n_songs) * N_ARTISTS + random.integers(N_ARTISTS, size=n_songs)
    songs = Synthetic(scaled(tracks.features, "length"), _ones(cells, (n_songs, N_ARTISTS)), tracks.held_out)
    _our_steps(songs, songs.features, 10, 0.01, 3.0, 0)
    started = time.perf_counter()
    _our_steps(songs, songs.features, BIG_DATA_STEPS, 0.01, 3.0, 0)
    seconds = time.perf_counter() - started
    hours = seconds / BIG_DATA_STEPS * BIG_DATA_PASSES * BIG_DATA_SONGS / 3600
    return [
        Row(
            name=f"{BIG_DATA_STEPS} updates of {N_ARTISTS} artists by songs, {N_FEATURES} features",
            ours_s=seconds,
            peer_s=math.nan,
            ratio=math.nan,
            agreement="",
            note=f"{n_songs} songs in place of {BIG_DATA_SONGS}; {BIG_DATA_PASSES} passes over all take "
            f'{hours:.1f} h on one core; the paper: "several days"',
        )
    ]
