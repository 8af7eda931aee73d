"""Recipes make the thesis's label spaces, find their runs again, and stand beside what was published."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.cleaning import PRESETS
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.metrics import mean_columns
from taglab.runs import open_published, published_names
from taglab.studies.thesis.recipes import RECIPES, Plan, RecipeSettings, plan
from taglab.studies.thesis.reproducing import make, report, reproduce
from tests.cli.running import Shell
from tests.training.examples import SMALL, make_world

TINY = {
    "network": {name: value for name, value in SMALL.items() if name != "network"},
    "train": {"epochs": 2, "batch_size": 8, "steps_per_epoch": 2},
}
NETWORKS = ("spectrogram", "waveform")


@pytest.fixture(scope="session")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("recipes") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_world(home)
    return home


@pytest.fixture
def world(made_world: Path, taglab_home: Path) -> Path:
    """A cache folder with data "small" and its sound: four tags on sixty tracks."""
    shutil.copytree(made_world, taglab_home)
    return taglab_home


@pytest.fixture
def listeners() -> Folksonomy:
    """Data as the thesis's in small: tags in eight groups, some of them praise, and many rare ones."""
    random = np.random.default_rng(0)
    groups = [[f"genre {group} {number}" for number in range(9)] for group in range(8)]
    praise = list(PRESETS["thesis"])[:5]
    tags = [*praise, *(tag for group in groups for tag in group)]
    place = {tag: row for row, tag in enumerate(tags)}
    pairs = []
    for track in range(300):
        own = groups[track % 8]
        chosen = random.choice(len(own), 4, replace=False, p=np.arange(9, 0, -1) / 45)
        pairs += [(track, place[own[number]]) for number in chosen]
        pairs += [(track, place[tag]) for tag in praise if random.random() < 0.4]
    rows, codes = np.array(pairs).T
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(300)]})
    data = Folksonomy.from_codes("listeners", tracks, tags, rows, codes)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("listeners"))
    return data


def told(planned: Plan, what: str) -> tuple[str, str]:
    (found,) = [each for each in planned.differs if each.what == what]
    return found.here, found.thesis


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", RECIPES)
def test_every_published_run_of_a_recipe_is_there(name: str, network: Any) -> None:
    published = RECIPES[name].published(network)
    assert set(published) <= set(published_names())
    none = name == "model-5" or (name == "model-3.2" and network == "waveform")
    assert bool(published) != none
    for each in published:
        # Of the stages no epochs are told.
        assert open_published(each).summary()["epochs"] == (0 if "stage" in name else RECIPES[name].epochs)


def test_all_published_runs_of_the_thesis_belong_to_a_recipe() -> None:
    of_recipes = {
        each for recipe in RECIPES.values() for network in NETWORKS for each in recipe.published(network)
    }
    theirs = {name for name in published_names() if name.startswith("thesis-")}
    assert of_recipes - theirs == {f"stage-{n}-{network}" for n in (1, 2, 3) for network in NETWORKS}
    assert theirs <= of_recipes


def test_stages_are_of_one_set_of_classes() -> None:
    plans = [plan(f"stage-{number}", RecipeSettings()) for number in (1, 2, 3)]
    spaces = [each.models[0].space for each in plans]
    assert len({space.names for space in spaces}) == 1
    assert len(spaces[0].tags) < len(spaces[1].tags) < len(spaces[2].tags)
    assert [each.models[0].published for each in plans] == [f"stage-{n}-spectrogram" for n in (1, 2, 3)]
    assert "great" in told(plans[0], "targets that are no tag here")[0]
    assert told(plans[2], "vectors")[0] == "own"
    for name, changes in (("stage-2", {"vectors": ("own",)}), ("stage-3", {"ks": (3,)})):
        with pytest.raises(InvalidSetting, match="stages cluster nothing"):
            plan(name, RecipeSettings(**changes))


@pytest.fixture
def scenes() -> Folksonomy:
    """Three genres, of which two share most tracks, each with tags that go together in threes."""
    random = np.random.default_rng(1)
    genres = ("rock", "metal", "jazz")
    tags = [*genres, *(f"{kind} {genre}" for genre in genres for kind in ("old", "new", "slow", "fast"))]
    tags += [f"{kind} {genre}" for genre in genres for kind in ("live", "dark", "soft", "loud")]
    place = {tag: row for row, tag in enumerate(tags)}
    pairs = set()
    for track in range(400):
        genre = genres[track % 3]
        pairs.add((track, place[genre]))
        if genre == "metal":
            pairs.add((track, place["rock"]))
        kinds = (("old", "slow", "soft"), ("new", "fast", "loud"))[track // 3 % 2]
        pairs |= {(track, place[f"{kind} {genre}"]) for kind in kinds if random.random() < 0.7}
        pairs |= {(track, place[f"{kind} {genre}"]) for kind in ("live", "dark") if random.random() < 0.2}
    rows, codes = np.array(sorted(pairs)).T
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(400)]})
    data = Folksonomy.from_codes("scenes", tracks, tags, rows, codes)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("scenes"))
    return data


