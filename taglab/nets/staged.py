"""Networks that are a row of stages, so that several can share as many of the first as is wanted."""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise

import torch
from torch import nn

from taglab.audio.mels import LogMel
from taglab.errors import InvalidSetting
from taglab.nets.encoder import Encoded, Encoder
from taglab.nets.settings import NetworkSettings


class StandardisedBands(nn.Module):
    """Each frequency band brought to mean 0 and deviation 1 over all clips, as training goes by.

    In training by the batch, and afterwards by the running mean and variance of all that was trained on,
    where Kim computes those of the training set beforehand: no number is trained.

    Args:
        n_bands: Bands of the spectrogram.

    Shape:
        (batch, bands, frames), or (batch, channels, bands, frames), to the same.
    """

    def __init__(self, n_bands: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(n_bands, affine=False)

    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        if spectrogram.dim() == 3:
            out: torch.Tensor = self.norm(spectrogram)
            return out
        side_by_side = spectrogram.transpose(1, 2).flatten(2)  # (batch, bands, channels · frames)
        batch, channels, bands, frames = spectrogram.shape
        out = self.norm(side_by_side).reshape(batch, bands, channels, frames)
        return out.transpose(1, 2)


class SpectralImage(nn.Module):
    """Waveform to a spectrogram, standardised by band where that is asked for.

    Args:
        spectrum: Waveform (batch, samples) to (batch, bands, frames).
        n_bands: Bands to be standardised; 0 leaves them.

    Shape:
        (batch, samples) to (batch, bands, frames), and (batch, channels, samples) to (batch, channels, bands,
        frames).
    """

    def __init__(self, spectrum: nn.Module, n_bands: int = 0) -> None:
        super().__init__()
        self.spectrum = spectrum
        self.bands = StandardisedBands(n_bands) if n_bands else nn.Identity()

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        spectrogram = self.spectrum(waveform.flatten(0, -2))
        out: torch.Tensor = self.bands(spectrogram.reshape(*waveform.shape[:-1], *spectrogram.shape[-2:]))
        return out


class KeptImage(nn.Module):
    """The same spectrogram of logarithms that were kept; see `taglab.audio.kept_mels`.

    Args:
        image: Whose settings and whose standardising of bands it has.

    Shape:
        (batch, mels, frames), or (batch, channels, mels, frames), to the same.
    """

    def __init__(self, image: SpectralImage) -> None:
        super().__init__()
        if not isinstance(image.spectrum, LogMel):
            raise InvalidSetting("mels can be kept of a network that has mels")
        self.spectrum, self.bands = image.spectrum, image.bands

    def forward(self, logged: torch.Tensor) -> torch.Tensor:
        clips = self.spectrum.of_clip(logged.flatten(0, -3)).reshape(logged.shape)
        out: torch.Tensor = self.bands(clips)
        return out


class Stages(nn.Sequential):
    """The stages of a network before its last, one after the other.

    Args:
        stages: The first takes a spectrogram, (batch, bands, frames) or (batch, channels, bands, frames).
    """

    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        return self.images(spectrogram)[-1]

    def images(self, spectrogram: torch.Tensor) -> list[torch.Tensor]:
        """Return what every stage makes, one after the other."""
        x = spectrogram.unsqueeze(1) if spectrogram.dim() == 3 else spectrogram
        images = [x]
        for stage in self:
            images.append(stage(images[-1]))
        return images[1:] or images


class MeanOverImage(nn.Module):
    """The mean over bands and frames: (batch, channels, bands, frames) to (batch, channels)."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.mean((2, 3))


def convolution(
    n_in: int,
    n_out: int,
    size: int = 3,
    *,
    norm: bool = True,
    activation: type[nn.Module] = nn.ReLU,
    stride: tuple[int, int] = (1, 1),
) -> list[nn.Module]:
    """Return a convolution of square filters that keeps the image's size, with bias, and what follows it.

    Args:
        n_in: Channels it takes.
        n_out: Channels it gives.
        size: Of the filters, odd.
        norm: Whether batch norm follows.
        activation: What follows that.
        stride: Over bands and frames.
    """
    layers: list[nn.Module] = [nn.Conv2d(n_in, n_out, size, stride, padding=size // 2)]
    if norm:
        layers.append(nn.BatchNorm2d(n_out))
    return [*layers, activation()]


def channels_of(width: float, *published: int) -> list[tuple[int, int]]:
    """Return channels in and out of convolutions in a row, at a width.

    Args:
        width: Multiplier of all but the first.
        published: Channels of the input, then those of each convolution.
    """
    first, *others = published
    return list(pairwise([first, *(max(1, round(width * n)) for n in others)]))


class StagedEncoder(Encoder):
    """An encoder whose front end is a row of stages; see `Encoder`."""

    frontend: Stages

    def __init__(self, representation: nn.Module, frontend: Stages, pooling: nn.Module, dim: int) -> None:
        super().__init__(representation, frontend, pooling, dim)

    def forward(self, waveform: torch.Tensor) -> Encoded:
        representation = self.representation(waveform)
        *images, features = self.frontend.images(representation)
        return Encoded(representation, features, self.pooling(features), tuple(images))


class StagedSettings(NetworkSettings):
    """A network of stages; the last makes a clip's vector of what those before it give."""

    @abstractmethod
    def representation(self) -> nn.Module:
        """Make what turns sound into what the first stage takes."""

    @abstractmethod
    def frontend(self) -> Stages:
        """Make all stages but the last with fresh weights, drawn from torch's generator."""

    @abstractmethod
    def pooling(self) -> nn.Module:
        """Make the last stage, and draw its weights."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """Length of a clip's vector."""

    def encoder(self) -> StagedEncoder:
        """Make the encoder with fresh weights, drawn from torch's generator."""
        return StagedEncoder(self.representation(), self.frontend(), self.pooling(), self.dim)
