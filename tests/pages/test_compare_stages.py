"""Stages of collapsing on the Compare page: own truth, stage I's, and as published."""

import json

import numpy as np

from taglab.outcomes import Predictions
from taglab.runs import RunWriter, create_run
from taglab.sources import open_folksonomy
from taglab.studies.collapsing.stages import Stage, stage_space
from tests.pages.framed import open_page


def guessing(stage: Stage, first: int) -> str:
    """A run of a stage on the demo that guesses."""
    data = open_folksonomy("demo")
    space = stage_space(data, stage)
    run = create_run({"data": "demo"}, space, {"labels": space.name})
    rows = np.arange(first, first + 600)
    truth = space.targets(data)[rows].toarray() > 0
    scores = (np.random.default_rng(first).random(truth.shape) * 0.6 + 0.3 * truth).astype(np.float32)
    tracks = tuple(data.tracks["track"].iloc[rows])
    RunWriter(run).predictions("test", Predictions(tracks, space.names, truth, scores))
    return run.name


def panels(*runs: str) -> tuple[list[str], list[str]]:
    """Titles of the panels of the stages' figure, and names of its bars; none without such a figure."""
    page = open_page("compare", view="Tag groups", metric="AUC-ROC", moment="Held-out test")
    page.query_params["runs"] = list(runs)
    page.run()
    assert not page.exception
    specs = [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]
    found = [spec for spec in specs if "by category and stage" in spec["layout"]["title"]["text"]]
    if not found:
        return [], []
    titles = [note["text"] for note in found[0]["layout"]["annotations"]]
    return titles, [bar["name"] for bar in found[0]["data"] if bar.get("showlegend")]


def test_each_truth_has_a_panel_and_what_is_published_stands_beside() -> None:
    titles, stages = panels(guessing("I", 0), guessing("II", 100))
    assert titles == ["by its own labels", "by those of stage I", "as published, by its own"]
    assert stages == ["Stage I", "Stage II"]


def test_published_stages_alone_and_other_runs() -> None:
    assert panels("stage-1", "stage-3") == (["as published, by its own"], ["Stage I", "Stage III"])
    assert panels("thesis-1-spectrogram") == ([], [])
