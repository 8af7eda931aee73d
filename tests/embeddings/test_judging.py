"""Sets of pairs and analogies: read from files of all sorts, judged, kept, and told in one table."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, spearmanr

from taglab import cache
from taglab.embeddings import WordVectors, read_vectors
from taglab.embeddings.judging import (
    Judged,
    JudgingSettings,
    disagreements,
    judge,
    pair_rows,
    question_rows,
    summarise,
)
from taglab.embeddings.quality import analogies
from taglab.embeddings.quality_sets import QualitySet, built_in_sets, distinct, read_sets
from taglab.errors import Cancelled, DataError

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"


def made(n: int = 40, name: str = "made") -> WordVectors:
    rng = np.random.default_rng(0)
    words = tuple(f"w{row}" for row in range(n))
    return WordVectors(name, words, rng.normal(size=(n, 6)).astype(np.float32))


def pairs(n: int = 30) -> QualitySet:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"a": "w0", "b": [f"w{row + 1}" for row in range(n)], "score": rng.random(n)})
    return QualitySet("pairs", "pairs", table)


def questions() -> QualitySet:
    rows = [
        (f"w{row}", f"w{row + 1}", f"w{row + 2}", f"w{row + 3}", "one" if row < 5 else "two")
        for row in range(9)
    ]
    rows.append(("w1", "w2", "w3", "nowhere", "two"))
    return QualitySet("questions", "analogies", pd.DataFrame(rows, columns=[*"abcd", "section"]))


def test_the_built_in_set_is_graded_and_each_pair_is_there_once() -> None:
    graded, asked = built_in_sets()
    assert graded.ours
    assert asked.ours
    assert graded.table["score"].between(0, 10).all()
    assert not pd.DataFrame(np.sort(graded.table[["a", "b"]].to_numpy(str))).duplicated().any()
    assert len(graded.table) >= 60
    assert len(asked.table) >= 30
    assert "hip hop" in graded.table["a"].tolist()
    assert (asked.table["a"] != asked.table["c"]).all()


def test_one_row_a_set_an_embedding_and_a_section() -> None:
    judged = judge(made(), [pairs(), questions()]) + judge(made(20, "few"), [pairs(), questions()])
    table = summarise(judged)
    assert table["vectors"].tolist() == ["made"] * 4 + ["few"] * 4
    assert table["section"].tolist() == ["", "", "one", "two"] * 2
    assert table["asked"].tolist() == [30, 10, 5, 5] * 2
    assert table["covered"].tolist()[:4] == [30, 9, 5, 4]
    assert table["covered"].tolist()[4] == 19
    assert len(summarise(judged, sections=False)) == 4
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()


def test_values_and_intervals_are_scipys() -> None:
    one, two = judge(made(), [pairs(), questions()])
    table = summarise([one, two], sections=False)
    expected = spearmanr(one.details["score"], one.details["similarity"]).statistic
    assert table["value"][0] == pytest.approx(expected)
    right = int(two.details["right"].sum())
    interval = binomtest(right, 9).proportion_ci(method="wilson")
    assert (table["low"][1], table["high"][1]) == pytest.approx((interval.low, interval.high))


def test_the_interval_of_a_correlation_holds_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    rho = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's of a bivariate normal of correlation 0.6
    held = 0
    for _ in range(400):
        x = rng.normal(size=60)
        y = 0.6 * x + 0.8 * rng.normal(size=60)
        details = pd.DataFrame({"a": "a", "b": "b", "score": x, "similarity": y})
        row = summarise([Judged("v", QualitySet("s", "pairs", details), details)]).iloc[0]
        held += row["low"] <= rho <= row["high"]
    assert 0.92 < held / 400 < 0.98


def test_too_little_to_say_anything_is_nan_and_not_nought() -> None:
    foreign = WordVectors("foreign", ("zzz",), np.ones((1, 3), np.float32))
    table = summarise(judge(foreign, [pairs(), questions()]))
    assert table["value"].isna().all()
    assert (table["covered"] == 0).all()
    two = judge(made(3), [pairs()])
    assert np.isnan(summarise(two)["value"][0])
    flat = QualitySet("flat", "pairs", pairs().table.assign(score=1.0))
    assert np.isnan(summarise(judge(made(), [flat]))["value"][0])


def test_the_furthest_apart_come_first() -> None:
    details = pd.DataFrame(
        {"a": list("abcd"), "b": list("efgh"), "score": [9, 8, 1, 5], "similarity": [0.1, 0.8, 0.9, np.nan]}
    )
    table = disagreements(details)
    assert table["a"].tolist() == ["a", "c", "b"]
    assert table["apart"].tolist() == [-2, 2, 0]


def test_what_was_found_is_kept_by_content(monkeypatch: pytest.MonkeyPatch) -> None:
    first = judge(made(), [pairs(), questions()])
    kept = list((cache.home() / "derived" / "quality").rglob("*.parquet"))
    assert len(kept) == 2
    monkeypatch.setattr("taglab.embeddings.judging.analogies", None)
    monkeypatch.setattr("taglab.embeddings.judging.word_similarity", None)
    again = judge(made(), [pairs(), questions()])
    for one, other in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(one.details, other.details)
    with pytest.raises(TypeError):
        judge(made(), [questions()], settings=JudgingSettings(most_words=3))
    monkeypatch.undo()
    for path in kept:
        path.write_bytes(b"damaged")
    pd.testing.assert_frame_equal(summarise(judge(made(), [pairs(), questions()])), summarise(first))


def test_stopping_keeps_what_was_done() -> None:
    def cancel(fraction: float, text: str) -> None:
        if "questions" in text:
            raise Cancelled(text)

    with pytest.raises(Cancelled):
        judge(made(), [pairs(), questions()], progress=cancel)
    assert len(list((cache.home() / "derived" / "quality").rglob("*.parquet"))) == 1


def test_tables_of_rows_name_their_set() -> None:
    judged = judge(made(), [pairs(), questions()])
    assert pair_rows(judged)["set"].unique().tolist() == ["pairs"]
    assert question_rows(judged)["vectors"].unique().tolist() == ["made"]
    assert pair_rows(judged[1:]) is None


def test_capitals_of_one_point_are_one_candidate() -> None:
    """Questions are published with capitals, vectors often without: "Athens" must not answer for "athens"."""
    at = np.array([[1, 0, 0], [1, 1, 0], [0.2, 0, 1], [0.2, 1, 1.2]], np.float32)
    words = WordVectors("lower", ("athens", "greece", "oslo", "norway"), at)
    asked = pd.DataFrame([("Athens", "Greece", "Oslo", "Norway", "s")], columns=[*"abcd", "section"])
    found = analogies(words, asked)
    assert found.questions["answer"].tolist() == ["Norway"]
    assert found.accuracy == 1
    assert found.candidates == 4


def test_files_of_every_sort_are_read_and_told_apart(tmp_path: Path) -> None:
    (tmp_path / "scored.txt").write_text("a b 1\nc\td\t2\nhip hop\tc\t3\n")
    with gzip.open(tmp_path / "asked.txt.gz", "wt") as file:
        file.write("a b c d\n")
    with zipfile.ZipFile(tmp_path / "several.zip", "w") as archive:
        archive.writestr("deep/scored.txt", ": in one\na b c d\n: in two\ne f g h\n")
        archive.writestr("__MACOSX/scored.txt", "x")
    sets = {one.name: one for one in read_sets(tmp_path)}
    assert {name: (one.kind, len(one.table)) for name, one in sets.items()} == {
        "asked": ("analogies", 1),
        "scored": ("analogies", 2),
        "scored (2)": ("pairs", 3),
    }
    assert sets["asked"].table["section"].tolist() == ["asked"]


def test_the_same_twice_is_one() -> None:
    assert len(distinct([pairs(), pairs()])) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("../evil.txt", "a b 1\n", "leads outside"),
        ("bad.txt", "a b 1\na b\n", "bad.txt, line 2: must be two words and a number"),
        ("bad.txt", "one two\n", "neither pairs"),
        ("bad.txt", "", "empty"),
    ],
)
def test_what_is_wrong_in_a_zip_names_the_zip_and_the_file(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = tmp_path / "sets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)
    with pytest.raises(DataError, match=said) as raised:
        read_sets(path)
    assert raised.value.path == str(path)


def test_files_that_are_no_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_sets(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no file"):
        read_sets(tmp_path)
    path = tmp_path / "pairs.txt"
    path.write_text("a b c d\n")
    with pytest.raises(DataError, match="two words and a number"):
        read_sets(path, "pairs")
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(DataError, match="far more than any set"):
        read_sets(path)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b" " * (17 << 20))
    with pytest.raises(DataError, match="unpacks to more than"):
        read_sets(bomb)


@pytest.mark.realdata
def test_published_sets_on_both_published_embeddings() -> None:
    if not (SHARED / "word-similarity").is_dir() or not (SHARED / "word-vectors").is_dir():
        pytest.skip("the published sets and vectors are not beside the checkout")
    sets = [*read_sets(SHARED / "word-similarity"), *read_sets(SHARED / "analogies")]
    assert len(sets) == 13 + 14
    values = {}
    for name in ("glove.9910.300d.txt.gz", "glove.twitter.12k.25d.txt.gz"):
        table = summarise(judge(read_vectors(SHARED / "word-vectors" / name, name), sets), sections=False)
        values[name] = table.set_index("set")["value"]
        assert table["coverage"].between(0, 1).all()
    large, small = values.values()
    for name, least in (
        ("EN-MEN-TR-3k", 0.65),
        ("EN-WS-353-ALL", 0.55),
        ("EN-SIMLEX-999", 0.35),
        ("family", 0.9),
    ):
        assert large[name] > least
        assert large[name] > small[name]
