"""Pairs of tags: counts, NPMI, m-correlation, on small cases by hand, on random ones by brute force."""

import json
import math
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import sparse

from taglab import cooccurrence as module
from taglab.cooccurrence import (
    Cooccurrence,
    NpmiSettings,
    cooccurrence,
    matrix_table,
    of_tags,
    pairs_of_all,
    read_matrix,
    write_matrix,
)
from taglab.errors import Cancelled, DataError, InvalidSetting, NotFound
from taglab.metrics.balance import correlation_with_counts, mean_imbalance_ratio
from taglab.sources import open_folksonomy

PUBLISHED = Path(__file__).resolve().parents[1] / "../shared/data/thesis-results"
OVER_TRACKS, OVER_PAIRS = NpmiSettings(total="tracks"), NpmiSettings(total="pairs")


def counted(table: list[list[int]] | np.ndarray, names: str = "abcdefgh") -> Cooccurrence:
    incidence = sparse.csr_array(np.atleast_2d(np.array(table)))
    return cooccurrence(incidence, list(names[: incidence.shape[1]]))


incidences = npst.arrays(
    np.int8, st.tuples(st.integers(1, 12), st.integers(1, 6)), elements=st.integers(0, 1)
)


@given(incidences)
def test_pairs_are_those_counted_one_by_one(table: np.ndarray) -> None:
    found = counted(table)
    expected = table.astype(int).T @ table
    np.testing.assert_array_equal(found.dense(), expected)
    np.testing.assert_array_equal(found.counts, table.sum(0))
    assert (found.n_tracks, found.n_tracks_with) == (len(table), int(table.any(1).sum()))
    i, j, together = found.met()
    assert {(a, b): n for a, b, n in zip(i, j, together, strict=True)} == {
        (a, b): expected[a, b]
        for a in range(len(expected))
        for b in range(a + 1, len(expected))
        if expected[a, b]
    }


@given(incidences, st.sampled_from(["tracks", "pairs"]), st.sampled_from(["with-tags", "all"]))
def test_npmi_is_symmetric_within_its_bounds_and_exact_at_both_ends(
    table: np.ndarray, total: str, tracks: str
) -> None:
    npmi = counted(table).npmi(NpmiSettings(total=total, tracks=tracks))
    np.testing.assert_array_equal(npmi, npmi.T)
    assert npmi.min() >= -1
    assert npmi.max() <= 1
    together = table.astype(int).T @ table
    n = table.sum(0)
    always = (together == n[:, None]) & (together == n[None, :]) & (together > 0)
    apart = together - np.diag(np.diag(together)) == 0
    assert (npmi[always] == 1).all()
    assert (npmi[apart & ~np.eye(len(npmi), dtype=bool)] == -1).all()
    assert (np.diag(npmi) == 1).all()


@given(incidences, st.sampled_from(["tracks", "pairs"]), st.sampled_from(["with-tags", "all"]))
def test_pmi_is_symmetric_minus_infinity_apart_and_what_npmi_is_made_of(
    table: np.ndarray, total: str, tracks: str
) -> None:
    settings = NpmiSettings(total=total, tracks=tracks)
    found = counted(table)
    pmi, npmi, n = found.pmi(settings), found.npmi(settings), found.counts
    np.testing.assert_array_equal(pmi, pmi.T)
    np.testing.assert_array_equal(pmi == -np.inf, found.dense() == 0)
    whole = {
        "tracks": found.n_tracks if tracks == "all" else found.n_tracks_with,
        "pairs": found.dense().sum(),
    }
    for a, b in zip(*np.nonzero(found.dense()), strict=True):
        together = found.dense()[a, b]
        assert pmi[a, b] == pytest.approx(math.log2(whole[total] * together / (n[a] * n[b])), abs=1e-12)
        if together < whole[total]:  # else every probability is 1, and NPMI is 1 by its limit
            assert npmi[a, b] == pytest.approx(pmi[a, b] / -math.log2(together / whole[total]), abs=1e-9)


def test_pmi_by_hand() -> None:
    found = counted([[1, 1], [1, 0], [0, 1], [0, 0]])
    # Independent: each on half of the tracks, both on a quarter.
    assert found.pmi(NpmiSettings(tracks="all"))[0, 1] == 0
    assert found.pmi(OVER_PAIRS)[0, 1] == pytest.approx(math.log2(6 * 1 / (2 * 2)))  # N = 2 + 2 + 1 + 1
    assert found.table(OVER_PAIRS)["pmi"].tolist() == [pytest.approx(math.log2(1.5))]
    assert found.table()["pmi"].tolist() == [pytest.approx(math.log2(3 * 1 / (2 * 2)))]


