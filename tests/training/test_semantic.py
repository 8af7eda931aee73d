"""The semantic loss in a run: vectors of classes, what has none, and what it is told of."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from taglab.embeddings import WordVectors
from taglab.embeddings import library as vector_library
from taglab.errors import InputsChanged, InvalidSetting, NotFound
from taglab.labels import LabelClass, LabelSpace, save_label_space
from taglab.runs import open_run
from taglab.training import dry_run, new_run, train
from taglab.training.semantic import class_vectors, loss_material
from taglab.vectors import TagVectors
from tests.training.examples import TAGS, config_of, fit_small, small_material, space_of


def shelve(name: str, **vectors: list[float]) -> None:
    words = WordVectors(name, tuple(vectors), np.array(list(vectors.values()), np.float32))
    words.save(vector_library._SHELF.path(name))


def test_the_vector_of_a_class_is_the_sum_of_its_tags_vectors() -> None:
    tags = TagVectors.from_any(["a", "b", "c", "d"], np.array([[1, 0], [0, 1], [-1, 0], [0, 0]], float))
    classes = {"both": ("a", "b"), "gone": ("a", "c"), "half": ("b", "d", "other"), "none": ("d",)}
    space = LabelSpace("s", tuple(LabelClass(name, held) for name, held in classes.items()))
    root = 0.5**0.5
    np.testing.assert_allclose(class_vectors(space, tags), [[root, root], [0, 0], [0, 1], [0, 0]], atol=1e-7)


def test_a_run_lists_the_classes_without_a_vector() -> None:
    shelve("few", low=[1, 0, 0], high=[0.6, 0.8, 0], noise=[0, 0, 0])
    config = config_of(loss="semantic-bce", gamma=3.0, loss_vectors="few", epochs=1)
    tried = dry_run(config)
    assert tried.without_vector == ("noise",)
    run = train(new_run(config).name)
    assert "1 classes have no vector, so their negatives keep weight 1: noise" in run.log_tail()
    assert open_run(run.name).predictions("test") is not None
    needed = loss_material(config, space_of(*TAGS[:3]), small_material(config))
    inf = np.inf
    np.testing.assert_allclose(
        needed.parts["similarity"], [[1, 0.6, -inf], [0.6, 1, -inf], [-inf, -inf, -inf]], rtol=1e-6
    )
    assert needed.parts["most_positives"] == 3


def test_classes_are_looked_up_as_their_clustering_looked_up_its_tags() -> None:
    shelve("loud", LOW=[1, 0], high=[0, 1], noise=[1, 0])
    config = config_of(loss="semantic-bce", loss_vectors="loud")
    space = space_of(*TAGS[:3])
    material = small_material(config)
    assert loss_material(config, space, material).without_vector == ()
    exact = LabelSpace(space.name, space.classes, {"lookup": {"forms": ["exact"]}})
    assert loss_material(config, exact, material).without_vector == ("low",)
    with pytest.raises(InvalidSetting, match="forms"):
        loss_material(config, LabelSpace(space.name, space.classes, {"lookup": {"forms": ["odd"]}}), material)


def test_gamma_0_trains_what_plain_cross_entropy_trains(tmp_path: Path) -> None:
    networks = []
    for train_settings in ({}, {"loss": "semantic-bce", "gamma": 0.0}, {"loss": "semantic-bce"}):
        folder = tmp_path / str(len(networks))
        fit_small(config_of(epochs=1, **train_settings), folder)
        networks.append(torch.load(folder / "last.pt", weights_only=True)["network"])
    plain, without, with_gamma = networks
    assert all(torch.equal(part, without[name]) for name, part in plain.items())
    assert not all(torch.equal(part, with_gamma[name]) for name, part in plain.items())


def test_vectors_that_changed_meanwhile_end_a_training_that_is_gone_on_with() -> None:
    shelve("moving", low=[1, 0], high=[0, 1])
    config = config_of(loss="semantic-bce", loss_vectors="moving", epochs=2, checkpoint_minutes=0)
    run = new_run(config)

    def stop(fraction: float, text: str) -> None:
        if "epoch 2" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(run.name, stop)
    shutil.rmtree(vector_library._SHELF.path("moving"))
    shelve("moving", low=[1, 0], high=[1, 1])
    with pytest.raises(InputsChanged, match="the vectors 'moving' are others"):
        train(run.name)


def test_vectors_of_no_class_and_vectors_that_are_not_there_are_refused() -> None:
    shelve("other", elsewhere=[1, 0])
    config = config_of(loss="semantic-bce", loss_vectors="other")
    with pytest.raises(InvalidSetting, match="must have a vector for at least one class"):
        dry_run(config)
    save_label_space(space_of("low").renamed("one"))
    with pytest.raises(NotFound, match="no vectors named 'nowhere'; there are: own, other"):
        new_run(config_of(loss="semantic-bce", loss_vectors="nowhere"))


@pytest.mark.parametrize("setting", [{"gamma": 2.0}, {"loss_vectors": "other"}])
def test_settings_of_the_semantic_loss_are_refused_beside_another(setting: dict) -> None:
    with pytest.raises(InvalidSetting, match=f"{next(iter(setting))} means nothing to loss='bce'"):
        config_of(**setting)
