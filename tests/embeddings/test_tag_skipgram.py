"""Vectors of tags: the loss against one computed sample by sample, planted blocks, settings, bad input."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from taglab.clustering import SphericalKMeans, cluster
from taglab.embeddings import compose, overlap_at_k, train_tag_vectors
from taglab.embeddings import tag_skipgram as module
from taglab.embeddings.tag_skipgram import TagSkipGramSettings, _threads_for, train_tag_skipgram
from taglab.errors import Cancelled, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.metrics.clustering import adjusted_rand
from taglab.sources import open_folksonomy
from taglab.vectors import TagVectors


def blocks(n_blocks: int = 4, size: int = 6, n_tracks: int = 400, seed: int = 0) -> np.ndarray:
    """Return tracks whose tags are of one block, but for a few strays."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_blocks), size)
    chance = np.where(rng.integers(n_blocks, size=n_tracks)[:, None] == owner, 0.4, 0.02)
    return (rng.random((n_tracks, n_blocks * size)) < chance).astype(int)


def named(table: np.ndarray) -> list[str]:
    return [f"t{column}" for column in range(table.shape[1])]


@pytest.mark.parametrize("loss", ["softmax", "as_published"])
def test_planted_blocks_come_out(loss: str) -> None:
    table = blocks()
    found = train_tag_skipgram(sparse.csr_array(table), named(table), TagSkipGramSettings(loss=loss))
    labels = cluster(found.vectors, SphericalKMeans(k=4, restarts=5)).labels
    assert adjusted_rand(labels, np.repeat(np.arange(4), 6)) > 0.9
    assert found.losses[-1] < found.losses[0]