def test_pairs_of_the_whole_data_set_are_counted_where_all_is_asked() -> None:
    table = np.array([[1, 1, 0, 2], [1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0]])
    whole = sparse.csr_array(table)
    assert pairs_of_all(whole) == counted(table).dense().sum() == 9 + 4 + 4
    of_all = NpmiSettings(total="pairs", tracks="all")
    some = cooccurrence(whole[:, [0, 1]], ["a", "b"], n_all_pairs=pairs_of_all(whole))
    assert some.pmi(OVER_PAIRS)[0, 1] == pytest.approx(math.log2(5 * 1 / 2))  # N = 2 + 1 + 1 + 1
    assert some.pmi(of_all)[0, 1] == pytest.approx(math.log2(17 * 1 / 2))
    assert some.npmi(of_all)[0, 1] == pytest.approx(counted(table).npmi(of_all)[0, 1])


def test_many_blocks_give_what_one_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).random((200, 30)) < 0.2
    names = [f"t{number}" for number in range(30)]
    whole = cooccurrence(sparse.csr_array(table.astype(int)), names)
    met = whole.met()
    monkeypatch.setattr(module, "_MET_AT_ONCE", 40)
    blocks = cooccurrence(sparse.csr_array(table.astype(int)), names)
    np.testing.assert_array_equal(blocks.dense(), whole.dense())
    assert all(np.array_equal(a, b) for a, b in zip(blocks.met(), met, strict=True))
    assert blocks.pairs_above(0.3) == whole.pairs_above(0.3) > 0


def test_independent_tags_score_zero_over_tracks_and_above_it_over_pairs() -> None:
    found = counted([[1, 1], [1, 0], [0, 1], [0, 0]])
    assert found.npmi(NpmiSettings(total="tracks", tracks="all"))[0, 1] == pytest.approx(0)
    # N = 2 + 2 + 1 + 1 = 6: log(2/6 · 2/6) / log(1/6) − 1
    assert found.npmi(OVER_PAIRS)[0, 1] == pytest.approx(math.log(1 / 9) / math.log(1 / 6) - 1)


def test_tracks_looked_at_are_those_of_the_tags_unless_all_are_asked() -> None:
    found = counted([[1, 1], [1, 0], [0, 1], *[[0, 0]] * 5])
    assert found.npmi(OVER_TRACKS)[0, 1] == pytest.approx(math.log(4 / 9) / math.log(1 / 3) - 1)
    of_all = found.npmi(NpmiSettings(total="tracks", tracks="all"))[0, 1]
    assert of_all == pytest.approx(math.log(4 / 64) / math.log(1 / 8) - 1)


def test_tags_on_every_track_are_always_together() -> None:
    assert counted([[1, 1], [1, 1]]).npmi()[0, 1] == 1


def test_distance_is_one_minus_npmi_and_zero_to_itself() -> None:
    distances = counted([[1, 1, 0], [1, 1, 0], [0, 0, 1]]).npmi_distances()
    np.testing.assert_array_equal(distances, [[0, 0, 2], [0, 0, 2], [2, 2, 0]])


def test_a_tag_that_never_occurs_is_far_from_all() -> None:
    found = counted([[1, 0], [1, 0]])
    np.testing.assert_array_equal(found.npmi(), [[1, -1], [-1, 1]])
    assert found.normalised().toarray()[1, 1] == 0


def test_normalised_is_the_cosine_of_columns() -> None:
    table = np.random.default_rng(1).random((50, 6)) < 0.4
    columns = table / np.linalg.norm(table, axis=0)
    np.testing.assert_allclose(counted(table.astype(int)).normalised().toarray(), columns.T @ columns)


def test_m_correlated_needs_more_than_the_share() -> None:
    # a: 4 tracks, b: 3 of them 2 shared, c: 1 shared with a only
    found = counted([[1, 1, 0], [1, 1, 0], [1, 0, 1], [1, 0, 0], [0, 1, 0]])
    assert found.m_correlated(1.5).to_dict("records") == [
        {"a": "a", "b": "c", "together": 1, "count_a": 4, "count_b": 1, "share": 1.0}
    ]  # a and b share 2 > 3/1.5 = 2: not more
    assert set(found.m_correlated(1.6)["b"]) == {"c", "b"}
    assert found.m_correlated(1).empty  # no pair shares more than all
    with pytest.raises(InvalidSetting, match=r"m=0\.5 must be at least 1"):
        found.m_correlated(0.5)


