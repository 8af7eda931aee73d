"""Similar artists: pairs of files, parts of artists, what is learned from them, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.batches import SplitSettings, split_tracks
from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.joint_space import (
    JointMaterial,
    JointSpaceSettings,
    fit_space,
    precisions,
    prepare_joint,
    read_similar_artists,
    task_scores,
)
from taglab.joint_space.material import training_pairs
from tests.joint_space.planted import planted

PAIRS = [("a", "b"), ("b", "a"), ("c", "d"), ("e", "nobody"), ("f", "f")]


def prepared(pairs: list[tuple[str, str]]) -> JointMaterial:
    names = [f"track {row}" for row in range(40)]
    frame = pd.DataFrame({"track": names, "artist": list("abcdefghij") * 4, "tag": "rock"})
    data = Folksonomy.from_frame(frame, name="small")
    split = split_tracks(data, SplitSettings(train=0.6, validation=0.2, test=0.2))
    features = np.random.default_rng(0).random((40, 5)).astype(np.float32)
    return prepare_joint(data, names, features, split, similar_artists=pairs)


def test_pairs_count_once_either_way_round_and_none_is_like_itself() -> None:
    material = prepared(PAIRS)
    assert material.similar is not None
    dense = material.similar.toarray()
    np.testing.assert_array_equal(dense, dense.T)
    alike = {(material.artists[one], material.artists[other]) for one, other in np.argwhere(dense)}
    assert alike == {("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")}
    assert dense.max() == 1
    parts = material.artist_parts
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(10))
    assert [len(parts[part]) for part in ("train", "validation", "test")] == [6, 2, 2]


def test_only_pairs_of_training_artists_are_learned_from() -> None:
    material = planted()
    train = material.right("similar-artists", "train").toarray()
    held_out = np.setdiff1d(np.arange(12), material.artist_parts["train"])
    assert not train[held_out].any()
    assert not train[:, held_out].any()
    assert train.sum() == 8
    pairs = training_pairs(material, ["artists", "similar-artists"])
    assert pairs.candidates[pairs.candidate_starts[1] :].tolist() == material.artist_parts["train"].tolist()
    assert pairs.n_outputs.tolist() == [12, 8]
    test = material.right("similar-artists", "test").toarray()
    assert np.flatnonzero(test.any(axis=1)).tolist() == [8, 11]
    assert test.sum() == 4


def test_files_of_pairs(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("artist\tsimilar\tweight\nAnn\tBob\t1\nBob, Jr\tAnn\t2\n")
    assert read_similar_artists(path) == (("Ann", "Bob"), ("Bob, Jr", "Ann"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("artist,like\na,b\n", "must have the columns artist and similar"),
        ("artist,similar\n", "and a row"),
        ("artist,similar\na,\n", "line 2.*names no artist"),
        ("", "is not a table"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=reason):
        read_similar_artists(path)


def test_the_task_needs_pairs_that_are_known() -> None:
    with pytest.raises(InvalidSetting, match="needs pairs of artists who are alike"):
        prepared([]).right("similar-artists", "train")
    with pytest.raises(InvalidSetting, match="no pair of similar artists has two of the training part"):
        prepared([("x", "a"), ("b", "b")])


def test_pairs_are_learned() -> None:
    material = planted()
    settings = JointSpaceSettings(
        dim=12, tasks=("artists", "similar-artists"), learning_rate=0.02, limit=3, steps=40_000,
        validate_every=4_000,
    )  # fmt: skip
    space = fit_space(material, settings).space
    scores = task_scores(space, material, "similar-artists", "train")
    assert np.isneginf(np.diag(scores)).all()
    table = precisions(scores, material.right("similar-artists", "train"), [1])
    assert len(table) == 8
    assert table["p@1"].mean() > 0.7
    without = fit_space(material, settings.model_copy(update={"tasks": ("artists",)})).space
    scores = task_scores(without, material, "similar-artists", "train")
    assert precisions(scores, material.right("similar-artists", "train"), [1])["p@1"].mean() < 0.5
