"""Downloading public files: checked, resumed where they broke off, with progress."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from taglab.cache import locked, read_object, storage_error, write_json
from taglab.errors import DataError, TaglabError
from taglab.progress import Progress, silent
from taglab.sources.source import Remote

_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = 30.0
_CHECKSUMS = "checksums.json"
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")


def fetch(remote: Remote, folder: Path, progress: Progress = silent) -> Path:
    """Return the file, downloading it if it is not there or is not what it should be.

    What a broken download left is kept beside it as `.part` and continued by the next. Where the checksum is
    not known, that of the first download is recorded in `checksums.json`, and later ones must agree.

    Args:
        remote: What to download.
        folder: Where to keep it.
        progress: Told the share of the bytes that are there; raising stops the download, to be continued.

    Raises:
        DataError: If it cannot be downloaded, or is not the file it should be.
        StorageError: If it cannot be written.
    """
    import pooch

    target = folder / remote.filename
    with locked(target):
        known = remote.known_hash or _recorded(folder, remote)
        downloader = ResumingDownloader(target.with_name(f"{target.name}.part"), remote, progress)
        pooch.get_logger().setLevel("WARNING")
        try:
            pooch.retrieve(
                remote.url, known_hash=known, fname=remote.filename, path=folder, downloader=downloader
            )
        except TaglabError:
            raise
        except OSError as error:
            raise storage_error(target, error) from error
        except ValueError as error:
            reason = (
                f"is not the file it should be: its checksum is not {known}; it was not kept. Try again "
                "later, or download the file by hand and give its path"
            )
            raise DataError(remote.url, reason) from error
        if known is None:
            _record(folder, remote, f"sha256:{pooch.file_hash(str(target), alg='sha256')}")
    return target


def _recorded(folder: Path, remote: Remote) -> str | None:
    """Return the checksum recorded when this URL was first downloaded."""
    path = folder / _CHECKSUMS
    if not path.is_file():
        return None
    try:
        known = read_object(path).get(remote.url)
    except DataError as error:
        raise DataError(path, f"{error.reason}; delete it to download anew") from error
    return str(known) if known else None


def _record(folder: Path, remote: Remote, checksum: str) -> None:
    path = folder / _CHECKSUMS
    with locked(path):
        known = read_object(path) if path.is_file() else {}
        write_json(path, {**known, remote.url: checksum})


def _cause(error: Exception) -> str:
    """Say in words what requests says in nested exceptions."""
    import requests

    if isinstance(error, requests.HTTPError):
        return str(error)
    if isinstance(error, requests.Timeout):
        return f"no answer within {_TIMEOUT_S:.0f} s"
    return "the connection failed or broke off"


class ResumingDownloader:
    """A downloader for pooch that continues a broken download with an HTTP Range request.

    The part that is there is continued only if the server says, by ETag or date, that the file is still the
    same; otherwise it is begun anew.

    Args:
        part: Where the bytes are kept until they are all there.
        remote: What is downloaded.
        progress: Told the share of the bytes that are there.
    """

    def __init__(self, part: Path, remote: Remote, progress: Progress = silent) -> None:
        self.part = part
        self.remote = remote
        self.progress = progress
        self._about = part.with_name(f"{part.name}.json")

    def __call__(self, url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        """Download to `output_file`; pooch's interface."""
        import requests

        try:
            self._download(url)
        except requests.RequestException as error:
            there = self.part.stat().st_size if self.part.exists() else 0
            reason = (
                f"could not be downloaded ({_cause(error)}). {there:,} bytes are kept and the next try "
                "continues there; or download the file by hand and give its path"
            )
            raise DataError(url, reason) from error
        self.part.replace(output_file)
        self._about.unlink(missing_ok=True)

    def _download(self, url: str) -> None:
        import requests

        validator = self._validator()
        begin = self.part.stat().st_size if validator and self.part.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if validator and begin:
            headers |= {"Range": f"bytes={begin}-", "If-Range": validator}
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as response:
            placed = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if response.status_code == 416 and placed and int(placed[2]) == begin:
                return
            if response.status_code == 416:
                self.part.unlink()
            response.raise_for_status()
            if response.status_code != 206 or not placed or placed[1] is None or int(placed[1]) != begin:
                begin = 0
            self._remember(response.headers)
            total = begin + int(response.headers.get("Content-Length", 0)) or self.remote.size_bytes or 0
            self._write(response, begin, total)

    def _write(self, response: Any, begin: int, total: int) -> None:
        import requests

        done = begin
        with self.part.open("ab" if begin else "wb") as file:
            for chunk in response.iter_content(_CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                self.progress(min(done / total, 1.0) if total else 0.0, f"downloading {self.remote.filename}")
        if total and done < total:
            raise requests.ConnectionError(f"{done:,} of {total:,} bytes came")

    def _validator(self) -> str | None:
        """Return what the server called the version of which a part is here."""
        if not self._about.is_file():
            return None
        try:
            about = read_object(self._about)
            return str(about["validator"]) if about["url"] == self.remote.url else None
        except (DataError, KeyError):
            return None  # an unreadable note only means that the download begins anew

    def _remember(self, headers: Mapping[str, str]) -> None:
        etag = headers.get("ETag", "")
        validator = etag if etag.startswith('"') else headers.get("Last-Modified")
        if validator:
            write_json(self._about, {"url": self.remote.url, "validator": validator})
        else:
            self._about.unlink(missing_ok=True)
