"""The published runs, as runs, and every typed figure against the text it was typed from."""

import html
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from taglab.cleaning import STAGE_1
from taglab.compare.queries import by_queries
from taglab.errors import InvalidSetting, NotFound
from taglab.runs import (
    delete_run,
    open_published,
    open_run,
    published_names,
    run_names,
    runs_table,
    set_note,
)
from taglab.runs.published import PublishedRun

TYPED = Path(__file__).resolve().parents[2] / "taglab" / "runs" / "published"
THESIS = (
    Path(__file__).resolve().parents[2]
    / "../shared/papers/ros-perez-2021-word-embeddings-in-label-classifiers.md"
)
STAGES = (
    Path(__file__).resolve().parents[2]
    / "../shared/papers/audio-classification-with-word-embeddings-readme.md"
)
WESTON = Path(__file__).resolve().parents[2] / "../shared/papers/weston-2011-joint-semantic-spaces.md"
METRICS = ["auc_pr_micro", "roc_auc_micro", "auc_pr_macro", "roc_auc_macro"]


def typed(name: str) -> pd.DataFrame:
    """A file of the package as text, so that 0.3090 is not 0.309."""
    return pd.read_csv(TYPED / f"{name}.csv", dtype="str", keep_default_na=False)


def test_every_published_run_is_a_run() -> None:
    assert len(published_names()) == 128
    for name in published_names():
        run = open_run(name)
        assert isinstance(run, PublishedRun)
        assert run.kind == "published"
        assert run.about.split == "unknown"
        assert run.config["tables"]
        assert run.history().empty
        assert run.confusion() is None
        assert run.predictions() is None
        assert run.label_space() is None
        summary = run.summary()
        figures = {**summary["best"], **summary["test"], **dict.fromkeys(run.groups()["group"], 1.0)}
        assert figures
        assert all(value > 0 for value in figures.values())
        assert summary["classes"] is None or summary["classes"] > 0
        assert run.config["source"] in run.source["title"]
        assert run.about.note
        assert tuple(run.per_label()["label"]) == run.classes
        assert len(set(run.classes)) == len(run.classes)
        assert run.per_label("best").empty
        assert run.per_label_by_epoch()["epoch"].isin([20, 30]).all()
    table = runs_table(published_names())
    assert (table["problem"] == "").all()
    theirs = table["group"] == "Ros Perez 2021"
    assert table.loc[theirs, "auc_pr_macro"].notna().all()
    assert theirs.sum() == 28
    assert table.loc[~theirs, "auc_pr_macro"].isna().all(), "those are of test tracks"


def test_published_runs_are_not_among_those_of_here_and_stay() -> None:
    assert run_names() == []
    for change in (lambda: set_note("thesis-1-waveform", "x"), lambda: delete_run("thesis-1-waveform")):
        with pytest.raises(InvalidSetting, match="cannot be changed"):
            change()
    with pytest.raises(NotFound, match="thesis-1-waveform"):
        open_published("thesis-6")


def test_what_contradicts_itself_is_kept_and_noted() -> None:
    run = open_published("thesis-3.3-k100-spectrogram")
    figures = run.per_label().set_index("label")["auc_pr"]
    assert figures["heavy metal"] == 0.6781
    assert figures["House"] == 0.4430
    assert run.noted()["label"].tolist().count("heavy metal") == 2
    assert any("27" in note and "House" in note for note in run.notes)
    assert open_published("thesis-4.1-spectrogram").summary()["best"]["roc_auc_micro"] == 0.8901
    assert "0.938" in " ".join(open_published("thesis-4.1-spectrogram").notes)
    assert open_published("thesis-3.3-k500-spectrogram").summary()["best"]["auc_pr_micro"] == 0.3928
    assert open_published("thesis-3.2-glove-wikipedia-n100-spectrogram").notes


def test_details_of_published_runs() -> None:
    assert open_published("thesis-1-spectrogram").groups()["auc_pr"].tolist()[:2] == [0.367, 0.216]
    decisions = open_published("thesis-3.3-tags-spectrogram").decisions()
    assert decisions["threshold"].tolist() == [0.33, 0.50, 0.67] * 2
    sums = typed("confusion")[["tp", "tn", "fp", "fn"]].astype(float).sum(axis=1)
    assert (sums.sub(1).abs() < 8e-4).all(), "the largest gap is the one noted of table 20"


