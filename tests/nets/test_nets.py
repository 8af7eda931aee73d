"""Every network of the dictionary: shapes, sizes as published, gradients, and two routes to one number."""

import itertools
import re
from typing import Any

import numpy as np
import pytest
import torch

from taglab.audio.mels import MEL_PRESETS, LogMel, MelSettings
from taglab.errors import InvalidSetting
from taglab.labels import LABELS
from taglab.nets import NETWORKS, build, fitting, network_settings
from taglab.nets.frontends import SpectrogramFrontend, TimbralFilters, WaveformFrontend
from taglab.nets.pooling import PonsPooling
from taglab.settings import described

SMALL = {"width": 1 / 16}


@pytest.mark.parametrize("name", NETWORKS)
def test_contract_of_every_network(name: str) -> None:
    torch.manual_seed(0)
    network = build(network_settings({"network": name, **SMALL}), n_classes=7)
    clips = torch.randn(3, 3 * 16_000)
    logits = network(clips)[LABELS]
    assert logits.shape == (3, 7)
    assert (logits < 0).any(), "logits, not probabilities"
    torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.ones(3, 7)).backward()
    assert all(
        p.grad is not None and torch.isfinite(p.grad).all() and p.grad.abs().sum() > 0
        for p in network.parameters()
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_same_seed_same_weights(name: str) -> None:
    settings = network_settings({"network": name, **SMALL})
    first, second = [(torch.manual_seed(5), build(settings, 3).state_dict())[1] for _ in range(2)]
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_waveform_front_end_has_one_frame_per_2187_samples() -> None:
    out = WaveformFrontend(width=1 / 16)(torch.randn(1, 2187 * 10))
    assert out.shape == (1, 16, 10)


def test_waveform_front_end_size_by_hand() -> None:
    channels = [1, 64, 64, 64, 128, 128, 128, 256]
    weights = sum(3 * a * b for a, b in itertools.pairwise(channels))
    norms = sum(2 * n for n in channels[1:])
    assert sum(p.numel() for p in WaveformFrontend().parameters()) == weights + norms


@pytest.mark.parametrize(("n_mels", "heights"), [(96, (86, 38)), (128, (115, 51))])
def test_spectrogram_front_end_filters(n_mels: int, heights: tuple[int, int]) -> None:
    frontend = SpectrogramFrontend(n_mels, n_filters=16)
    shapes = [tuple(f.convolution.weight.shape) for f in frontend.timbral]
    assert shapes == [(n, 1, height, width) for height in heights for n, width in ((16, 7), (32, 3), (64, 1))]
    assert [tuple(f.convolution.weight.shape) for f in frontend.temporal] == [
        (16, 1, 165),
        (32, 1, 128),
        (64, 1, 64),
        (128, 1, 32),
    ]
    assert frontend(torch.randn(2, n_mels, 31)).shape == (2, 29 * 16, 31)
    assert frontend.n_channels == 29 * 16


@pytest.mark.parametrize(("height", "width"), [(38, 7), (86, 3), (96, 1), (1, 1)])
def test_timbral_convolution_is_the_same_by_both_routes(height: int, width: int) -> None:
    torch.manual_seed(1)
    filters = TimbralFilters(5, height, width).double()
    mels = torch.randn(2, 96, 20, dtype=torch.float64, requires_grad=True)
    direct, banded = filters.convolution(mels.unsqueeze(1)), filters._convolved_over_mels(mels)
    torch.testing.assert_close(banded, direct)
    upstream = torch.randn_like(direct)
    given = (mels, filters.convolution.weight)
    wanted, found = (torch.autograd.grad(each, given, upstream) for each in (direct, banded))
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.abs().max() > 0
        torch.testing.assert_close(ours, theirs)


def test_pitch_does_not_matter_to_timbral_filters() -> None:
    """A short sound moved along the mel axis gives the same output: the maximum over positions."""
    torch.manual_seed(2)
    filters = TimbralFilters(4, 20, 3).eval()
    low, high = torch.zeros(1, 60, 9), torch.zeros(1, 60, 9)
    blob = torch.rand(5, 9)
    low[0, 25:30], high[0, 31:36] = blob, blob
    torch.testing.assert_close(filters(low), filters(high))


def test_pooling_needs_eight_frames() -> None:
    pooling = PonsPooling(6, width=1 / 64).eval()
    assert pooling(torch.randn(1, 6, 8)).shape == (1, pooling.dim)
    with pytest.raises(InvalidSetting, match="7 frames"):
        pooling(torch.randn(1, 6, 7))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"network": "no"}, "network='no' must be one of waveform, spectrogram"),
        ({"network": ["vgg"]}, "must be one of"),
        ({"network": "waveform", "n_filters": 3}, "n_filters means nothing to network='waveform', which has"),
        ({"network": "vgg", "n_filters": 3}, "which has width, dropout, mels"),
        ({"network": "waveform", "mels": {}}, "mels means nothing"),
        ({"nonsense": 1}, "nonsense means nothing to network='spectrogram'"),
        ({"width": 0}, "width=0"),
    ],
)
def test_what_a_network_does_not_have_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        network_settings(values)


