"""How well a part of a sound was told from the rest: signal to distortion, frame by frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.validation import DoubleArray


def signal_to_distortion(
    references: npt.ArrayLike, estimates: npt.ArrayLike, frame: int | None = None
) -> DoubleArray:
    """Return the signal-to-distortion ratio of each source in each frame, in dB.

    10 log₁₀ of the power of a source over that of all in which its estimate differs from it: as BSS Eval 4
    has it for mono sound, whose campaign dropped the filter that earlier versions let a source pass through.

    Args:
        references: The true sources (sources, samples).
        estimates: What was told of them (sources, samples).
        frame: Samples of a frame; frames lie side by side, and what does not fill the last is left out. All
            samples where None.

    Returns:
        (sources, frames): ∞ of a source that is told exactly; NaN in frames in which any source or estimate
        is silent, as BSS Eval leaves them out.

    Raises:
        InvalidSetting: If the two have other shapes, or sound is shorter than a frame.

    Source: Stöter, Liutkus and Ito (2018), "The 2018 signal separation evaluation campaign".
    """
    truth, answer = np.asarray(references, np.float64), np.asarray(estimates, np.float64)
    if truth.ndim != 2 or truth.shape != answer.shape:
        raise InvalidSetting(
            f"references {truth.shape} and estimates {answer.shape} must be (sources, samples)"
        )
    length = truth.shape[1] if frame is None else frame
    if not 1 <= length <= truth.shape[1]:
        raise InvalidSetting(f"frame={length} must lie in 1 to {truth.shape[1]}, the samples there are")
    n_frames = truth.shape[1] // length

    def power(samples: DoubleArray) -> DoubleArray:
        framed = samples[:, : n_frames * length].reshape(len(samples), n_frames, length)
        total: DoubleArray = (framed**2).sum(axis=2)
        return total

    signal, estimated, distortion = power(truth), power(answer), power(truth - answer)
    sounding = ((signal > 0) & (estimated > 0)).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: DoubleArray = 10 * np.log10(signal / distortion)
    return np.where(sounding, ratio, np.nan)
