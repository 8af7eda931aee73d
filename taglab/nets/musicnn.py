"""The published network musicnn of Pons and Serra (2019), with the weights that its package brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from taglab.audio.mels import LogMel, MelSettings
from taglab.errors import InvalidSetting

MELS = MelSettings(
    sample_rate_hz=16_000, n_fft=512, hop=256, n_mels=96, mel_scale="slaney", compression="log10",
    standardise=False,
)  # fmt: skip
PATCH_FRAMES = 187
"""Frames of three seconds, the length it was trained with."""

TAGS: dict[str, tuple[str, ...]] = {
    "MTT": (
        "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano",
        "ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing",
        "vocals", "no vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal",
        "pop", "soft", "sitar", "solo", "man", "classic", "choir", "voice", "new age", "dance",
        "male voice", "female vocal", "beats", "harp", "cello", "no voice", "weird", "country", "metal",
        "female voice", "choral",
    ),
    "MSD": (
        "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s",
        "alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists", "classic rock",
        "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s", "chill", "instrumental",
        "punk", "oldies", "blues", "hard rock", "ambient", "acoustic", "experimental", "female vocalist",
        "guitar", "Hip-Hop", "70s", "party", "country", "easy listening", "sexy", "catchy", "funk",
        "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop", "sad", "House", "happy",
    ),
}  # fmt: skip
"""The tags it was trained to tell, in the order of its outputs, by what it was trained on."""

_TIMBRAL = (38, 67)  # mels that filters of 7 frames span
_TEMPORAL = (128, 64, 32)  # frames that filters of one mel span
_EPSILON = 1e-3  # of TensorFlow's batch norm

Tensors = Mapping[str, npt.NDArray[Any]]


class Heard(NamedTuple):
    """What the network makes of patches.

    Attributes:
        penultimate: Array (patches, 200): what its last layer is given.
        tags: Array (patches, 50): a probability for every tag.
    """

    penultimate: torch.Tensor
    tags: torch.Tensor


class Musicnn(nn.Module):
    """Timbral and temporal filters, three convolutions, each with what came before, and two dense layers.

    Other than `taglab.nets.spectrogram` of the same authors it has its ReLU before batch norm, and filters
    that span 7 frames and 0.4 or 0.7 of the mels.

    Shape:
        (patches, 96 mels, frames), as `MELS` has them, to `Heard`. 787,000 parameters.

    Source: Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging",
    ISMIR 2019, and the package's models.py.
    """

    def __init__(self) -> None:
        super().__init__()
        self.input_norm = nn.BatchNorm2d(1, _EPSILON)
        self.timbral = nn.ModuleList(nn.Conv2d(1, 204, (mels, 7), padding=(0, 3)) for mels in _TIMBRAL)
        self.temporal = nn.ModuleList(nn.Conv2d(1, 51, (1, frames)) for frames in _TEMPORAL)
        channels = (204, 204, 51, 51, 51)
        self.frontend_norms = nn.ModuleList(nn.BatchNorm2d(n, _EPSILON) for n in channels)
        self.midend = nn.ModuleList(nn.Conv1d(n, 64, 7, padding=3) for n in (sum(channels), 64, 64))
        self.midend_norms = nn.ModuleList(nn.BatchNorm1d(64, _EPSILON) for _ in range(3))
        pooled = 2 * (sum(channels) + 3 * 64)
        self.pooled_norm, self.dense = nn.BatchNorm1d(pooled, _EPSILON), nn.Linear(pooled, 200)
        self.dense_norm, self.output = nn.BatchNorm1d(200, _EPSILON), nn.Linear(200, 50)

    def forward(self, mels: torch.Tensor) -> Heard:
        x = self.input_norm(mels.unsqueeze(1))
        features = [torch.relu(conv(x)) for conv in self.timbral]
        # TensorFlow pads an even width by one more at the end than at the beginning.
        padded = [nn.functional.pad(x, ((width - 1) // 2, width // 2)) for width in _TEMPORAL]
        features += [torch.relu(conv(some)) for conv, some in zip(self.temporal, padded, strict=True)]
        front = torch.cat(
            [norm(some).amax(2) for norm, some in zip(self.frontend_norms, features, strict=True)], 1
        )
        layers, above = [front], front
        for number, (conv, norm) in enumerate(zip(self.midend, self.midend_norms, strict=True)):
            convolved = norm(torch.relu(conv(above)))
            above = convolved + above if number else convolved
            layers.append(above)
        every = torch.cat(layers, 1)
        pooled = torch.stack([every.amax(2), every.mean(2)], 2).flatten(1)
        penultimate = self.dense_norm(torch.relu(self.dense(self.pooled_norm(pooled))))
        return Heard(penultimate, torch.sigmoid(self.output(penultimate)))


def musicnn_of(tensors: Tensors) -> Musicnn:
    """Return the network with the weights of a checkpoint, ready to be asked.

    Args:
        tensors: By TensorFlow's names, as `taglab.nets.tensor_bundle.read_tensors` gives them.

    Raises:
        InvalidSetting: If one is missing or of another shape: the checkpoint is of another network.
    """
    network = Musicnn()
    convolutions = [*network.timbral, *network.temporal, *network.midend]
    norms = [
        network.input_norm, *network.frontend_norms, *network.midend_norms, network.pooled_norm,
        network.dense_norm,
    ]  # fmt: skip
    kinds = {"conv2d": convolutions, "batch_normalization": norms, "dense": [network.dense, network.output]}
    with torch.no_grad():
        for kind, layers in kinds.items():
            for number, layer in enumerate(layers):
                prefix = f"{kind}_{number}" if number else kind
                for name, values in _weights(tensors, prefix, layer):
                    _set(getattr(layer, name), values, f"{prefix} ({name})")
    return network.eval()


def _weights(tensors: Tensors, prefix: str, layer: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """Return a layer's weights by the names torch gives them, laid out as torch has them."""
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        names = {
            "weight": "gamma",
            "bias": "beta",
            "running_mean": "moving_mean",
            "running_var": "moving_variance",
        }
        return [(name, _tensor(tensors, f"{prefix}/{theirs}")) for name, theirs in names.items()]
    kernel = _tensor(tensors, f"{prefix}/kernel")
    if isinstance(layer, nn.Conv2d) and kernel.ndim == 4:
        kernel = kernel.permute(3, 2, 1, 0)  # from (frames, mels, in, out)
    elif isinstance(layer, nn.Conv1d) and kernel.ndim == 4:
        kernel = kernel[:, :, 0].permute(2, 1, 0)
    elif kernel.ndim == 2:
        kernel = kernel.T
    return [("weight", kernel), ("bias", _tensor(tensors, f"{prefix}/bias"))]


