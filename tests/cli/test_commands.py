"""Every command, its JSON, and what it says when something is wrong."""

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from taglab import sources
from taglab.cli import main
from taglab.embeddings import question
from taglab.labels import open_label_space
from taglab.progress import Progress
from tests.cli.running import Shell
from tests.sources.serving import serving
from tests.sources.tiny import write_lastfm

DATA = ("--data", "mine")


def test_data(mine: Shell) -> None:
    assert mine.json("data", "list") == [
        {"name": "demo", "tracks": None, "tags": None, "assignments": None},
        {"name": "mine", "tracks": 7, "tags": 7, "assignments": 17},
    ]
    assert {"demo", "lastfm", "magnatagatune", "jamendo", "table"} <= {
        row["source"] for row in mine.json("data", "sources")
    }
    shown = mine.json("data", "show", "mine", "--min-count", "3")
    assert (shown["tracks"], shown["tags"], shown["artists"], shown["shown_tags"]) == (7, 7, 4, 3)
    assert shown["rows"][0] == {"tag": "rock", "count": 4, "artists": 3}
    found = mine.json("data", "show", "mine", "--find", "JAZZ")
    assert [row["tag"] for row in found["rows"]] == ["jazz", "smooth jazz"]
    assert found["shown_tags"] == 2
    together = mine.json("data", "co-tags", "rock", *DATA, "-n", "1")
    assert together == [{"tag": "metal", "together": 2, "share": 0.5, "lift": 1.75}]
    assert mine.json("data", "remove", "mine") == {"removed": "mine"}
    assert mine.run("data", "show", "mine") == 1


def test_reader_options_become_flags(shell: Shell) -> None:
    path = shell.folder / "odd.txt"
    path.write_text("a|rock;pop|1\nb|rock|1\n")
    added = shell.json(
        *("data", "add", "table", path, "--name", "odd", "--no-header"),
        *("--delimiter", "|", "--tag-delimiter", ";", "--weight", ""),
    )
    assert (added["tracks"], added["tags"], added["assignments"]) == (2, 2, 3)


