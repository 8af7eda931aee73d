"""How long several people wait who move k at once, beside one who moves it alone; without browsers.

Not a test, for wall-clock time depends on the machine. Run from the checkout:

    python -m tests.browser.crowd_speed [visitors] [tags, 0: the demo] [rounds]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier

import pandas as pd
import psutil

from tests.browser.conftest import start_server
from tests.browser.protocol import Answer, Session, open_stream, visitor_cookie
from tests.browser.slider_speed import make_data

_FIRST_K = 20
_PROJECTED_WITHIN_S = 300
_LOOK_EVERY_S = 2.0
_MOVES_ALONE = 3


def measure(n_visitors: int = 8, n_tags: int = 0, n_rounds: int = 8) -> pd.DataFrame:
    """Let one visitor move k alone, then all at once, in turn; nobody has asked for any of these k before.

    Returns:
        One row a move: `round`, `alone` (whether nobody else moved), `map_s` (to the map), `total_s` (to the
        end of the page), `memory_mib` (of the server after the round).
    """
    query = {"data": "speed", "vectors": "speed", "min_count": "1"} if n_tags else {}
    with _server(n_tags) as (url, process), ExitStack() as stack:
        address = url.removeprefix("http://")
        streams = [
            stack.enter_context(open_stream(address, Origin=url, **visitor_cookie(address)))
            for _ in range(n_visitors)
        ]
        crowd = [Session(stream) for stream in streams]
        _settle(crowd, query)
        rows: list[dict[str, float]] = []
        ks = iter(range(_FIRST_K + 1, 10_000))
        for number in range(n_rounds):
            alone = [crowd[0].move("k", str(next(ks))) for _ in range(_MOVES_ALONE)]
            together = _move_at_once(crowd, ks)
            memory_mib = process.memory_info().rss / 2**20
            for answers, lonely in ((alone, True), (together, False)):
                rows += [_row(answer, number, lonely, memory_mib) for answer in answers]
        return pd.DataFrame(rows)


@contextmanager
def _server(n_tags: int) -> Iterator[tuple[str, psutil.Process]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        if n_tags:
            make_data(home, n_tags)
        server, url = start_server(home, Path(folder) / "server.log")
        try:
            yield url, psutil.Process(server.pid)
        finally:
            server.terminate()
            server.wait(20)


def _settle(crowd: Sequence[Session], query: dict[str, str]) -> None:
    """Open the page for everybody, and wait until the map is no longer a provisional one."""
    until = time.monotonic() + _PROJECTED_WITHIN_S
    while "tsne" not in crowd[0].open(k=str(_FIRST_K), **query).shows:
        if time.monotonic() > until:
            raise RuntimeError("the map is not there")
        time.sleep(_LOOK_EVERY_S)
    for session in crowd[1:]:
        session.open(k=str(_FIRST_K), **query)


def _move_at_once(crowd: Sequence[Session], ks: Iterator[int]) -> list[Answer]:
    barrier = Barrier(len(crowd))

    def move(session: Session, k: int) -> Answer:
        barrier.wait()
        return session.move("k", str(k))

    with ThreadPoolExecutor(len(crowd)) as pool:
        return list(pool.map(move, crowd, [next(ks) for _ in crowd]))


def _row(answer: Answer, number: int, alone: bool, memory_mib: float) -> dict[str, float]:
    times = {"map_s": answer.map_s, "total_s": answer.total_s}
    return {"round": number, "alone": alone, **times, "memory_mib": memory_mib}


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, for the map and for the whole page, what one waits alone and the crowd's multiples of it.

    Returns:
        A row for each: `alone_s` (median), `median_times`, `last_times`: the crowd's median and its last as
        multiples of it, each the median over rounds.
    """
    together = rows[~rows["alone"]].groupby("round")
    return pd.DataFrame(
        {
            name: {
                "alone_s": (alone := rows.loc[rows["alone"], name].median()),
                "median_times": together[name].median().median() / alone,
                "last_times": together[name].max().median() / alone,
            }
            for name in ("map_s", "total_s")
        }
    ).T


def main() -> None:
    """Measure and write the multiples, and the memory by round."""
    rows = measure(*(int(word) for word in sys.argv[1:]))
    memory = rows.groupby("round")["memory_mib"].last().round().astype(int).tolist()
    sys.stdout.write(f"{summary(rows).round(3).to_string()}\nmemory by round, MiB: {memory}\n")


if __name__ == "__main__":
    main()
