"""Learning from groups of artists, and what that is worth for genres (Kim 2021, chapter 3)."""

from __future__ import annotations

from taglab.studies.artist_groups.claims import CLAIMS, Evidence
from taglab.studies.artist_groups.networks import (
    Ground,
    make_networks,
    networks,
    prepare_ground,
    train_networks,
)
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
from taglab.studies.artist_groups.report import study_report, trained_table
from taglab.studies.artist_groups.scoring import Scored, score_networks
from taglab.studies.artist_groups.settings import NETWORK, TRAINING, ArtistGroupStudy, every_combination

__all__ = [
    "ARCHITECTURES",
    "CLAIMS",
    "MEASURES",
    "NETWORK",
    "TRAINING",
    "ArtistGroupStudy",
    "Evidence",
    "Ground",
    "Scored",
    "best_by_number",
    "every_combination",
    "make_networks",
    "means_by_main_task",
    "means_by_number",
    "networks",
    "prepare_ground",
    "printed",
    "score_networks",
    "sections",
    "study_report",
    "table_3_5",
    "train_networks",
    "trained_table",
]
