"""Labels of a tagger on degraded sound: what can be heard through a change holds, and what cannot breaks."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from taglab.errors import InputsChanged, InvalidSetting, NotFound
from taglab.runs import Run, open_run
from taglab.runs.inputs import Input
from taglab.studies.robustness import ChangeSettings, Clips, labels
from taglab.studies.robustness.labels import MACRO, breaks_of, label_robustness
from taglab.training import new_run, train
from taglab.verbs.label_robustness import RobustLabels
from tests.training.examples import config_of, make_world

# Tracks last a second.
CHANGES = ChangeSettings(clips=60, clip_s=0.5, degradations=("low-pass", "gain"), grid="coarse")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A cache folder with a run that hears low and high tones, and noise."""
    home = tmp_path_factory.mktemp("labels") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_world(home)
        config = config_of(epochs=12, window_s=0.3, validation_share=0.1, test_share=0.5)
        return home, train(new_run(config).name).name


@pytest.fixture
def run(trained: tuple[Path, str], taglab_home: Path) -> Run:
    """The run in a cache folder of its own."""
    shutil.copytree(trained[0], taglab_home)
    return open_run(trained[1])


def test_labels_that_cannot_be_heard_any_more_break(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    result = label_robustness(run, CHANGES)
    assert set(result.tracks) <= set(run.predictions("test").tracks)
    table = result.table.set_index(["label", "degradation", "magnitude"])
    originals = result.table[result.table["degradation"] == ""].set_index("label")
    assert originals.loc["high", "average_precision"] > 0.8
    assert (originals["lost"] == 0).all()
    # Nothing of a tone of 2,800 Hz and more is left below the lowest cut-off.
    worst = table.xs("low-pass", level="degradation").loc["high"].iloc[0]
    assert worst["lost"] == pytest.approx(
        originals.loc["high", "average_precision"] - worst["average_precision"]
    )
    assert worst["lost_low"] > 0
    breaks = result.breaks.set_index(["label", "degradation"])
    assert breaks.loc[("high", "low-pass"), "breaks_at"] > 0
    assert breaks.loc[("high", "low-pass"), "unit"] == "Hz"
    broken = result.breaks["severity"].dropna()
    assert broken.is_monotonic_increasing
    assert not result.breaks["severity"].head(len(broken)).isna().any()
    macro = result.table[(result.table["label"] == MACRO) & (result.table["degradation"] == "")]
    assert macro["average_precision"].iloc[0] == pytest.approx(
        originals.drop(MACRO)["average_precision"].mean()
    )
    monkeypatch.setattr(Clips, "degraded", lambda *_: pytest.fail("degraded anew"))
    assert label_robustness(run, CHANGES).table.equals(result.table)


def test_the_verb_tells_what_breaks_first(run: Run) -> None:
    changes = CHANGES.model_copy(update={"degradations": ("low-pass",)})
    report = RobustLabels(run=run.name, changes=changes).answer(lambda *_: None)
    assert report.table is not None
    assert report.table.set_index("label").loc["high", "breaks_at"] > 0
    assert list(report.facts) == ["run", "tracks", "too_short"]


def test_what_cannot_be_asked_is_told_in_a_sentence(run: Run) -> None:
    with pytest.raises(InvalidSetting, match=r"needs tracks of 3 s; 0 of"):
        label_robustness(run, CHANGES.model_copy(update={"clip_s": 3.0}))
    longer = train(new_run(config_of(epochs=1, window_s=0.6)).name)
    with pytest.raises(InvalidSetting, match=r"clip_s=0\.5 must be 0\.6 s or more"):
        label_robustness(longer, CHANGES)
    with pytest.raises(NotFound, match="no degradation 'dust'"):
        label_robustness(run, CHANGES.model_copy(update={"degradations": ("dust",)}))


def test_a_label_breaks_at_the_mildest_magnitude_that_takes_half_of_what_it_knew() -> None:
    rows = [("a", "", np.nan, 0.0, 0.8, 0.0, 0.0)]
    rows += [("a", "noise", *values) for values in (
        (30.0, 0.0, 0.79, 0.01, -0.02), (20.0, 0.4, 0.45, 0.35, -0.1), (10.0, 0.7, 0.4, 0.4, 0.2),
        (0.0, 1.0, 0.2, 0.6, 0.4),
    )]  # fmt: skip
    names = ["label", "degradation", "magnitude", "severity", "average_precision", "lost", "lost_low"]
    table = pd.DataFrame(rows, columns=names).assign(chance=0.2, unit="dB")
    row = breaks_of(table).iloc[0]
    assert (row["breaks_at"], row["severity"], row["original"]) == (10.0, 0.7, 0.8)
    unheard = table.assign(average_precision=0.15)
    assert np.isnan(breaks_of(unheard)["breaks_at"].iloc[0])


def test_other_sound_under_the_name_is_not_that_of_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    data = SimpleNamespace(tracks=pd.DataFrame({"track": ["a"]}))
    store = SimpleNamespace(fingerprint_of=lambda _: "1" * 32)
    config = SimpleNamespace(audio="small", data="small")
    monkeypatch.setattr(labels, "configuration", lambda _: (config, None))
    monkeypatch.setattr(labels, "open_folksonomy", lambda *_: data)
    monkeypatch.setattr(labels, "resolve_audio", lambda *_: store)
    run: Any = SimpleNamespace(name="mine", inputs={"audio": Input(name="small", fingerprint="1" * 32)})
    assert labels._sound_of(run, lambda *_: None) is store
    run.inputs = {"audio": Input(name="small", fingerprint="0" * 32)}
    with pytest.raises(InputsChanged, match="'mine' cannot be tried on degraded sound: the audio 'small'"):
        labels._sound_of(run, lambda *_: None)