@pytest.mark.parametrize("loss", ["softmax", "as_published"])
def test_the_loss_over_pairs_is_the_mean_over_samples(loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = blocks(2, 4, 30)
    seen: list[tuple[torch.Tensor, float]] = []
    of_pairs = module._LOSSES[loss]

    def spied(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        value = of_pairs(logits, target, weight)
        seen.append((logits.detach().clone(), float(value.detach())))
        return value

    monkeypatch.setitem(module._LOSSES, loss, spied)
    train_tag_skipgram(sparse.csr_array(table), named(table), TagSkipGramSettings(loss=loss, steps=3))
    for logits, value in seen:
        p = logits.double().softmax(1).numpy()
        samples = []
        for tags in table:
            for tag in np.flatnonzero(tags):
                others = tags.copy()
                others[tag] = 0
                if not others.any():
                    continue
                if loss == "softmax":
                    samples.append(-(others / others.sum() * np.log(p[tag])).sum())
                else:
                    samples.append(-(others * np.log(p[tag]) + (1 - others) * np.log(1 - p[tag])).sum())
        assert value == pytest.approx(np.mean(samples), rel=1e-5)


def test_length_of_the_vectors() -> None:
    assert [TagSkipGramSettings().n_components(n) for n in (1, 99, 100)] == [1, 9, 10]
    assert TagSkipGramSettings(dimension="fourth-root").n_components(100) == 3
    table = blocks()
    given = TagSkipGramSettings(dimension="given", dim=7, steps=2)
    assert train_tag_skipgram(sparse.csr_array(table), named(table), given).vectors.dim == 7


def test_the_same_seed_gives_the_same_vectors_and_another_others() -> None:
    table = blocks(n_tracks=50)
    one, same, other = (
        train_tag_skipgram(sparse.csr_array(table), named(table), TagSkipGramSettings(seed=seed, steps=20))
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.vectors.vectors, same.vectors.vectors)
    assert np.abs(one.vectors.vectors - other.vectors.vectors).max() > 0.1


def test_a_tag_that_never_stands_beside_another_has_no_vector() -> None:
    table = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    found = train_tag_skipgram(sparse.csr_array(table), ["a", "b", "alone"])
    assert found.vectors.missing == ("alone",)
    assert found.samples == 4


def test_nothing_to_train_on_is_told() -> None:
    with pytest.raises(InvalidSetting, match="no two of the 2 tags share a track"):
        train_tag_skipgram(sparse.csr_array(np.eye(2)), ["a", "b"])
    with pytest.raises(InvalidSetting, match="no two of the 0 tags"):
        train_tag_skipgram(sparse.csr_array((3, 0)), [])


def test_too_many_tags_are_told_before_memory_is_taken() -> None:
    n = module.MAX_DENSE + 1
    with pytest.raises(InvalidSetting, match="20,001 tags would need 8 GB"):
        train_tag_skipgram(sparse.csr_array((1, n)), [str(tag) for tag in range(n)])


def test_cancelling_passes_through() -> None:
    def cancel(fraction: float, text: str) -> None:
        raise Cancelled(text)

    with pytest.raises(Cancelled, match="training tag vectors"):
        train_tag_skipgram(sparse.csr_array(blocks()), named(blocks()), progress=cancel)


def by_gensim(table: np.ndarray, tags: list[str], dim: int, epochs: int) -> TagVectors:
    """Return vectors of gensim's word2vec over the tag lists, every pair of a track in its window."""
    from gensim.models import Word2Vec

    rng = np.random.default_rng(0)
    lists = [[tags[tag] for tag in rng.permutation(np.flatnonzero(row))] for row in table]
    lists = [words for words in lists if len(words) > 1]
    model = Word2Vec(
        lists, vector_size=dim, window=max(map(len, lists)), min_count=1, sg=1, negative=10, sample=0,
        epochs=epochs, workers=1, seed=0, shrink_windows=False,
    )  # fmt: skip
    kept = [tag for tag in tags if tag in model.wv]
    return TagVectors.from_any(kept, np.array([model.wv[tag] for tag in kept]), "gensim")


def test_neighbours_agree_with_gensims_on_planted_blocks() -> None:
    table = blocks(4, 15, 800)
    ours = train_tag_skipgram(sparse.csr_array(table), named(table)).vectors
    theirs = by_gensim(table, named(table), ours.dim, 15)
    block = np.repeat(np.arange(4), 15)
    for vectors in (ours, theirs):
        near = np.argsort(-(vectors.vectors @ vectors.vectors.T), axis=1)[:, 1:11]
        assert (block[near] == block[:, None]).mean() > 0.95
    # Within a block all tags are alike: two of 14 lists of ten share 7 by chance.
    assert overlap_at_k(ours, theirs, 10)["overlap"].mean() > 0.65


def test_neighbours_agree_with_gensims_on_the_demo() -> None:
    demo = open_folksonomy("demo").select_tags(min_count=10)
    tags = demo.tags["tag"].tolist()
    ours = train_tag_skipgram(demo.matrix, tags).vectors
    theirs = by_gensim(demo.matrix.toarray(), tags, ours.dim, 15)
    overlap = overlap_at_k(ours, theirs, 10)["overlap"].mean()
    assert overlap > 0.4
    assert overlap > 10 * 10 / len(tags)  # ten times what chance gives


def test_vectors_of_a_whole_folksonomy_are_found_by_whole_tags() -> None:
    table = blocks(2, 4, 200)
    tags = ["free jazz", "jazz-funk", " jazz ", "swing", "folk metal", "metal", "doom", "jazz"]
    tracks = pd.DataFrame({"track": [str(row) for row in range(len(table))]})
    data = Folksonomy.from_codes("mine", tracks, tags, *np.nonzero(table))
    words = train_tag_vectors(data, TagSkipGramSettings(steps=50), "tags")
    assert set(words.words) == {tag.strip() for tag in tags}
    assert words.source == "tag skip-gram on mine"
    found = compose(words, data.tags["tag"].tolist())
    assert found.missing == ()
    same = compose(words, ["free jazz"]).vectors @ words.vectors[words.row("free jazz")]
    assert same[0] == pytest.approx(1, abs=1e-5)
    least = int(data.tags["count"].iloc[3])
    assert len(train_tag_vectors(data, TagSkipGramSettings(steps=5), min_count=least)) <= 4


def test_the_published_loss_has_no_penalty_unless_one_is_given() -> None:
    table, names = sparse.csr_array(blocks()), named(blocks())

    def vectors(**settings: object) -> np.ndarray:
        asked = TagSkipGramSettings(steps=30, **settings)  # type: ignore[arg-type]
        return train_tag_skipgram(table, names, asked).vectors.vectors

    for loss, penalty in (("softmax", 0.1), ("as_published", 0.0)):
        np.testing.assert_array_equal(vectors(loss=loss), vectors(loss=loss, penalty=penalty))
        assert not np.array_equal(vectors(loss=loss), vectors(loss=loss, penalty=0.1 - penalty))


@pytest.mark.parametrize("order", [1, -1], ids=["first-ends-first", "last-ends-first"])
def test_of_two_visitors_who_train_at_once_neither_leaves_the_server_with_one_thread(order: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
            visits = [(one, _threads_for(10)), (other, _threads_for(10))]
            for visitor, training in visits:
                visitor.submit(training.__enter__).result()
                assert visitor.submit(torch.get_num_threads).result() == 1
            for visitor, training in visits[::order]:
                visitor.submit(training.__exit__, None, None, None).result()
                assert visitor.submit(torch.get_num_threads).result() == 2
        with ThreadPoolExecutor(1) as later:
            assert later.submit(torch.get_num_threads).result() == 2
        with _threads_for(1_000_000):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_few_tags_are_trained_with_one_thread_and_torch_has_its_own_again() -> None:
    before, seen = torch.get_num_threads(), set()
    torch.set_num_threads(2)
    try:
        table = sparse.csr_array(blocks())
        told = lambda fraction, text: seen.add(torch.get_num_threads())  # noqa: E731
        train_tag_skipgram(table, named(blocks()), TagSkipGramSettings(steps=3), progress=told)
        assert seen == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
