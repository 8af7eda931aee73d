"""Clustering metrics against scikit-learn, against themselves, and by hand."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_samples
from sklearn.metrics.cluster import contingency_matrix
from sklearn.metrics.pairwise import euclidean_distances

from taglab.errors import Cancelled, InvalidSetting
from taglab.metrics import clustering as metrics


@st.composite
def clustered(
    draw: st.DrawFn, dtype: str = "float32"
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.int64]]:
    """Vectors around a few centres, some very near them, some given twice; labels with gaps."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, dim = draw(st.integers(3, 60)), draw(st.integers(2, 12))
    centres = random.standard_normal((draw(st.integers(1, 5)), dim))
    noise = 10.0 ** -draw(st.integers(0, 3))
    vectors = centres[random.integers(len(centres), size=n)] + noise * random.standard_normal((n, dim))
    vectors = vectors[random.integers(n, size=n)] if draw(st.booleans()) else vectors
    labels = 3 * random.integers(draw(st.integers(2, 6)), size=n)
    labels[:3] = (0, 0, 3)
    return vectors.astype(dtype), labels


def exact_distances(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Cosine distances of all pairs from differences of unit vectors, which keep the smallest ones."""
    doubles = vectors.astype(np.float64)
    unit = doubles / np.linalg.norm(doubles, axis=1, keepdims=True)
    return cdist(unit, unit, "sqeuclidean") / 2


@given(clustered())
def test_silhouette_by_cosine_is_scikit_learns(case: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, labels = case
    expected = silhouette_samples(exact_distances(vectors), labels, metric="precomputed")
    np.testing.assert_allclose(metrics.silhouette_cosine(vectors, labels), expected, atol=1e-5)


@given(clustered("float64"))
def test_silhouette_of_doubles_is_exact(case: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, labels = case
    distances = exact_distances(vectors)
    expected = silhouette_samples(distances, labels, metric="precomputed")
    np.testing.assert_allclose(metrics.silhouette_cosine(vectors, labels), expected, atol=1e-6)
    np.testing.assert_allclose(metrics.silhouette_distances(distances, labels), expected, atol=1e-12)


@given(clustered())
def test_silhouette_by_euclidean_distance_is_scikit_learns(case: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, labels = case
    # From differences: scikit-learn's own, from squared lengths, loses the smallest distances.
    expected = silhouette_samples(cdist(vectors, vectors), labels, metric="precomputed")
    np.testing.assert_allclose(metrics.silhouette_euclidean(vectors, labels), expected, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-20, 1e-14, 1.0, 1e20])
def test_the_unit_of_distances_does_not_matter(scale: float) -> None:
    random = np.random.default_rng(0)
    points, labels = random.standard_normal((30, 2)), random.integers(0, 4, 30)
    distances = cdist(points, points)
    expected = silhouette_samples(distances, labels, metric="precomputed")
    np.testing.assert_allclose(metrics.silhouette_distances(scale * distances, labels), expected)
    np.testing.assert_allclose(metrics.silhouette_euclidean(scale * points, labels), expected)


def test_positions_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        metrics.silhouette_euclidean(np.array([[0.0, 1], [np.nan, 1], [1, 1]]), [0, 1, 1])


@given(clustered(), st.integers(0, 1000))
def test_names_of_clusters_rotation_and_length_do_not_matter(
    case: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    vectors, labels = case
    random = np.random.default_rng(seed)
    expected = metrics.silhouette_cosine(vectors, labels)
    values = np.unique(labels)
    renamed = random.permutation(100)[: len(values)][np.searchsorted(values, labels)]
    np.testing.assert_allclose(metrics.silhouette_cosine(vectors, renamed), expected, atol=1e-6)
    longer = vectors.astype(np.float64) * random.uniform(0.1, 10, (len(vectors), 1))
    rotation = np.linalg.qr(random.standard_normal((vectors.shape[1], vectors.shape[1])))[0]
    if np.linalg.norm(vectors - vectors.mean(axis=0)) > 0.1:
        np.testing.assert_allclose(metrics.silhouette_cosine(longer @ rotation, labels), expected, atol=1e-4)


def test_silhouette_by_hand() -> None:
    # On a circle at 0, 60 and 180 degrees: cosine distances 0.5, 2 and 1.5.
    vectors = np.array([[1, 0], [0.5, np.sqrt(0.75)], [-1, 0]])
    scores = metrics.silhouette_cosine(vectors, [7, 7, 2])
    np.testing.assert_allclose(scores, [(2 - 0.5) / 2, (1.5 - 0.5) / 1.5, 0])


def test_b_is_the_mean_distance_to_the_nearest_other_cluster_not_to_the_nearest_point() -> None:
    distances = np.abs(np.subtract.outer([0.0, 1, 2, 10, 5, 7], [0.0, 1, 2, 10, 5, 7]))
    scores = metrics.silhouette_distances(distances, [0, 0, 1, 1, 2, 2])
    # Of the first: a = 1, b = min((2 + 10) / 2, (5 + 7) / 2) = 6, though a point outside is at 2.
    assert scores[0] == pytest.approx((6 - 1) / 6)


def test_a_tag_alone_scores_0_and_so_does_every_tag_when_all_are_alone() -> None:
    vectors = np.eye(4, dtype=np.float32)
    np.testing.assert_array_equal(metrics.silhouette_cosine(vectors, [0, 1, 2, 3]), np.zeros(4))
    np.testing.assert_array_equal(metrics.silhouette_distances(1 - np.eye(4), [0, 1, 2, 3]), np.zeros(4))


def test_tags_of_one_vector_score_1_together_and_0_apart() -> None:
    vectors = np.repeat(np.random.default_rng(0).standard_normal((2, 50)), 3, axis=0).astype(np.float32)
    np.testing.assert_allclose(metrics.silhouette_cosine(vectors, [0, 0, 0, 1, 1, 1]), 1, atol=1e-6)
    np.testing.assert_array_equal(metrics.silhouette_cosine(vectors[[0] * 4], [0, 0, 1, 1]), np.zeros(4))


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_tiny_and_huge_vectors_have_directions_too(scale: float) -> None:
    vectors = np.random.default_rng(0).standard_normal((30, 5))
    labels = np.arange(30) % 3
    expected = metrics.silhouette_cosine(vectors, labels)
    scaled = (vectors * scale).astype(np.float32)
    np.testing.assert_allclose(metrics.silhouette_cosine(scaled, labels), expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((300, 8)).astype(dtype)
    vectors[:150] = vectors[0] + 0.01 * vectors[:150]
    labels = random.integers(4, size=300)
    distances = exact_distances(vectors)
    whole = [
        metrics.silhouette_cosine(vectors, labels),
        metrics.silhouette_distances(distances, labels),
        metrics.silhouette_euclidean(vectors, labels),
        metrics.within_cluster_distance(vectors, labels),
    ]
    monkeypatch.setattr(metrics, "_BLOCK_VALUES", 1)
    blocked = [
        metrics.silhouette_cosine(vectors, labels),
        metrics.silhouette_distances(distances, labels),
        metrics.silhouette_euclidean(vectors, labels),
        metrics.within_cluster_distance(vectors, labels),
    ]
    for one, other in zip(whole, blocked, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_progress_rises_and_cancels() -> None:
    vectors = np.random.default_rng(0).standard_normal((500, 8)).astype(np.float32)
    labels = np.arange(500) % 2
    told: list[float] = []
    metrics.silhouette_cosine(vectors, labels, lambda fraction, _: told.append(fraction))
    assert told == sorted(told)
    assert 0 < told[-1] <= 1

    def cancel(fraction: float, text: str) -> None:
        raise Cancelled(text)

    with pytest.raises(Cancelled):
        metrics.silhouette_cosine(vectors, labels, cancel)


@pytest.mark.parametrize("labels", [[0, 0, 0], [5, 5, 5]])
def test_one_cluster_has_no_silhouette(labels: list[int]) -> None:
    with pytest.raises(InvalidSetting, match=r"k=1: .* at least 2 clusters"):
        metrics.silhouette_cosine(np.eye(3), labels)
    with pytest.raises(InvalidSetting, match="k=1"):
        metrics.silhouette_distances(1 - np.eye(3), labels)


def test_shapes_and_values_are_checked() -> None:
    with pytest.raises(ValueError, match=r"labels must be \(3,\), one a tag, not \(2,\)"):
        metrics.silhouette_cosine(np.eye(3), [0, 1])
    with pytest.raises(ValueError, match="all zeros"):
        metrics.silhouette_cosine(np.diag([1.0, 1, 0]), [0, 1, 1])
    with pytest.raises(ValueError, match="finite"):
        metrics.silhouette_cosine(np.diag([1, np.nan, 1]).astype(np.float32), [0, 1, 1])
    with pytest.raises(InvalidSetting, match="k=0"):
        metrics.silhouette_cosine(np.empty((0, 3)), [])


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((1, 2), np.nan, r"distances\[1, 2\]=nan must be finite"),
        ((2, 0), np.inf, r"distances\[2, 0\]=inf must be finite"),
        ((0, 1), -0.5, r"distances\[0, 1\]=-0.5 must not be negative"),
        ((2, 2), 1.0, r"distances\[2, 2\]=1.0 must be 0"),
        ((0, 2), 0.4, r"distances\[0, 2\]=0.4 must equal the distance the other way"),
    ],
)
def test_what_are_not_distances_is_refused_by_name(
    place: tuple[int, int], value: float, message: str
) -> None:
    distances = 1 - np.eye(3)
    distances[place] = value
    with pytest.raises(InvalidSetting, match=message):
        metrics.silhouette_distances(distances, [0, 0, 1])
    with pytest.raises(InvalidSetting, match=message):
        metrics.within_cluster_distance_of_distances(distances, [0, 0, 1])


def test_distances_must_be_square() -> None:
    with pytest.raises(InvalidSetting, match=r"\(tags, tags\), not \(2, 3\)"):
        metrics.silhouette_distances(np.zeros((2, 3)), [0, 1])


@given(clustered("float64"))
def test_both_forms_of_the_within_cluster_distance_agree(case: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, labels = case
    squared = euclidean_distances(vectors, squared=True)
    pairwise = sum(
        squared[np.ix_(labels == label, labels == label)].sum() / (2 * (labels == label).sum())
        for label in np.unique(labels)
    )
    assert metrics.within_cluster_distance(vectors, labels) == pytest.approx(pairwise, abs=1e-9)


@given(clustered("float64"))
def test_within_cluster_distance_of_cosine_distances_is_that_of_unit_vectors(
    case: tuple[np.ndarray, np.ndarray],
) -> None:
    vectors, labels = case
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    of_distances = metrics.within_cluster_distance_of_distances(exact_distances(vectors), labels)
    assert of_distances == pytest.approx(metrics.within_cluster_distance(unit, labels), abs=1e-9)


label_pairs = st.integers(1, 40).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 7), min_size=n, max_size=n)] * 2)
)


@given(label_pairs)
def test_agreement_of_two_clusterings(pair: tuple[list[int], list[int]]) -> None:
    a, b = pair
    assert metrics.adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(b, a))
    assert metrics.normalised_mutual_information(a, b) == pytest.approx(normalized_mutual_info_score(b, a))
    renamed = [20 - 2 * label for label in a]
    assert metrics.adjusted_rand(a, renamed) == pytest.approx(1)
    assert metrics.normalised_mutual_information(a, renamed) == pytest.approx(1)


@given(label_pairs)
def test_flow_is_the_contingency_table(pair: tuple[list[int], list[int]]) -> None:
    a, b = pair
    table = metrics.flow(a, b)
    assert list(table.columns) == ["cluster_a", "cluster_b", "tags"]
    wide = table.pivot(index="cluster_a", columns="cluster_b", values="tags").fillna(0)
    np.testing.assert_array_equal(wide.sort_index().sort_index(axis=1), contingency_matrix(a, b))


def test_only_clusterings_of_the_same_tags_are_compared() -> None:
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\)"):
        metrics.adjusted_rand([0, 1], [0, 1, 1])


def test_labels_may_be_text() -> None:
    numbers, other = [0, 0, 1, 2, 2, 2], [1, 1, 1, 0, 0, 2]
    texts = np.array(["jazz", "soul", "dub"], object)[numbers]
    assert metrics.adjusted_rand(texts, list("bbbaac")) == pytest.approx(
        metrics.adjusted_rand(numbers, other)
    )
    assert metrics.normalised_mutual_information(list(texts), other) == pytest.approx(
        metrics.normalised_mutual_information(numbers, other)
    )
    with pytest.raises(ValueError, match="labels of the same tags"):
        metrics.adjusted_rand(["a"], ["a", "b"])


def test_tags_in_no_cluster_have_no_silhouette_and_no_say() -> None:
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((30, 5))
    labels = np.repeat([0, -1, 2], 10)
    kept = labels >= 0
    distances = exact_distances(vectors)
    for scores, metric in (
        (metrics.silhouette_cosine(vectors, labels), "cosine"),
        (metrics.silhouette_cosine(vectors.astype(np.float32), labels), "cosine"),
        (metrics.silhouette_distances(distances, labels), "cosine"),
        (metrics.silhouette_euclidean(vectors, labels), "euclidean"),
    ):
        assert np.isnan(scores[~kept]).all()
        expected = silhouette_samples(vectors[kept], labels[kept], metric=metric)
        np.testing.assert_allclose(scores[kept], expected, atol=1e-5)
    assert metrics.within_cluster_distance(vectors, labels) == metrics.within_cluster_distance(
        vectors[kept], labels[kept]
    )
    assert metrics.within_cluster_distance_of_distances(distances, labels) == pytest.approx(
        sum(distances[np.ix_(labels == number, labels == number)].sum() / 10 for number in (0, 2))
    )
