"""The shelf of runs, and what training writes into one."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.cache import home
from taglab.cache.shelf import _is_name
from taglab.errors import Conflict, DataError, InvalidSetting, NotFound
from taglab.labels import LabelClass, LabelSpace
from taglab.metrics import metrics_of
from taglab.metrics.thresholds import Confusion, confusion
from taglab.outcomes import Predictions, split_fingerprint
from taglab.runs import (
    Run,
    RunWriter,
    create_run,
    delete_run,
    layout,
    name_of,
    open_run,
    run_names,
    runs_table,
    set_note,
    set_tags,
    set_title,
)
from taglab.runs.library import put_run

CLASSES = ("rock", "nan", "fado, the song", '"quoted"\nline')
SPACE = LabelSpace("small", tuple(LabelClass(name, (name,)) for name in CLASSES))


def new_run(**differs: object) -> Run:
    return create_run({"train": {"epochs": 3}}, SPACE, differs)


def made_up(seed: int, n_tracks: int = 30) -> Predictions:
    random = np.random.default_rng(seed)
    truth = random.random((n_tracks, len(CLASSES))) < 0.4
    truth[:, 1] = False
    scores = (0.5 * truth + 0.5 * random.random(truth.shape)).astype(np.float32)
    tracks = tuple(f"track {number}" for number in range(n_tracks))
    return Predictions(tracks, CLASSES, truth, scores, split_fingerprint(tracks, ["test"] * n_tracks))


def counts_of(seed: int) -> Confusion:
    said = made_up(seed)
    return confusion(said.truth, said.scores)


def figures(seed: int) -> pd.DataFrame:
    values = np.random.default_rng(seed).random((len(CLASSES), len(metrics_of())))
    values[1] = np.nan
    table = pd.DataFrame(values, columns=sorted(metrics_of()))
    table.insert(0, "label", list(CLASSES))
    return table


def write_epochs(run: Run, *macro: float) -> RunWriter:
    writer = RunWriter(run)
    for epoch, value in enumerate(macro, start=1):
        row = {"epoch": epoch, "train_loss": 1 / epoch, "ap_macro": value, "ap_micro": float("nan")}
        writer.epoch(row, figures(epoch), counts_of(epoch))
    return writer


def test_a_run_reads_back_as_it_was_written() -> None:
    run = new_run(epochs=3)
    writer = write_epochs(run, 0.1, 0.3, 0.2)
    writer.step({"epoch": 1, "step": 1, "loss": np.float32(0.5), "time": 12.5})
    writer.step({"epoch": 1, "step": 2, "loss": 0.25, "time": 13.5})
    writer.log("first\n")
    writer.log("second")
    again = open_run(run.name)
    assert again == run
    assert again.classes == CLASSES
    assert again.label_space() == SPACE
    assert again.kind == "trained"
    assert again.config == {"train": {"epochs": 3}}
    assert again.history()["ap_macro"].tolist() == [0.1, 0.3, 0.2]
    assert again.history()["ap_micro"].isna().all()
    assert again.steps()["loss"].tolist() == [0.5, 0.25]
    assert again.steps(after=1)["step"].tolist() == [2]
    assert again.log_tail() == "first\nsecond"
    assert again.log_tail(1) == "second"
    for epoch, asked in ((1, 1), (2, "best"), (3, "last"), (3, None)):
        found = again.per_label(asked)
        pd.testing.assert_frame_equal(found.drop(columns="positives"), figures(epoch), rtol=1e-8)
        assert found["positives"].tolist() == counts_of(epoch).positives.tolist()
    for which, epoch in (("last", 3), ("best", 2)):
        counts = again.confusion(which)
        assert counts is not None
        np.testing.assert_array_equal(counts.tp, counts_of(epoch).tp)
        np.testing.assert_array_equal(counts.thresholds, counts_of(epoch).thresholds)
    summary = again.summary()
    assert (summary["classes"], summary["epochs"], summary["best_epoch"]) == (4, 3, 2)
    assert summary["best"]["ap_macro"] == 0.3
    assert summary["last"]["ap_micro"] is None


def test_a_new_run_is_empty_but_sound() -> None:
    run = new_run()
    assert run.name == "defaults"
    assert run.history().empty
    assert run.steps().empty
    assert run.per_label().empty
    assert run.per_label(7).empty
    assert run.per_label("best").empty
    assert run.confusion() is None
    assert run.predictions() is None
    assert run.log_tail() == ""
    assert run.summary()["epochs"] == 0
    assert {"epoch", "ap_macro"} <= set(run.history().columns)


def test_resuming_replaces_what_lies_beyond() -> None:
    run = new_run()
    writer = write_epochs(run, 0.1, 0.3, 0.9)
    for step in range(1, 7):
        writer.step({"epoch": (step + 1) // 2, "step": step, "loss": 1.0})
    with (run.folder / "steps.jsonl").open("a") as file:
        file.write('{"epoch": 3, "st')
    resumed = RunWriter(run)
    resumed.step({"epoch": 2, "step": 4, "loss": 0.5})
    resumed.step({"epoch": 3, "step": 5, "loss": 0.5})
    resumed.epoch({"epoch": 2, "ap_macro": 0.05}, figures(8), counts_of(8))
    assert run.steps()["step"].tolist() == [1, 2, 3, 4, 5]
    assert run.steps()["loss"].tolist() == [1.0, 1.0, 1.0, 0.5, 0.5]
    assert run.history()["epoch"].tolist() == [1, 2]
    assert sorted(set(run.per_label_by_epoch()["epoch"])) == [1, 2]
    np.testing.assert_allclose(run.per_label(2)["auc_pr"], figures(8)["auc_pr"], rtol=1e-8)
    assert run.summary()["best_epoch"] == 1
    with pytest.raises(NotFound, match="no figures of epoch 3; its last is 2"):
        run.per_label(3)


def test_resuming_keeps_the_counts_of_the_best_epoch_that_is_left() -> None:
    run = new_run()
    write_epochs(run, 0.5, 0.1, 0.9)
    RunWriter(run).epoch({"epoch": 2, "ap_macro": 0.1}, figures(2), counts_of(2))
    best = run.confusion("best")
    assert best is None, "those of epoch 1 were replaced by epoch 3's, and are nowhere else"


def test_predictions_are_kept_and_tell_the_split() -> None:
    run = new_run()
    writer = RunWriter(run)
    said = made_up(3)
    writer.predictions("validation", said)
    writer.predictions("test", said, {"ap_macro": 0.75, "ap_micro": float("nan")})
    writer.summarise(parameters=12)
    kept = run.predictions()
    assert kept is not None
    assert kept.fingerprint == said.fingerprint
    assert run.about.split == said.split
    assert run.about.evaluated == said.evaluated
    row = runs_table().iloc[0]
    assert row["test_ap_macro"] == 0.75
    assert np.isnan(row["test_ap_micro"])
    assert row["parameters"] == 12


def test_predictions_are_the_last_that_is_written_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run()

    def killed(self: RunWriter, **changes: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RunWriter, "summarise", killed)
    with pytest.raises(KeyboardInterrupt):
        RunWriter(run).predictions("test", made_up(1), {"ap_macro": 0.5})
    assert run.predictions("test") is None


def test_what_is_of_other_classes_is_refused() -> None:
    run = new_run()
    with pytest.raises(InvalidSetting, match="run's classes"):
        RunWriter(run).epoch({"epoch": 1}, figures(1).iloc[::-1], counts_of(1))
    with pytest.raises(InvalidSetting, match="run's classes"):
        RunWriter(run).predictions("test", made_up(1).select_classes(CLASSES[:2]))
    assert run.history().empty


def test_notes_tags_and_titles() -> None:
    run = new_run()
    set_note(run.name, "why\nnot")
    set_tags(run.name, ["good", " good ", "", "old"])
    set_title(run.name, " The first ")
    about = open_run(run.name).about
    assert (about.note, about.tags, about.title) == ("why\nnot", ("good", "old"), "The first")
    with pytest.raises(NotFound):
        set_note("nobody", "")


def test_deleting_moves_to_the_trash_and_back() -> None:
    run = new_run()
    write_epochs(run, 0.1)
    place = delete_run(run.name)
    assert run_names() == []
    assert place.parent == home() / "trash"
    with pytest.raises(NotFound):
        open_run(run.name)
    again = new_run()
    assert again.name == run.name
    assert delete_run(again.name) != place
    place.rename(run.folder)
    assert open_run(run.name).history()["epoch"].tolist() == [1]


def test_names_are_made_unique() -> None:
    assert [new_run(labels="genres").name for _ in range(3)] == [
        "labels-genres",
        "labels-genres-2",
        "labels-genres-3",
    ]
    assert new_run(labels="Genres").name == "labels-Genres-4"
    with pytest.raises(Conflict, match="already"):
        put_run("labels-genres", lambda folder: None, exact=True)


def test_others_make_theirs_while_a_run_is_filled() -> None:
    def fill(folder: Path) -> None:
        (folder / "who").write_text("first")
        assert put_run("same", lambda other: None).name == "same"

    assert put_run("same", fill).name == "same-2"
    with pytest.raises(Conflict, match="there is a run 'new' already"):
        put_run("new", lambda folder: put_run("new", lambda other: None) and None, exact=True)
    assert run_folders() == ["new", "same", "same-2"]


def run_folders() -> list[str]:
    """Everything that lies among the runs but locks."""
    return sorted(path.name for path in (home() / "runs").iterdir() if path.suffix != ".lock")


@pytest.mark.parametrize(
    ("differs", "name"),
    [
        ({}, "defaults"),
        ({"labels": "top 50", "train.epochs": 30}, "labels-top-50+epochs-30"),
        ({"train.learning_rate": 0.001}, "learning-rate-0.001"),
        ({"train.compile": True, "train.shuffle": False}, "compile+no-shuffle"),
        ({"train.gradient_clip": None}, "no-gradient-clip"),
        ({"network.seed": 1, "train.seed": 2}, "network-seed-1+train-seed-2"),
        ({"train.devices": (0, 1)}, "devices-0-1"),
        ({"data": "../../etc/passwd"}, "data-..-..-etc-passwd"),
        ({"data": "音楽"}, "data-音楽"),
    ],
)
def test_names_say_what_differs(differs: dict[str, object], name: str) -> None:
    assert name_of(differs) == name


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.floats(), st.booleans(), st.lists(st.text()))))
def test_every_name_is_one(differs: dict[str, object]) -> None:
    name = name_of(differs)
    assert _is_name(f"{name}.20260101-000000-99")


def test_long_names_differ_where_settings_do() -> None:
    names = {name_of({"data": "x" * 200, "seed": seed}) for seed in range(5)}
    assert len(names) == 5


def test_the_table_of_runs_tells_what_is_damaged() -> None:
    for seed in range(3):
        write_epochs(new_run(seed=seed), 0.1 * seed, 0.05)
    broken = new_run(seed=9)
    (broken.folder / "about.json").write_text("{")
    older = new_run(seed=10)
    about = json.loads((older.folder / "about.json").read_text())
    (older.folder / "about.json").write_text(json.dumps({**about, "created": "2001-01-01T00:00:00+00:00"}))
    table = runs_table().set_index("run")
    assert list(table.index[-2:]) == ["seed-10", "seed-9"]
    assert "not JSON" in table.loc["seed-9", "problem"]
    assert table.loc["seed-2", "ap_macro"] == pytest.approx(0.2)
    assert table.loc["seed-2", "ap_macro_last"] == 0.05
    assert table.loc["seed-2", "epochs"] == 2
    assert runs_table(["seed-2", "nobody"])["problem"].str.contains("nobody").sum() == 1


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("classes.json", "[]", "one or more"),
        ("classes.json", '["a", "a"]', "twice"),
        ("per_label_by_epoch.csv", "a,b\n1,2\n", "lacks the column"),
        ("per_label_by_epoch.csv", "epoch,label,auc_pr\none,rock,0.1\n", "not a table"),
        ("per_label_by_epoch.csv", "", "not a table"),
        ("confusion.npz", "PK", "is not a zip, was cut off"),
        ("history.jsonl", "{]\n", "line 1"),
        ("history.jsonl", "3\n", "must hold a JSON object"),
        ("summary.json", "[]", "must hold a JSON object"),
    ],
)
def test_damaged_files_are_told_by_name(file: str, text: str, message: str) -> None:
    run = new_run()
    (run.folder / file).write_text(text)
    with pytest.raises(DataError, match=message) as told:
        _ = run.classes, run.per_label(), run.confusion(), run.history(), run.summary()
    assert file in str(told.value)


def test_confusion_counts_that_need_a_pickle_are_refused(tmp_path: Path) -> None:
    run = new_run()
    np.savez(run.folder / "confusion.npz", tp=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="needs a pickle"):
        run.confusion()


@pytest.mark.parametrize("labels", [("a", "b"), ("1,5", "2"), ("a\n2,b", "c"), ("nan", '"')])
def test_one_epoch_is_read_as_it_is_among_all(tmp_path: Path, labels: tuple[str, str]) -> None:
    tables = {
        epoch: pd.DataFrame({"label": labels, "auc_pr": np.array([epoch, 2.0 * epoch]) / 100})
        for epoch in (1, 2, 12, 20)
    }
    path = tmp_path / "per_label_by_epoch.csv"
    layout.write_per_label(path, tables)
    whole = layout.read_per_label(path)
    for epoch, expected in (*((each, each) for each in tables), ("last", 20), (3, 3), (0, 0)):
        wanted = whole[whole["epoch"] == expected].reset_index(drop=True)
        pd.testing.assert_frame_equal(layout.read_per_label(path, epoch), wanted)
