"""The players: from a recipe to the sound of each group of instruments, before amplifier and room."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from taglab.audio.synth.drums import strike
from taglab.audio.synth.harmony import Chord, voicing
from taglab.audio.synth.line_up import KITS, Part
from taglab.audio.synth.rhythm import Grid, Hit
from taglab.audio.synth.tones import Samples, Tone, play
from taglab.audio.synth.voices import DELIVERIES, VOWELS, Delivery, syllable
from taglab.reprs import one_line

__all__ = ["Band"]

_ARPEGGIO = {False: "a.a.a.a.a.a.a.a.", True: "aaaaaaaaaaaaaaaa"}
_MELODIES = (
    "l..x..x...l.....",
    "..l...x.x.l...x.",
    "x.x.l.....x.x.l.",
    "l.......x.x.x...",
    "x..x..l.........",
)
_BASS_STEPS = {"x": 0, "l": 0, "t": 4, "f": 7, "o": 12}
_LEGATO = 1.04


@dataclass(eq=False)
class Band:
    """Plays into one buffer a group: "amp", "tonal", "bass", "drums", "voice".

    Attributes:
        grid: Bars in time.
        chords: One a bar.
        scale: Pitch classes of melodies.
        n: Samples.
        rate_hz: Sample rate.
        valence: In [0, 1]: happy music is played shorter and higher.
        rng: Of what is played.
    """

    grid: Grid
    chords: list[Chord]
    scale: tuple[int, ...]
    n: int
    rate_hz: int
    valence: float
    rng: np.random.Generator
    groups: dict[str, Samples] = field(default_factory=dict)
    _played: dict[tuple[str, tuple[int, ...], int], Samples] = field(default_factory=dict)

    __repr__ = one_line

    def _add(self, group: str, at_s: float, wave: Samples, level: float) -> None:
        start = round(at_s * self.rate_hz)
        if start >= self.n:
            return
        if group not in self.groups:
            self.groups[group] = np.zeros(self.n, np.float32)
        end = min(self.n, start + len(wave))
        self.groups[group][start:end] += np.float32(level) * wave[: end - start]

    def _notes(self, tone: Tone, midis: tuple[int, ...], duration_s: float) -> Samples:
        """Return notes sounding together; kept, for music repeats itself."""
        n = max(64, round(min(duration_s, self.n / self.rate_hz) * self.rate_hz))
        key = (tone.name, midis, n)
        if key not in self._played:
            waves = [play(tone, midi, n, self.rate_hz) for midi in midis]
            self._played[key] = np.asarray(sum(waves) / np.float32(len(waves) ** 0.5), np.float32)
        return self._played[key]

    def _short(self, hit: Hit) -> float:
        return hit.until_next_s * (1.0 - 0.45 * self.valence)

    def drums(self, kit: str, energy: float) -> None:
        """Play the rhythm's kick, snare, hat and what else it asks for."""
        beat, sounds = self.grid.beat, KITS[kit]
        extra = {"extra": (beat.extra, beat.extra_sound, 0.7)} if beat.extra else {}
        lines = {
            "kick": (beat.kick, sounds["kick"], 1.0),
            "snare": (beat.snare, sounds["snare"], 0.9),
            "hat": (beat.hat, sounds["hat"], 0.55 + 0.3 * energy),
            **extra,
        }
        for pattern, sound, level in lines.values():
            wave = strike(sound, self.rate_hz)
            for hit in self.grid.hits(pattern):
                accent = 1.0 if hit.sign == "X" else 0.62 + 0.2 * energy
                self._add("drums", hit.at_s, wave, level * accent * self.rng.uniform(0.88, 1.0))

    def scratches(self) -> None:
        """Play a turntable's scratches at the end of some bars."""
        wave = strike("scratch", self.rate_hz)
        for hit in self.grid.hits("............xx.x"):
            if hit.bar % 2:
                self._add("drums", hit.at_s, wave, 0.8)

    def instrument(self, part: Part, amplified: bool, distortion: float, sung: bool) -> None:
        """Play a part as its role asks."""
        group = "amp" if amplified else "tonal"
        role = part.tone.role
        if role.startswith("bass"):
            self._bass(part, "tonal" if role == "bass riff" else "bass")
        elif role == "melody":
            self._melody(part, group, sung)
        elif role == "arpeggio":
            self._chords(part, group, _ARPEGGIO[self.grid.beat_s < 0.7], power=False)
        elif role == "pad":
            self._chords(part, group, "l" + "." * 15, power=False)
        else:
            self._chords(part, group, self.grid.beat.chords, power=amplified and distortion > 0.55)

    def _bass(self, part: Part, group: str) -> None:
        for hit in self.grid.hits(self.grid.beat.bass):
            chord = self.chords[hit.bar]
            step = _BASS_STEPS[hit.sign]
            if hit.sign == "t":
                step = (chord.classes[1] - chord.root) % 12
            root = voicing(Chord((chord.root,)), part.tone.midi)[0]
            length_s = hit.until_next_s * (_LEGATO if hit.sign == "l" else 0.85)
            self._add(group, hit.at_s, self._notes(part.tone, (root + step,), length_s), part.level)

    def _chords(self, part: Part, group: str, pattern: str, power: bool) -> None:
        turn = 0
        for hit in self.grid.hits(pattern):
            chord = self.chords[hit.bar]
            midis = voicing(chord, part.tone.midi)
            if power:
                root = voicing(Chord((chord.root,)), 43)[0]
                midis = [root, root + 7, root + 12]
            if hit.sign == "a":
                ladder = [*midis, midis[0] + 12]
                midis, length_s = [ladder[(turn * 2 + turn // 3) % len(ladder)]], hit.until_next_s * 1.8
                turn += 1
            else:
                length_s = hit.until_next_s * _LEGATO if hit.sign == "l" else self._short(hit)
            level = part.level * self.rng.uniform(0.85, 1.0)
            self._add(group, hit.at_s, self._notes(part.tone, tuple(midis), length_s), level)

    def _melody(self, part: Part, group: str, sung: bool) -> None:
        """Play a tune; beside a singer, an answer at the end of every other bar."""
        middle = part.tone.midi + round(6 * (self.valence - 0.5))
        pattern = str(self.rng.choice(_MELODIES))
        pitch = middle
        for hit in self.grid.hits(pattern):
            if sung and (hit.bar % 2 == 0):
                continue
            pitch = self._next_pitch(pitch, middle - 7, middle + 8)
            length_s = hit.until_next_s * (_LEGATO if hit.sign == "l" else 0.95 - 0.3 * self.valence)
            self._add(group, hit.at_s, self._notes(part.tone, (pitch,), length_s), part.level)

    def _next_pitch(self, pitch: int, low: int, high: int) -> int:
        """Return a note of the scale a step or a leap away, in range."""
        wanted = int(np.clip(pitch + self.rng.normal(0, 3.5), low, high))
        near = [wanted + step for step in (0, 1, -1, 2, -2, 3) if (wanted + step) % 12 in self.scale]
        return near[0] if near else wanted

    def voice(self, who: str, how: str) -> None:
        """Sing, rap, shout, growl or scream nonsense on the scale."""
        delivery = DELIVERIES[how]
        if who == "choir":
            self._choir(delivery)
            return
        woman = who == "female"
        shift = delivery.woman if woman else 0
        low, high = delivery.low + shift, delivery.high + shift
        own = int(self.rng.integers(-2, 3))  # no two voices are of one height
        pitch = (low + high) // 2
        patterns = self.rng.choice(delivery.pattern, 2)
        for number, pattern in enumerate(patterns):
            for hit in self.grid.hits(str(pattern)):
                if hit.bar % 2 != number:
                    continue
                pitch = self._next_pitch(pitch, low + own, high + own)
                length_s = max(0.09, min(hit.until_next_s * delivery.held, 1.6))
                self._add("voice", hit.at_s, self._syllable(delivery, pitch, woman, length_s), 1.0)

    def _choir(self, delivery: Delivery) -> None:
        for hit in self.grid.hits("l.......l......."):
            vowel = str(self.rng.choice(VOWELS))
            for middle, woman in ((52, False), (57, False), (66, True), (71, True)):
                pitch = int(self.rng.choice(voicing(self.chords[hit.bar], middle)))
                n = round(hit.until_next_s * self.rate_hz)
                for _ in range(2):
                    late_s = float(self.rng.uniform(0, 0.05))
                    wave = syllable(delivery, vowel, pitch, woman, n, self.rate_hz, self.rng)
                    self._add("voice", hit.at_s + late_s, wave, 0.4)

    def _syllable(self, delivery: Delivery, pitch: int, woman: bool, length_s: float) -> Samples:
        vowel = str(self.rng.choice(VOWELS))
        n = round(length_s * self.rate_hz)
        return syllable(delivery, vowel, pitch, woman, n, self.rate_hz, self.rng)
