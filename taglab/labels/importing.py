"""Label lists and clusterings that other programs wrote, from files or uploads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taglab.archives import START_BYTES
from taglab.encodings import decoded, guessed_note, refuse_binary
from taglab.errors import DataError, InvalidSetting, unreadable

_MAX_BYTES = 256 * 1024**2
_MAX_GENRES_CHARACTERS = 1_000_000
_NO_TEXT = {"surrogateescape": re.compile("[\udc80-\udcff]"), "replace": re.compile("\ufffd")}


@dataclass(frozen=True)
class GenreList:
    """What the thesis code's `genres.txt` says.

    Attributes:
        clusters: Positions of the clusters to keep, in the clustering's order of numbers.
        merges: Pairs of positions to merge; one of which a side is not kept does nothing.
    """

    clusters: tuple[int, ...]
    merges: tuple[tuple[int, int], ...]


def read_bytes(path: Path) -> bytes:
    """Read a small file whole.

    Raises:
        DataError: If it is missing, unreadable, a folder, or over 256 MiB.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(
                path, f"is larger than {_MAX_BYTES // 1024**2} MiB; not a list of tags or clusters"
            )
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def list_text(data: bytes, source: str) -> tuple[str, list[str]]:
    """Return the text of a list, lines ended by `\\n`, and what is to be said of how it was read.

    Args:
        data: Content of the file.
        source: Its name, for messages.

    Returns:
        The text, and a sentence where its encoding is only likely.

    Raises:
        DataError: If it is not text.
    """
    refuse_binary(Path(source), data[:START_BYTES])
    text, encoding = decoded(data)
    damage = _NO_TEXT[encoding.errors].search(text)
    if damage:
        line = text.count("\n", 0, damage.start()) + 1
        raise DataError(source, f"holds bytes that are no text in {encoding.name}; save it as UTF-8", line)
    if "\x00" in text[:4096]:
        raise DataError(source, "is not text (it holds zero bytes); a spreadsheet or another binary file?")
    notes = [f"{source}: {guessed_note(encoding)}"] if encoding.guessed else []
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def parse_tag_list(data: bytes, source: str) -> tuple[str, ...]:
    """Read one tag a line; blank lines and repetitions are skipped, blanks around a tag stripped.

    Args:
        data: Content of the file. What is no Unicode is read as is most likely; see `list_text`.
        source: Its name, for messages.

    Raises:
        DataError: If it is not text, or holds no tag.
    """
    tags = tuple(
        dict.fromkeys(tag for line in list_text(data, source)[0].split("\n") if (tag := line.strip()))
    )
    if not tags:
        raise DataError(source, "holds no tag; write one a line")
    return tags


def read_tag_list(path: Path) -> tuple[str, ...]:
    """Read a keep or drop list, one tag a line; see `parse_tag_list`."""
    return parse_tag_list(read_bytes(path), str(path))


def parse_clusters(data: bytes, source: str) -> dict[str, tuple[str, ...]]:
    """Read clusters written as JSON, whichever way round.

    Args:
        data: `{cluster: [tag, …]}`, `{tag: cluster}` or `[[tag, …], …]`.
        source: Name of the file, for messages.

    Returns:
        Cluster → tags. Clusters that are numbers come in their order, others in the file's.

    Raises:
        DataError: If it is none of the three, mixes them, names a key twice, or holds no tag.
    """
    value = _json(data, source)
    if isinstance(value, list) and all(isinstance(tags, list) for tags in value):
        value = {str(number): tags for number, tags in enumerate(value)}
    if not isinstance(value, dict) or not value:
        raise DataError(
            source, "must hold {cluster: [tags]}, {tag: cluster} or [[tags], …], and not be empty"
        )
    lists = sum(isinstance(entry, list) for entry in value.values())
    if lists == len(value):
        clusters = {key: _tags(tags, key, source) for key, tags in value.items()}
    elif lists == 0:
        clusters = _by_cluster(value, source)
    else:
        key = next(key for key, entry in value.items() if isinstance(entry, list) != (lists * 2 > len(value)))
        raise DataError(
            source,
            f"mixes lists of tags with single clusters, at {key!r}; write cluster → tags or tag → cluster",
        )
    if not any(clusters.values()):
        raise DataError(source, "holds no tag in any cluster")
    if all(key.isdecimal() for key in clusters):
        return dict(
            sorted(clusters.items(), key=lambda item: (len(item[0].lstrip("0")), item[0].lstrip("0")))
        )
    return clusters


def read_cluster_json(path: Path) -> dict[str, tuple[str, ...]]:
    """Read clusters from a JSON file, cluster → tags or tag → cluster; see `parse_clusters`."""
    return parse_clusters(read_bytes(path), str(path))


