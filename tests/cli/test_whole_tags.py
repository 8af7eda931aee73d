"""Tags of a joint space where commands take vectors: by dot product, or the distance that belongs to it."""

import numpy as np
import pytest

from taglab.joint_space import JointSpace
from taglab.vectors import open_features
from tests.cli.running import Shell
from tests.joint_space.shelved import GROUPS, shelve_space

PLACED = ("--data", "mine", "--vectors", "placed")


@pytest.fixture
def space(shell: Shell) -> JointSpace:
    space = shelve_space()
    assert shell.json("joint-space", "vectors", "space", "--name", "placed")["kind"] == "tags"
    return space


def test_neighbours_are_by_dot_product_and_say_so(shell: Shell, space: JointSpace) -> None:
    near = shell.json("neighbours", "jazz", *PLACED, "-n", "2")
    products = dict(
        zip(space.tags, space.tag_vectors @ space.tag_vectors[space.tags.index("jazz")], strict=True)
    )
    del products["jazz"]
    nearest = sorted(products, key=products.__getitem__, reverse=True)[:2]
    assert [set(row) for row in near] == [{"tag", "similarity"}] * 2
    assert [row["tag"] for row in near] == nearest
    assert [row["similarity"] for row in near] == pytest.approx([float(products[tag]) for tag in nearest])
    assert "compared by dot product" in shell.err


def test_clusters_are_by_distance_and_directions_are_refused(shell: Shell, space: JointSpace) -> None:
    made = shell.json("cluster", *PLACED, "-k", "2", "--name", "classes")
    assert made["method"] == "k-means"  # lengths have a say, and spherical k-means is not fit
    assert sorted(sorted(row["tags"]) for row in made["rows"]) == sorted(map(sorted, GROUPS.values()))
    assert "A dot product is no distance" in shell.err
    assert len(shell.json("labels", "show", "classes")["rows"]) == 2
    assert shell.run("cluster", *PLACED, "--method", "spherical-k-means", "-k", "2") == 1
    assert "compared by dot product, which heeds lengths; use another method" in shell.err


def test_what_else_takes_vectors_takes_them(shell: Shell, space: JointSpace) -> None:
    placed = shell.json("project", *PLACED, "--method", "pca")
    assert {row["tag"] for row in placed["rows"]} == set(space.tags)
    rows = open_features("placed").vectors
    assert np.ptp([row["x"] for row in placed["rows"]]) <= np.linalg.norm(np.ptp(rows, axis=0))
    scanned = shell.json("scan", *PLACED, "-k", "2,3")
    assert [row["k"] for row in scanned["rows"]] == [2, 3]
    assert scanned["suggestions"][0]["best_k"] == 2
    stable = shell.json("stability", *PLACED, "-k", "2", "--seeds", "0,1")
    assert stable["mean"] == 1
    compared = shell.json("compare", *PLACED, "-k", "2", "--other-k", "3")
    assert compared["tags"] == len(space.tags)
    between = shell.json("overlap", "--data", "mine", "--vectors", "own,placed", "-k", "2")
    assert between["tags"] == len(space.tags)


def test_what_looks_words_up_refuses_them(shell: Shell, space: JointSpace) -> None:
    for verb in ("coverage", "quality"):
        assert shell.run(verb, *PLACED) == 1
        assert "'placed' are vectors of whole tags" in shell.err


def test_a_lookup_that_they_do_not_heed_is_refused_and_heeded_by_words_beside_them(
    shell: Shell, space: JointSpace
) -> None:
    assert shell.run("neighbours", "jazz", *PLACED, "--fully-known") == 1
    assert "no words are looked up; leave out fully-known" in shell.err
    beside = ("--data", "mine", "--vectors", "own,placed", "--fully-known")
    assert shell.json("overlap", *beside, "-k", "2")["tags"] == len(space.tags)


@pytest.mark.parametrize("kind", ["tracks", "artists"])
def test_tracks_and_artists_are_clustered_but_make_no_classes(
    shell: Shell, space: JointSpace, kind: str
) -> None:
    shell.text("joint-space", "vectors", "space", "--name", "them", "--of", kind)
    them = ("--data", "mine", "--vectors", "them")
    made = shell.json("cluster", *them, "-k", "2")
    ids = [one for row in made["rows"] for one in row[kind]]
    assert made[kind] == len(ids) == len(set(ids))
    assert kind == "tracks" or [row["tracks"] for row in made["rows"]] == [10, 10]
    by_one = shell.json("cluster", *them, "-k", "2", "--by", "tag")["rows"]
    assert {row[kind.removesuffix("s")] for row in by_one} == set(ids)
    near = shell.json("neighbours", ids[0], *them, "-n", "3")
    assert [set(row) for row in near] == [{kind.removesuffix("s"), "similarity"}] * 3
    assert shell.json("project", *them, "--method", "pca")["rows"][0][kind.removesuffix("s")] in ids
    for refused in (("cluster", *them, "-k", "2"), ("labels", "make", "clusters", *them, "-k", "2")):
        assert shell.run(*refused, "--name", "classes") == 1
        assert "a label space has tags in its classes; `taglab targets factors --features them`" in shell.err
    assert shell.json("targets", "factors", "--data", "mine", "--features", "them", "-k", "2")["columns"] == 2
    assert shell.run("scan", "--data", "mine", "--vectors", "placed,them", "-k", "2") == 1
    assert "cannot be compared" in shell.err


@pytest.mark.parametrize("name", ["own", "theirs"])
def test_a_name_of_word_vectors_is_not_taken(shell: Shell, space: JointSpace, name: str) -> None:
    path = shell.folder / "theirs.txt"
    path.write_text("jazz 1 0\nmetal 0 1\n")
    shell.text("vectors", "add", path, "--name", "theirs")
    assert shell.run("joint-space", "vectors", "space", "--name", name) == 1
    assert "is that of word vectors" in shell.err
    assert shell.run("joint-space", "vectors", "space", "--name", name, "--of", "artists") == 1
