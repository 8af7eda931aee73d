"""Recommenders on the demo: verbs, runs that are left and gone on with, planted tastes found."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from taglab.compare.inputs import inputs_table, require_inputs
from taglab.errors import Conflict, InputsChanged, InvalidSetting
from taglab.launch.kinds import kind_of, train_run
from taglab.progress import silent
from taglab.recommend import (
    Ease,
    FactorisationMachines,
    HoldingOut,
    ItemNeighbours,
    MostPopular,
    RecommenderMaterial,
    delete_recommender,
    fit,
    hold_out,
    judge,
    material_of,
    open_recommender,
    recommended,
    recommender_names,
    save_recommender,
    train_recommender,
)
from taglab.recommend.networks import in_places
from taglab.recommend.training import RecommenderRun, new_recommender_run, recommender_run
from taglab.verbs.explaining import Explain, recommender_of

ASKED = RecommenderMaterial(min_tracks=5, min_count=5)
SMALL = FactorisationMachines(h=4, epochs=2, batch_size=4_096)


def test_what_is_kept_opens_as_it_was(demo_home: Path) -> None:
    learned, held = train_recommender(ItemNeighbours(h=8), ASKED)
    save_recommender(learned, "mine", ASKED)
    with pytest.raises(Conflict, match="'mine' already"):
        save_recommender(learned, "mine", ASKED)
    opened, again, asked = open_recommender("mine")
    assert opened.fingerprint == learned.fingerprint
    assert again.train.fingerprint == held.train.fingerprint
    assert asked == ASKED
    np.testing.assert_array_equal(opened.scores(3), learned.scores(3))
    save_recommender(learned, "mine", RecommenderMaterial(min_tracks=5, min_count=6), replace=True)
    with pytest.raises(InputsChanged, match="train it again"):
        open_recommender("mine")
    delete_recommender("mine")
    assert recommender_names() == []


def test_gradients_of_items_of_a_batch_do_not_depend_on_threads() -> None:
    drawn = torch.Generator().manual_seed(0)
    at = torch.randint(50, (4_096, 11), generator=drawn)
    weights = torch.randn(4_096, 11, 4, generator=drawn)
    gradients = []
    for of in (in_places, in_places, in_places, lambda rows, places: rows[places]):
        rows = torch.zeros(50, 4, requires_grad=True)
        (of(rows, at) * weights).sum().backward()  # type: ignore[no-untyped-call]
        gradients.append(rows.grad)
    assert torch.equal(gradients[0], gradients[1])
    assert torch.equal(gradients[0], gradients[2])
    torch.testing.assert_close(gradients[0], gradients[3], rtol=1e-4, atol=1e-4)


def test_a_kept_recommender_that_is_called_as_a_kind_is_of_its_own_data_only(demo_home: Path) -> None:
    learned, _ = train_recommender(MostPopular(), ASKED)
    save_recommender(learned, "inn", ASKED)
    assert recommender_of("inn", "demo").settings == MostPopular()
    save_recommender(learned, "inn", ASKED.model_copy(update={"data": "elsewhere"}), replace=True)
    assert recommender_of("inn", "demo").settings == ItemNeighbours()
    delete_recommender("inn")


def test_the_list_explained_is_the_best_however_few_are_ranked(demo_home: Path) -> None:
    learned = recommender_of("inn", "demo")
    user = str(learned.plays.users["user"].iloc[0])
    report = Explain(user=user, n=12, top=2, others=3, explainer="leave-one-out").answer(silent)
    assert report.table is not None
    assert list(dict.fromkeys(report.table["item"])) == list(recommended(learned, 0, 12)["item"])
    assert report.facts["items"] == 15


def test_planted_tastes_are_found_by_tags(demo_home: Path) -> None:
    """Of items nobody played yet tags tell who likes them; of others who plays what tells more than fame."""
    gains: dict[str, list[float]] = {"item": [], "user": []}
    plays, tags = material_of(ASKED)
    for by, settings in (("item", ItemNeighbours()), ("user", Ease())):
        for seed in range(3):
            held = hold_out(plays, HoldingOut(by=by, seed=seed))  # type: ignore[arg-type]
            ours, popular = (
                judge(fit(asked, held.train, tags), held, 20).ndcg.mean()
                for asked in (settings, MostPopular())
            )
            gains[by].append(ours - popular)
    assert min(gains["item"]) > 0.08
    assert min(gains["user"]) > 0.02


def test_a_run_is_trained_stopped_and_gone_on_with(demo_home: Path) -> None:
    with pytest.raises(InvalidSetting, match="no network"):
        recommender_run({"recommender": {"recommender": "wrmf"}})
    config = RecommenderRun(recommender=SMALL, material=ASKED)
    runs = [new_recommender_run(config) for _ in range(2)]
    assert kind_of(runs[0]).epochs(runs[0].config) == 2
    require_inputs(runs[0])  # as `taglab launch` does
    assert inputs_table(runs[0])[["input", "now"]].to_numpy().tolist() == [["plays", "not known"]]

    def stop(fraction: float, text: str) -> None:
        if "epoch 2" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(runs[0].name, stop)
    assert not runs[0].finished
    for run in runs:
        train_run(run.name)
        assert run.finished
    one, other = (open_recommender(run.name)[0] for run in runs)
    assert one.settings == other.settings == SMALL
    for name, value in one.learned.items():
        np.testing.assert_array_equal(value, other.learned[name], err_msg=name)
    history = [row["loss"] for row in runs[0].history().to_dict("records")]
    assert len(history) == 2
    assert set(recommender_names()) == {run.name for run in runs}
    with pytest.raises(Conflict, match="taglab runs delete kind-recommender"):
        delete_recommender(runs[0].name)
    shutil.rmtree(runs[0].folder / "recommender")
    assert len(recommender_names()) == 1
