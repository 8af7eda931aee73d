"""Co-occurrence, genres and subgenres on the command line."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from scipy import sparse

from taglab.cooccurrence import pairs_of_all, read_matrix
from taglab.genres import SubgenreSettings
from taglab.labels import open_label_space
from taglab.progress import Progress
from taglab.sources import open_folksonomy
from taglab.studies import subgenre_recovery
from tests.cli.running import Shell

DATA = ("--data", "mine")


def test_pairs_of_all_tags(mine: Shell) -> None:
    found = mine.json("cooccurrence", *DATA)
    assert (found["classes"], found["tracks"], found["pairs"]) == (7, 7, 21)
    jazz = next(row for row in found["rows"] if {row["a"], row["b"]} == {"jazz", "smooth jazz"})
    assert (jazz["together"], jazz["count_a"], jazz["count_b"], jazz["m_correlated"]) == (2, 3, 2, True)
    assert mine.json("cooccurrence", *DATA, "--min-count", "3")["classes"] == 3
    assert mine.json("cooccurrence", *DATA, "-n", "2")["classes"] == 2


def test_what_pmi_is_measured_against_is_chosen(mine: Shell) -> None:
    def jazz(*flags: str) -> tuple[float, float]:
        rows = mine.json("cooccurrence", *DATA, "--min-count", "2", *flags)["rows"]
        (row,) = [row for row in rows if {row["a"], row["b"]} == {"jazz", "smooth jazz"}]
        return row["pmi"], row["npmi"]

    data = open_folksonomy("mine")
    n = data.n_tracks
    by_tracks = math.log2(n * 2 / (3 * 2))
    assert jazz("--npmi-tracks", "all") == pytest.approx((by_tracks, by_tracks / -math.log2(2 / n)))
    n = pairs_of_all(data.matrix)
    by_pairs = math.log2(n * 2 / (3 * 2))
    assert jazz("--npmi-total", "pairs", "--npmi-tracks", "all") == pytest.approx(
        (by_pairs, by_pairs / -math.log2(2 / n))
    )
    assert jazz("--npmi-total", "pairs")[0] < by_pairs


def test_the_matrix_is_saved(mine: Shell) -> None:
    for name in ("pairs.npz", "pairs.csv"):
        mine.text("cooccurrence", *DATA, "--matrix", mine.folder / name)
    pairs = read_matrix(mine.folder / "pairs.npz")
    assert sparse.load_npz(mine.folder / "pairs.npz").shape == (7, 7)
    table = pd.read_csv(mine.folder / "pairs.csv", index_col="name")
    assert table.columns.tolist() == table.index.tolist() == list(pairs.names)
    assert (table.to_numpy() == pairs.dense()).all()
    assert mine.run("cooccurrence", *DATA, "--matrix", "pairs.txt") == 2
    assert "must be a file that ends in .npz or .csv" in mine.err


def test_genres_are_chosen_merged_and_saved(mine: Shell) -> None:
    mine.text("labels", "make", "top", "--name", "every", *DATA, "-n", "7")
    found = mine.json(
        *("genres", "every", *DATA, "--category", "genre"), *("--name", "genres", "--popular-name", "popular")
    )
    assert {("pop", "dance"), ("jazz", "smooth jazz")} <= {(row["a"], row["b"]) for row in found["merged"]}
    assert "seen live" not in json.dumps(found["rows"])
    space, _ = open_label_space("genres")
    assert len(space) == found["genres"]
    popular, _ = open_label_space("popular")
    assert all(len(each.tags) == 1 for each in popular.classes)
    assert mine.run("genres", "every", *DATA, "--name", "genres") == 1
    assert mine.run("genres", "every", *DATA, "--name", "genres", "--replace") == 0


def test_genres_by_name_and_by_lists(mine: Shell) -> None:
    mine.text("labels", "make", "top", "--name", "every", *DATA, "-n", "7")
    kept = mine.folder / "kept.txt"
    kept.write_text("jazz\npop\n")
    found = mine.json("genres", "every", *DATA, "--keep", "rock", "--keep-file", kept, "-m", "1")
    assert {row["class"] for row in found["rows"]} == {"rock", "jazz", "pop"}
    positions = mine.folder / "genres.txt"
    positions.write_text("[0, 1, 2]\n[[0, 2]]\n")
    found = mine.json("genres", "every", *DATA, "--genres-txt", positions, "-m", "1")
    assert found["genres"] == 2


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("genres", "every", "--keep", "nothing"), "no class is or holds 'nothing'"),
        (("genres", "every", "--keep", "rock", "--category", "genre"), "not by several of them"),
        (("genres", "every", "--of", "top-tags"), "--of is for classes made here, and 'every' is saved"),
        (("genres", "every", "-m", "0.5"), "m=0.5 must be at least 1"),
        (("genres", "absent"), "absent"),
        (("cooccurrence", "every", "--threshold", "50"), "given in percent?"),
        (("subgenres", "every"), "could be divided"),
        (("subgenres", "every", "--genre", "nothing"), "no class 'nothing'"),
        (("subgenres", "every", "--k-min", "9", "--k-max", "5"), "k_min=9 must not exceed k_max=5"),
        (("subgenres", "every", "--npmi-total", "x"), "invalid choice"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(mine: Shell, argv: tuple[str, ...], said: str) -> None:
    mine.text("labels", "make", "top", "--name", "every", *DATA, "-n", "7")
    assert mine.run(*argv, *DATA) in (1, 2)
    assert said in mine.err
    assert "Traceback" not in mine.err


def test_subgenres_of_a_saved_label_space(mine: Shell) -> None:
    classes = mine.folder / "classes.json"
    classes.write_text(
        json.dumps({"all": ["rock", "metal", "pop", "dance", "jazz", "smooth jazz", "seen live"]})
    )
    mine.text("labels", "import", classes, "--name", "one", *DATA)
    found = mine.json(
        *("subgenres", "one", *DATA, "--no-drop-rare", "--keep-main-tag", "--k-min", "3", "--k-max", "3"),
        *("--npmi-tracks", "all", "--name", "subs"),
    )
    assert found["subgenres"] == len(open_label_space("subs")[0]) == 3
    assert open_label_space("subs")[0].made_by["npmi"]["tracks"] == "all"
    assert {"jazz", "smooth jazz"} in [set(row["members"]) for row in found["rows"]]
    by_genre = mine.json("subgenres", "one", *DATA, "--by", "genre", "--linkage", "single")
    assert by_genre["rows"][0]["genre"] == "all"
    left = mine.json("subgenres", "one", *DATA, "--by", "left-out")
    assert "the genre's main tag" in {row["reason"] for row in left["rows"]}
    trained = mine.json(
        *("subgenres", "one", *DATA, "--method", "tag-embeddings", "--train-steps", "50", "--no-drop-rare"),
        *("--k-min", "2", "--k-means-seed", "1"),
    )
    assert trained["method"] == "tag-embeddings"


def test_vectors_of_whole_tags_are_trained(mine: Shell) -> None:
    made = mine.json(
        "embed", *DATA, "--method", "tag-skip-gram", "--name", "tags", "--dim", "3", "--steps", "50"
    )
    assert (made["words"], made["dim"], made["source"]) == (7, 3, "tag skip-gram on mine")
    assert mine.json("coverage", *DATA, "--vectors", "tags")["share_of_tags"] == 1
    assert (
        mine.json("embed", *DATA, "--method", "tag-skip-gram", "--name", "few", "--min-count", "3")["words"]
        == 3
    )
    for argv, said in (
        (("--method", "tag-skip-gram", "--epochs", "3"), "--epochs is not heeded by --method tag-skip-gram"),
        (("--penalty", "1"), "--penalty is not heeded by --method skip-gram"),
    ):
        assert mine.run("embed", *DATA, "--name", "x", *argv) == 2
        assert said in mine.err


def test_a_damaged_matrix_is_told(tmp_path: Path) -> None:
    from taglab.errors import DataError

    path = tmp_path / "x.npz"
    path.write_bytes(b"PK not really")
    with pytest.raises(DataError, match="is not a zip"):
        read_matrix(path)


def test_recovery_of_planted_subgenres_is_told_with_intervals(
    mine: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recovered(seeds: Sequence[int], settings: SubgenreSettings, progress: Progress) -> pd.DataFrame:
        assert settings.restarts == 2
        assert settings.skip_gram.steps == 30
        return pd.DataFrame(
            [
                {"k_from": "silhouette", "method": method, "seed": seed, "adjusted_rand": found + seed / 100}
                for seed in seeds
                for method, found in (("npmi", 0.5), ("word vectors", 0.2))
            ]
        )

    monkeypatch.setattr(subgenre_recovery, "recover_subgenres", recovered)
    found = mine.json("subgenres", "--recover", "4", "--restarts", "2", "--train-steps", "30")
    assert found["demos"] == [3, 4, 5, 6]
    npmi = next(row for row in found["rows"] if row["method"] == "npmi")
    assert npmi["adjusted_rand"] == pytest.approx(0.545)
    assert npmi["low"] < npmi["adjusted_rand"] < npmi["high"]
    assert npmi["gain"] == pytest.approx(0.3)
    assert mine.run("subgenres", "--recover", "0") == 2
    assert mine.run("subgenres", "every", "--recover", "2") == 2
    assert "leave out LABELS" in mine.err
