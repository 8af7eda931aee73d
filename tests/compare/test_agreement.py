"""The arrays published with the thesis, read as any results are, held against its printed tables.

A cell that differs by more than truncation is listed here with both values; all others agree.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.compare.agreement import cells, cells_that_differ
from taglab.metrics.thresholds import auc_pr_interpolated, roc_auc_at_thresholds
from taglab.runs import Run, import_results, open_published

pytestmark = pytest.mark.realdata

RESULTS = Path(__file__).resolve().parents[2] / "../shared/data/thesis-results"
FOLDERS = {
    "thesis-1-spectrogram": "model-1-tags-spectrogram",
    "thesis-2-spectrogram": "model-2-filtered-tags-spectrogram",
    "thesis-3.1-spectrogram": "model-3.1-raw-clusters-spectrogram",
    "thesis-3.3-k100-spectrogram": "model-3.3-clusters-k100-spectrogram",
    "thesis-3.3-k250-spectrogram": "model-3.3-clusters-k250-spectrogram",
    "thesis-3.3-k750-spectrogram": "model-3.3-clusters-k750-spectrogram",
    "thesis-3.3-k1000-spectrogram": "model-3.3-clusters-k1000-spectrogram",
    "thesis-3.3-tags-spectrogram": "model-3.3-most-popular-tag-of-each-cluster-spectrogram",
    "thesis-4.1-spectrogram": "model-4.1-npmi-spectrogram",
    "thesis-4.2-spectrogram": "model-4.2-tag-embeddings-spectrogram",
}
# Run → tables, label or group, threshold, figure, printed, found.
DIFFERING: dict[str, list[tuple[str, str, float | None, str, float, float]]] = {
    "thesis-1-spectrogram": [
        ("10", "Nationalities", None, "group_auc_pr", 0.075, 0.0695),
        ("10", "Meaningless", None, "group_auc_pr", 0.069, 0.0752),
    ],
    "thesis-3.3-k100-spectrogram": [
        ("27", "heavy metal", None, "auc_pr", 0.4430, 0.6782),
        ("27", "House", None, "auc_pr", 0.6781, 0.4430),
        ("34", "soul", None, "auc_pr", 0.4196, 0.4194),
        ("34", "pop", None, "auc_pr", 0.4916, 0.4917),
        ("34", "80s", None, "auc_pr", 0.3963, 0.3905),
        ("34", "beautiful", None, "auc_pr", 0.2481, 0.2488),
        ("34", "female vocalists", None, "auc_pr", 0.4786, 0.4779),
        ("34", "lounge", None, "auc_pr", 0.1730, 0.1738),
        ("24", "rock", 0.67, "fn", 0.2475, 0.2477),
        ("25", "chill", 0.33, "fp", 0.0324, 0.0321),
    ],
    # Of these three only counts are published, those of one epoch, while tables take each figure's best.
    "thesis-3.3-k250-spectrogram": [
        ("19", "", None, "auc_pr_micro", 0.4013, 0.3959),
        ("19", "", None, "auc_pr_macro", 0.3909, 0.3429),
        ("19", "", None, "roc_auc_micro", 0.8370, 0.8351),
    ],
    "thesis-3.3-k750-spectrogram": [
        ("19", "", None, "auc_pr_micro", 0.3909, 0.3900),
        ("19", "", None, "auc_pr_macro", 0.3096, 0.3071),
        ("19", "", None, "roc_auc_micro", 0.8550, 0.8540),
        ("19", "", None, "roc_auc_macro", 0.8173, 0.8169),
    ],
    "thesis-3.3-k1000-spectrogram": [
        ("19", "", None, "auc_pr_micro", 0.3895, 0.3906),
        ("19", "", None, "roc_auc_micro", 0.8606, 0.8600),
        ("19", "", None, "roc_auc_macro", 0.8242, 0.8241),
        ("20", "rock", 0.33, "fn", 0.0954, 0.0959),
    ],
}
COMPARED = {
    "thesis-1-spectrogram": 15,
    "thesis-2-spectrogram": 8,
    "thesis-3.1-spectrogram": 12,
    "thesis-3.3-k100-spectrogram": 2 + 39 + 12 + 4 * 12,
    "thesis-3.3-k250-spectrogram": 4,
    "thesis-3.3-k750-spectrogram": 4,
    "thesis-3.3-k1000-spectrogram": 4 + 4 * 6,
    "thesis-3.3-tags-spectrogram": 2 + 39 + 4 * 6,
    "thesis-4.1-spectrogram": 2,
    "thesis-4.2-spectrogram": 2,
}


def read(name: str) -> Run:
    if not RESULTS.is_dir():
        pytest.skip(f"{RESULTS} is not there")
    return import_results(RESULTS / FOLDERS[name])


@pytest.mark.parametrize("name", FOLDERS)
def test_printed_cells_are_those_of_the_arrays_but_for_these(name: str) -> None:
    run, published = read(name), open_published(name)
    assert len(cells(published, run)) == COMPARED[name]
    # Group means are printed with three decimals, so truncating takes up to ten times as much.
    found = cells_that_differ(published, run)
    found = found[(found["figure"] != "group_auc_pr") | (found["difference"].abs() > 1e-3)]
    rows = found.drop(columns="difference").to_numpy().tolist()
    ours = [(*row[:2], None if np.isnan(row[2]) else row[2], *row[3:5], round(row[5], 4)) for row in rows]
    assert ours == DIFFERING.get(name, [])


@pytest.mark.parametrize("name", FOLDERS)
def test_any_published_folder_reads_back_as_a_run(name: str) -> None:
    run = read(name)
    counts = run.confusion()
    assert counts is not None
    source = RESULTS / FOLDERS[name] / "per_label_by_epoch.csv"
    if source.exists():
        theirs = pd.read_csv(source, keep_default_na=False)
        ours = run.per_label_by_epoch()
        assert ours["label"].tolist() == theirs["label"].astype("str").tolist()
        np.testing.assert_allclose(ours["auc_pr"], theirs["auc_pr"], atol=1e-9)
        np.testing.assert_allclose(ours["auc_roc"], theirs["auc_roc"], atol=1e-9)
        assert run.history()["epoch"].tolist() == list(range(1, len(run.history()) + 1))
    else:
        assert run.history().empty
        np.testing.assert_allclose(run.per_label()["auc_pr"], auc_pr_interpolated(counts), rtol=1e-8)
    assert run.kind == "imported"
    assert (run.per_label("best")["label"] == list(run.classes)).all()


def test_counts_of_models_1_and_2_are_of_the_last_epoch_and_others_say_they_are_not() -> None:
    for name in ("thesis-1-spectrogram", "thesis-2-spectrogram"):
        run = read(name)
        counts = run.confusion()
        assert counts is not None
        np.testing.assert_allclose(run.per_label()["auc_pr"], auc_pr_interpolated(counts), atol=1e-6)
        np.testing.assert_allclose(run.per_label()["auc_roc"], roc_auc_at_thresholds(counts), atol=1e-6)
        assert run.about.note == ""
    assert "0.0197 (acoustic)" in read("thesis-3.3-k100-spectrogram").about.note


def test_positions_by_auc_pr_are_as_printed() -> None:
    printed = open_published("thesis-3.1-spectrogram").printed_by_label()
    assert len(printed) == 10
    positions = (
        read("thesis-3.1-spectrogram").per_label("last").set_index("label")["auc_pr"].rank(ascending=False)
    )
    assert positions[printed["label"]].tolist() == printed["position"].tolist()


def test_what_notes_quote_from_the_arrays_is_there() -> None:
    counts = read("thesis-4.1-spectrogram").confusion()
    assert counts is not None
    assert roc_auc_at_thresholds(counts.micro())[0] == pytest.approx(0.938, abs=5e-4)
