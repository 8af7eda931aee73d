"""Endings: of files that more than one room looks for, and of names that are given out already."""

from __future__ import annotations

from collections.abc import Iterable

AUDIO_SUFFIXES = frozenset(
    {".aac", ".ac3", ".aif", ".aifc", ".aiff", ".ape", ".asf", ".au", ".caf", ".dsf", ".flac", ".m4a"}
    | {".m4b", ".mka", ".mp2", ".mp3", ".mp4", ".mpc", ".oga", ".ogg", ".opus", ".snd", ".spx", ".tta"}
    | {".w64", ".wav", ".wave", ".weba", ".webm", ".wma", ".wv"}
)
"""What a folder is searched for; what a file truly is, its content says."""
STEM_FILE = ".stem.mp4"
"""Ending of a file that holds a song and its parts, side by side."""
PART_NAMES = ("mixture", "drums", "bass", "other", "vocals")
"""Sounds of such a file, in their order, and names of the files where they lie apart."""


def free_name(wanted: str, taken: Iterable[str], ending: str = " {}", any_case: bool = False) -> str:
    """Return `wanted`, or where that is taken the first of `wanted 2`, `wanted 3` … that is free.

    Args:
        wanted: A name.
        taken: Names that are given out.
        ending: What is put behind it, the number where the braces are.
        any_case: Whether names that differ in capitals only are one, as they are to some disks.
    """
    used = {name.casefold() if any_case else name for name in taken}
    name, number = wanted, 1
    while (name.casefold() if any_case else name) in used:
        number += 1
        name = wanted + ending.format(number)
    return name
