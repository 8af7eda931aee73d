"""A metric is one function and one line: a toy one turns up wherever figures are kept, listed and shown."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import recall_score
from streamlit.testing.v1 import AppTest

from taglab.metrics import METRICS, Metric, Scored
from taglab.metrics.validation import DoubleArray, quotient
from taglab.runs import Run, open_run
from taglab.training import new_run, train
from tests.cli.running import Shell
from tests.pages.conftest import HERE
from tests.pages.framed import open_page
from tests.training.examples import config_of

TOY = "recall_at_half"


def recall_at_half(scored: Scored) -> DoubleArray:
    return quotient(((scored.scores >= 0.5) & scored.truth).sum(axis=0), scored.positives)


@pytest.fixture
def older(world: Path) -> Run:
    """A run from before the metric was there."""
    return train(new_run(config_of(), group="toy").name)


@pytest.fixture
def toy(older: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that is trained, and watched, by the metric."""
    toy_metric = Metric("predictions", "Recall at 0.5", "recall at 0.5", recall_at_half, micro=True)
    monkeypatch.setitem(METRICS, TOY, toy_metric)
    return train(new_run(config_of(seed=1, monitor=f"{TOY}_macro"), group="toy").name)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(capsys, tmp_path)


@pytest.fixture(autouse=True)
def visitor_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taglab.ui.visitors.visitor", lambda: HERE)


def expected(run: Run, kept: Any = "test", average: str | None = None) -> Any:
    """Recall as scikit-learn has it, of predictions that a run kept."""
    predictions = run.predictions(kept)
    assert predictions is not None
    return recall_score(predictions.truth, predictions.scores >= 0.5, average=average, zero_division=0)


def test_it_is_in_the_history_by_label_and_in_the_summary(toy: Run) -> None:
    last = toy.history().iloc[-1]
    assert last[f"{TOY}_micro"] == pytest.approx(expected(toy, "validation-last", "micro"))
    assert last[f"{TOY}_macro"] == pytest.approx(expected(toy, "validation-last", "macro"))
    np.testing.assert_allclose(toy.per_label("last")[TOY], expected(toy, "validation-last"), rtol=1e-8)
    assert toy.summary()["test"][f"{TOY}_micro"] == pytest.approx(expected(toy, average="micro"))
    assert "macro Recall at 0.5" in toy.log_tail()


def test_the_command_lists_it(toy: Run, older: Run, shell: Shell) -> None:
    asked = ["compare-runs", older.name, toy.name]
    rows = shell.json(*asked, "--by", "label", "--metric", TOY, "--moment", "test")["rows"]
    assert [row["value"] for row in rows] == pytest.approx([*expected(older), *expected(toy)])
    summary = {(row["run"], row["figures"]): row for row in shell.json(*asked)["rows"]}
    assert summary[toy.name, "held-out test"][f"{TOY}_macro"] == pytest.approx(expected(toy, average="macro"))
    sweep = {row["run"]: row for row in shell.json("sweep", "show", "toy")}
    assert sweep[toy.name][f"{TOY}_micro"] == toy.summary()["best"][f"{TOY}_micro"]
    assert sweep[older.name][f"{TOY}_micro"] is None
    assert "recall at half macro" in shell.text("runs", "list")
    assert shell.run("train", "--help") == 0
    assert f"{TOY}_macro" in shell.out
    assert shell.run("compare-runs", "--help") == 0
    assert TOY in shell.out


def test_of_a_run_from_before_it_is_not_known(toy: Run, older: Run, shell: Shell) -> None:
    assert older.history()[f"{TOY}_macro"].isna().all()
    assert older.per_label("best")[TOY].isna().all()
    said = shell.json("compare-runs", older.name, toy.name, "--by", "label", "--metric", TOY)
    assert said["left_out"] == [f"{older.name} has no Recall at 0.5 (last epoch, validation)"]
    assert {row["run"] for row in said["rows"]} == {toy.name}


def test_compare_shows_it(toy: Run, older: Run) -> None:
    first = compare(older, toy)
    assert first.selectbox(key="metric").value == "average_precision"
    assert "Recall at 0.5" in first.selectbox(key="metric").options
    histogram = titles(compare(older, toy, metric="Recall at 0.5", moment="Held-out test"))
    assert histogram == ["Recall at 0.5: how labels are distributed"]
    assert "Recall at 0.5, validation" in titles(compare(older, toy, view="Training"))
    lifted = compare(toy, metric="Recall at 0.5", truth="Lift")
    said = "\n".join(each.value for each in lifted.info).replace("\\", "")
    assert "What chance reaches in Recall at 0.5 is not known, so it has no lift." in said


def test_training_shows_it(toy: Run) -> None:
    app = page("training", run=toy.name, view="Runs")
    assert "Recall at 0.5, validation" in titles(app)
    assert any(f"{TOY}_macro" in each.value.columns for each in app.dataframe)
    form = page("training", view="New run", data="small", labels="sounds", audio="small")
    (monitor,) = [each for each in form.selectbox if each.key and each.key.endswith(" monitor")]
    assert f"{TOY}_macro" in monitor.options
    sweeps = page("training", view="Sweeps")
    assert "Recall at 0.5" in sweeps.selectbox(key="sweep metric").options


def compare(*runs: Run, **url: str) -> AppTest:
    app = open_page("compare", **url)
    app.query_params["runs"] = [run.name for run in runs]
    app.run()
    assert not app.exception
    return app


def page(name: str, **url: str) -> AppTest:
    app = open_page(name, **url).run()
    assert not app.exception
    return app


def titles(app: AppTest) -> list[str]:
    layouts = [json.loads(chart.proto.spec)["layout"] for chart in app.get("plotly_chart")]
    return [layout["title"]["text"] for layout in layouts]


def test_a_run_is_read_back_by_those_who_do_not_know_the_metric(
    toy: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(METRICS, TOY)
    found = open_run(toy.name)
    assert TOY not in found.per_label("best")
    assert found.summary()["best"][f"{TOY}_macro"] is not None
