"""Runs and results brought in from a browser, whatever is uploaded, and handed out as zips."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from taglab import cache, runs
from taglab.runs import export_run, import_run, open_run, run_names
from taglab.ui.compare.importing import zipped
from tests.pages.framed import open_page
from tests.runs.examples import made_run, small_data

TABLE = b"label,auc_pr,auc_roc,counts\nrock,0.5,0.75,12\njazz,0.25,0.5,3\n"


def upload(app: AppTest, name: str, content: bytes, called: str = "") -> AppTest:
    """Import a file on a page that is open."""
    app.file_uploader(key="import upload").set_value((name, content, "application/octet-stream"))
    app.text_input(key="import name").set_value(called)
    app.button(key="import now").click().run()
    assert not app.exception
    assert not list((cache.home() / "uploads").glob("*"))
    return app


def npz(**arrays: object) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def zip_of(path: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(path, content)
    return out.getvalue()


def test_a_table_is_compared_at_once() -> None:
    app = upload(open_page("compare").run(), "../their results.csv", TABLE)
    assert not app.error
    assert run_names() == ["their-results"]
    assert app.multiselect(key="runs").value[-1] == "their-results"
    assert open_run("their-results").config == {"source": "table", "file": "their_results.csv"}


def test_scores_are_read_as_they_are_said_to_be() -> None:
    app = open_page("compare").run()
    app.selectbox(key="import part").set_value("validation")
    app.text_input(key="import classes").set_value("rock,jazz")
    scores = npz(truth=np.eye(2, dtype=int), scores=np.full((2, 2), 0.5))
    app.file_uploader(key="import upload").set_value(("scores.npz", scores, ""))
    app.text_input(key="import name").set_value("theirs")
    command = next(block.value for block in app.run().code if "runs add" in block.value)
    assert command == "taglab runs add --name theirs --part validation --classes rock,jazz FILE"
    app.button(key="import now").click().run()
    said = open_run("theirs").predictions("validation")
    assert said is not None
    assert said.classes == ("rock", "jazz")


def test_an_exported_run_comes_back(tmp_path: Path) -> None:
    run = made_run("first", small_data())
    path = export_run(run.name, tmp_path / "first.zip")
    app = upload(open_page("training", view="Runs").run(), "first.zip", path.read_bytes(), "again")
    assert "Imported as again" in app.success[0].value
    assert app.multiselect(key="run").value == ["again"]
    assert open_run("again").summary() == run.summary()


@pytest.mark.parametrize("page", ["compare", "training"])
@pytest.mark.parametrize(
    ("name", "content", "called", "said"),
    [
        ("run.zip", zip_of("../../evil.json", b"{}"), "", "leads outside"),
        ("run.zip", zip_of("run/weights.pkl", b"x"), "", "which is no file of a run"),
        ("run.zip", b"PK", "", "is not a zip, was cut off"),
        ("scores.npz", npz(truth=np.array([{}], dtype=object), scores=np.zeros(1)), "", "pickle"),
        ("theirs.csv", b"\x00\xff\xfe", "", "theirs.csv"),
        ("theirs.csv", b"", "", "is empty"),
        ("theirs.csv", TABLE, "../up", "must be 1 to 100"),
        ("theirs.csv", TABLE, "thesis-1-waveform", "there is a run"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(
    page: str, name: str, content: bytes, called: str, said: str
) -> None:
    app = upload(open_page(page, view="Runs").run(), name, content, called)
    told = [each.value.replace("\\", "") for each in app.error]
    assert len(told) == 1
    assert said in told[0]
    assert str(cache.home()) not in told[0]
    assert run_names() == []


def test_a_run_leaves_as_a_zip_with_its_weights_or_without(tmp_path: Path) -> None:
    run = made_run("first", small_data())
    run.checkpoints.mkdir()
    (run.checkpoints / "best.pt").write_bytes(b"weights")
    sizes = {}
    for weights in (True, False):
        path = tmp_path / "out.zip"
        path.write_bytes(zipped(run.name, weights))
        with zipfile.ZipFile(path) as archive:
            sizes[weights] = {info.filename for info in archive.infolist()}
    assert sizes[True] - sizes[False] == {f"{run.name}/checkpoints/best.pt"}
    assert import_run(path, "again").summary() == run.summary()


def test_ticked_runs_are_downloaded_and_tagged() -> None:
    made = [made_run(name, small_data()) for name in ("first", "second")]
    app = open_page("training", view="Runs").run()
    app.session_state["runs table"] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    app.run()
    offered = " ".join(each.proto.id for each in app.get("download_button"))
    assert all(f"download {run.name}" in offered for run in made)
    app.text_input(key="tag ticked").set_value("good, baseline, good").run()
    app.button(key="save tags").click().run()
    assert not app.exception
    assert {runs.open_run(run.name).about.tags for run in made} == {("good", "baseline")}
    assert set(app.dataframe[-1].value["tags"]) == {"good, baseline"}
