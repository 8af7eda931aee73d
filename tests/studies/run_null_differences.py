"""How often equal models are told apart, and unequal ones: `python -m tests.studies.run_null_differences`.

Two models hear a shared part of each track and noise of their own, equally well in the null pairs; in the
others the first knows one standard deviation of its noise more of the truth. The second model's scores lie
on another scale. Shares of pairs with p < 0.05, by number of tracks and positives; a pair of which nothing
can be told counts as not told apart.
"""

import argparse
import sys

import numpy as np
import pandas as pd

from taglab.metrics.swaps import swap_tests

SIZES = ((10, 3), (20, 5), (30, 8), (100, 25))
LEVEL = 0.95
_SWAPS = 1_999
_BATCH = 250  # pairs that share the patterns of swaps
_SHARED, _OWN = 0.7, 0.7


def p_values(tracks: int, positives: int, pairs: int, better: float, seed: int) -> np.ndarray:
    """Return p of average precision and of ROC-AUC (2, pairs); NaN where nothing can be told."""
    found = []
    for batch in range(-(-pairs // _BATCH)):
        random = np.random.default_rng([seed, tracks, batch])
        n = min(_BATCH, pairs - batch * _BATCH)
        truth = np.repeat(np.arange(tracks)[:, None] < positives, n, axis=1)
        heard = truth + _SHARED * random.standard_normal(truth.shape)
        ours, theirs = heard + _OWN * random.standard_normal((2, *truth.shape))
        tests = swap_tests(truth, ours + better * _OWN * truth, np.exp(3 * theirs), LEVEL, _SWAPS, batch)
        found.append([test.p[:n] for test in tests])
    return np.concatenate(found, axis=1)


def simulate(pairs: int, power_pairs: int, sizes: tuple[tuple[int, int], ...] = SIZES) -> pd.DataFrame:
    """Return a row a size and metric: `tracks`, `positives`, `metric`, `null`, `refused`, `power`."""
    rows = []
    for tracks, positives in sizes:
        null = p_values(tracks, positives, pairs, 0.0, 0)
        unequal = p_values(tracks, positives, power_pairs, 1.0, 1)
        for at, metric in enumerate(("average precision", "ROC-AUC")):
            shares = [np.mean(null[at] < 0.05), np.mean(np.isnan(null[at])), np.mean(unequal[at] < 0.05)]
            rows.append((tracks, positives, metric, *shares))
    return pd.DataFrame(rows, columns=["tracks", "positives", "metric", "null", "refused", "power"])


def main() -> None:
    """Simulate, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10_000, help="null pairs of each size")
    parser.add_argument("--power-pairs", type=int, default=2_000, help="unequal pairs of each size")
    args = parser.parse_args()
    sys.stdout.write(simulate(args.pairs, args.power_pairs).round(4).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
