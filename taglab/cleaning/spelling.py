"""How a tag reads: its normal form, its words, and the key that spellings of one name share."""

from __future__ import annotations

import re
import unicodedata

# Letters that join (U+200C, U+200D) mean something between letters of scripts that join, and in emoji.
_JOINERS = re.compile("[\u200c\u200d](?![^\x00-\x7f])|(?<![^\x00-\x7f])[\u200c\u200d]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\x00-\x08\x0e-\x1f\x7f]"
)
_APOSTROPHES = re.compile("['`´ʼʹ‘’′]")
_DASHES = r"\-\u2010-\u2015\u2212\u2043"
_FACE = r"[:;=]-?(?:d+|p+|o+|x+|s+|c+|3+|[()\[\]/\\|*<>]+)|</?3+"
_IS_FACE = re.compile(_FACE, re.IGNORECASE)
# What separates, other than a face (":D") and a minus before a number ("-3", "rating:-9").
_SEPARATORS = re.compile(
    rf"(?:^|\s+)({_FACE})(?=\s|$)"
    rf"|(?:^|[\s_/|,;:]+)([{_DASHES}])(?=[0-9]+(?:\.[0-9]+)?(?:\s|$))"
    rf"|[\s_/{_DASHES}\u00b7\u30fb|,;:]+",
    re.IGNORECASE,
)
_AND = re.compile(r"(?<=\w)\s*[&+]\s*(?=\w)")
_N_BETWEEN = re.compile(r"(?<=\w)\s*['’`´]n['’`´]?\s*(?=\w)")
_PLAIN = re.compile("[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_AND_WORDS = frozenset(["n", "und", "et", "y"])
_SPELT_OUT = {"rnb": "r and b", "rocknroll": "rock and roll", "drumnbass": "drum and bass"}
_EDGES = '!?."()[]{}*~<>=#“”„«»…'

CASE_MATTERS = frozenset(
    ["us", "it", "who", "in", "or", "me", "id", "ok", "ill", "air", "yes", "it's", "am", "hot"]
)
"""Words that written in capitals are something else: a country, a state, a band."""

_NOT_JOINED = frozenset(
    [
        "a",
        "an",
        "and",
        "i",
        "in",
        "it",
        "is",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "so",
        "the",
        "to",
        "u",
        "at",
        "as",
        "we",
        "he",
        "up",
        "n",
        "y",
    ]
)


def normal(text: str, fold_case: bool = True) -> str:
    """Return Unicode NFKC without invisible characters, blanks single, hyphens and the like as blanks.

    Apostrophes go away ("80's" is "80s"); between words "&" and "'n'" become "and". A minus before a number
    stays, and so do faces such as ":D". What consists of nothing else than separators stays as it is, so that
    "-" is not the same as "".
    """
    if _PLAIN.fullmatch(text):  # as most are, and then there is little to do
        parts = (text.lower() if fold_case else text).split(" ")
        return " ".join(_with_and(parts))
    # NFKC makes an accent that stands alone, as in 80´s, one on the letter before a blank.
    text = text.replace("´", "'")
    plain = _JOINERS.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))
    if fold_case:
        plain = unicodedata.normalize("NFKC", plain.casefold())
    spelt = _AND.sub(" and ", _N_BETWEEN.sub(" and ", plain))
    spelt = _APOSTROPHES.sub("", spelt)
    joined = " ".join(_with_and(_SEPARATORS.sub(_separated, spelt).split()))
    return joined or " ".join(plain.split())


def _separated(match: re.Match[str]) -> str:
    face, minus = match.groups()
    return f" {face}" if face else " -" if minus else " "


def _with_and(parts: list[str]) -> list[str]:
    """Return words with "and" for what means it between two others, and shortened names spelt out."""
    last = len(parts) - 1
    return [
        "and" if part in _AND_WORDS and 0 < at < last else _SPELT_OUT.get(part, part)
        for at, part in enumerate(parts)
    ]


def words(text: str) -> tuple[str, ...]:
    """Return the words of a tag in normal form, punctuation at their edges left out."""
    spelt = normal(text)
    if _PLAIN.fullmatch(spelt):
        return tuple(spelt.split(" "))
    bare = (word if _IS_FACE.fullmatch(word) else word.strip(_EDGES) for word in spelt.split())
    return tuple(word for word in bare if word)


def spelling_key(text: str, fold_case: bool = True, join_words: bool = True) -> str:
    """Return what spellings of one name share: "hip hop", "Hip-Hop", "hiphop", "hip_hop".

    Args:
        text: A tag.
        fold_case: Whether case is left aside, other than of the words in `CASE_MATTERS` where they stand in
            capitals throughout.
        join_words: Whether blanks are left aside too, other than around words such as "in" or "the", with
            which other words would be made ("in die" is not "indie"), and between digits.
    """
    whole = normal(text, fold_case=False)
    parts = whole.split()
    if fold_case and not (whole.isascii() and whole.islower()):
        parts = _with_and(
            [part if part.isupper() and part.casefold() in CASE_MATTERS else normal(part) for part in parts]
        )
    if not join_words:
        return " ".join(parts)
    key = ""
    for before, part in zip(["", *parts], parts, strict=False):
        apart = {before, part} & _NOT_JOINED or (before[-1:].isdigit() and part[:1].isdigit())
        key += f" {part}" if before and apart else part
    return key
