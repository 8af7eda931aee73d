"""Uploads are hostile: names are not trusted, nothing stays behind."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab import cache
from taglab.errors import DataError, InvalidSetting, StorageError
from taglab.launch.permission import Visitor
from taglab.ui import visitors
from taglab.ui.uploads import given_path, harmless_name, laid_down


class Sent(io.BytesIO):
    """An upload as Streamlit hands it over."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name
        self.size = len(content)


@given(st.text())
def test_names_stay_in_their_folder(name: str) -> None:
    safe = harmless_name(name)
    assert Path(safe).name == safe
    assert 0 < len(safe) <= 80
    assert not safe.startswith(".")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\tags.tsv", "tags.tsv"),
        (".bashrc", "bashrc"),
        ("...", "upload"),
    ],
)
def test_folders_and_dots_are_taken_off(name: str, safe: str) -> None:
    assert harmless_name(name) == safe


def test_one_file_is_there_and_then_gone() -> None:
    with laid_down([Sent("../tags.csv", b"abc")]) as path:
        assert path.read_bytes() == b"abc"
        assert path.is_relative_to(cache.home())
    assert not path.exists()
    assert not list((cache.home() / "uploads").iterdir())


def test_several_files_lie_together() -> None:
    with laid_down([Sent("a.tsv", b"1"), Sent("b.tsv", b"2")]) as folder:
        assert sorted(path.name for path in folder.iterdir()) == ["a.tsv", "b.tsv"]


def test_an_empty_upload_is_told_by_its_name() -> None:
    with pytest.raises(DataError, match=r"tags\.csv: is empty"), laid_down([Sent("tags.csv", b"")]):
        pass
    assert not list((cache.home() / "uploads").iterdir())


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="twice"), laid_down([Sent("x/a", b"1"), Sent("y/a", b"2")]):
        pass


def test_what_a_reader_says_names_the_upload_and_not_the_cache() -> None:
    with pytest.raises(DataError) as caught, laid_down([Sent("my tags.csv", b"1")]) as path:
        raise DataError(path, "has no column 'tag'", line=1)
    assert str(caught.value) == "my tags.csv, line 1: has no column 'tag'"


def test_a_cache_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TAGLAB_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="cannot save upload"), laid_down([Sent("a", b"1")]):
        pass


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("  ", InvalidSetting),
        ("/no/such/file", DataError),
        ("a\0b", DataError),
        ("~nobody-here/x", InvalidSetting),
    ],
)
def test_a_path_that_leads_nowhere_is_told(text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind), given_path(text):
        pass


def test_visitors_from_elsewhere_upload_and_name_no_paths(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stranger = Visitor("evil.example:8501", "127.0.0.1")
    monkeypatch.setattr(visitors, "visitor", lambda: stranger)
    with pytest.raises(InvalidSetting, match="from elsewhere"), given_path(str(tmp_path)):
        pass
    monkeypatch.setattr(visitors, "visitor", lambda: replace(stranger, logged_in=True))
    with given_path(str(tmp_path)) as path:
        assert path == tmp_path
