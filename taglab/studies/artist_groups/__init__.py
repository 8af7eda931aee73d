"""Learning from groups of artists, and what that is worth for genres (Kim 2021, chapter 3)."""

from __future__ import annotations

from taglab.studies.artist_groups.published import (
    ARCHITECTURES,
    MEASURES,
    best_by_number,
    means_by_main_task,
    means_by_number,
    printed,
    sections,
    table_3_5,
)

__all__ = [
    "ARCHITECTURES",
    "MEASURES",
    "best_by_number",
    "means_by_main_task",
    "means_by_number",
    "printed",
    "sections",
    "table_3_5",
]
