"""The design of experiments on learning sources and strategies, and the analysis of their scores.

Source: Kim 2021, chapter 2.
"""

from __future__ import annotations

from taglab.studies.design.plan import (
    SINGLE,
    SOURCES,
    STRATEGIES,
    DesignSettings,
    alias_matrix,
    extra_sources,
    plan_runs,
)

__all__ = [
    "SINGLE",
    "SOURCES",
    "STRATEGIES",
    "DesignSettings",
    "alias_matrix",
    "extra_sources",
    "plan_runs",
]