def test_a_network_without_a_class_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="at least 1"):
        build(network_settings(SMALL), n_classes=0)


def test_settings_of_another_network_begin_this_one() -> None:
    """What only the other has is left out, and nothing else."""
    of_all = {"network": "spectrogram", "width": 0.5, "n_filters": 8, "mels": {"n_mels": 64}, "typo": 1}
    assert fitting(of_all) == of_all
    assert fitting(of_all, "vgg") == {"network": "vgg", "width": 0.5, "mels": {"n_mels": 64}, "typo": 1}
    assert fitting(of_all, "waveform") == {"network": "waveform", "width": 0.5, "typo": 1}
    assert fitting({**of_all, "network": "waveform"}) == fitting(of_all, "waveform")


@pytest.mark.parametrize("name", NETWORKS)
def test_settings_of_every_network(name: str) -> None:
    settings = network_settings({"network": name})
    assert type(settings) is NETWORKS[name]
    assert settings.about
    assert set(described(NETWORKS[name])) == set(NETWORKS[name].model_fields)
    assert network_settings(settings.model_dump(mode="json")) == settings
    rate_hz, channels = settings.sound_needed()
    assert rate_hz in (None, 16_000)
    assert channels == 1


def test_sizes_at_fifty_classes() -> None:
    """Of the 50 classes that most published taggers have; a change of architecture changes them."""
    sizes = {name: build(network_settings({"network": name}), 50).n_parameters() for name in NETWORKS}
    assert sizes == {
        "waveform": 5_376_758,
        "spectrogram": 5_935_622,
        "vgg": 1_062_306,
        "short-chunk": 12_098_868,
        "kim-2.3": 576_082,
        "kim-3.2": 575_666,
        "kim-4.1": 1_653_650,
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_docstrings_tell_parameters_and_shapes(name: str) -> None:
    encoder = build(network_settings({"network": name}), 1).encoder.eval()
    with torch.no_grad():
        mels, features, encoding, _ = encoder(torch.zeros(2, 15 * 16_000))
    assert encoding.shape == (2, encoder.dim)
    front, pooling, whole = (
        sum(p.numel() for p in part.parameters()) for part in (encoder.frontend, encoder.pooling, encoder)
    )
    assert f"{whole:,} parameters" in documented(NETWORKS[name])
    shape = ", ".join(map(str, features.shape[1:]))
    assert f"(batch, {shape}), by {front:,} parameters" in documented(type(encoder.frontend))
    assert f"{pooling:,} parameters" in documented(type(encoder.pooling))
    if name != "waveform":
        bands = f"{mels.shape[1]} (mels|bins) and {mels.shape[2]} frames"
        assert re.search(bands, documented(type(encoder.frontend)))


def documented(what: object) -> str:
    return " ".join((what.__doc__ or "").split())


def test_empty_mel_band_is_refused() -> None:
    with pytest.raises(ValueError, match="1 mel bands without a frequency bin"):
        MelSettings(n_fft=512, n_mels=128)


@pytest.mark.parametrize("preset", MEL_PRESETS)
def test_tone_is_loudest_in_its_band(preset: str) -> None:
    settings = MEL_PRESETS[preset]
    tone = torch.sin(2 * np.pi * 1000 * torch.arange(16_000) / 16_000)[None]
    mels = LogMel(settings)(tone)
    assert mels.shape == (1, settings.n_mels, settings.frames(16_000))
    centres = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), settings.n_mels + 2) / 2595) - 1)
    assert abs(centres[1 + int(mels.mean(-1).argmax())] - 1000) < 60


def test_standardised_clip_has_mean_0_and_deviation_1() -> None:
    mels = LogMel(MelSettings())(torch.randn(2, 8000) * torch.tensor([[0.01], [0.9]]))
    torch.testing.assert_close(mels.mean((1, 2)), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(mels.std((1, 2), correction=0), torch.ones(2), atol=1e-4, rtol=0)


def test_silence_is_finite() -> None:
    for settings in MEL_PRESETS.values():
        assert torch.isfinite(LogMel(settings)(torch.zeros(1, 8000))).all()