def test_notes_are_of_runs_that_exist() -> None:
    named = {name for names in typed("notes")["runs"] for name in names.split(";")}
    assert named <= set(published_names())
    for name in ("per_label", "groups", "confusion", "precisions", "scores"):
        assert set(typed(name)["run"]) <= set(published_names())
        assert (
            not typed(name)
            .duplicated(
                [key for key in typed(name) if key in ("run", "table", "label", "group", "threshold", "k")]
            )
            .any()
        )


def rows_of_table(number: int) -> list[list[str]]:
    """The lines of tab-separated cells that stand before a table's caption."""
    if not THESIS.exists():
        pytest.skip(f"{THESIS} is not there")
    lines = THESIS.read_text(encoding="utf-8").splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith(f"Table {number}:"))
    return list(reversed(list(_before(lines[:at]))))


def _before(lines: list[str]) -> Iterator[list[str]]:
    seen = False
    for line in reversed(lines):
        if "\t" in line:
            seen = True
            yield [html.unescape(re.sub(r"</?b>", "", cell)).strip() for cell in line.split("\t")]
        elif seen:
            return


def summary_rows(number: int) -> dict[str, list[str]]:
    return {row[0]: row[1:5] for row in rows_of_table(number)[2:]}


@pytest.mark.realdata
@pytest.mark.parametrize("table", [9, 12, 15, 19, 22, 23, 26, 28, 29, 30])
def test_summary_figures_are_as_printed(table: int) -> None:
    runs = typed("runs")
    here = runs[runs["tables"].map(lambda tables: str(table) in tables.split(";"))]
    printed = summary_rows(table)
    assert len(here) == len(printed)
    for row in here.to_dict("records"):
        key = row["k"] if table == 19 else row["network"].capitalize()
        assert [row[metric] for metric in METRICS] == printed[key]


@pytest.mark.realdata
def test_the_grid_is_as_printed() -> None:
    runs = typed("runs").query("tables == '18'").set_index(["vectors", "min_count"])
    for row in rows_of_table(18)[3:]:
        name = {"word2vec": "word2vec", "glove wikipedia": "GloVe Wikipedia"}.get(
            row[0].lower(), "GloVe Twitter"
        )
        for at, count in ((1, "100"), (3, "500")):
            found = runs.loc[(name, count), METRICS].tolist()
            assert found == [*row[at : at + 2], *row[at + 4 : at + 6]]
    assert len(runs) == 6


@pytest.mark.realdata
@pytest.mark.parametrize("table", [10, 13])
def test_group_figures_are_as_printed(table: int) -> None:
    names, figures = rows_of_table(table)
    here = typed("groups").query(f"table == '{table}'")
    assert here["group"].tolist() == names[1:]
    assert here["auc_pr"].tolist() == figures[1:]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("table", "left", "right"),
    [
        (20, "thesis-3.3-k100-spectrogram", "thesis-3.3-k1000-spectrogram"),
        (21, "thesis-3.3-k100-spectrogram", "thesis-3.3-k1000-spectrogram"),
        (24, "thesis-3.3-k100-spectrogram", "thesis-3.3-tags-spectrogram"),
        (25, "thesis-3.3-k100-spectrogram", "thesis-3.3-tags-spectrogram"),
    ],
)
def test_decisions_are_as_printed(table: int, left: str, right: str) -> None:
    here = typed("confusion").query(f"table == '{table}'").set_index(["run", "threshold"])
    assert len(here) == 6
    assert set(here["label"]) == {"rock" if table % 2 == 0 else "chill"}
    for row in rows_of_table(table)[2:]:
        found = [
            here.loc[(run, row[0]), share] for run in (left, right) for share in ("tp", "tn", "fp", "fn")
        ]
        assert found == row[1:9]


