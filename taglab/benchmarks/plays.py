"""Reading tables of plays in bulk, against pandas, a process each: seconds and memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from taglab.benchmarks.row import Row

ROWS, USERS, TRACKS = 50_000_000, 100_000, 400_000
_WRITTEN_AT_ONCE = 1_000_000
_SINCE, _UNTIL = 1_104_537_600, 1_388_534_400  # the years 2005 to 2013
_TIMED = """
import sys, time
from pathlib import Path
{read}
seconds, cpu = time.perf_counter() - started, time.process_time() - used
from taglab.benchmarks.reading import peak_gb
print(seconds, cpu, peak_gb(), pairs, total)
"""
_OURS = """
import pandas as pd
from taglab.folksonomy import Folksonomy
from taglab.sources.plays import read_plays
tags = Folksonomy.from_frame(pd.DataFrame({"track": ["1"], "tag": ["rock"]}), "synthetic")
started, used = time.perf_counter(), time.process_time()
plays = read_plays(Path(sys.argv[1]), tags)
pairs, total = plays.matrix.nnz, int(plays.matrix.data.sum(dtype="float64"))
"""
_PEERS = """
import pandas as pd
started, used = time.perf_counter(), time.process_time()
rows = pd.read_csv(sys.argv[1])
by_pair = rows.groupby(["user", "track"]).agg({how})
pairs, total = len(by_pair), int(by_pair["{value}"].sum())
"""
_KINDS = {
    "count": ("count", '{"count": "sum"}'),
    "timestamp": ("plays", 'plays=("timestamp", "size"), timestamp=("timestamp", "max")'),
}


def write_plays(path: Path, n_rows: int, third: str, seed: int = 0) -> None:
    """Write a table of user, track and, as the third column is called, how often or when.

    Args:
        path: Where.
        n_rows: How many, written a million at a time.
        third: "count" or "timestamp": rows of which are a play each.
        seed: Of what is drawn: tracks have a long tail, pairs come again.
    """
    drawn = np.random.default_rng(seed)
    schema = pa.schema([("user", pa.int32()), ("track", pa.int32()), (third, pa.int64())])
    options = csv.WriteOptions(quoting_style="none")
    with csv.CSVWriter(path, schema, write_options=options) as file:
        for start in range(0, n_rows, _WRITTEN_AT_ONCE):
            size = min(_WRITTEN_AT_ONCE, n_rows - start)
            users = drawn.integers(0, USERS, size, dtype=np.int32)
            tracks = (TRACKS * drawn.random(size) ** 2).astype(np.int32)
            last = drawn.geometric(0.3, size) if third == "count" else drawn.integers(_SINCE, _UNTIL, size)
            file.write_table(pa.table([users, tracks, last], schema=schema))


def bulk_reading(n_rows: int = ROWS) -> list[Row]:
    """Rows of user, track and count, and events of user, track and time, which are summed."""
    return [_against_pandas(n_rows, third) for third in _KINDS]


def _against_pandas(n_rows: int, third: str) -> Row:
    value, how = _KINDS[third]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plays.csv"
        write_plays(path, n_rows, third)
        ours_s, our_cpu, our_gb, *ours = _measured(_OURS, path)
        peer_s, peer_cpu, peer_gb, *peers = _measured(_PEERS.format(how=how, value=value), path)
        size = path.stat().st_size / 1e6
    same = "as many" if ours == peers else f"{ours} and {peers}"
    return Row(
        name=f"{n_rows:,} plays with {third} read and added up by pair, against pandas",
        ours_s=ours_s,
        peer_s=peer_s,
        ratio=peer_s / ours_s,
        agreement=f"{same} pairs and plays, {int(ours[0]):,} and {int(ours[1]):,}",
        note=f"CPU {our_cpu:.1f} s, pandas {peer_cpu:.1f} s; peak {our_gb:.2f} GB, pandas {peer_gb:.2f} GB; "
        f"{size:,.0f} MB of text, ids are text to ours and numbers to pandas",
    )


def _measured(read: str, path: Path) -> tuple[float, ...]:
    """Read in a process of its own, whose memory is that of reading."""
    command = [sys.executable, "-c", _TIMED.format(read=read), str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own code
    return tuple(map(float, done.stdout.split()))