def test_merging_is_transitive_and_names_the_most_used_first() -> None:
    found = counted([[1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    assert found.merge_groups(1.5) == (("b", "a", "c"),)
    assert counted([[1, 0], [0, 1]]).merge_groups() == ()


def test_the_table_names_the_more_used_first() -> None:
    table = counted([[1, 1], [0, 1]]).table()
    assert table[["a", "b", "together"]].to_dict("records") == [{"a": "b", "b": "a", "together": 1}]
    assert table["normalised"][0] == pytest.approx(1 / math.sqrt(2))


def test_values_other_than_one_count_once() -> None:
    assert counted([[3, 7], [0, 2]]).dense().tolist() == [[1, 1], [1, 2]]


def test_nothing_at_all() -> None:
    empty = cooccurrence(sparse.csr_array((3, 0)), [])
    assert (empty.n_pairs, empty.pairs_above(0.5), len(empty.table())) == (0, 0, 0)
    without_tracks = cooccurrence(sparse.csr_array((0, 2)), ["a", "b"])
    np.testing.assert_array_equal(without_tracks.npmi(), [[1, -1], [-1, 1]])


def test_too_many_for_a_dense_matrix_says_what_it_would_need() -> None:
    n = module.MAX_DENSE + 1
    many = Cooccurrence(tuple(map(str, range(n))), sparse.csr_array((n, n), dtype=np.int32), 1, 0)
    with pytest.raises(InvalidSetting, match=r"would need 3\.2 GB, and .*; the limit is 20,000"):
        many.npmi()


@pytest.mark.parametrize("density", [0.05, 0.3])
@pytest.mark.parametrize("form", [Cooccurrence.npmi_distances, Cooccurrence.pmi, Cooccurrence.dense])
def test_forming_a_matrix_takes_no_more_than_the_refusal_says(form: Any, density: float) -> None:
    n = 800
    table = np.random.default_rng(0).random((300, n)) < density
    found = cooccurrence(sparse.csr_array(table.astype(int)), [str(number) for number in range(n)])
    assert found.counts.min() > 0
    tracemalloc.start()
    form(found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.15 * 8 * n * n


def test_unknown_names_and_wrong_shapes_are_told() -> None:
    found = counted([[1, 1]])
    with pytest.raises(NotFound, match="no tag 'z'"):
        found.row("z")
    with pytest.raises(InvalidSetting, match="percent"):
        found.pairs_above(50)
    with pytest.raises(ValueError, match="2 columns and there are 1 names"):
        cooccurrence(sparse.csr_array((3, 2)), ["a"])


def test_cancelling_passes_through() -> None:
    def cancel(fraction: float, text: str) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        cooccurrence(sparse.csr_array(np.eye(3)), list("abc"), cancel)


def test_counts_come_back_as_they_were_saved(tmp_path: Path) -> None:
    found = cooccurrence(sparse.csr_array(np.eye(3, dtype=int)[:, [0, 0, 2]]), ["a,b", "\u202e", "ü" * 50])
    write_matrix(found, tmp_path / "pairs.npz")
    back = read_matrix(tmp_path / "pairs.npz")
    assert (back.names, back.n_tracks, back.n_tracks_with) == (found.names, 3, 2)
    assert back.n_all_pairs is None
    np.testing.assert_array_equal(back.dense(), found.dense())
    np.testing.assert_array_equal(sparse.load_npz(tmp_path / "pairs.npz").toarray(), found.dense())
    table = matrix_table(found)
    assert table.columns.tolist() == ["name", *found.names]
    np.testing.assert_array_equal(table.iloc[:, 1:], found.dense())


def test_what_was_counted_beside_these_tags_is_saved_with_them(tmp_path: Path) -> None:
    write_matrix(
        cooccurrence(sparse.csr_array(np.eye(3, dtype=int)), list("abc"), n_all_pairs=7), tmp_path / "x.npz"
    )
    assert read_matrix(tmp_path / "x.npz").n_all_pairs == 7


def test_what_cannot_be_counts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(DataError, match="there is no such file"):
        read_matrix(path)
    np.savez(path, data=np.ones(1))
    with pytest.raises(DataError, match="does not hold co-occurrence counts"):
        read_matrix(path)
    n = module.MAX_TABLE + 1
    many = Cooccurrence(tuple(map(str, range(n))), sparse.csr_array((n, n), dtype=np.int32), 1, 0)
    with pytest.raises(InvalidSetting, match=r"the limit is 5,000"):
        matrix_table(many)


def test_the_demos_pairs_agree_with_its_co_tags() -> None:
    demo = open_folksonomy("demo")
    found = of_tags(demo)
    tag = str(demo.tags["tag"][0])
    row = found.dense()[found.row(tag)]
    for other, together in demo.co_tags(tag).head(20)[["tag", "together"]].itertuples(index=False):
        assert row[found.row(other)] == together


# What follows is the thesis's, from the arrays published with it.


@pytest.fixture(scope="module")
def published() -> Cooccurrence:
    folder = PUBLISHED / "model-3.3-clusters-k100-spectrogram"
    if not folder.is_dir():
        pytest.skip("the thesis's published arrays are not beside the checkout")
    pairs = np.load(folder / "cooccurrence.npy").astype(np.int64)
    names = json.loads((folder / "classes.json").read_text())
    return Cooccurrence(tuple(names), sparse.csr_array(pairs), int(pairs.sum()), int(pairs.sum()))


GENRES = [
    "soul",
    "pop",
    "metal",
    "electronic",
    "electronica",
    "blues",
    "rock",
    "jazz",
    "indie",
    "Hip-Hop",
    "heavy metal",
    "House",
]


@pytest.mark.realdata
def test_published_pairs_above_a_half(published: Cooccurrence) -> None:
    assert (published.pairs_above(0.5), published.n_pairs) == (5, 741)


@pytest.mark.realdata
def test_published_genres_merge_metal_with_heavy_metal_only(published: Cooccurrence) -> None:
    rows = [published.row(name) for name in GENRES]
    chosen = sparse.csr_array(published.dense()[np.ix_(rows, rows)])
    genres = Cooccurrence(tuple(GENRES), chosen, published.n_tracks, published.n_tracks_with)
    assert [set(group) for group in genres.merge_groups(1.5)] == [{"metal", "heavy metal"}]


def published_positives(model: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    path = PUBLISHED / model / "confusion.npz"
    if not path.is_file():
        pytest.skip("the thesis's published arrays are not beside the checkout")
    with np.load(path) as stored:
        arrays = dict(stored)
    return (arrays["tp"] + arrays["fn"])[0], arrays


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("model", "mean_ir"),
    [("model-4.1-npmi-spectrogram", 71.2238), ("model-4.2-tag-embeddings-spectrogram", 28.7327)],
)
def test_published_mean_imbalance_ratio(model: str, mean_ir: float) -> None:
    assert mean_imbalance_ratio(published_positives(model)[0]) == pytest.approx(
        mean_ir, abs=1e-4
    )  # printed figures are cut off


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("model", "r"),
    # The thesis prints 0.7272 for the first.
    [("model-4.1-npmi-spectrogram", 0.7173), ("model-4.2-tag-embeddings-spectrogram", 0.6708)],
)
def test_published_correlation_of_auc_pr_with_counts(model: str, r: float) -> None:
    import pandas as pd

    counts, _ = published_positives(model)
    table = pd.read_csv(PUBLISHED / model / "per_label_by_epoch.csv")
    last = table[table["epoch"] == table["epoch"].max()].set_index("label")["auc_pr"]
    names = json.loads((PUBLISHED / model / "classes.json").read_text())
    found = correlation_with_counts(last.reindex(names).to_numpy(), counts)
    assert found.r == pytest.approx(r, abs=1e-4)
    assert found.p < 0.001


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("model", "shares"),
    [
        ("model-4.1-npmi-spectrogram", {66: 36.36, 100: 43.18, 134: 56.82}),
        ("model-4.2-tag-embeddings-spectrogram", {66: 21.82}),  # printed 28.181
    ],
)
def test_published_classes_without_a_positive_prediction(model: str, shares: dict[int, float]) -> None:
    _, arrays = published_positives(model)
    for row, share in shares.items():
        predicted = (arrays["tp"] + arrays["fp"])[row]
        assert 100 * (predicted == 0).mean() == pytest.approx(share, abs=0.005)
