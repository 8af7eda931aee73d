"""How often 95 % intervals cover what they should: `python -m tests.studies.run_coverage`.

Models hear a shared part of each track and noise of their own, by one of three strengths, the second of a
pair half as well as the first. What is to be covered is the mean over very many data sets of as many tracks
and positives; of a difference that has no interval, nothing is counted.
"""

import argparse
import itertools
import sys
from typing import Any

import numpy as np
import pandas as pd

from taglab.metrics.intervals import BootstrapSettings, bootstrap_models
from taglab.metrics.tagging import label_scores

SIZES = ((10, 3), (20, 5), (30, 8), (100, 10), (100, 25), (1000, 10), (1000, 100))
STRENGTHS = (0.0, 1.5, 3.0)
_SETTINGS = BootstrapSettings(replicates=500, swaps=499)
_BATCH = 100
_SCORES = 1 << 20  # of the data sets that tell what is to be covered


def data_sets(tracks: int, positives: int, strength: float, n: int, seed: int) -> tuple[Any, Any, Any]:
    """Return truth and the scores of two models, (tracks, n) each, a column a data set."""
    random = np.random.default_rng([seed, tracks, positives])
    truth = np.repeat(np.arange(tracks)[:, None] < positives, n, axis=1)
    shared = 0.7 * random.standard_normal(truth.shape)
    first, second = shared + 0.7 * random.standard_normal((2, *truth.shape))
    return truth, first + strength * truth, second + strength / 2 * truth


def metrics(truth: Any, scores: Any) -> Any:
    """Return average precision and ROC-AUC of every data set (2, data sets)."""
    found = label_scores(truth, scores)
    return np.stack([found.average_precision, found.roc_auc])


def covered(tracks: int, positives: int, strength: float, n: int) -> list[dict[str, Any]]:
    """Return shares of intervals that cover, and their mean widths, of one model and of a difference."""
    many = data_sets(tracks, positives, strength, _SCORES // tracks, 1)
    of_one, of_other = (metrics(many[0], scores).mean(axis=1) for scores in many[1:])
    seen: dict[tuple[str, str], list[Any]] = {}
    for batch in range(n // _BATCH):
        truth, first, second = data_sets(tracks, positives, strength, _BATCH, 2 + batch)
        (one, _), difference = bootstrap_models(truth, [first, second], _SETTINGS)
        for what, found, wanted in (("model", one, of_one), ("difference", difference, of_one - of_other)):
            pairs = zip(
                ("average precision", "ROC-AUC"), (found.average_precision, found.roc_auc), strict=True
            )
            for at, (metric, each) in enumerate(pairs):
                known = ~np.isnan(each.low)
                inside = (each.low <= wanted[at] + 1e-9) & (wanted[at] <= each.high + 1e-9)
                seen.setdefault((what, metric), []).append([inside[known], (each.high - each.low)[known]])
    return [
        {
            "tracks": tracks, "positives": positives, "strength": strength, "of": what, "metric": metric,
            "covered": np.concatenate([part[0] for part in parts]).mean(),
            "width": np.concatenate([part[1] for part in parts]).mean(),
            "intervals": sum(len(part[0]) for part in parts),
        }
        for (what, metric), parts in seen.items()
    ]  # fmt: skip


def main() -> None:
    """Simulate, and print what is covered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-sets", type=int, default=1_000, help="of each size and strength")
    args = parser.parse_args()
    for number, ((tracks, positives), strength) in enumerate(itertools.product(SIZES, STRENGTHS)):
        rows = covered(tracks, positives, strength, args.data_sets)
        sys.stdout.write(pd.DataFrame(rows).round(3).to_string(index=False, header=not number) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