def test_public_data_are_downloaded_where_no_path_is_given(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_lastfm(shell.folder / "there.db")
    with serving() as server:
        server.content = path.read_bytes()
        remote = sources.Remote(server.url(), "lastfm_tags.db", path.stat().st_size)
        monkeypatch.setitem(sources.SOURCES, "lastfm", replace(sources.SOURCES["lastfm"], remote=(remote,)))
        added = shell.json("data", "add", "lastfm", "--name", "lastfm", "--min-weight", "10")
        assert added["tags"] == 2
        assert shell.text("data", "add", "lastfm", "--name", "again")
        assert len(server.requests) == 1
    assert shell.run("data", "add", "table", "--name", "mine") == 2


def test_a_tab_can_be_typed(shell: Shell) -> None:
    path = shell.folder / "tabs.txt"
    path.write_text("track\ttag\n1\trock\n")
    assert shell.json("data", "add", "table", path, "--name", "t", "--delimiter", "\\t")["tags"] == 1


def test_min_count_is_inclusive(mine: Shell) -> None:
    assert [row["tag"] for row in mine.json("coverage", *DATA, "--min-count", "3")["rows"]] == [
        "rock",
        "jazz",
        "pop",
    ]
    assert mine.json("cluster", *DATA, "-k", "1", "--min-count", "4")["tags"] == 1


def test_vectors(mine: Shell) -> None:
    path = mine.folder / "glove.txt"
    path.write_text("rock 1 0\nmetal 0.9 0.1\njazz 0 1\nsmooth 0.1 0.9\n")
    added = mine.json("vectors", "add", path, "--name", "tiny")
    assert (added["name"], added["words"], added["dim"]) == ("tiny", 4, 2)
    assert [row["name"] for row in mine.json("vectors", "list")] == ["tiny"]
    shown = mine.json("vectors", "show", "tiny")
    assert shown["first_words"] == ["rock", "metal", "jazz", "smooth"]

    near = mine.json("neighbours", "rock", *DATA, "--vectors", "tiny", "-n", "2")
    assert [row["tag"] for row in near] == ["metal", "smooth jazz"]
    assert near[0]["similarity"] == pytest.approx(0.9 / np.hypot(0.9, 0.1))

    known = mine.json("neighbours", "rock", *DATA, "--vectors", "tiny", "--fully-known")
    assert {row["unknown"] for row in known} == {""}

    covered = mine.json("coverage", *DATA, "--vectors", "tiny")
    assert covered["share_of_tags"] == pytest.approx(4 / 7)
    assert covered["share_of_counts"] == pytest.approx(11 / 17)
    words = mine.json("coverage", *DATA, "--vectors", "tiny", "--by", "words")
    assert words["rows"][0] == {"word": "pop", "count": 3, "tags": 1}
    assert mine.json("coverage", *DATA, "--vectors", "tiny", "--by", "duplicates")["duplicates"] == 0

    clusters = mine.json("cluster", *DATA, "--vectors", "tiny", "-k", "2")
    assert clusters["missing"] == ["pop", "dance", "seen live"]
    assert [set(row["tags"]) for row in clusters["rows"]] in (
        [{"rock", "metal"}, {"jazz", "smooth jazz"}],
        [{"jazz", "smooth jazz"}, {"rock", "metal"}],
    )
    assert mine.json("vectors", "remove", "tiny") == {"removed": "tiny"}
    assert mine.json("vectors", "list") == []


def test_a_damaged_one_does_not_hide_the_others_of_a_list(mine: Shell, taglab_home: Path) -> None:
    path = mine.folder / "v.txt"
    path.write_text("rock 1 0\njazz 0 1\n")
    mine.text("vectors", "add", path, "--name", "sound")
    (taglab_home / "vectors" / "broken").mkdir()
    assert [row["name"] for row in mine.json("vectors", "list")] == ["sound"]
    assert "broken/manifest.json: cannot be read" in mine.err

    mine.text("labels", "make", "top", "--name", "top2", *DATA, "-n", "2")
    (taglab_home / "labels" / "broken.json").write_text("{")
    assert [row["name"] for row in mine.json("labels", "list")] == ["top2"]
    assert "broken.json: is not a label space" in mine.err


def test_lookup_is_switchable(mine: Shell) -> None:
    path = mine.folder / "loud.txt"
    path.write_text("ROCK 1 0\nJAZZ 0 1\n")
    mine.text("vectors", "add", path, "--name", "loud")
    assert mine.json("coverage", *DATA, "--vectors", "loud")["share_of_tags"] == pytest.approx(3 / 7)
    exact = mine.json("coverage", *DATA, "--vectors", "loud", "--forms", "exact")
    assert exact["share_of_tags"] == 0
    mine.text("cluster", *DATA, "--vectors", "loud", "-k", "2", "--forms", "upper", "--name", "upper")
    assert open_label_space("upper")[0].made_by["lookup"] == {"forms": ["upper"]}


def test_embed_analogy_axis_overlap(mine: Shell) -> None:
    assert mine.json("embed", *DATA, "--name", "m8", "--dim", "8", "--epochs", "3")["dim"] == 8
    assert {"tag", "similarity"} <= set(mine.json("analogy", "metal", "rock", "pop", *DATA)[0])
    ends = {row["tag"]: row["position"] for row in mine.json("axis", "rock", "pop", *DATA)}
    assert ends["rock"] == pytest.approx(0, abs=1e-5)
    assert ends["pop"] == pytest.approx(1, abs=1e-5)
    same = mine.json("overlap", *DATA, "--vectors", "m8,m8", "-k", "3")
    assert (same["mean"], same["tags"]) == (1, 7)


def test_project(mine: Shell) -> None:
    made = mine.json("project", *DATA)
    assert made["method"] == "pca"
    assert len(made["explained_variance"]) == 2
    assert list(made["rows"][0]) == ["tag", "count", "x", "y", "unknown"]
    assert list(mine.json("project", *DATA, "--dimensions", "3")["rows"][0])[-2] == "z"


def test_projector_files(mine: Shell) -> None:
    folder = mine.folder / "projector"
    assert mine.json("export", "projector", *DATA, "--out", folder)["tags"] == 7
    assert len((folder / "vectors.tsv").read_text().splitlines()) == 7
    assert (folder / "metadata.tsv").read_text().splitlines()[:2] == ["tag\tcount", "rock\t4"]


def test_cluster_by_tag_and_saved(mine: Shell) -> None:
    path = mine.folder / "clusters.csv"
    found = mine.json("cluster", *DATA, "-k", "3", "--by", "tag", "--out", path, "--name", "three")
    assert {row["cluster"] for row in found["rows"]} == {0, 1, 2}
    assert pd.read_csv(path).to_dict("records")[0]["tag"] == "rock"
    space, _ = open_label_space("three")
    assert len(space) == 3
    assert space.made_by["k"] == 3
    assert space.made_by["data"] == "mine"
    assert mine.run("cluster", *DATA, "-k", "2", "--name", "three") == 1
    assert "already" in mine.err
    mine.text("cluster", *DATA, "-k", "2", "--name", "three", "--replace")
    assert len(open_label_space("three")[0]) == 2


def test_agglomerative(mine: Shell) -> None:
    found = mine.json("cluster", *DATA, "--method", "agglomerative", "--linkage", "single", "-k", "2")
    assert found["linkage"] == "single"
    assert "seed" not in found


def test_scan_stability_compare(mine: Shell) -> None:
    found = mine.json("scan", *DATA, "-k", "2:4", "--seeds", "0,1", "--min-count", "1,2")
    assert [(row["min_count"], row["seed"], row["k"]) for row in found["rows"]] == [
        (least, seed, k) for least in (1, 2) for seed in (0, 1) for k in (2, 3, 4)
    ]
    assert [row["min_count"] for row in found["suggestions"]] == [1, 2]
    mine.text("embed", *DATA, "--name", "m8", "--dim", "8", "--epochs", "3")
    both = mine.json("scan", *DATA, "--vectors", "own,m8,own", "-k", "2,3")
    assert [(row["embedding"], row["k"]) for row in both["rows"]] == [
        ("own", 2),
        ("own", 3),
        ("m8", 2),
        ("m8", 3),
    ]
    assert [row["embedding"] for row in both["suggestions"]] == ["own", "m8"]
    assert mine.run("scan", *DATA, "-k", "2,20:40:10", "--no-distinct", "--least-size", "3") == 0
    assert "3 k from 20 to 40 left out, above the 7 distinct vectors" in mine.err
    assert mine.run("scan", *DATA, "--vectors", "", "-k", "2") == 2
    assert "vectors=(): Tuple should have at least 1 item" in mine.err
    stable = mine.json("stability", *DATA, "-k", "2", "--seeds", "0:2")
    assert stable["seeds"] == [0, 1, 2]
    assert len(stable["rows"]) == 3
    assert stable["mean"] == pytest.approx(np.mean([row["adjusted_rand"] for row in stable["rows"]]))
    same = mine.json("compare", *DATA, "-k", "3", "--other-k", "3")
    assert same["adjusted_rand"] == 1
    assert sum(row["tags"] for row in same["rows"]) == 7
    assert mine.json("compare", *DATA, "-k", "3", "--other-seed", "5", "--other-k", "2")["tags"] == 7


def test_labels_from_making_to_targets(mine: Shell) -> None:
    top = mine.json("labels", "make", "top", "--name", "top3", "-n", "3", *DATA)
    assert [row["class"] for row in top["rows"]] == ["rock", "jazz", "pop"]
    assert mine.json("labels", "make", "tags", "--name", "two", "rock", "jazz", *DATA)["classes"] == 2
    drop = mine.folder / "drop.txt"
    drop.write_text("rock\njazz\n")
    left = mine.json("labels", "make", "top", "--name", "left", "-n", "1", "--without-file", drop, *DATA)
    assert left["rows"][0]["tags"] == ["pop"]
    held = mine.json("labels", "make", "clusters", "--name", "held", *DATA, "-k", "3", "--holding", "rock")
    assert held["classes"] == 1
    assert "rock" in held["rows"][0]["tags"]
    assert [row["name"] for row in mine.json("labels", "list")] == ["held", "left", "top3", "two"]

    shown = mine.json("labels", "show", "top3")
    assert shown["data"] == "mine"
    assert shown["share_of_counts"] == pytest.approx(10 / 17)
    assert [row["imbalance_ratio"] for row in shown["rows"]] == pytest.approx([1, 4 / 3, 4 / 3])

    pairs = mine.folder / "targets.parquet"
    found = mine.json("labels", "targets", "top3", "--out", pairs)
    assert found["pairs"] == len(found["rows"]) == len(pd.read_parquet(pairs)) == 10
    assert mine.json("labels", "remove", "top3") == {"removed": "top3"}
    assert mine.run("labels", "show", "top3") == 1


def test_labels_edit_every_step(mine: Shell) -> None:
    mine.text("labels", "make", "tags", "--name", "e", "rock", "jazz", "pop", "metal", *DATA)

    def edit(*argv: str | Path) -> dict[str, list[str]]:
        return {row["class"]: row["tags"] for row in mine.json("labels", "edit", "e", *argv)["rows"]}

    assert edit("merge", "rock", "metal")["rock"] == ["rock", "metal"]
    assert "metal" in edit("rename", "rock", "metal")
    assert edit("move", "metal", "--to", "pop")["pop"] == ["pop", "metal"]
    assert edit("add", "metal", "dance", "--to", "jazz")["jazz"] == ["jazz", "metal", "dance"]
    assert edit("drop-tags", "metal", "--from", "jazz")["jazz"] == ["jazz", "dance"]
    assert edit("new-class", "both", "rock", "pop")["both"] == ["rock", "pop"]
    assert "jazz" not in edit("drop-class", "jazz")
    assert "jazz" in edit("undo")
    assert "jazz" not in edit("redo")
    listed = mine.folder / "keep.txt"
    listed.write_text("rock\nmetal\n")
    assert edit("keep-tags", "--tags-file", listed) == {"pop": ["metal"], "both": ["rock"]}
    listed.write_text("favorites\nmetal\nseen live\n")
    said = mine.json("labels", "edit", "e", "drop-tags", "--tags-file", listed, "--name", "less")
    assert [row["class"] for row in said["rows"]] == ["both"]
    assert "2 of the 3 tags are in no class" in mine.err
    assert mine.run("labels", "edit", "e", "drop-tags", "metal", "favorites") == 1
    assert edit("keep-classes-with", "rock", "--name", "f") == {"both": ["rock"]}
    assert len(mine.json("labels", "show", "e", *DATA)["rows"]) == 2
    assert len(mine.json("labels", "show", "f", *DATA)["rows"]) == 1
    assert mine.run("labels", "edit", "e", "move", "nowhere", "--to", "pop") == 1
    assert "nowhere" in mine.err


def test_labels_import_and_export(mine: Shell) -> None:
    clusters = mine.folder / "c.json"
    clusters.write_text(json.dumps({"0": ["pop", "rock"], "1": ["jazz"], "2": ["metal"]}))
    read = mine.json("labels", "import", clusters, "--name", "c", *DATA)
    assert [row["class"] for row in read["rows"]] == ["rock", "jazz", "metal"]
    genres = mine.folder / "genres.txt"
    genres.write_text("[0, 2]\n[[0, 2]]\n")
    merged = mine.json("labels", "import", clusters, "--name", "g", "--genres", genres)
    assert [row["tags"] for row in merged["rows"]] == [["pop", "rock", "metal"]]
    listed = mine.folder / "keep.txt"
    listed.write_text("jazz\nrock\n")
    assert mine.json("labels", "import", listed, "--name", "l")["classes"] == 2

    mine.text("labels", "edit", "c", "rename", "rock", "Rock")
    out = mine.folder / "c-space.json"
    mine.text("labels", "export", "c", "--out", out)
    again = mine.json("labels", "import", out, "--name", "again")
    assert again["rows"][0]["class"] == "Rock"
    assert again["edits"] == ["rename 'rock' to 'Rock'"]
    assert open_label_space("again")[0].undo().names[0] == "rock"
    assert json.loads(mine.text("labels", "export", "c"))["name"] == "c"
    assert json.loads(mine.text("labels", "export", "c", "--form", "clusters"))["jazz"] == ["jazz"]
    assert mine.text("labels", "export", "c", "--form", "tags").splitlines() == [
        "rock",
        "pop",
        "jazz",
        "metal",
    ]
    assert mine.run("labels", "import", out, "--name", "x", "--genres", genres) == 1


def test_bench(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from taglab import benchmarks
    from taglab.errors import MissingExtra

    row = benchmarks.Row("ours", 0.5, 2.0, 4.0, "equal", "tiny")

    def peerless() -> list[benchmarks.Row]:
        raise MissingExtra("faiss", "bench")

    monkeypatch.setattr(benchmarks, "BENCHMARKS", {"one": lambda: [row], "two": peerless})
    assert shell.json("bench", "--list") == [{"name": "one"}, {"name": "two"}]
    expected = {"name": "ours", "ours": 0.5, "peer": 2.0, "ratio": 4.0, "agreement": "equal", "note": "tiny"}
    assert shell.json("bench") == [expected]
    assert "two was left out: faiss is not installed" in shell.err
    assert shell.json("bench", "one") == [expected]
    assert shell.run("bench", "two") == 1
    assert shell.run("bench", "three") == 1
    assert "there are: one, two" in shell.err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["neighbours", "nonsense", *DATA], "'nonsense'"),
        (["neighbours", "rock", "--data", "other"], "'other'; there are: mine"),
        (["neighbours", "rock", *DATA, "--vectors", "other"], "'other'"),
        (["analogy", "rock", "jazz", "nonsense", *DATA], "'nonsense'"),
        (["axis", "rock", "rock", *DATA], "rock"),
        (["cluster", *DATA, "-k", "8"], "k=8 must be at most 7"),
        (["cluster", *DATA, "-k", "2", "--min-count", "5"], "min-count=5 leaves no tag of mine"),
        (["cluster", *DATA, "-k", "2", "--name", "../x"], "name='../x'"),
        (["scan", *DATA, "-k", "10"], "k=10"),
        (["stability", *DATA, "-k", "2", "--seeds", "1"], "two different seeds"),
        (["data", "add", "table", "missing.csv", "--name", "x"], "missing.csv"),
        (["data", "add", "table", "missing.csv", "--name", "../x"], "name='../x'"),
        (["data", "show", "other"], "'other'"),
        (["data", "co-tags", "Rock", *DATA], "did you mean 'rock'"),
        (["data", "remove", "other"], "'other'"),
        (["vectors", "add", "missing.txt", "--name", "x"], "missing.txt"),
        (["vectors", "show", "other"], "'other'"),
        (["vectors", "remove", "other"], "'other'"),
        (["labels", "show", "other"], "'other'"),
        (["labels", "make", "top", "--name", "x", "-n", "99", *DATA], "n=99"),
        (["labels", "make", "tags", "--name", "x", "Rock", *DATA], "did you mean 'rock'"),
        (
            ["labels", "make", "clusters", "--name", "x", "-k", "2", "--holding", "no", *DATA],
            "no class at all",
        ),
        (["labels", "import", "missing.json", "--name", "x"], "missing.json"),
        (["labels", "edit", "other", "undo"], "'other'"),
        (["labels", "remove", "other"], "'other'"),
        (["labels", "export", "other"], "'other'"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence(mine: Shell, argv: list[str], words: str) -> None:
    for ending in ([], ["--json"]):
        assert mine.run(*argv, *ending) == 1
        assert mine.out == ""
        assert mine.err.startswith("taglab: ")
        assert len(mine.err.splitlines()) == 1
        assert words in mine.err


def test_tags_do_not_steer_the_terminal(shell: Shell) -> None:
    path = shell.folder / "odd.csv"
    path.write_text('track,tag\n1,"\x1b[31mred"\n1,\u202eflip\n2,plain\n')
    shell.text("data", "add", "table", path, "--name", "odd")
    for said in (
        shell.text("data", "show", "odd"),
        shell.text("data", "show", "odd", "--json"),
        shell.text("labels", "make", "tags", "--name", "odd", "\x1b[31mred", "--data", "odd"),
        shell.text("labels", "export", "odd"),
        shell.text("labels", "export", "odd", "--form", "clusters"),
    ):
        assert "\x1b" not in said
        assert "\u202e" not in said
    assert shell.json("data", "show", "odd")["rows"][0]["tag"] in ("\x1b[31mred", "\u202eflip", "plain")
    shell.run("data", "co-tags", "\x1b[31m", "--data", "odd")
    assert "\x1b" not in shell.err


def test_tags_that_begin_with_a_dash(shell: Shell) -> None:
    path = shell.folder / "dash.csv"
    path.write_text("track,tag\n1,-core\n1,--help\n2,-core\n")
    shell.text("data", "add", "table", path, "--name", "dash")
    assert shell.json("data", "co-tags", "--data", "dash", "--json", "--", "-core")[0]["tag"] == "--help"
    made = shell.json(
        "labels", "make", "tags", "--name", "d", "--data", "dash", "--json", "--", "--help", "-core"
    )
    assert [row["class"] for row in made["rows"]] == ["-core", "--help"]


def test_interrupted(mine: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(question, "resolve", stopped)
    assert mine.run("neighbours", "rock", *DATA) == 130
    assert mine.err == "taglab: interrupted; nothing of it was kept\n"


def test_progress_reaches_the_library(mine: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    genuine = question.resolve

    def listening(name: str, folksonomy: Any, progress: Progress) -> Any:
        progress(0.5, "half")
        told.append(name)
        return genuine(name, folksonomy, progress)

    monkeypatch.setattr(question, "resolve", listening)
    mine.text("neighbours", "rock", *DATA)
    assert told == ["own"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device"), "taglab: No space left on device\n"),
        (OSError(5, "Input/output error", "x.db"), "taglab: x.db: Input/output error\n"),
        (
            MemoryError("Unable to allocate 9 TiB"),
            "taglab: not enough memory (Unable to allocate 9 TiB); ask for less",
        ),
    ],
)
def test_what_the_machine_refuses_is_no_traceback(
    mine: Shell, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refuse(*args: Any) -> None:
        raise error

    monkeypatch.setattr("taglab.sources.folksonomy_names", refuse)
    assert mine.run("data", "list") == 1
    assert mine.err.startswith(words)


def test_a_closed_pipe_is_no_traceback(mine: Shell, taglab_home: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "taglab", "data", "list"], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == ""


def test_an_output_that_cannot_hold_a_character(
    mine: Shell, monkeypatch: pytest.MonkeyPatch, taglab_home: Path
) -> None:
    path = mine.folder / "thai.csv"
    path.write_text("track,tag\n1,ไทย\n", encoding="utf-8")
    mine.text("data", "add", "table", path, "--name", "thai")
    for argv in (["data", "show", "thai"], ["data", "show", "thai", "--json"]):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
        assert main(argv) == 0
        sys.stdout.flush()
        said = raw.getvalue().decode("ascii")
        assert "\\u0e44" in said
    assert json.loads(said)["rows"][0]["tag"] == "ไทย"


def test_the_cache_can_be_named(mine: Shell) -> None:
    elsewhere = mine.folder / "elsewhere"
    assert [row["name"] for row in mine.json("data", "list", "--cache", elsewhere)] == ["demo"]


def test_a_cache_that_cannot_be_written(mine: Shell) -> None:
    blocked = mine.folder / "file"
    blocked.write_text("in the way")
    assert mine.run("labels", "make", "top", "--name", "x", "-n", "1", *DATA, "--cache", blocked) == 1
    assert len(mine.err.splitlines()) == 1


@pytest.fixture(scope="module")
def demo_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo-cache")


@pytest.mark.parametrize(
    ("argv", "keys"),
    [
        (["data", "show"], {"name", "tracks", "tags", "assignments", "artists", "dropped", "rows"}),
        (["data", "co-tags", "rock"], {"tag", "together", "share", "lift"}),
        (["neighbours", "rock"], {"tag", "similarity", "distance"}),
        (["analogy", "heavy metal", "metal", "rock"], {"tag", "similarity"}),
        (["axis", "sad", "happy"], {"tag", "position", "distance"}),
        (["coverage"], {"share_of_tags", "share_of_counts", "rows"}),
        (["project"], {"method", "trustworthiness", "neighbours_kept", "rows"}),
        (["cluster", "-k", "40"], {"k", "silhouette", "within_distance", "missing", "rows"}),
        (["scan", "-k", "10,20,30"], {"suggestions", "rows"}),
        (["stability", "-k", "20", "--seeds", "0,1"], {"k", "seeds", "mean", "lowest", "rows"}),
        (
            ["compare", "-k", "20", "--other-k", "30"],
            {"adjusted_rand", "normalised_mutual_information", "rows"},
        ),
        (["labels", "make", "top", "--name", "top50", "--replace"], {"name", "classes", "made_by", "rows"}),
        (["labels", "show", "top50"], {"share_of_counts", "mean_imbalance_ratio", "rows"}),
        (["labels", "targets", "top50"], {"tracks", "classes", "pairs", "rows"}),
    ],
)
def test_without_options_a_command_works_on_the_demo(
    shell: Shell, demo_cache: Path, argv: list[str], keys: set[str]
) -> None:
    found = shell.json(*argv, "--cache", demo_cache)
    first = found[0] if isinstance(found, list) else found
    assert keys <= set(first)


def test_hdbscan_lists_whom_it_leaves_out_and_saves_the_rest(mine: Shell) -> None:
    found = mine.json("cluster", *DATA, "--method", "hdbscan", "--min-cluster-size", "2", "--name", "dense")
    assert found["method"] == "hdbscan"
    assert found["min_cluster_size"] == 2
    assert found["k"] == len(found["rows"])
    held = {tag for row in found["rows"] for tag in row["tags"]}
    assert not held & set(found["left_out"])
    assert len(held) + len(found["left_out"]) == found["tags"]
    by_tag = mine.json("cluster", *DATA, "--method", "hdbscan", "--min-cluster-size", "2", "--by", "tag")
    assert {row["tag"] for row in by_tag["rows"] if row["cluster"] == -1} == set(found["left_out"])
    assert {row["name"] for row in by_tag["rows"] if row["cluster"] == -1} <= {""}
    space = mine.json("labels", "show", "dense")
    assert space["made_by"].get("left_out", 0) == len(found["left_out"])
    assert space["made_by"]["min_cluster_size"] == 2


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("cluster", "--method", "hdbscan", "-k", "2"), "-k is not heeded by --method hdbscan"),
        (("cluster", "--linkage", "single"), "--linkage is not heeded by --method spherical-k-means"),
    ],
)
def test_settings_of_another_method_are_refused(mine: Shell, asked: tuple[str, ...], sentence: str) -> None:
    assert mine.run(*asked, *DATA) == 2
    assert sentence in mine.err
