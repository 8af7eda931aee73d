"""Results computed elsewhere, as runs: tables of figures, scores and truth, folders in a run's layout."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from taglab.errors import Conflict, DataError
from taglab.metrics.thresholds import auc_pr_interpolated
from taglab.outcomes import UNKNOWN
from taglab.runs import ResultsSettings, RunWriter, import_results, open_run, run_names, runs_table
from tests.runs.test_library import CLASSES, counts_of, figures, made_up, new_run


def write(folder: Path, text: str, name: str = "theirs.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "label,AUC-PR,AUC-ROC,counts\nrock,0.5,0.75,1200\njazz,0.25,,30\n",
        "\ufefftag;auc pr;roc auc;Support\r\nrock;0,5;0,75;1.200\r\njazz;0,25;;30\r\n",
        "counts\tTag\tauprc\tAUROC\n1,200\trock\t50%\t75%\n30\tjazz\t25%\t-\n",
        '\n"class name" | positives | pr_auc | auc\n\nrock | 1200 | .5 | .75\njazz | 30 | 2.5e-1 | nan\n',
        "rock,0.5,0.75,1200\njazz,0.25,,30\n",
    ],
)
def test_columns_are_found(tmp_path: Path, text: str) -> None:
    run = import_results(write(tmp_path, text))
    table = run.per_label()
    assert run.name == "theirs"
    assert run.classes == ("rock", "jazz")
    assert table["auc_pr"].tolist() == [0.5, 0.25]
    assert table["auc_roc"].iloc[0] == 0.75
    assert np.isnan(table["auc_roc"].iloc[1])
    assert table["positives"].tolist() == [1200, 30]
    assert table["average_precision"].isna().all()
    assert run.kind == "imported"
    assert run.about.split == run.about.evaluated == UNKNOWN
    assert "taken as interpolated" in run.about.note
    assert run.summary()["last"]["auc_pr_macro"] == 0.375
    assert run.history().empty
    assert runs_table().iloc[0]["auc_pr_macro"] == 0.375


def test_exact_average_precision_is_not_called_interpolated(tmp_path: Path) -> None:
    path = write(tmp_path, "genre,Average Precision\nrock,0.5\n")
    told = import_results(
        write(tmp_path, "genre,auc_pr\nrock,0.5\n", "b.csv"), None, ResultsSettings(auc_pr="exact")
    )
    for run in (import_results(path), told):
        assert run.per_label()["average_precision"].tolist() == [0.5]
        assert run.per_label()["auc_pr"].isna().all()
        assert run.per_label("best")["label"].tolist() == ["rock"]
        assert run.about.note == ""


def test_epochs_of_a_table(tmp_path: Path) -> None:
    text = "epoch,label,auc_pr\n1,rock,0.5\n1,jazz,0.1\n2,jazz,0.2\n2,rock,0.3\n"
    run = import_results(write(tmp_path, text))
    assert run.per_label(2)["auc_pr"].tolist() == [0.3, 0.2]
    assert run.per_label("best")["auc_pr"].tolist() == [0.5, 0.1]
    assert run.history()["auc_pr_macro"].tolist() == pytest.approx([0.3, 0.25])
    assert run.summary()["best_epoch"] == 1


def test_columns_can_be_told(tmp_path: Path) -> None:
    path = write(tmp_path, "what,area,label\nrock,0.5,1\n")
    with pytest.raises(DataError, match=r"columns what, area, label; .* Say which"):
        import_results(path)
    run = import_results(path, None, ResultsSettings(label_column="what", auc_pr_column="area"))
    assert run.classes == ("rock",)
    with pytest.raises(DataError, match="no column 'nothing'"):
        import_results(path, None, ResultsSettings(label_column="nothing"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold a line a label"),
        ("label\nrock\n", "must hold a line a label"),
        ("label,auc_pr\n", "no label"),
        ("label,auc_pr\nrock,55.3\n", "In percent"),
        ("label,auc_pr\nrock,-0.1\n", "In percent"),
        ("label,auc_pr\nrock,high\n", "line 2: 'high' is not a number"),
        ("label,auc_pr\nrock,inf\n", "line 2: 'inf' is not a number"),
        ("label,auc_pr\nrock,1_0\n", "line 2: '1_0' is not a number"),
        ("label,auc_pr\n,0.5\n", "line 2: names no label"),
        ("label,auc_pr\nrock,0.5\nrock,0.6\n", "'rock' twice"),
        ("label,auc_pr\nrock,\n", "holds no figure"),
        ("label,auc_pr,count\nrock,0.1,-5\n", "count below 0"),
        ("epoch,label,auc_pr\n1,rock,0.1\n2,jazz,0.1\n", "same labels"),
        ("epoch,label,auc_pr\n1.5,rock,0.1\n", "'1.5' is not a number to be had under epoch"),
        ("auc_pr,auc_roc\n0.1,0.2\n", "one of labels"),
    ],
)
def test_tables_that_cannot_be_meant(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        import_results(write(tmp_path, text))
    assert run_names() == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1),
        st.floats(0, 1),
        min_size=1,
        max_size=5,
    )
)
def test_any_labels_are_read_back(tmp_path: Path, values: dict[str, float]) -> None:
    path = tmp_path / "any.csv"
    pd.DataFrame({"label": list(values), "auc_pr": list(values.values())}).to_csv(path, index=False)
    run = import_results(path)
    assert run.classes == tuple(values)
    np.testing.assert_allclose(run.per_label()["auc_pr"], list(values.values()), rtol=1e-8)


def test_scores_and_truth(tmp_path: Path) -> None:
    said = made_up(1, n_tracks=200)
    path = tmp_path / "scores.npz"
    np.savez(path, truth=said.truth, scores=said.scores, classes=np.array(CLASSES))
    run = import_results(path, "mine", ResultsSettings(title="Mine", note="mine", group="x"))
    table = run.per_label()
    shown = [0, 2, 3]
    for metric, reference in (("average_precision", average_precision_score), ("auc_roc", roc_auc_score)):
        expected = [reference(said.truth[:, at], said.scores[:, at]) for at in shown]
        np.testing.assert_allclose(table[metric].iloc[shown], expected, atol=1e-7)
        assert np.isnan(table[metric].iloc[1])
    assert table["positives"].tolist() == said.positives.tolist()
    counts = run.confusion()
    assert counts is not None
    np.testing.assert_allclose(table["auc_pr"], auc_pr_interpolated(counts), rtol=1e-8)
    kept = run.predictions("test")
    assert kept is not None
    assert kept.classes == CLASSES
    assert run.predictions("validation") is None
    summary = run.summary()
    assert summary["test"]["ap_micro"] == pytest.approx(
        average_precision_score(said.truth.ravel(), said.scores.ravel())
    )
    assert (run.title, run.about.note, run.about.group) == ("Mine", "mine", "x")
    with pytest.raises(Conflict):
        import_results(path, "mine")
    assert import_results(path).name == "scores"


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_scores_packed_in_an_unusual_way_are_refused(tmp_path: Path, packing: int) -> None:
    path = tmp_path / "scores.npz"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("scores.npy", bytes(1000))
    with pytest.raises(
        DataError, match=r"scores\.npz: holds 'scores.npy', which is packed in an unusual way"
    ):
        import_results(path)
    assert run_names() == []


def test_predictions_of_taglab_keep_their_tracks(tmp_path: Path) -> None:
    said = made_up(2)
    said.save(tmp_path / "p.npz")
    run = import_results(tmp_path / "p.npz", None, ResultsSettings(part="validation"))
    assert run.about.split == said.split
    assert run.about.evaluated == said.evaluated
    kept = run.predictions("validation")
    assert kept is not None
    assert kept.tracks == said.tracks


def test_a_folder_laid_out_as_a_run(tmp_path: Path) -> None:
    source = new_run()
    counts = counts_of(2)
    exact = figures(2).assign(auc_pr=auc_pr_interpolated(counts))
    writer = RunWriter(source)
    writer.epoch({"epoch": 1}, figures(1), counts_of(1))
    writer.epoch({"epoch": 2}, exact, counts)
    run = import_results(source.folder, "copy")
    pd.testing.assert_frame_equal(run.per_label_by_epoch(), source.per_label_by_epoch())
    copied = run.confusion()
    assert copied is not None
    np.testing.assert_array_equal(copied.fp, counts.fp)
    assert run.history()["auc_pr_micro"].notna().tolist() == [False, True]
    assert run.about.note == ""
    other = RunWriter(source)
    other.epoch({"epoch": 2}, exact.assign(auc_pr=0.5), counts)
    apart = import_results(source.folder)
    assert "not those of the last epoch's" in apart.about.note
    assert apart.history()["auc_pr_micro"].isna().all()


def test_folders_that_lack_something(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds neither"):
        import_results(tmp_path)
    write(tmp_path, "epoch,label,auc_pr\n1,rock,0.1\n", "per_label_by_epoch.csv")
    with pytest.raises(DataError, match=r"classes.json: cannot be read"):
        import_results(tmp_path)
    write(tmp_path, json.dumps(["jazz"]), "classes.json")
    with pytest.raises(DataError, match=r"each class of classes\.json once"):
        import_results(tmp_path)
    with pytest.raises(DataError, match="there is no such file"):
        import_results(tmp_path / "nothing.csv")


def test_only_counts(tmp_path: Path) -> None:
    source = new_run()
    RunWriter(source).epoch({"epoch": 1}, figures(1), counts_of(1))
    (source.folder / "per_label_by_epoch.csv").unlink()
    run = import_results(source.folder)
    np.testing.assert_allclose(run.per_label()["auc_pr"], auc_pr_interpolated(counts_of(1)), rtol=1e-8)
    assert open_run(run.name).summary()["last"]["auc_pr_micro"] > 0
    assert source.per_label()["label"].tolist() == list(CLASSES)


@pytest.mark.parametrize(
    "name",
    [
        "mean",
        "Average",
        "macro avg",
        "micro-average",
        "weighted_avg",
        "samples avg",
        "MACRO",
        "overall",
        "std",
    ],
)
def test_rows_that_sum_up_are_no_labels(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"tag,pr_auc\nsoul,0.5\ndub,0.3\n{name},0.4\n")
    run = import_results(path)
    assert run.classes == ("soul", "dub")
    assert run.summary()["last"]["auc_pr_macro"] == pytest.approx(0.4)
    assert f"left out: {name}; the option summary rows keeps them" in run.about.note
    assert import_results(path, "all", ResultsSettings(summary_rows=True)).classes == ("soul", "dub", name)


@pytest.mark.parametrize("name", ["mean girls", "all saints", "micro house", "total 90s"])
def test_labels_that_only_begin_so_stay(tmp_path: Path, name: str) -> None:
    run = import_results(write(tmp_path, f"tag,pr_auc\nsoul,0.5\n{name},0.3\n"))
    assert run.classes == ("soul", name)
    assert "left out" not in run.about.note


def test_nothing_but_sums_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no label"):
        import_results(write(tmp_path, "tag,pr_auc\nmean,0.5\n"))


def test_results_in_another_encoding_and_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("tag,pr_auc\nchanson d'amour fané,0.5\nété,0.3\n".encode("cp1252"))
    run = import_results(tmp_path / "latin.csv")
    assert run.classes == ("chanson d'amour fané", "été")
    assert "read as cp1252" in run.about.note
    (tmp_path / "wide.csv").write_bytes("tag,pr_auc\nété,0.5\n".encode("utf-16"))
    assert import_results(tmp_path / "wide.csv").classes == ("été",)
    (tmp_path / "h5.csv").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(DataError, match=r"is binary .an HDF5 file"):
        import_results(tmp_path / "h5.csv")


def test_two_columns_of_one_name_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="several columns called 'pr_auc'"):
        import_results(write(tmp_path, "tag,pr_auc,pr_auc\nsoul,0.5,0.6\n"))
