"""The network `kim-3.2`: Kim's CNN for artist groups."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import nn

from taglab.audio.mels import LogMel, MelSettings
from taglab.nets.pooling import DensePooling
from taglab.nets.settings import SoundNeeded
from taglab.nets.staged import MeanOverImage, SpectralImage, StagedSettings, Stages, channels_of, convolution

_CHANNELS = (16, 32, 64, 64, 128, 256, 256)
_DROPOUT = 0.1


class ArtistGroupFrontend(Stages):
    """Seven convolutions with ELU, of which three have batch norm, and the mean, with batch norm.

    The first has filters of 5×5 and halves mels alone; max-pooling 2×2 follows the four after it.

    Args:
        width: Multiplier of the channels 16, 32, 64, 64, 128, 256 and 256.

    Shape:
        (batch, mels, frames) to (batch, 256·width); mels at least 32, frames at least 16. Of 128 mels and
        646 frames, which are 15 s: (batch, 256), by 496,512 parameters.

    Source: Kim (2021), table 3.2: 128 × 43 becomes 64 × 43 × 16, 32 × 21 × 32, 16 × 10 × 64, 8 × 5 × 64,
    4 × 2 × 128 and 256 (mels, frames, channels). Convolutions have biases also where batch norm follows.
    """

    def __init__(self, width: float = 1.0) -> None:
        one, two, three, four, five, six, seven = channels_of(width, 1, *_CHANNELS)
        super().__init__(
            nn.Sequential(*_elu(one, size=5), nn.MaxPool2d((2, 1))),
            nn.Sequential(*_elu(two, norm=True), nn.MaxPool2d(2), nn.Dropout(_DROPOUT)),
            nn.Sequential(*_elu(three), nn.MaxPool2d(2)),
            nn.Sequential(*_elu(four, norm=True), nn.MaxPool2d(2), nn.Dropout(_DROPOUT)),
            nn.Sequential(*_elu(five), nn.MaxPool2d(2)),
            nn.Sequential(
                *_elu(six), *_elu(seven, size=1, norm=True), MeanOverImage(), nn.BatchNorm1d(seven[1])
            ),
        )


def _elu(sizes: tuple[int, int], size: int = 3, norm: bool = False) -> list[nn.Module]:
    return convolution(*sizes, size=size, norm=norm, activation=nn.ELU)


class KimArtistGroupsSettings(StagedSettings):
    """Mels, seven convolutions with ELU, a dense layer: 562,816 parameters.

    Attributes:
        mels: How sound becomes a spectrogram. Kim takes windows of 46 ms that overlap by half, 43 frames a
            second; of the 16,000 samples a second that taglab decodes to, the nearest.
    """

    about: ClassVar[str] = "the CNN of Kim's chapter 3, made for groups of artists"

    network: Literal["kim-3.2"] = "kim-3.2"
    mels: MelSettings = MelSettings(n_fft=1024, hop=372, mel_scale="slaney")

    def representation(self) -> nn.Module:
        """Make log-mel spectrograms."""
        return SpectralImage(LogMel(self.mels))

    def frontend(self) -> Stages:
        """Make the convolutions, each with its pooling."""
        return ArtistGroupFrontend(self.width)

    def pooling(self) -> nn.Module:
        """Make the dense layer."""
        return DensePooling(self.dim, nn.ELU)

    @property
    def dim(self) -> int:
        """Units of the dense layer."""
        return max(1, round(self.width * _CHANNELS[-1]))

    def sound_needed(self) -> SoundNeeded:
        """Return the rate its spectrogram is for."""
        return SoundNeeded(self.mels.sample_rate_hz)
