"""Both networks of Pons et al. (2018) in NumPy, as section 5 and figure 8 of the Ros Perez thesis have them.

Only in evaluation, in float64, and slow. Weights are taken from layers in the order in which sound goes
through them.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

Array = npt.NDArray[np.float64]


class Weights:
    """The layers of a network that have weights, one after the other."""

    def __init__(self, network: nn.Module) -> None:
        kinds = (nn.Conv1d, nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)
        self._layers: Iterator[nn.Module] = (part for part in network.modules() if isinstance(part, kinds))

    def linear(self, x: Array) -> Array:
        """(batch, inputs) to (batch, outputs)."""
        layer = next(self._layers)
        assert isinstance(layer, nn.Linear)
        return x @ _array(layer.weight).T + _array(layer.bias)

    def normalised(self, x: Array) -> Array:
        """Batch norm over whatever follows the channels, the second axis."""
        layer = next(self._layers)
        assert isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
        mean, variance, scale, shift = (
            _array(part).reshape(1, -1, *[1] * (x.ndim - 2))
            for part in (layer.running_mean, layer.running_var, layer.weight, layer.bias)
        )
        return scale * (x - mean) / np.sqrt(variance + 1e-5) + shift

    def filters(self) -> Array:
        """Weights of a convolution without bias, (outputs, inputs, …)."""
        layer = next(self._layers)
        assert isinstance(layer, nn.Conv1d | nn.Conv2d)
        assert layer.bias is None
        return _array(layer.weight)


def _array(tensor: torch.Tensor | None) -> Array:
    assert tensor is not None
    return tensor.detach().numpy().astype(np.float64)


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def convolved(x: Array, filters: Array, before: int = 0, after: int = 0, stride: int = 1) -> Array:
    """Slide filters (outputs, inputs, length) over x (batch, inputs, frames), zeros around it."""
    padded = np.pad(x, ((0, 0), (0, 0), (before, after)))
    length = filters.shape[-1]
    starts = range(0, padded.shape[-1] - length + 1, stride)
    return np.stack([np.einsum("bil,oil->bo", padded[..., at : at + length], filters) for at in starts], -1)


def pooled(x: Array, length: int) -> Array:
    """The largest of so many frames, side by side; what is left over is dropped."""
    frames = x.shape[-1] // length
    return x[..., : frames * length].reshape(*x.shape[:-1], frames, length).max(-1)


def waveform_front_end(samples: Array, weights: Weights) -> Array:
    """Seven convolutions of length 3: the first with stride 3, the others padded, pooled by 3 afterwards."""
    x = samples[:, None]
    x = relu(weights.normalised(convolved(x, weights.filters(), stride=3)))
    for _ in range(6):
        x = pooled(relu(weights.normalised(convolved(x, weights.filters(), 1, 1))), 3)
    return x


def timbral(mels: Array, weights: Weights, height: int, width: int) -> Array:
    """Filters of so many mels and frames; of all places along the mels the largest answer counts."""
    filters = weights.filters()[:, 0]
    assert filters.shape[1:] == (height, width)
    beside = width // 2
    places = [
        convolved(mels[:, low : low + height], filters, beside, beside)
        for low in range(mels.shape[1] - height + 1)
    ]
    return relu(weights.normalised(np.stack(places, 2))).max(2)


def temporal(mels: Array, weights: Weights, width: int) -> Array:
    """Filters of so many frames on the energy envelope, as long as the input."""
    filters = weights.filters()
    assert filters.shape[2] == width
    envelope = mels.mean(1, keepdims=True)
    return relu(weights.normalised(convolved(envelope, filters, (width - 1) // 2, width // 2)))


def spectrogram_front_end(mels: Array, weights: Weights) -> Array:
    """Timbral filters at 0.9 and 0.4 of the mels, rounded down, and temporal ones, side by side."""
    n_mels = mels.shape[1]
    outputs = [
        timbral(mels, weights, height, width)
        for height in (n_mels * 9 // 10, n_mels * 4 // 10)
        for width in (7, 3, 1)
    ]
    outputs += [temporal(mels, weights, width) for width in (165, 128, 64, 32)]
    return np.concatenate(outputs, 1)


def back_end(x: Array, weights: Weights) -> Array:
    """Three convolutions of length 7, the second and third added to their input, and two dense layers."""
    x = relu(weights.normalised(convolved(x, weights.filters())))
    x = pooled(x + relu(weights.normalised(convolved(x, weights.filters(), 3, 3))), 2)
    x = x + relu(weights.normalised(convolved(x, weights.filters(), 3, 3)))
    x = np.concatenate([x.max(-1), x.mean(-1)], 1)
    x = weights.normalised(relu(weights.linear(x)))
    return weights.linear(x)