def parse_genres_txt(data: bytes, source: str) -> GenreList:
    """Read the thesis code's genre list: a line `[34, 37, …]`, a line `[[6, 37], …]`.

    Raises:
        DataError: If a line is missing or is not a list of (pairs of) whole numbers.
    """
    lines = [line.strip() for line in list_text(data, source)[0].split("\n")]
    lines = [line for line in lines if line]
    if len(lines) not in (1, 2):
        raise DataError(source, f"must have two lines, the clusters and the pairs to merge, not {len(lines)}")
    clusters = _numbers(lines[0], source, 1)
    merges = _numbers(lines[1], source, 2) if len(lines) == 2 else []
    for number, entries in ((1, [clusters]), (2, merges)):
        for entry in entries:
            if not isinstance(entry, list) or not all(type(one) is int and one >= 0 for one in entry):
                raise DataError(source, f"must hold whole numbers of clusters, not {entry!r:.60}", number)
    if any(len(pair) != 2 for pair in merges):
        raise DataError(source, "must hold pairs, as in [[6, 37], [14, 24]]", 2)
    if not clusters:
        raise DataError(source, "names no cluster", 1)
    return GenreList(tuple(dict.fromkeys(clusters)), tuple((pair[0], pair[1]) for pair in merges))


def read_genres_txt(path: Path) -> GenreList:
    """Read a `genres.txt` of the thesis code; see `parse_genres_txt`."""
    return parse_genres_txt(read_bytes(path), str(path))


def select_genres(clusters: Mapping[str, Sequence[str]], genres: GenreList) -> dict[str, tuple[str, ...]]:
    """Keep the clusters a genre list names, and merge its pairs.

    Args:
        clusters: Cluster → tags, in the order of their numbers; the list counts positions in it, from 0.
        genres: What to keep and to merge. As in the thesis code a pair of which one side is not kept
            merges nothing.

    Returns:
        Cluster → tags. A merged cluster stands under the first of its pair.

    Raises:
        InvalidSetting: If the list counts further than there are clusters.
    """
    names = list(clusters)
    beyond = [number for number in genres.clusters if number >= len(names)]
    if beyond:
        raise InvalidSetting(
            f"genre list names cluster {beyond[0]}, but there are {len(names)}, counted from 0; "
            "made for another clustering?"
        )
    kept = sorted(genres.clusters)
    into = {number: number for number in kept}
    for first, second in genres.merges:
        if first in into and second in into:
            old, new = into[second], into[first]
            into = {number: new if target == old else target for number, target in into.items()}
    merged: dict[str, tuple[str, ...]] = {}
    for target in kept:
        members = [number for number in kept if into[number] == target]
        if members:
            first_come = sorted(members, key=lambda number: number != target)
            tags = (tag for number in first_come for tag in clusters[names[number]])
            merged[names[target]] = tuple(dict.fromkeys(tags))
    return merged


def _json(data: bytes, source: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise DataError(source, f"names {twice!r} twice; which of the two is meant?")
        return values

    try:
        return json.loads(list_text(data, source)[0], object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise DataError(source, f"is not JSON ({error.msg})", error.lineno) from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(source, "is nested too deeply or holds a number too long to be clusters") from error


def _tags(tags: list[Any], key: str, source: str) -> tuple[str, ...]:
    for tag in tags:
        if not isinstance(tag, str):
            raise DataError(source, f"cluster {key!r} holds {tag!r:.60}, which is not a tag (text)")
    return tuple(dict.fromkeys(tag.strip() for tag in tags))


def _by_cluster(value: dict[str, Any], source: str) -> dict[str, tuple[str, ...]]:
    clusters: dict[str, list[str]] = {}
    for tag, cluster in value.items():
        if isinstance(cluster, bool) or not isinstance(cluster, int | str):
            raise DataError(
                source, f"tag {tag!r} points at {cluster!r:.60}, which is neither a cluster's number nor name"
            )
        clusters.setdefault(str(cluster).strip(), []).append(tag.strip())
    return {key: tuple(tags) for key, tags in clusters.items()}


def _numbers(line: str, source: str, number: int) -> list[Any]:
    """Read a Python-style list of numbers or of pairs; brackets of tuples count as those of lists."""
    plain = line.replace("(", "[").replace(")", "]")
    plain = re.sub(r",\s*\]", "]", plain)
    if len(line) > _MAX_GENRES_CHARACTERS or not re.fullmatch(r"[\[\]\d,\s]*", plain):
        raise DataError(source, "must be a list of numbers such as [34, 37, 24]", number)
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise DataError(source, "must be a list of numbers such as [34, 37, 24]", number) from error
    if not isinstance(value, list):
        raise DataError(source, "must be a list of numbers such as [34, 37, 24]", number)
    return value
