"""What Kim 2021, chapter 5, prints: the rest is drawn only.

Source: sections 5.3.3 (table 5.1), 5.4.1 and 5.4.2. Users, items and nonzeros of table 5.1 are in thousands
and millions, as printed.
"""

from __future__ import annotations

import pandas as pd

SIZES = pd.DataFrame(
    [
        ("Goodbooks", 53e3, 10e3, 34e3, 6e6, 0.0112),
        ("LFM1b", 107e3, 466e3, 1.3e3, 56.5e6, 0.0011),
        ("MSD", 500e3, 90e3, 8.6e3, 28e6, 0.0006),
        ("Internal", 332e3, 134e3, 27e3, 30e6, 0.0007),
    ],
    columns=["data", "users", "items", "tags", "interactions", "density"],
)
"""Table 5.1."""

NDCG = pd.DataFrame(
    [
        ("Goodbooks", 0.3173, 0.13),
        ("Internal", 0.2126, 0.10),
        ("MSD", 0.1248, 0.07),
        ("LFM1b", 0.1133, 0.06),
    ],
    columns=["data", "nDCG", "±"],
)
"""nDCG of data sets; of which recommenders, at what place, and what ± is, is not told."""

R_SQUARED = pd.DataFrame(
    [("fixed effects", 0.6023), ("fixed and random effects", 0.9363)], columns=["of", "R²"]
)

VARIANCES = pd.DataFrame(
    [
        ("mainstreaminess", 0.2569),
        ("lime", 0.0439),
        ("saliency", 0.0434),
        ("partial-dependence", 0.0101),
        ("intercept", 0.0006),
    ],
    columns=["term", "variance"],
)
"""Variance components of the analysis, the residual's not among them."""
