"""Every source keeps the same contract; the shelf of folksonomies."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from taglab import cache, sources
from taglab.errors import Cancelled, DataError, InvalidSetting, NotFound, StorageError
from taglab.folksonomy import Folksonomy
from taglab.sources import SOURCES
from taglab.sources.jamendo import JamendoSettings
from taglab.sources.table import TableSettings
from tests.sources.tiny import TINY, write_lastfm, write_table

by_source = pytest.mark.parametrize("source", SOURCES)


@by_source
def test_source_says_what_it_is(source: str) -> None:
    described = SOURCES[source]
    assert described.name == source
    assert described.title
    assert described.about.endswith(".")
    assert len(described.about) < 120
    assert described.files or source == "demo"


@by_source
def test_settings_are_frozen_have_defaults_and_refuse_unknown_keys(source: str) -> None:
    settings = SOURCES[source].settings
    assert issubclass(settings, BaseModel)
    assert settings.model_config.get("frozen")
    settings()
    with pytest.raises(ValidationError):
        settings(no_such_option=1)


@by_source
def test_remote_files_are_web_addresses_with_honest_checksums(source: str) -> None:
    for remote in SOURCES[source].remote:
        assert remote.url.startswith(("https://", "http://"))
        assert Path(remote.filename).name == remote.filename
        assert remote.size_bytes is None or remote.size_bytes > 0
        if remote.known_hash is not None:
            kind, _, digest = remote.known_hash.partition(":")
            assert len(bytes.fromhex(digest)) == {"md5": 16, "sha256": 32}[kind]


@by_source
def test_source_reads_its_own_tiny_files_and_reports(source: str, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    path = TINY[source](tmp_path)
    read = sources.read(source, path, "tiny", progress=lambda *args: told.append(args))
    assert read.name == "tiny"
    assert read.n_assignments > 0
    assert all(note.count > 0 and note.reason for note in read.dropped)
    assert read.dropped or source == "demo"
    assert told
    assert all(0 <= fraction <= 1 and text for fraction, text in told)
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)

    read.save(tmp_path / "saved")
    again = Folksonomy.open(tmp_path / "saved")
    assert again.fingerprint == read.fingerprint
    assert again.dropped == read.dropped
    assert again.tags.equals(read.tags)
    assert again.tracks.equals(read.tracks)


@by_source
def test_reading_stops_when_progress_raises(source: str, tmp_path: Path) -> None:
    def stop(fraction: float, text: str) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        sources.read(source, TINY[source](tmp_path), "tiny", progress=stop)


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "demo"])
def test_missing_and_empty_files_are_told(source: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        sources.read(source, tmp_path / "nowhere.tsv", "x")
    (tmp_path / "empty.tsv").touch()
    with pytest.raises(DataError, match="0 bytes"):
        sources.read(source, tmp_path / "empty.tsv", "x")


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "demo"])
def test_damaged_files_are_read_or_told_but_never_crash(source: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(len(source))
    junk = np.frombuffer(b'\t\n\r",;|\x00\xff\xfe', np.uint8)
    for trial in range(25):
        folder = tmp_path / str(trial)
        folder.mkdir()
        path = TINY[source](folder)
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        file = files[trial % len(files)]
        content = file.read_bytes()
        at = int(rng.integers(len(content)))
        rest = at + int(rng.choice([0, 1, len(content)]))
        file.write_bytes(content[:at] + rng.choice(junk, int(rng.integers(5))).tobytes() + content[rest:])
        with contextlib.suppress(DataError):
            sources.read(source, path, "mine")


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "demo"])
def test_a_path_no_disk_can_hold_is_told(source: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be read .*check"):
        sources.read(source, tmp_path / ("x" * 400), "x")


def test_unknown_source_lists_the_known() -> None:
    with pytest.raises(NotFound, match="lastfm, magnatagatune"):
        sources.read("spotify", None, "x")


def test_a_path_is_needed_where_nothing_can_be_downloaded() -> None:
    with pytest.raises(InvalidSetting, match="CSV, TSV, Parquet or ARFF"):
        sources.read("table", None, "x")


def test_settings_of_another_source_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="TableSettings"):
        sources.read("table", write_table(tmp_path), "x", JamendoSettings())


def test_added_folksonomy_opens_by_name(tmp_path: Path) -> None:
    added = sources.add("table", write_table(tmp_path), "mine", TableSettings(weight=""))
    assert sources.folksonomy_names() == ["demo", "mine"]
    assert sources.open_folksonomy("mine").fingerprint == added.fingerprint


def test_adding_again_replaces(tmp_path: Path) -> None:
    sources.add("table", write_table(tmp_path), "mine")
    added = sources.add("lastfm", write_lastfm(tmp_path / "lastfm_tags.db"), "mine")
    assert sources.open_folksonomy("mine").fingerprint == added.fingerprint


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a\\b", ".hidden", "x" * 101, "音" * 99, "a\n"])
def test_names_that_are_no_names_are_refused_before_reading(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="letters"):
        sources.add("table", tmp_path / "never read.csv", name)


def test_the_name_demo_is_kept_for_the_demo(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="choose another name"):
        sources.add("table", write_table(tmp_path), "demo")


def test_unknown_name_lists_the_known(tmp_path: Path) -> None:
    sources.add("table", write_table(tmp_path), "mine")
    with pytest.raises(NotFound, match="there are: mine"):
        sources.open_folksonomy("yours")


def test_demo_is_built_once_and_then_opened() -> None:
    first = sources.open_folksonomy("demo")
    assert sources.folksonomy_names() == ["demo"]
    told: list[str] = []
    again = sources.open_folksonomy("demo", progress=lambda fraction, text: told.append(text))
    assert again.fingerprint == first.fingerprint
    assert not told
    assert np.array_equal(again.counts(), first.counts())


def test_demo_made_by_an_earlier_version_is_built_anew() -> None:
    sources.open_folksonomy("demo")
    kept = cache.home() / "folksonomies" / "demo" / "manifest.json"
    os.utime(kept, (0, 0))
    told: list[str] = []
    sources.open_folksonomy("demo", progress=lambda fraction, text: told.append(text))
    assert told
    assert kept.stat().st_mtime > 0


def test_unwritable_cache_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").touch()  # not a matter of permissions: root may write everywhere
    monkeypatch.setenv("TAGLAB_HOME", str(tmp_path / "a file" / "home"))
    with pytest.raises(StorageError, match="set TAGLAB_HOME"):
        sources.add("table", write_table(tmp_path), "mine")
