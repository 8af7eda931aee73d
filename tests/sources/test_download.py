"""Downloading, against a server of our own."""

import errno
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from taglab import cache, sources
from taglab.errors import Cancelled, DataError, StorageError
from taglab.sources import SOURCES, Remote, Source, table
from taglab.sources.download import fetch
from tests.sources.serving import CONTENT, Server, serving
from tests.sources.test_lastfm import weights

SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def remote(server: Server, known_hash: str | None = SHA256) -> Remote:
    return Remote(server.url(), "file.bin", len(CONTENT), known_hash)


@pytest.mark.parametrize("known_hash", [SHA256, MD5, None])
def test_a_file_is_downloaded_once(server: Server, tmp_path: Path, known_hash: str | None) -> None:
    told: list[float] = []
    path = fetch(remote(server, known_hash), tmp_path, lambda fraction, text: told.append(fraction))
    assert path.read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert fetch(remote(server, known_hash), tmp_path) == path
    assert len(server.requests) == 1
    assert {entry.name for entry in tmp_path.iterdir() if not entry.name.startswith(".")} <= {
        "file.bin",
        "checksums.json",
    }


def test_a_broken_download_is_told_kept_and_continued(server: Server, tmp_path: Path) -> None:
    server.break_after = 700_000
    with pytest.raises(DataError, match=r"broke off\). 655,360 bytes are kept .* give its path"):
        fetch(remote(server), tmp_path)
    assert not (tmp_path / "file.bin").exists()
    server.break_after = None
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT
    assert server.requests[1]["Range"] == "bytes=655360-"
    assert server.requests[1]["If-Range"] == '"one"'
    assert not list(tmp_path.glob("*.part*"))


def test_a_cancelled_download_is_continued(server: Server, tmp_path: Path) -> None:
    def stop(fraction: float, text: str) -> None:
        if fraction > 0.3:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fetch(remote(server), tmp_path, stop)
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT
    assert "Range" in server.requests[1]


def test_a_file_that_changed_meanwhile_is_begun_anew(server: Server, tmp_path: Path) -> None:
    server.content, server.break_after = b"old" * 500_000, 700_000
    with pytest.raises(DataError):
        fetch(remote(server), tmp_path)
    server.content, server.break_after, server.etag = CONTENT, None, '"two"'
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT


def test_without_a_version_nothing_is_continued(server: Server, tmp_path: Path) -> None:
    server.etag, server.break_after = None, 700_000
    with pytest.raises(DataError):
        fetch(remote(server), tmp_path)
    server.break_after = None
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT
    assert "Range" not in server.requests[1]


def test_an_unreadable_note_about_the_part_begins_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(b"junk")
    (tmp_path / "file.bin.part.json").write_text("[")
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT


def test_another_file_than_expected_is_refused(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"x"
    with pytest.raises(DataError, match="is not the file it should be"):
        fetch(remote(server), tmp_path)
    assert not (tmp_path / "file.bin").exists()
    server.content = CONTENT
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT


def test_a_file_damaged_here_is_downloaded_again(server: Server, tmp_path: Path) -> None:
    fetch(remote(server), tmp_path).write_bytes(b"damaged")
    assert fetch(remote(server), tmp_path).read_bytes() == CONTENT


def test_an_unknown_checksum_is_recorded_and_then_holds(server: Server, tmp_path: Path) -> None:
    path = fetch(remote(server, None), tmp_path)
    assert json.loads((tmp_path / "checksums.json").read_text()) == {server.url(): SHA256}
    path.unlink()
    server.content = b"another"
    with pytest.raises(DataError, match="is not the file it should be"):
        fetch(remote(server, None), tmp_path)


def test_a_damaged_record_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "checksums.json").write_text("[]")
    with pytest.raises(DataError, match="delete it"):
        fetch(remote(server, None), tmp_path)


def test_a_server_that_refuses_is_told(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(DataError, match=r"could not be downloaded .*404"):
        fetch(remote(server), tmp_path)


def test_no_server_is_told(server: Server, tmp_path: Path) -> None:
    nowhere = Remote("http://127.0.0.1:1/file.bin", "file.bin")
    with pytest.raises(DataError, match="give its path"):
        fetch(nowhere, tmp_path)


def test_a_full_disk_is_told(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from taglab.sources.download import ResumingDownloader

    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ResumingDownloader, "_write", full)
    with pytest.raises(StorageError, match="Free some space"):
        fetch(remote(server), tmp_path)


@pytest.fixture
def public_table(server: Server, monkeypatch: pytest.MonkeyPatch) -> Source:
    server.content = b"track,tag\nA,rock\nB,rock\n"
    described = Source(
        name="public",
        title="Public",
        about="A table.",
        files="a CSV file",
        example="t.csv",
        read=table.read,
        settings=table.TableSettings,
        remote=(Remote(server.url(), "t.csv"),),
    )
    monkeypatch.setitem(SOURCES, "public", described)
    return described


def test_without_a_path_a_public_data_set_is_downloaded(public_table: Source) -> None:
    told: list[float] = []
    found = sources.add("public", None, "mine", progress=lambda fraction, text: told.append(fraction))
    assert weights(found) == {("A", "rock"): 1, ("B", "rock"): 1}
    assert (cache.home() / "downloads" / "public" / "t.csv").is_file()
    assert told == sorted(told)
    assert sources.open_folksonomy("mine").fingerprint == found.fingerprint


def test_a_path_takes_the_place_of_a_download(public_table: Source, server: Server, tmp_path: Path) -> None:
    (tmp_path / "local.csv").write_text("track,tag\nA,jazz\n")
    assert weights(sources.read("public", tmp_path / "local.csv", "x")) == {("A", "jazz"): 1}
    assert not server.requests
