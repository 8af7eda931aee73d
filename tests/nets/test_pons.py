"""The networks of Pons et al. against a forward pass that shares no code with them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from taglab.labels import LABELS
from taglab.nets import Network, build, fitting, network_settings
from taglab.nets.frontends import TimbralFilters
from taglab.nets.pooling import PonsPooling
from tests.nets import pons

MELS = {"n_mels": 40, "n_fft": 1024, "hop": 256}
CLOSE = 1e-4


def network_of(name: str) -> Network:
    """Return a network in evaluation, its weights and running statistics drawn at random."""
    torch.manual_seed(3)
    network = build(network_settings(fitting({"width": 1 / 8, "mels": MELS}, name)), 5).eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, 0, 0.3)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 2)
            nn.init.normal_(part.bias, 0, 0.3)
    return network


def difference(name: str) -> float:
    """Return the largest difference of logits, in standard deviations of theirs."""
    network = network_of(name)
    samples = torch.from_numpy(np.random.default_rng(4).uniform(-1, 1, (3, 2187 * 17)).astype(np.float32))
    with torch.no_grad():
        logits = network(samples)[LABELS].numpy()
        heard = network.encoder.representation(samples).numpy().astype(np.float64)
    weights = pons.Weights(network)
    front_end = {"waveform": pons.waveform_front_end, "spectrogram": pons.spectrogram_front_end}[name]
    reference = pons.back_end(front_end(heard, weights), weights)
    assert reference.shape == logits.shape
    return float(np.abs(logits - reference).max() / reference.std())


@pytest.mark.parametrize("name", ["waveform", "spectrogram"])
def test_networks_are_those_of_the_paper(name: str) -> None:
    assert difference(name) < CLOSE


def mean_in_place_of_maximum(self: TimbralFilters, mels: torch.Tensor) -> torch.Tensor:
    return torch.relu(self.norm(self._convolved(mels))).mean(2)


def without_second_residual(self: PonsPooling, features: torch.Tensor) -> torch.Tensor:
    x = self.first(features)
    x = nn.functional.max_pool1d(x + self.second(x), 2)
    x = self.third(x)
    encoding: torch.Tensor = self.dense(torch.cat([x.amax(-1), x.mean(-1)], dim=1))
    return encoding


def pooled_by_four(self: PonsPooling, features: torch.Tensor) -> torch.Tensor:
    x = self.first(features)
    x = nn.functional.max_pool1d(x + self.second(x), 4)
    x = x + self.third(x)
    encoding: torch.Tensor = self.dense(torch.cat([x.amax(-1), x.mean(-1)], dim=1))
    return encoding


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        (TimbralFilters, mean_in_place_of_maximum),
        (PonsPooling, without_second_residual),
        (PonsPooling, pooled_by_four),
    ],
)
def test_the_reference_tells_networks_that_are_not(
    monkeypatch: pytest.MonkeyPatch, module: type[nn.Module], wrong: Callable[..., torch.Tensor]
) -> None:
    """Shapes and numbers of parameters are the same for all of these."""
    monkeypatch.setattr(module, "forward", wrong)
    assert difference("spectrogram") > 100 * CLOSE