def _tensor(tensors: Tensors, name: str) -> torch.Tensor:
    if name not in tensors:
        raise InvalidSetting(f"the checkpoint has no {name!r}; it is of another network than musicnn")
    return torch.from_numpy(np.array(tensors[name], np.float32))


def _set(place: torch.Tensor, values: torch.Tensor, name: str) -> None:
    if place.shape != values.shape:
        raise InvalidSetting(
            f"{name} of the checkpoint has shape {tuple(values.shape)} where musicnn has {tuple(place.shape)}"
        )
    place.copy_(values)


def patches_of(samples: npt.NDArray[np.float32]) -> torch.Tensor:
    """Return the patches of sound at 16 kHz, (patches, 96, 187), one after the other; the rest is left out.

    Raises:
        InvalidSetting: If it is shorter than one.
    """
    if len(samples) < MELS.n_fft or MELS.frames(len(samples)) < PATCH_FRAMES:
        raise InvalidSetting(f"sound of {len(samples):,} samples is too short for musicnn, which hears 3 s")
    mels: torch.Tensor = LogMel(MELS)(torch.from_numpy(samples)[None])[0]
    whole = mels.shape[1] // PATCH_FRAMES
    return mels[:, : whole * PATCH_FRAMES].reshape(MELS.n_mels, whole, PATCH_FRAMES).transpose(0, 1)
