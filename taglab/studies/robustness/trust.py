"""Which representation can be trusted at a magnitude, and which clips stray most."""

from __future__ import annotations

import pandas as pd

__all__ = ["TRUSTED", "trust_table", "worst_clips"]

TRUSTED = 0.9
"""A representation is trusted where so many clips, or more, are nearest to their own original."""


def trust_table(within: pd.DataFrame, magnitude: float, least: float = TRUSTED) -> pd.DataFrame:
    """Return what each representation is worth at a magnitude, best first.

    Args:
        within: Of `Consistencies`, of one degradation.
        magnitude: One of those measured.
        least: Share of clips that must stay nearest to their own original.

    Returns:
        `space`, `trusted` ("yes" where the interval lies at `least` or above, "no" where it lies below, else
        "not sure"), `consistency`, `low`, `high`, and `holds_to`: the severest magnitude up to which, from
        the mildest on, as many stayed; NaN where not even there.
    """
    rows = []
    for space, part in within.groupby("space", sort=False):
        here = part[part["magnitude"] == magnitude].iloc[0]
        trusted = "yes" if here["low"] >= least else "no" if here["high"] < least else "not sure"
        worst = part.groupby("severity")["consistency"].min()
        held = worst.index[(worst >= least).cummin()]
        mild = part[part["severity"].isin(held)].sort_values("severity", kind="stable")
        rows.append(
            {
                "space": space,
                "trusted": trusted,
                "consistency": here["consistency"],
                "low": here["low"],
                "high": here["high"],
                "holds_to": mild["magnitude"].iloc[-1] if len(mild) else float("nan"),
            }
        )
    return pd.DataFrame(rows).sort_values("consistency", ascending=False, kind="stable", ignore_index=True)


def worst_clips(strays: pd.DataFrame) -> pd.DataFrame:
    """Return the clips that strayed, those first that did so most often.

    Args:
        strays: Of `Consistencies`.

    Returns:
        `track`, `strayed` (times, over representations and magnitudes), `spaces` (in how many), `taken_for`
        (whose original it came to most often) and `times` that it came there.
    """
    rows = []
    for track, part in strays.groupby("track", sort=False):
        counts = part["nearest"].value_counts()
        rows.append(
            {
                "track": track,
                "strayed": len(part),
                "spaces": part["space"].nunique(),
                "taken_for": counts.index[0],
                "times": int(counts.iloc[0]),
            }
        )
    names = ["track", "strayed", "spaces", "taken_for", "times"]
    table = pd.DataFrame(rows, columns=names)
    return table.sort_values("strayed", ascending=False, kind="stable", ignore_index=True)
