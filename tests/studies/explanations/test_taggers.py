"""What of a clip made a tagger's decision: by a tagger whose ear is known, and by a trained run."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from taglab.audio.cells import Cells, cells_of
from taglab.audio.library import open_audio
from taglab.errors import InvalidSetting, NotFound
from taglab.recommend.explain import EXPLAINERS, Explanation, LeaveOneOut
from taglab.runs import Run
from taglab.studies.explanations.taggers import (
    BY_SCORES,
    ClipSettings,
    ExplainedClip,
    explain_clip,
    explained_windows,
    fidelities,
)
from taglab.training import new_run, tag_sound, train
from tests.cli.running import Shell
from tests.training.examples import RATE_HZ, config_of, make_world

N, BANDS, SEGMENTS = 8_000, 4, 2


def crops() -> np.ndarray:
    """Two windows of noise and of tones, int16."""
    drawn, time_s = np.random.default_rng(0), np.arange(N) / RATE_HZ
    tone = 8_000 * np.sin(2 * np.pi * 300 * time_s) * (time_s < 0.25)
    return np.stack([tone + drawn.normal(0, 100, N), drawn.normal(0, 1_000, N)]).round().astype(np.int16)


def energy_of_lowest_band(waveforms: np.ndarray) -> np.ndarray:
    """Log odds that rise with the energy of the first segment's lowest band, and with nothing else."""
    spectrum = np.abs(np.fft.rfft(waveforms[:, : N // 2].astype(float), axis=1)) ** 2
    low = np.fft.rfftfreq(N // 2, 1 / RATE_HZ) < 500
    return spectrum[:, low].sum(axis=1) / 1e13 - 1


def explained(name: str, settings: ClipSettings | None = None) -> tuple[Cells, Explanation]:
    cells = cells_of(N, RATE_HZ, BANDS, SEGMENTS)
    what = explained_windows(crops(), cells, 16, energy_of_lowest_band)
    return cells, EXPLAINERS[name]().explain(what, 0)


@pytest.mark.parametrize("name", [name for name in BY_SCORES if name != "random"])
def test_the_part_that_is_heard_has_the_weight(name: str) -> None:
    cells, explanation = explained(name)
    theta = explanation.item().toarray()
    assert cells.band[0] == cells.segment[0] == 0
    assert theta[0, 0] > 0.5
    assert np.abs(theta[0, 1:]).max() < 0.1 * theta[0, 0]
    assert np.abs(theta[1]).max() < 0.1 * theta[0, 0]  # the other window has hardly anything there
    true, chance = fidelities(explanation, ClipSettings()), fidelities(explained("random")[1], ClipSettings())
    assert true[0] > 0.3 > abs(chance[0])
    assert true[2] < chance[2]


def test_all_parts_on_are_the_sound_and_leaving_one_out_is_what_the_tagger_says_of_the_rest() -> None:
    cells, explanation = explained("leave-one-out")
    np.testing.assert_array_equal(explanation.explained.scores, energy_of_lowest_band(crops()))
    rest = crops()[0] - cells.sounds(crops()[0])[0]
    without = energy_of_lowest_band(np.round(rest).astype(np.int16)[None])[0]
    lost = LeaveOneOut().explain(explanation.explained).item().toarray()[0, 0]
    assert lost == pytest.approx(explanation.explained.scores[0] - without, rel=1e-3)


def test_tables_by_hand() -> None:
    cells, explanation = explained("leave-one-out")
    scores = expit(explanation.explained.scores)
    clip = ExplainedClip("low", scores, np.array([0.0, 3.0]), cells, explanation, 0, 0, 0)
    theta = explanation.item().toarray()
    bands, seconds, steps, parts = clip.by_band(), clip.by_segment(), clip.deletion(), clip.parts()
    np.testing.assert_allclose(bands["weight"], (theta[:, :4] + theta[:, 4:]).mean(axis=0))
    assert seconds["start_s"].tolist() == [0, 0.25, 3, 3.25]
    np.testing.assert_allclose(seconds["weight"], theta.reshape(2, 2, 4).sum(axis=2).ravel())
    assert steps["off"].tolist() == list(range(9))
    assert steps["probability"][0] == pytest.approx(scores.mean()) == steps["foretold"][0]
    silent = expit(energy_of_lowest_band(np.zeros((1, N))))[0]
    assert steps["probability"][8] == pytest.approx(silent)
    np.testing.assert_allclose(parts["weight"], parts["lost"])
    assert len(parts) == 16


def test_a_run_is_explained_by_command(
    taglab_home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    make_world(taglab_home)
    run: Run = train(new_run(config_of(epochs=1, window_s=0.5)).name)
    shell, store = Shell(capsys, tmp_path), open_audio("small")
    few = ("--bands", "3", "--segments", "2", "--windows", "1", "--tries", "20")
    told = shell.json("explain-tagger", run.name, "t3", *few, "--explainer", "leave-one-out")
    tagging = tag_sound(run, store)
    of_track = tagging.scores[tagging.tracks.index("t3")]
    assert told["label"] == tagging.classes[int(of_track.argmax())]
    windows = tagging.window_table().query("track == 't3'")[told["label"]]
    assert told["probability"] == pytest.approx(windows.max(), abs=1e-6)
    assert len(told["rows"]) == 3
    assert np.isfinite([told["tau"], told["kl"]]).all()
    steps = shell.json("explain-tagger", run.name, "t3", *few, "--rows", "deletion")["rows"]
    assert len(steps) == 7
    assert steps[0]["probability"] == pytest.approx(windows.max(), abs=1e-6)
    for wrong, why in (
        (("t999",), "no track 't999'"),
        (("t3", "--label", "polka"), "no label 'polka'"),
        (("t3", "--segments", "1000", "--bands", "2"), "segments=1000 must lie"),
    ):
        assert shell.run("explain-tagger", run.name, *wrong) == 1
        assert why in shell.err
    assert shell.run("explain-tagger", run.name, "t3", "--explainer", "saliency") == 2
    with pytest.raises(InvalidSetting, match="scores alone"):
        explain_clip(run, store, "t3", explainer="saliency")
    with pytest.raises(NotFound):
        explain_clip(run, store, "t3", label="polka")