@pytest.mark.realdata
def test_figures_by_label_are_as_printed() -> None:
    printed = set()
    for number, below in ((16, "AUC PR in the baseline model"), (17, "")):
        columns = {row[0]: row[1:] for row in rows_of_table(number)}
        rank = columns["Position according to AUC PR"]
        for at, label in enumerate(columns["Cluster"]):
            counts = columns["Counts"][at].replace(",", "")
            run = "thesis-3.1-spectrogram"
            printed.add((run, str(number), label, columns["AUC PR"][at], counts, rank[at]))
            if below:
                printed.add(("thesis-1-spectrogram", str(number), label, columns[below][at], "", ""))
    rows = rows_of_table(27)
    for heads, *figures in (rows[:4], rows[4:]):
        runs = ("thesis-3.3-k100-spectrogram", "thesis-3.4-spectrogram", "thesis-3.4-tags-spectrogram")
        for run, row in zip(runs, figures, strict=True):
            for label, figure in zip(heads[1:], row[1:], strict=True):
                if figure != "-":
                    printed.add((run, "27", label.split(" (")[0], figure, "", ""))
    for row in rows_of_table(34)[2:]:
        for at in (0, 5):
            if not "".join(row[at:]):
                continue
            label, cluster, clustered, tag, tagged = row[at : at + 5]
            for run, figure, count in (("k100", cluster, clustered), ("tags", tag, tagged)):
                counts = count.replace(",", "")
                printed.add((f"thesis-3.3-{run}-spectrogram", "34", label, figure, counts, ""))
    ours = typed("per_label")[["run", "table", "label", "auc_pr", "counts", "position"]]
    assert set(ours.itertuples(index=False, name=None)) == printed


@pytest.mark.realdata
def test_table_33_names_71_distinct_tags() -> None:
    cells = [
        row[at] for row in rows_of_table(33)[1:] for at in range(0, len(row), 2) if row[at : at + 1] != [""]
    ]
    assert len(set(cells)) == 71


def readme() -> str:
    if not STAGES.exists():
        pytest.skip(f"{STAGES} is not there")
    return STAGES.read_text(encoding="utf-8")


def readme_rows(heading: str) -> list[list[str]]:
    """The body of a table of the stages' readme, cell by cell, bold or not."""
    below = readme().split(heading, 1)[1].splitlines()
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in below if "|" in line]
    return [row for row in rows if re.fullmatch(r"[0-9.]+", row[1])]


def share(percent: str) -> str:
    """Percent with two decimals as a share with four."""
    return f"{Decimal(percent) / 100:.4f}"


@pytest.mark.realdata
def test_stages_are_as_printed() -> None:
    runs = typed("runs").set_index("run")
    networks = {"Waveform": "waveform", "Log-Mel Spectrogram": "spectrogram"}
    printed = {}
    for name, roc, pr in readme_rows("|**Model Name**")[:8]:
        if found := re.fullmatch(r"Stage (I+) (.+) \(ours\)", name):
            printed[f"stage-{len(found[1])}-{networks[found[2]]}"] = (share(pr), share(roc), "", "")
        else:
            network = "waveform" if name.startswith("Waveform") else "spectrogram"
            printed[f"pons-2018-{network}"] = ("", "", share(pr), share(roc))
    here = runs[runs["tables"].eq("1") & runs["source"].ne("thesis")]
    columns = ["auc_pr_micro", "roc_auc_micro", "auc_pr_macro", "roc_auc_macro"]
    assert dict(zip(here.index, here[columns].itertuples(index=False, name=None), strict=True)) == printed


@pytest.mark.realdata
def test_categories_are_as_printed() -> None:
    printed = set()
    for category, *figures in readme_rows("**Tag Category**"):
        for number in range(3):
            printed.add((f"stage-{number + 1}", category, share(figures[number + 3]), share(figures[number])))
    here = typed("groups").query("run.str.startswith('stage')")
    assert set(here[["run", "group", "auc_pr", "auc_roc"]].itertuples(index=False, name=None)) == printed
    assert len(printed) == 12


