"""Reading what people bring: Last.fm's database at its real size, and word vectors the second time."""

from __future__ import annotations

import math
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from taglab.benchmarks.row import Row
from taglab.benchmarks.scratch import scratch_cache
from taglab.benchmarks.timing import alternate
from taglab.embeddings import read_vectors
from taglab.folksonomy import Folksonomy
from taglab.sources import read

# The real sizes of lastfm_tags.db; pandas makes a table of all tracks × tags, which of these would be 2 TB.
N_TRACKS = 505_216
N_TAGS = 522_366
N_PAIRS = 8_598_630
N_PEER_TRACKS = 3_000
N_PEER_TAGS = 3_000
N_PEER_PAIRS = 60_000
N_WORDS = 400_000
DIM = 200
REPEATS = 5
_CHUNK = 500_000
_SELECT = (
    "SELECT tids.tid AS track, tags.tag AS tag FROM tid_tag "
    "JOIN tids ON tids.ROWID = tid_tag.tid JOIN tags ON tags.ROWID = tid_tag.tag"
)
_READ = """
import sys, time
from pathlib import Path
from taglab.benchmarks.reading import peak_gb
from taglab.sources import read
started = time.perf_counter()
data = read("lastfm", Path(sys.argv[1]), "lastfm")
print(time.perf_counter() - started, peak_gb(), data.n_assignments)
"""


def lastfm() -> list[Row]:
    """Reading a synthetic `lastfm_tags.db`: a small one against pandas, and one of the real size alone."""
    with tempfile.TemporaryDirectory() as folder:
        small, whole = Path(folder) / "small.db", Path(folder) / "whole.db"
        write_lastfm(small, N_PEER_TRACKS, N_PEER_TAGS, N_PEER_PAIRS)
        against_pandas = _against_pandas(small)
        write_lastfm(whole, N_TRACKS, N_TAGS, N_PAIRS)
        return [against_pandas, _at_real_size(whole)]


def write_lastfm(path: Path, n_tracks: int, n_tags: int, n_pairs: int, seed: int = 0) -> None:
    """Write an SQLite file like Last.fm's: tags used about as 1 / rank, weights from 0 to 100."""
    random = np.random.default_rng(seed)
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE tids (tid TEXT)")
        database.execute("CREATE TABLE tags (tag TEXT)")
        database.execute("CREATE TABLE tid_tag (tid INT, tag INT, val FLOAT)")
        database.executemany("INSERT INTO tids VALUES (?)", ((f"TR{row:016d}",) for row in range(n_tracks)))
        database.executemany("INSERT INTO tags VALUES (?)", ((f"some tag {row}",) for row in range(n_tags)))
        for start in range(0, n_pairs, _CHUNK):
            size = min(_CHUNK, n_pairs - start)
            tracks = random.integers(1, n_tracks + 1, size)
            tags = (n_tags ** random.random(size)).astype(np.int64)
            weights = random.integers(0, 101, size)
            rows = zip(tracks.tolist(), tags.tolist(), weights.tolist(), strict=True)
            database.executemany("INSERT INTO tid_tag VALUES (?, ?, ?)", rows)
        database.commit()


def peak_gb() -> float:
    """Return the most memory this process has held, in gigabytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # there, what getrusage says of a new process includes the one that started it
        (peak,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


def _against_pandas(path: Path) -> Row:
    timed = alternate(lambda _: read("lastfm", path, "lastfm"), lambda _: _by_pandas(path), repeats=REPEATS)
    return Row(
        name=f"lastfm_tags.db, {N_PEER_PAIRS:,} rows, against pandas' read_sql and crosstab",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=_same_pairs(timed.ours[0], timed.peers[0]),
        note=f"{N_PEER_TRACKS:,} tracks, {N_PEER_TAGS:,} tags; pandas' table is dense",
    )


def _by_pandas(path: Path) -> pd.DataFrame:
    with closing(sqlite3.connect(path)) as database:
        rows = pd.read_sql(_SELECT, database)
    return pd.crosstab(rows["track"], rows["tag"])


def _same_pairs(ours: Folksonomy, theirs: pd.DataFrame) -> str:
    counts = theirs.gt(0).sum()
    same = int(ours.counts().reindex(counts.index).eq(counts).sum())
    return f"{same:,} of {ours.n_tags:,} tags on as many tracks"


def _at_real_size(path: Path) -> Row:
    """Read in a process of its own, whose memory is that of reading."""
    command = [sys.executable, "-c", _READ, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own code
    seconds, peak, assignments = done.stdout.split()
    return Row(
        name=f"lastfm_tags.db, {N_PAIRS:,} rows, synthetic",
        ours_s=float(seconds),
        peer_s=math.nan,
        ratio=math.nan,
        agreement="",
        note=f"{float(peak):.2f} GB at the peak, {int(assignments):,} pairs kept, "
        f"a file of {path.stat().st_size / 1e6:,.0f} MB",
    )


def second_open() -> list[Row]:
    """Opening a text file of vectors that was read before, against gensim, which reads it every time."""
    with scratch_cache() as home:
        path = home / "vectors.txt"
        write_vectors(path, N_WORDS, DIM)
        first = _seconds(path)
        ours_s = statistics.median(_seconds(path) for _ in range(REPEATS))
        started = time.perf_counter()
        theirs = _by_gensim(path)
        peer_s = time.perf_counter() - started
        apart = np.abs(read_vectors(path, "ours").vectors - theirs).max()
        return [
            Row(
                name=f"word vectors, {N_WORDS:,} x {DIM} of text, opened again, against gensim",
                ours_s=ours_s,
                peer_s=peer_s,
                ratio=peer_s / ours_s,
                agreement=f"largest difference {apart:.0e}",
                note=f"a file of {path.stat().st_size / 1e6:,.0f} MB; ours read it the first time in "
                f"{first:.1f} s",
            )
        ]


def write_vectors(path: Path, n_words: int, dim: int, seed: int = 0) -> None:
    """Write GloVe text of random numbers, as old as a file that was not written a moment ago."""
    random = np.random.default_rng(seed)
    with path.open("wb") as file:
        for row in range(n_words):
            numbers = orjson.dumps(
                random.integers(-9999, 9999, dim) / 10_000, option=orjson.OPT_SERIALIZE_NUMPY
            )
            file.write(b"word%d %b\n" % (row, numbers[1:-1].replace(b",", b" ")))
    os.utime(path, (1, 1))


def _seconds(path: Path) -> float:
    started = time.perf_counter()
    read_vectors(path, "ours")
    return time.perf_counter() - started


def _by_gensim(path: Path) -> npt.NDArray[np.float32]:
    from gensim.models import KeyedVectors

    found = KeyedVectors.load_word2vec_format(str(path), no_header=True)
    vectors: npt.NDArray[np.float32] = found.vectors
    return vectors
