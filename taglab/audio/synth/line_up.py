"""Who plays: the tones, drums and levels that a recipe's instruments and timbre ask for."""

from __future__ import annotations

from dataclasses import dataclass

from taglab.audio.synth.tones import Tone, tones
from taglab.errors import InvalidSetting

__all__ = ["KITS", "Part", "drum_kit", "line_up"]

# What an instrument becomes where the timbre holds a word: instrument, word, tone.
_BY_TIMBRE = (
    ("synthesizer", "supersaw", "supersaw"),
    ("synthesizer", "acid", "acid synth"),
    ("synthesizer", "dark pad", "dark pad"),
    ("synthesizer", "pad", "pad"),
    ("synthesizer", "smooth", "pad"),
    ("synthesizer", "bright", "bright synth"),
    ("synthesizer", "digital", "digital synth"),
    ("synthesizer", "clicks", "clicks"),
    ("synthesizer", "whining", "whining synth"),
    ("synthesizer", "vocoder", "vocoder"),
    ("synthesizer", "distorted synth", "distorted synth"),
    ("bass", "sub", "sub bass"),
    ("bass", "808", "sub bass"),
    ("bass", "spring", "sub bass"),
    ("acoustic guitar", "nylon", "nylon guitar"),
    ("acoustic guitar", "twelve", "twelve-string guitar"),
    ("acoustic guitar", "cavaquinho", "mandolin"),
    ("electric guitar", "clavinet", "clavinet"),
    ("piano", "tack", "tack piano"),
    ("trumpet", "muted", "muted trumpet"),
    ("saxophone", "soprano", "soprano saxophone"),
    ("vibraphone", "marimba", "marimba"),
)

# Who joins because the timbre says so, unless there already.
_GUESTS = {
    "choir": "choir pad",
    "strings": "strings",
    "orchestra": "strings",
    "fiddle": "violin",
    "horns": "trumpet",
    "horn": "trumpet",
    "brass": "trumpet",
    "harmonica": "harmonica",
    "organ": "organ",
    "mellotron": "flute",
}

_STRUCK = frozenset({"drums", "drum machine", "percussion", "congas", "turntables"})

KITS: dict[str, dict[str, str]] = {
    "drums": {"kick": "kick", "snare": "snare", "hat": "hat"},
    "soft drums": {"kick": "kick", "snare": "brush", "hat": "ride"},
    "swing drums": {"kick": "kick", "snare": "brush", "hat": "ride"},
    "hard drums": {"kick": "metal kick", "snare": "snare", "hat": "crash"},
    "drum machine": {"kick": "machine kick", "snare": "machine snare", "hat": "machine hat"},
    "house machine": {"kick": "machine kick", "snare": "clap", "hat": "open hat"},
    "percussion": {"kick": "congas", "snare": "tambourine", "hat": "shaker"},
}
"""What plays the kick, the snare and the hat."""


@dataclass(frozen=True)
class Part:
    """A player: the instrument, and how much it stands out."""

    tone: Tone
    level: float


def line_up(instruments: list[str], timbre: str) -> list[Part]:
    """Return the players of pitched instruments, the leading one first.

    Raises:
        InvalidSetting: If an instrument has no tone.
    """
    names = [_tone_name(name, timbre) for name in instruments if name not in _STRUCK]
    if "drum machine" in instruments and not {"bass", "double bass", "sub bass"} & set(names):
        names.append("synth bass")
    names = ["synth bass" if n == "bass" and "drum machine" in instruments else n for n in names]
    names += [guest for word, guest in _GUESTS.items() if word in timbre.split() and guest not in names]
    unknown = [name for name in names if name not in tones()]
    if unknown:
        raise InvalidSetting(
            f"instruments={'|'.join(instruments)!r} must have tones; {unknown[0]!r} has none"
        )
    return [
        Part(tones()[name], 1.0 if number == 0 else 0.55) for number, name in enumerate(dict.fromkeys(names))
    ]


def _tone_name(instrument: str, timbre: str) -> str:
    found = (tone for name, word, tone in _BY_TIMBRE if name == instrument and word in timbre)
    return next(found, instrument)


def drum_kit(instruments: list[str], rhythm: str, energy: float, distortion: float) -> str | None:
    """Return the name of a kit, None where nobody drums."""
    if "drum machine" in instruments:
        return "house machine" if rhythm == "four-on-the-floor" else "drum machine"
    if "drums" in instruments:
        if rhythm == "swing":
            return "swing drums"
        if distortion > 0.6 and energy > 0.75:
            return "hard drums"
        return "soft drums" if energy < 0.38 else "drums"
    if {"percussion", "congas"} & set(instruments):
        return "percussion"
    return None
