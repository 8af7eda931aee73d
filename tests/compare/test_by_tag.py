"""Figures by tag: those of the class that holds it, nothing where none does."""

import numpy as np
import pandas as pd
import pytest

from taglab import runs
from taglab.compare.by_tag import auc_pr_by_tag
from taglab.labels import LabelClass, LabelSpace
from taglab.metrics.thresholds import confusion


def trained(values: dict[str, float], space: LabelSpace) -> runs.Run:
    run = runs.create_run({}, space, {})
    rng = np.random.default_rng(0)
    truth = rng.random((20, len(space))) < 0.5
    counts = confusion(truth, rng.random(truth.shape).astype(np.float32))
    table = pd.DataFrame({"label": list(space.names)})
    table["auc_pr"] = [values.get(name, np.nan) for name in space.names]
    table["auc_roc"] = 0.5
    row = {"epoch": 1, "auc_pr_macro": 0.5, "ap_macro": 0.5}
    runs.RunWriter(run).epoch(row, table, counts)
    return run


def test_tags_get_the_figure_of_their_class() -> None:
    space = LabelSpace(
        "s",
        (LabelClass("rock", ("rock", "metal")), LabelClass("sad", ("sad", "metal")), LabelClass("x", ("y",))),
    )
    found = auc_pr_by_tag(trained({"rock": 0.6, "sad": 0.2}, space), ["metal", "sad", "unheard", "y", "rock"])
    np.testing.assert_allclose(found.values, [0.4, 0.2, np.nan, np.nan, 0.6])
    assert (found.basis, found.classes, found.known) == ("interpolated", 3, 3)


def test_published_figures_are_of_their_labels() -> None:
    run = runs.open_run("thesis-3.3-tags-spectrogram")
    table = run.per_label("last").set_index("label")["auc_pr"]
    tags = [str(table.index[0]), "no such tag"]
    found = auc_pr_by_tag(run, tags)
    assert found.values[0] == pytest.approx(table.iloc[0])
    assert np.isnan(found.values[1])
    assert found.known == 1


def test_a_run_without_figures_knows_nothing() -> None:
    run = runs.create_run({}, LabelSpace("s", (LabelClass("a", ("a",)),)), {})
    assert auc_pr_by_tag(run, ["a"]).known == 0
