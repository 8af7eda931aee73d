"""What lies under a name may be replaced: pages show what is there now, and what does not fit it any more."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from streamlit.testing.v1 import AppTest

from taglab.audio.library import open_audio
from taglab.cache import FOLKSONOMIES, Shelf
from taglab.errors import InputsChanged
from taglab.folksonomy import Folksonomy
from taglab.labels import from_tags, save_label_space
from taglab.runs import Run, RunWriter
from taglab.runs.inputs import Input, Inputs, input_of_audio
from taglab.runs.library import delete_run
from taglab.sources import open_folksonomy
from taglab.training import new_run, train
from tests.pages.framed import open_page
from tests.pages.test_compare import compare, said, table
from tests.runs.examples import LABELS, made_run, small_data, small_sound
from tests.training.examples import config_of, make_world, save_sound
from tests.training.test_inputs import shuffle_tags
from tests.training.test_running import until_the_second_epoch


@pytest.fixture(scope="module")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("world") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_world(home)
    return home


@pytest.fixture
def world(made_world: Path, taglab_home: Path) -> None:
    """Data, audio and a label space to train on."""
    shutil.copytree(made_world, taglab_home)


def save_with_category(data: Folksonomy, name: str, category: str) -> None:
    """Save a data set all of whose tags are of one category but the most used."""
    categories = [category, *["mood"] * (data.n_tags - 1)]
    named = replace(data, name=name, tags=data.tags.assign(category=categories))
    named.save(Shelf(FOLKSONOMIES).path(name))


def categories_on(name: str) -> list[str]:
    of_saved = {"classes": "A saved label space", "labels": "saved", "view": "Genres"}
    page = open_page("genres", data=name, **of_saved).run()
    assert not page.exception
    assert not page.error
    (category,) = [box for box in page.selectbox if box.label == "Category"]
    return list(category.options)


def test_data_sets_that_differ_in_one_category_are_told_apart() -> None:
    data = small_data()
    save_label_space(from_tags(data, LABELS, "saved"))
    save_with_category(data, "one", "era")
    save_with_category(data, "other", "place")
    assert categories_on("one") == ["genre", "era", "mood"]
    assert categories_on("other") == ["genre", "mood", "place"]
    save_with_category(data, "one", "voice")
    assert categories_on("one") == ["genre", "mood", "voice"]


def differences_on(page: AppTest) -> list[float]:
    return table(page, "difference").sort_values("label")["difference"].tolist()


def test_a_run_made_anew_under_its_name_is_shown_as_it_is_now() -> None:
    data = small_data()
    first, other = made_run("one", data), made_run("other", data, seed=1)
    times = {path: path.stat() for path in first.folder.rglob("*") if path.is_file()}
    before = differences_on(compare(first.name, other.name, view="Labels"))
    assert before == differences_on(compare(first.name, other.name, view="Labels"))
    delete_run(first.name)
    again = made_run("one", data, seed=7)
    assert (again.name, again.folder) == (first.name, first.folder)
    for path, state in times.items():  # as on a disk whose clock is coarse
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    now = differences_on(compare(again.name, other.name, view="Labels"))
    results = [run.per_label("last").set_index("label")["auc_pr"] for run in (again, other)]
    expected = (results[0] - results[1]).sort_index()
    assert now == pytest.approx(expected.tolist(), abs=1e-6)
    assert now != pytest.approx(before, abs=1e-6)


def with_inputs(name: str, data: Folksonomy, **changes: str) -> Run:
    """Return a run that keeps what it was made of."""
    run = made_run(name, data)
    fingerprints = {"data": data.fingerprint, "audio": "a" * 32, "targets": "b" * 32, **changes}
    inputs: Inputs = {
        kind: Input(name="small", fingerprint=fingerprints[kind])  # type: ignore[misc]
        for kind in ("data", "audio", "targets")
    }
    RunWriter(run).inputs(inputs)
    return run


def test_runs_that_had_other_sound_under_one_name_are_compared_with_a_warning() -> None:
    data = small_data()
    one, like, other = (
        with_inputs(name, data, audio=audio)
        for name, audio in (("one", "a" * 32), ("like", "a" * 32), ("other", "c" * 32))
    )
    assert "other sound" not in said(compare(one.name, like.name))
    page = compare(one.name, like.name, other.name, view="Summary")
    assert "had other sound under the name “small” than" in page.warning[0].value
    settings = table(page, "setting").set_index("setting")
    assert settings.loc["content.audio"].tolist() == ["aaaaaaaa", "aaaaaaaa", "cccccccc"]


def test_what_runs_were_made_of_is_shown_with_what_has_changed_since() -> None:
    data = small_data()
    one, earlier = with_inputs("one", data), made_run("earlier", data)
    page = open_page("compare", view="Summary")
    page.query_params["runs"] = [one.name, earlier.name]
    page.session_state["inputs"] = True
    page.run()
    assert not page.exception
    rows = table(page, "fingerprint").set_index(["run", "input"])
    assert rows["now"].to_dict() == {
        (one.title, "data"): "as it was",
        (one.title, "audio"): "not there",
        (one.title, "targets"): "changed",
        **{(earlier.title, kind): "not known" for kind in ("data", "audio", "targets")},
    }


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            shuffle_tags,
            "its data have other tracks, or others in the classes of 'sounds', than when it was made",
        ),
        (
            lambda: save_sound(seed=1),
            "the audio 'small' holds other sound of its tracks than when it was made",
        ),
    ],
    ids=["tags", "sound"],
)
def test_a_run_that_cannot_go_on_says_why_where_it_is_watched(
    change: Callable[[], None], sentence: str
) -> None:
    run = until_the_second_epoch(new_run(config_of()))
    change()
    with pytest.raises(InputsChanged):
        train(run.name)
    page = open_page("training", view="Runs", runs=run.name).run()
    assert not page.exception
    words = "\n".join(part.value for part in (*page.error, *page.text, *page.caption, *page.markdown))
    assert sentence in words.replace("\\", "")


@pytest.mark.usefixtures("world")
def test_tags_shuffled_under_one_name_are_shown_as_they_are_now() -> None:
    def pairs() -> pd.DataFrame:
        page = open_page("genres", data="small", classes="A saved label space", labels="sounds").run()
        assert not page.exception
        return table(page, "npmi")

    before = pairs()
    data, rng = open_folksonomy("small"), np.random.default_rng(0)
    columns = rng.permuted(data.matrix.toarray(), axis=0)  # each tag to as many other tracks
    replace(data, matrix=sparse.csr_array(columns)).save(Shelf(FOLKSONOMIES).path("small"))
    assert open_folksonomy("small").counts().equals(data.counts())
    assert not pairs().equals(before)


def _tracks(name: str) -> None:
    import numpy as np

    from taglab.runs import open_run
    from taglab.ui.compare.tracks import show_tracks

    run = open_run(name)
    predictions = run.predictions("test")
    if predictions is not None:
        show_tracks(run, predictions, np.arange(2), 0.5, "rock", "Tracks", "tracks")


def test_tracks_that_sound_otherwise_than_the_run_heard_them_are_warned_of() -> None:
    data = small_data()
    small_sound()
    heard = input_of_audio("small", open_audio("small"), data).fingerprint
    run = with_inputs("one", data, audio=heard)

    def warnings() -> list[str]:
        page = AppTest.from_function(_tracks, args=(run.name,), default_timeout=60).run()
        assert not page.exception
        return [warning.value.replace("\\", "") for warning in page.warning]

    assert warnings() == []
    small_sound(seed=3)
    (warning,) = warnings()
    assert "the audio 'small' holds other sound of its tracks" in warning
    assert "the data set" not in warning
