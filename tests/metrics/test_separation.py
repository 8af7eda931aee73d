"""Signal to distortion: by hand, and as the campaign's own program has it."""

import numpy as np
import pytest

from taglab.errors import InvalidSetting
from taglab.metrics.separation import signal_to_distortion


def test_by_hand() -> None:
    references = np.array([[3.0, 4.0, 1.0, 0.0, 5.0], [1.0, 1.0, 1.0, 1.0, 5.0]])
    estimates = np.array([[3.0, 3.5, 1.0, 0.0, 5.0], [1.0, 0.0, 1.0, 1.0, 5.0]])
    ratios = signal_to_distortion(references, estimates, 2)
    assert ratios.shape == (2, 2)  # the fifth sample fills no frame
    assert ratios[:, 0] == pytest.approx([20.0, 10 * np.log10(2)])
    assert np.isposinf(ratios[:, 1]).all()
    whole = signal_to_distortion(references, estimates)
    assert whole[:, 0] == pytest.approx([10 * np.log10(51 / 0.25), 10 * np.log10(29)])


def test_frames_in_which_a_source_or_an_estimate_is_silent_are_left_out() -> None:
    references = np.array([[1.0, 1.0, 0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]])
    estimates = np.array([[2.0, 0.0, 1.0, 1.0, 0.0, 0.0], [1.0, 2.0, 1.0, 1.0, 1.0, 1.0]])
    assert np.isnan(signal_to_distortion(references, estimates, 2)).tolist() == [[False, True, True]] * 2


def test_as_bss_eval_has_it() -> None:
    museval = pytest.importorskip("museval")
    rng = np.random.default_rng(0)
    rate = 1_000
    references = rng.standard_normal((2, 4 * rate)) * [[1.0], [0.5]]
    references[0, rate : 2 * rate] = 0
    estimates = references + 0.3 * rng.standard_normal(references.shape)
    theirs, *_ = museval.evaluate(references[..., None], estimates[..., None], win=rate, hop=rate)
    np.testing.assert_allclose(signal_to_distortion(references, estimates, rate), theirs, rtol=1e-9)


@pytest.mark.parametrize("shape", [(2, 9), (10,), (1, 10)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidSetting, match=r"must be \(sources, samples\)"):
        signal_to_distortion(np.ones((2, 10)), np.ones(shape))


@pytest.mark.parametrize("frame", [0, 11])
def test_a_frame_lies_within_the_sound(frame: int) -> None:
    with pytest.raises(InvalidSetting, match=f"frame={frame} must lie in 1 to 10"):
        signal_to_distortion(np.ones((1, 10)), np.ones((1, 10)), frame)