SCENES = RecipeSettings(data="scenes", ks=(3,), min_counts=(1,), genres=("rock", "metal", "jazz"))


@pytest.mark.usefixtures("scenes")
def test_model_3_4_is_of_genres_and_of_their_most_used_tags() -> None:
    genres, tags = plan("model-3.4", SCENES).models
    assert 1 <= len(genres.space) <= 3
    assert {tag for each in tags.space.classes for tag in each.tags} <= {"rock", "metal", "jazz"}
    assert len(tags.space) == len(genres.space)
    assert "rock" in told(plan("model-3.4", SCENES), "genres")[0]
    with pytest.raises(InvalidSetting, match="of no class"):
        plan("model-3.4", SCENES.model_copy(update={"genres": ("polka",)}))
    with pytest.raises(InvalidSetting, match="one k and one least count"):
        plan("model-3.4", SCENES.model_copy(update={"ks": (3, 4)}))


@pytest.mark.usefixtures("scenes")
@pytest.mark.parametrize(("name", "theirs"), [("model-4.1", "19 of 88"), ("model-4.2", "17 of 110")])
def test_models_4_divide_the_genres(name: str, theirs: str) -> None:
    planned = plan(name, SCENES)
    (model,) = planned.models
    assert len(model.space) > 2
    assert not set(model.space.tags) & {"rock"}  # its genre's main tag is left out
    assert told(planned, "clusters of two tags")[1] == theirs
    if name == "model-4.2":
        assert told(planned, "penalty of the tag embeddings") == ("0.1", "none")
        here, thesis = told(planned, "loss of the tag embeddings")
        assert here.startswith("cross-entropy")
        assert thesis.startswith("binary cross-entropy")


@pytest.mark.usefixtures("listeners")
def test_model_5_sweeps_gamma_against_0_at_one_seed() -> None:
    planned = plan("model-5", RecipeSettings(data="listeners", gammas=(3.0,)))
    assert [model.name for model in planned.models] == ["γ = 0", "γ = 3"]
    assert [model.changes["train"]["gamma"] for model in planned.models] == [0.0, 3.0]
    assert len({model.space.fingerprint for model in planned.models}) == 1
    assert len(plan("model-5", RecipeSettings(data="listeners")).models) == 4
    with pytest.raises(InvalidSetting, match="clusters nothing"):
        plan("model-5", RecipeSettings(data="listeners", ks=(5,)))


@pytest.mark.usefixtures("world")
def test_model_5_makes_runs_that_differ_in_gamma_alone() -> None:
    planned = plan("model-5", RecipeSettings(data="small", gammas=(2.0,)))
    runs = make(planned, changes=TINY)
    trains = [run.config["train"] for run in runs.values()]
    assert [each["gamma"] for each in trains] == [0.0, 2.0]
    assert {each["loss"] for each in trains} == {"semantic-bce"}
    assert trains[0] == {**trains[1], "gamma": 0.0}
    said = {each.what for each in report(planned, runs).differs}
    assert "train.gamma" not in said
    assert "train.epochs" in said


def test_models_1_and_2_are_tags(listeners: Folksonomy) -> None:
    whole = plan("model-1", RecipeSettings(data="listeners"))
    filtered = plan("model-2", RecipeSettings(data="listeners", network="waveform"))
    assert len(whole.models[0].space) == listeners.n_tags
    assert whole.models[0].published == "thesis-1-spectrogram"
    assert set(whole.models[0].space.tags) - set(filtered.models[0].space.tags) == set(
        list(PRESETS["thesis"])[:5]
    )
    assert filtered.models[0].published == "thesis-2-waveform"
    assert (whole.epochs, filtered.epochs) == (30, 30)
    assert told(filtered, "classes (72 filtered tags)")[1] == "80 classes"


@pytest.mark.usefixtures("listeners")
def test_model_3_1_keeps_every_cluster_and_3_3_those_with_a_filtered_tag() -> None:
    settings = RecipeSettings(data="listeners", ks=(9,), min_counts=(1,))
    raw = plan("model-3.1", settings).models[0].space
    kept = plan("model-3.3", settings)
    assert len(raw) == 9
    assert len(kept.models[0].space) <= 9
    praised = {tag for each in raw.classes for tag in each.tags} - set(kept.models[0].space.tags)
    assert praised <= set(PRESETS["thesis"])
    clusters, tags = kept.models[0].space, kept.models[1].space
    assert {each.tags[0] for each in clusters.classes} == set(tags.tags)
    assert kept.models[1].published is None  # of k = 9 nothing is published