@pytest.mark.realdata
def test_what_the_stages_text_says_of_its_tables() -> None:
    """The increases it tells are relative; the means of its categories are what the notes say."""
    pr = {run: open_published(run).summary()["test"]["auc_pr_micro"] for run in runs_of_stages()}
    for network, told in (("waveform", "17.17%"), ("spectrogram", "14.21%")):
        rise = pr[f"stage-3-{network}"] / pr[f"stage-1-{network}"] - 1
        assert f"{rise:.2%}" == told
        assert told in readme()
    note = open_published("stage-1-waveform").notes[0]
    for number in (1, 2, 3):
        groups = open_published(f"stage-{number}").groups().set_index("group")
        for metric in ("auc_pr", "auc_roc"):
            mean = sum(groups.loc[name, metric] * len(tags) for name, tags in STAGE_1.items()) / 50
            assert f"{mean:.4f}" in note


def runs_of_stages() -> list[str]:
    return [name for name in published_names() if re.fullmatch(r"stage-\d-\w+", name)]


def test_groups_of_the_stages_are_theirs() -> None:
    for number in (1, 2, 3):
        assert set(open_published(f"stage-{number}").groups()["group"]) == set(STAGE_1)
    assert open_published("thesis-1-spectrogram").groups()["auc_roc"].isna().all()
    assert open_published("pons-2018-waveform").title == "Pons et al. 2018: 50 most used tags, waveform"
    assert any("“alternative”" in note for note in open_published("stage-1").notes)


def test_precisions_at_k_are_means_of_results_that_tell_no_more() -> None:
    run = open_published("weston-muslse-warp-d400-mfcc-sai")
    assert run.title == "MUSLSE WARP d = 400: TagATune tags of clips from MFCC + SAI"
    assert run.config["tables"] == [2, 3, 5]
    assert run.summary()["test"]["precision_at_3_macro"] == 0.473
    table = by_queries({name: open_published(name) for name in published_names()}).set_index("run")
    assert len(table) == 28
    assert table.loc["weston-muslse-all-artists", "precision_at_1_macro"] == 0.1110
    assert table["precision_at_6_macro"].notna().all()


@pytest.mark.realdata
@pytest.mark.parametrize(("table", "lines"), [(2, 8), (3, 8), (5, 10)])
def test_precisions_are_as_printed(table: int, lines: int) -> None:
    printed = [row[-5:] for row in weston_rows(table)[1:]]
    assert len(printed) == lines
    assert sorted(tuple(map(float, row)) for row in printed) == precisions_of(table, 5)


@pytest.mark.realdata
def test_precisions_of_tasks_are_as_printed() -> None:
    cells = [row[at : at + 2] for row in weston_rows(6)[2:] for at in (1, 3, 5)]
    assert sorted(tuple(map(float, pair)) for pair in cells if pair != ["-", "-"]) == precisions_of(6, 2)


def weston_rows(number: int) -> list[list[str]]:
    if not WESTON.exists():
        pytest.skip(f"{WESTON} is not there")
    text = WESTON.read_text(encoding="utf-8")
    below = re.split(rf"^\**Table {number}\. ", text, flags=re.MULTILINE)[-1].split("\n\n")
    return [line.split("\t") for line in below[1].splitlines()]


def precisions_of(table: int, figures: int) -> list[tuple[float, ...]]:
    of_table = [name for name in published_names() if name.startswith("weston-")]
    of_table = [name for name in of_table if table in open_published(name).config["tables"]]
    rows = [tuple(open_published(name).precisions()["precision"]) for name in of_table]
    assert {len(row) for row in rows} == {figures}
    return sorted(rows)


def test_results_of_artist_groups_have_log_loss_and_f1_and_their_mistakes() -> None:
    names = [name for name in published_names() if name.startswith("kim-")]
    assert len(names) == 31 + 26 + 4
    run = open_published("kim-stn-gsdm")
    assert run.title == "Kim 2021 STN gsdm: main genres of FMA, kim-3.2, log-loss 0.8407, F1 0.6379"
    assert run.summary()["test"] == {"log_loss": 0.8407, "f1": 0.6379}
    assert run.config["tables"] == [3.4, 3.5]
    assert any("0.6352" in note for note in run.notes)
    assert any("0.7893" in note for note in open_published("kim-stn-gsedm").notes)
    assert any("three and for four" in note for note in open_published("kim-wstn-3").notes)
    assert open_published("kim-mtn-gs").scores() == {"log_loss": 0.8578, "f1": 0.6190}
    assert all("averages STN" in open_published(name).notes[0] for name in names if "wstn" not in name)
