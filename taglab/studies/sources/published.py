"""Figures of Kim 2021, chapter 2, as printed; what contradicts itself in them is said beside them."""

from __future__ import annotations

import pandas as pd

SLOPE = 0.16
"""What one more source brings, section 2.5.2."""
ASSOCIATION = (0.38, 0.13, 0.58, 56)
"""Pearson's r of figure 2.14; its interval by Fisher's transformation, of 8 sources × 7 tasks."""
SPREAD_OF_REPEATS = (0.15, 0.30)
"""Half, and 90 %, of SS-R's spreads over that of all are at most these; section 2.5.1."""
TIMES_SINGLE = {"MS-CR@6": 6.3, "MS-SR@FC": 1.2}
"""Strategy of eight sources → times the parameters of SS-R, section 2.5.4."""
BPM_IN_BALLROOM = 96.0
"""Percent of the sources' variance, table 2.6."""

LEARNING_SOURCES = pd.DataFrame(
    [
        ("self", "algorithm", "MSD tracks", 1, ""),
        ("bpm", "algorithm", "MSD tempi", 1, "mixture"),
        ("year", "metadata", "MSD years", 1, "mixture"),
        ("tag", "annotation, crowd", "MSD tags", 174_156, "pLSA"),
        ("taste", "annotation, crowd", "MSD listeners", 949_813, "pLSA"),
        ("cdr_tag", "annotation, professional", "CDR tags", 367, "pLSA"),
        ("lyrics", "annotation, professional", "MSD lyrics", 5_000, "TF-IDF, pLSA"),
        ("artist", "annotation, combined", "MSD artists and tags", 522_366, "pLSA"),
    ],
    columns=["source", "category", "data", "dimensions", "factors by"],
)
"""Table 2.1."""

TAG_FACTORS = pd.DataFrame(
    [
        ("tag1", "indie rock, indie, british, Scottish"),
        ("tag2", "pop, pop rock, dance, male vocalists"),
        ("tag3", "soul, rnb, funk, Neo-Soul"),
        ("tag4", "Melodic Death Metal, black metal, doom metal, Gothic Metal"),
        ("tag5", "fun, catchy, happy, Favorite"),
    ],
    columns=["factor", "strongest terms"],
)
"""Table 2.2."""

PROPERTIES = pd.DataFrame(
    [
        ("SS-R", "no", "no", "no", "d"),
        ("MSS-CR", "yes", "no", "yes", "d × m"),
        ("MS-CR", "yes", "partly", "yes", "d × m"),
        ("MS-SR", "yes", "yes", "no", "d"),
    ],
    columns=["strategy", "several sources", "shared network", "concatenated", "dimensions"],
)
"""Table 2.4."""

TARGETS = pd.DataFrame(
    [
        ("FMA", "classification", 25_000, 16, "artist-filtered"),
        ("GTZAN", "classification", 1_000, 10, "artist-filtered"),
        ("Extended Ballroom", "classification", 3_390, 13, "stratified"),
        ("IRMAS", "classification", 6_705, 11, "song-filtered"),
        ("Music Emotion, arousal", "regression", 744, None, "genre-stratified"),
        ("Music Emotion, valence", "regression", 744, None, "genre-stratified"),
        ("Lastfm", "recommendation", 27_093, None, "tracks held out"),
    ],
    columns=["task", "kind", "tracks", "classes", "split"],
)
"""Table 2.5."""

TASKS = ("Ballroom", "FMA", "GTZAN", "IRMAS", "Lastfm", "Arousal", "Valence")
_PERCENT = {
    "self": ("2", "32", "39", "18", "29", "6", "10"),
    "year": ("<1", "6", "<1", "1", "2", "2", "<1"),
    "bpm": ("96", "3", "<1", "8", "16", "<1", "42"),
    "taste": ("<1", "<1", "<1", "<1", "<1", "<1", "6"),
    "tag": ("1", "17", "21", "16", "20", "33", "14"),
    "lyrics": ("<1", "<1", "<1", "3", "<1", "11", "<1"),
    "cdr_tag": ("<1", "9", "12", "16", "2", "16", "14"),
    "artist": ("1", "32", "28", "37", "32", "31", "15"),
}
VARIANCES = pd.DataFrame([(source, *cells) for source, cells in _PERCENT.items()], columns=["source", *TASKS])
"""Table 2.6, percent of the sources' variance, as text: "<1" is printed so."""

SPLITS_NOTE = (
    "The thesis names a fault-filtered split of GTZAN; its file has all 1,000 tracks, which are "
    "artist-filtered. Of data with a fixed split its five repeats reorder the training tracks alone."
)
RUNS_NOTE = "The thesis prints 42 × 7 = 2,975 scores; its 425 runs by 7 tasks give that number."
