"""A room full of people who talk, made of synthetic voices, for want of a recording."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from taglab.audio.streams import Samples
from taglab.audio.synth.voices import DELIVERIES, VOWELS, syllable

_SPEAKERS = 24
_DURATION_S = 12.0
_SYLLABLE_S = (0.12, 0.28)
_SYLLABLES_A_BREATH = 9
_PAUSE_S = 1.2
_SEMITONES = 5  # above and below a speaker's own pitch
_SEED = 20_20


@lru_cache(maxsize=4)
def crowd(rate_hz: int) -> Samples:
    """Return 12 s of a synthetic crowd, (samples,), float32, of unit power; the same at every call."""
    random = np.random.default_rng(_SEED)
    n = round(_DURATION_S * rate_hz)
    sound = np.zeros(n, np.float32)
    for speaker in range(_SPEAKERS):
        # Some sit near, most further away.
        sound += _talk(n, speaker % 2 == 0, rate_hz, random) * np.float32(1 / random.uniform(1, 4))
    sound /= np.sqrt(np.mean(sound**2))
    sound.flags.writeable = False
    return sound


def _talk(n: int, woman: bool, rate_hz: int, random: np.random.Generator) -> Samples:
    """Return one person's talk, (n,): breaths of syllables with pauses between."""
    speech = DELIVERIES["rapped"]
    pitch = int(random.integers(speech.low, speech.high + 1)) + (speech.woman if woman else 0)
    out = np.zeros(n, np.float32)
    at = int(random.uniform(0, _PAUSE_S) * rate_hz)
    while at < n:
        for _ in range(int(random.integers(2, _SYLLABLES_A_BREATH))):
            length = min(int(random.uniform(*_SYLLABLE_S) * rate_hz), n - at)
            if length < 2:
                return out
            vowel = VOWELS[int(random.integers(len(VOWELS)))]
            midi = pitch + int(random.integers(-_SEMITONES, _SEMITONES + 1))
            out[at : at + length] = syllable(speech, vowel, midi, woman, length, rate_hz, random)
            at += length
        at += int(random.exponential(_PAUSE_S) * rate_hz)
    return out
