"""A log that grows while it is read."""

from collections.abc import Callable, Iterator
from pathlib import Path

from taglab.launch import follow_log


def steps(*actions: Callable[[], object]) -> Callable[[], bool]:
    """Return what does one thing at each look, and says whether there is more to come."""
    left: Iterator[Callable[[], object]] = iter(actions)

    def look() -> bool:
        action = next(left, None)
        if action is not None:
            action()
        return action is not None

    return look


def test_the_end_and_what_is_added(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("one\ntwo\nthree\nfo")

    def add(text: bytes) -> None:
        with path.open("ab") as file:
            file.write(text)

    going = steps(lambda: add(b"ur\nfi"), lambda: add("ve\nsü\n".encode()[:-2]), lambda: add(b"\xbc\r\nlast"))
    found = list(follow_log(path, going, lines=2, every_s=0))
    assert found == ["two", "three", "four", "five", "sü", "last"]


def test_a_log_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    assert list(follow_log(path, steps(lambda: path.write_text("now\n")), every_s=0)) == ["now"]
    assert list(follow_log(tmp_path / "none", steps(), every_s=0)) == []