@pytest.mark.usefixtures("listeners")
def test_sizes_are_scaled_to_small_data_and_that_is_said() -> None:
    planned = plan("model-3.3", RecipeSettings(data="listeners"))
    assert told(planned, "k before filtering") == (
        "2, 3, 5, 8, 10, scaled to the size of the data",
        "100, 250, 500, 750, 1,000",
    )
    assert told(planned, "least count (tracks)") == ("1, scaled to the size of the data", "101")
    beside = [model.published for model in planned.models]
    assert beside == [
        f"thesis-3.3-{each}-spectrogram" for each in ("k100", "k250", "k500", "k750", "k1000", "tags")
    ]
    with pytest.raises(InvalidSetting, match="no cell of the grid"):
        plan("model-3.3", RecipeSettings(data="listeners", sizes="published"))


@pytest.mark.usefixtures("listeners")
def test_values_of_the_thesis_stand_beside_what_was_published_of_them() -> None:
    settings = RecipeSettings(data="listeners", ks=(100, 7), min_counts=(1,))
    planned = plan("model-3.3", settings)
    assert [model.published for model in planned.models] == [None, None]
    assert (
        told(planned, "left out: own, n = 1, k = 100")[0]
        == "more clusters than tags with a vector of their own"
    )
    assert len(planned.published) == 6


def test_settings_that_mean_nothing_are_refused(listeners: Folksonomy) -> None:
    with pytest.raises(InvalidSetting, match="clusters nothing"):
        plan("model-1", RecipeSettings(data="listeners", ks=(5,)))
    with pytest.raises(InvalidSetting, match="at most 1"):
        plan("model-3.1", RecipeSettings(data="listeners", vectors=("a", "b")))
    with pytest.raises(NotFound, match=r"model-3\.3"):
        plan("model-9", RecipeSettings(data="listeners"))
    with pytest.raises(NotFound):
        plan("model-1", RecipeSettings(data="nowhere"))


@pytest.mark.usefixtures("world")
def test_a_recipe_is_trained_and_set_beside_the_published_figures() -> None:
    planned = plan("model-2", RecipeSettings(data="small"))
    found = reproduce(planned, changes=TINY)
    table = found.table
    first = ["model", "whose", "figures", "epoch", "classes"]
    assert list(table.columns) == [*first, *mean_columns(), "run"]
    assert table["whose"].tolist() == ["thesis", "here", "here", "here", "here"]
    assert table["figures"].tolist()[1:] == [
        "best epoch by validation",
        "last epoch, validation",
        "each metric's best epoch, validation",
        "held-out test",
    ]
    published = open_published("thesis-2-spectrogram").summary()["best"]
    assert table.loc[0, "auc_pr_macro"] == published["auc_pr_macro"] == 0.2836
    assert table.loc[1:, "auc_pr_macro"].notna().all()
    said = {each.what: (each.here, each.thesis) for each in found.differs}
    assert said["train.epochs"] == ("2", "30")
    assert said["network.width"] == ("0.125", "1.0")
    (run,) = found.runs.values()
    assert run.config["train"]["early_stopping_patience"] is None
    again = reproduce(planned, changes=TINY)
    assert [each.name for each in again.runs.values()] == [run.name]
    other = make(planned, changes={**TINY, "train": {**TINY["train"], "seed": 1}})
    assert [each.name for each in other.values()] != [run.name]


@pytest.mark.usefixtures("world")
def test_runs_only_made_are_told_as_unfinished() -> None:
    planned = plan("model-3.3", RecipeSettings(data="small", network="waveform", ks=(2, 3), min_counts=(1,)))
    runs = make(planned, changes=TINY)
    assert len(runs) == 3
    assert make(planned, changes=TINY) == runs
    found = report(planned, runs)
    (unfinished,) = [each.here for each in found.differs if each.what == "not trained to the end"]
    assert all(name in unfinished for name in runs)
    assert found.table["run"].tolist() == list(planned.published)


@pytest.mark.usefixtures("world")
def test_wrong_settings_of_training_are_told_before_anything_is_trained() -> None:
    planned = plan("model-1", RecipeSettings(data="small"))
    with pytest.raises(NotFound, match="huge"):
        make(planned, preset="huge")
    with pytest.raises(InvalidSetting, match="one device"):
        make(planned, changes={"train": {"devices": (0, 1)}})
    with pytest.raises(NotFound, match="no audio"):
        make(planned, audio="silence")


@pytest.mark.usefixtures("world")
def test_the_command_says_what_differs_above_the_table(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shell = Shell(capsys, tmp_path)
    flags = ["--data", "small", "--width", "0.125", "--epochs", "1", "--batch-size", "8"]
    text = shell.text("reproduce", "model-1", *flags, "--only-make")
    assert text.index("what=data") < text.index("whose")
    assert "thesis-1-spectrogram" in text
    assert "taglab launch" in shell.err
    said = shell.json("reproduce", "model-1", *flags, "--only-make")
    assert said["recipe"] == "model-1"
    assert [row["whose"] for row in said["rows"]] == ["thesis"]
    assert shell.run("reproduce", "model-7") == 2
