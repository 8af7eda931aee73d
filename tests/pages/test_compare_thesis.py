"""The view Thesis of the Compare page: claims, tables and figures beside ours, and what differs."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from taglab.cli.commands import build_parser
from taglab.studies.thesis.evidence import ARRAYS
from taglab.studies.thesis.figures import FIGURES
from tests.pages.framed import open_page
from tests.studies.thesis.test_thesis import stand_in

CLUSTERS = "thesis-3.3-k100-spectrogram"


def opened() -> AppTest:
    page = open_page("compare")
    page.query_params["runs"] = ["thesis-1-spectrogram", "thesis-2-spectrogram"]
    page.query_params["view"] = "Thesis"
    page.run(timeout=60)
    assert not page.exception
    assert not page.error
    return page


def commands(page: AppTest) -> list[list[str]]:
    return [words for line in page.code if (words := shlex.split(line.value))[:2] == ["taglab", "report"]]


def captions(page: AppTest) -> str:
    return " ".join(each.value for each in page.caption).replace("\\", "")


def test_claims_and_tables_are_shown_beside_the_published_ones() -> None:
    page = opened()
    claims = next(frame.value for frame in page.dataframe if "rule" in frame.value)
    assert set(claims["here"]) == {"cannot be tested"}
    assert "holds" in set(claims["published"])
    page.selectbox(key="thesis table").select("Table 9: Model 1: the most used tags").run(timeout=60)
    assert not page.exception
    shown = [frame.value for frame in page.dataframe if "auc_pr_macro" in frame.value]
    assert shown[-1]["auc_pr_macro"].tolist() == [0.2278, 0.2387]
    assert any("--html" in words for words in commands(page))
    for words in commands(page):
        build_parser().parse_args(words[1:])
    assert "thesis page" in " ".join(each.proto.id for each in page.get("download_button"))


def test_any_figure_is_drawn_beside_the_published_one() -> None:
    page = opened()
    picker = page.selectbox(key="thesis figure")
    assert picker.options == list(FIGURES)
    picker.select("Figure 13: AUC-PR of clusters and of tags, model 3.3").run(timeout=60)
    assert not page.exception
    assert len(page.get("plotly_chart")) == 1
    page.selectbox(key="thesis figure").select("Figure 7: How often tags are used").run(timeout=60)
    assert not page.exception
    assert len(page.get("plotly_chart")) == 1
    assert "published as a picture only" in captions(page)


def test_what_differs_is_told() -> None:
    stand_in("demo", "thesis-1-spectrogram", [f"tag {number}" for number in range(12)])
    page = opened()
    (differs,) = [frame.value for frame in page.dataframe if "models" in frame.value]
    assert "nothing was made of it here" in set(differs["here"])
    assert "1 runs here are of models of the thesis" in captions(page)


def test_arrays_are_read_from_a_folder_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ARRAYS[CLUSTERS]
    folder.mkdir()
    (folder / "classes.json").write_text('["rock", "jazz", "pop"]')
    counts = np.full((200, 3), 10)
    np.savez(folder / "confusion.npz", tp=counts, fp=counts, fn=counts, tn=counts)
    np.save(folder / "cooccurrence.npy", np.array([[9, 1, 8], [1, 9, 1], [8, 1, 9]]))
    page = opened()
    page.text_input(key="thesis arrays").input(str(tmp_path)).run(timeout=60)
    page.selectbox(key="thesis figure").select("Figure 14: Tracks in common, by pair of clusters")
    page.run(timeout=60)
    assert not page.exception
    assert not page.error
    assert "1 of 3 pairs lie above 0.5, 33.333%" in captions(page)
    assert all(words[words.index("--arrays") + 1] == str(tmp_path) for words in commands(page))
    page.text_input(key="thesis arrays").input(str(tmp_path / "nowhere")).run(timeout=60)
    assert "there is no such file" in page.error[0].value.replace("\\", "")
    monkeypatch.setattr("taglab.ui.uploads.may_read_paths", lambda: False)
    page.text_input(key="thesis arrays").input(str(tmp_path)).run(timeout=60)
    assert "path must be left empty" in page.error[0].value.replace("\\", "")
