"""The network `kim-2.3`: Kim's CNN for learning sources."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from taglab.audio.mels import LogMel, MelSettings
from taglab.nets.pooling import DensePooling
from taglab.nets.settings import SoundNeeded
from taglab.nets.staged import MeanOverImage, SpectralImage, StagedSettings, Stages, channels_of, convolution

_CHANNELS = (16, 32, 64, 64, 128, 256, 256)


class SourceFrontend(Stages):
    """Five times convolution, batch norm, ReLU and max-pooling 2×2; two convolutions more, and the mean.

    The filters of the first are 5×5, and step by two frames; those of the last 1×1, the others' 3×3.

    Args:
        width: Multiplier of the channels 16, 32, 64, 64, 128, 256 and 256.
        channels: Of the sound.

    Shape:
        (batch, mels, frames) to (batch, 256·width), both at least 64. Of 128 mels and 938 frames, which are
        15 s: (batch, 256), by 496,928 parameters, and 400 more where sound is stereo.

    Source: Kim (2021), table 2.3: 2 × 216 × 128 becomes 16 × 54 × 64, 32 × 27 × 32, 64 × 13 × 16, 64 × 6 × 8,
    128 × 3 × 4 and 256 (channels, frames, mels).
    """

    def __init__(self, width: float = 1.0, channels: int = 1) -> None:
        first, *others = channels_of(width, channels, *_CHANNELS)
        *middle, before_last, last = others
        super().__init__(
            nn.Sequential(*convolution(*first, size=5, stride=(1, 2)), nn.MaxPool2d(2)),
            *(nn.Sequential(*convolution(*sizes), nn.MaxPool2d(2)) for sizes in middle),
            nn.Sequential(*convolution(*before_last), *convolution(*last, size=1), MeanOverImage()),
        )


class KimSourcesSettings(StagedSettings):
    """Mels, seven convolutions, a dense layer: 563,232 parameters.

    Attributes:
        mels: How sound becomes a spectrogram. Kim takes 22,050 samples a second, which make 216 frames of 2.5
            s; 16,000 is the rate that taglab decodes to.
        channels: Of the sound: 1 for mono, 2 for stereo, as Kim has it.
    """

    about: ClassVar[str] = "the CNN of Kim's chapter 2, made for learning sources"

    network: Literal["kim-2.3"] = "kim-2.3"
    mels: MelSettings = MelSettings(n_fft=1024, hop=256, mel_scale="slaney", standardise=False)
    channels: Literal[1, 2] = Field(1, title="Channels of the sound")

    def representation(self) -> nn.Module:
        """Make log-mel spectrograms, standardised by band."""
        return SpectralImage(LogMel(self.mels), self.mels.n_mels)

    def frontend(self) -> Stages:
        """Make the convolutions: conv1, conv2 … conv6 of the table, each with its pooling."""
        return SourceFrontend(self.width, self.channels)

    def pooling(self) -> nn.Module:
        """Make fc-feature."""
        return DensePooling(self.dim)

    @property
    def dim(self) -> int:
        """Units of fc-feature."""
        return max(1, round(self.width * _CHANNELS[-1]))

    def sound_needed(self) -> SoundNeeded:
        """Return the rate of its mels, and its channels."""
        return SoundNeeded(self.mels.sample_rate_hz, self.channels)
