"""The dialogs that add data and vectors: what is wrong is told in a sentence, and nothing stays behind."""

import shlex

import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache, sources
from taglab.cli.commands import build_parser


def page_with_the_dialog() -> None:
    import streamlit as st

    from taglab.ui import add_data_panel, pick_data

    name = pick_data()
    st.text(f"shown: {name}")
    if name == "demo":
        add_data_panel()


def add(name: str, content: bytes, called: str) -> AppTest:
    app = AppTest.from_function(page_with_the_dialog, default_timeout=60).run()
    app.file_uploader(key="new data table upload").set_value((name, content, "text/csv"))
    app.text_input(key="new data name").set_value(called)
    return app.button(key="new data add").click().run()


def test_an_upload_becomes_the_data_set_of_the_page() -> None:
    app = add("../../tags.csv", b"track,tag\na,rock\na,jazz\nb,rock\n", "mine")
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="data").value == "mine"
    assert app.text[0].value == "shown: mine"
    assert sources.open_folksonomy("mine").n_tracks == 2


@pytest.mark.parametrize(
    ("content", "called", "said"),
    [
        (b"", "mine", "empty"),
        (b"track,tag\na,rock\n", "", "name is empty"),
        (b"track,tag\na,rock\n", "../up", "must be 1 to 100"),
        (b"one,two\nthree\n", "mine", "tags"),
    ],
    ids=["0 bytes", "no name", "a path for a name", "no column"],
)
def test_a_bad_upload_is_a_sentence(content: bytes, called: str, said: str) -> None:
    app = add("tags.csv", content, called)
    assert not app.exception
    assert len(app.error) == 1
    assert said in app.error[0].value.replace("\\", "")
    assert str(cache.home()) not in app.error[0].value
    assert not list((cache.home() / "uploads").glob("*"))


def test_no_file_at_all_is_a_sentence() -> None:
    app = AppTest.from_function(page_with_the_dialog, default_timeout=60).run()
    app.text_input(key="new data name").set_value("mine")
    app.button(key="new data add").click().run()
    assert "path is empty" in app.error[0].value


def test_every_source_has_a_form(subtests: pytest.Subtests) -> None:
    app = AppTest.from_function(page_with_the_dialog, default_timeout=60).run()
    for name in sources.SOURCES:
        if name != "demo":
            with subtests.test(name):
                app.selectbox(key="new data source").select(name).run()
                assert not app.exception
                assert not app.error
                build_parser().parse_args(shlex.split(app.code[0].value)[1:])


def test_the_copied_command_says_how_the_file_is_read() -> None:
    app = AppTest.from_function(page_with_the_dialog, default_timeout=60).run()
    app.text_input(key="new data table delimiter").set_value("\\t")
    app.number_input(key="new data table min_weight").set_value(5.0).run()
    given = vars(build_parser().parse_args(shlex.split(app.code[0].value)[1:]))
    assert given["question settings.delimiter"] == "\t"
    assert float(given["question settings.min_weight"]) == 5


def test_a_table_of_names_can_be_uploaded_with_the_data() -> None:
    app = AppTest.from_function(page_with_the_dialog, default_timeout=60).run()
    app.file_uploader(key="new data table upload").set_value(("t.csv", b"track,tag\na,1\nb,2\n", "text/csv"))
    names = ("names.csv", "id,name\n1,soul\n2,été\n".encode("cp1252"), "text/csv")
    app.file_uploader(key="new data table tags_table upload").set_value(names).run()
    assert "--tags-table FILE" in app.code[0].value
    app.text_input(key="new data name").set_value("named")
    app.button(key="new data add").click().run()
    assert not app.error
    assert set(sources.open_folksonomy("named").tags["tag"]) == {"soul", "été"}
    assert not list((cache.home() / "uploads").glob("*"))


def test_a_matrix_and_its_names_are_uploaded_together() -> None:
    import io

    import numpy as np

    held = io.BytesIO()
    np.save(held, np.eye(2))
    app = AppTest.from_function(page_with_the_dialog, default_timeout=60).run()
    app.selectbox(key="new data source").select("matrix").run()
    files = [("y.npy", held.getvalue(), ""), ("tags.txt", b"soul\ndub\n", "text/plain")]
    app.file_uploader(key="new data matrix upload").set_value(files)
    app.text_input(key="new data name").set_value("matrix")
    app.button(key="new data add").click().run()
    assert not app.error
    assert sources.open_folksonomy("matrix").counts().to_dict() == {"dub": 1, "soul": 1}
