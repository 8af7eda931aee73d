"""Storage on the Data page: sizes, and making room once that is confirmed."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache
from taglab.cache import keeping
from tests.pages.framed import open_page
from tests.pages.test_data import small


@pytest.fixture
def page(taglab_home: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    small().save(cache.Shelf(cache.FOLKSONOMIES).path("demo"))
    path = cache.derived_path("scan", "abc", ".json")
    cache.kept(path, lambda place: None, lambda: "x", lambda place, text: place.write_text(text * 5_000))
    monkeypatch.setattr("taglab.ui.data.storage.may_read_paths", lambda: True)
    return open_page("data", storage="true")


def test_sizes_are_told_and_what_was_used_lately_does_not_go(page: AppTest) -> None:
    app = page.run()
    assert not app.exception
    (table,) = [frame.value for frame in app.dataframe if "last used (UTC)" in frame.value]
    rows = table.set_index("kind")
    assert rows.loc["scan", "size"] == "4.9 KiB"
    assert rows.loc["scan", "what"] == "derived"
    assert rows.loc["folksonomies", "what"] == "yours"
    app.button(key="make room").click().run()
    assert any("nothing of it to remove" in text.value for text in app.text)


def _ask() -> None:
    from taglab.ui.data.storage import ask_what_goes

    ask_what_goes()


def test_room_is_made_when_it_is_confirmed(page: AppTest) -> None:
    app = AppTest.from_function(_ask, default_timeout=60).run()
    app.selectbox(key="prune age").select("Everything").run()
    assert app.button(key="prune now").label == "Remove 4.9 KiB"
    assert cache.derived_path("scan", "abc", ".json").exists()
    app.button(key="prune now").click().run()
    assert not app.exception
    assert not cache.derived_path("scan", "abc", ".json").exists()
    assert cache.Shelf(cache.FOLKSONOMIES).names() == ["demo"]


def test_strangers_may_only_look(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taglab.ui.data.storage.may_read_paths", lambda: False)
    app = page.run()
    assert "make room" not in {button.key for button in app.button}
    assert any("can remove" in caption.value for caption in app.caption)


def test_what_is_not_kept_is_told_beside_the_page(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(keeping._unwritable, cache.home(), "/home: cannot save x (No space left on device)")
    (warning,) = page.run().sidebar.warning
    assert "is not kept" in warning.value
    assert "No space left" in warning.value
