"""The network `kim-4.1`: Kim's CNN for distance consistency, on spectra of all bins."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from taglab.audio.spectra import LogSpectrum
from taglab.nets.pooling import DensePooling
from taglab.nets.staged import MeanOverImage, SpectralImage, StagedSettings, Stages, channels_of, convolution

_CHANNELS = (16, 32, 64, 128, 256, 256, 256)


class ConsistencyFrontend(Stages):
    """Seven times convolution 3×3, batch norm, ReLU, max-pooling 2×2; then the mean over bins and frames.

    Args:
        width: Multiplier of the channels 16, 32, 64, 128, 256, 256 and 256.

    Attributes:
        channels: Of the image that each stage makes, before the last takes its mean.

    Shape:
        (batch, bins, frames), both at least 128, to (batch, 256·width). Of 513 bins and 938 frames, which are
        15 s: (batch, 256), by 1,574,496 parameters.

    Source: Kim (2021), table 4.1, with the block that it leaves out: of 513 bins and 173 frames, 2 s, the
    seven halvings of the released code leave 4 × 1, as printed, and the six that are printed do not.
    """

    def __init__(self, width: float = 1.0) -> None:
        sizes = channels_of(width, 1, *_CHANNELS)
        super().__init__(
            *(nn.Sequential(*convolution(*one), nn.MaxPool2d(2)) for one in sizes[:-1]),
            nn.Sequential(*convolution(*sizes[-1]), nn.MaxPool2d(2), MeanOverImage()),
        )
        self.channels = tuple(n_out for _, n_out in sizes)


class KimConsistencySettings(StagedSettings):
    """Spectra in dB, seven convolutions 3×3, a dense layer: 1,640,800 parameters.

    A clip's vector is what the released code takes: behind the dense layer, its batch norm and its ReLU; the
    table ends before them.

    Attributes:
        n_fft: Length of the window and of the transform, in samples; Kim's, of 22,050 a second.
        hop: Distance of frames, in samples.
    """

    about: ClassVar[str] = "the CNN of Kim's chapter 4 with all seven blocks, on spectra without mels"

    network: Literal["kim-4.1"] = "kim-4.1"
    n_fft: int = Field(1024, ge=254, le=65_536, title="Window of the spectrum (samples)")
    hop: int = Field(256, ge=1, title="Hop of the spectrum (samples)")

    @property
    def bins(self) -> int:
        """Of a spectrum: how many frequencies it tells apart."""
        return self.n_fft // 2 + 1

    def representation(self) -> nn.Module:
        """Make spectra, standardised by bin."""
        return SpectralImage(LogSpectrum(self.n_fft, self.hop), self.bins)

    def frontend(self) -> Stages:
        """Make the convolutions, each with its pooling."""
        return ConsistencyFrontend(self.width)

    def pooling(self) -> nn.Module:
        """Make the dense layer."""
        return DensePooling(self.dim)

    @property
    def dim(self) -> int:
        """Units of the dense layer."""
        return max(1, round(self.width * _CHANNELS[-1]))
