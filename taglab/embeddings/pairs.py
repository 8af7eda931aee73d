"""Pairs of words or tags as people paste them: a country and its capital a line."""

from __future__ import annotations

import re

from taglab.errors import InvalidSetting

MOST_PAIRS = 500
# In order: what surely stands between two tags comes before what may stand within one.
_BETWEEN = (re.compile(r"\t+"), re.compile(r"[;,]"), re.compile(r"→|=>|->|(?<=\s)[–—-](?=\s)|[:=]"))
_BLANKS = re.compile(r"\s+")


def read_pairs(text: str) -> list[tuple[str, str]]:
    """Read pairs, one a line or several in a row, as in a file of analogies.

    Between the two stands a tab, a comma, a semicolon, an arrow, a dash between blanks, a colon or an equals
    sign; where there is none of these, a blank, and then each is one word. Empty lines, and lines that begin
    with `:` as sections of analogies do, are passed over.

    Returns:
        Each pair once, in the order of the text.

    Raises:
        InvalidSetting: Naming the line that is no pair; or if there are none or more than `MOST_PAIRS`.
    """
    found: dict[tuple[str, str], None] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(":"):
            continue
        parts = _parts(line.strip())
        if len(parts) < 2 or len(parts) % 2 or not all(parts):
            raise InvalidSetting(
                f"line {number} must be a pair such as Germany, Berlin; it has {len(parts)} part(s)"
            )
        found.update(dict.fromkeys(zip(parts[::2], parts[1::2], strict=True)))
        if len(found) > MOST_PAIRS:
            raise InvalidSetting(f"pairs must be at most {MOST_PAIRS}; more lines cannot be told apart")
    if not found:
        raise InvalidSetting("pairs is empty; give one pair a line, such as Germany, Berlin")
    return list(found)


def _parts(line: str) -> list[str]:
    for between in _BETWEEN:
        if between.search(line):
            return [part.strip() for part in between.split(line)]
    return _BLANKS.split(line)
