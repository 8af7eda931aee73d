"""Chapter 4 of Kim 2021 beside what came of it here: its tables and figures, and its claims."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab.audio.degrade import degradation
from taglab.figures.designs import interval_dots
from taglab.figures.robustness import consistency_curves, label_curves, voice_places
from taglab.metrics.additive import FACTORS, AdditiveModel
from taglab.studies.claims import claims_table
from taglab.studies.pages import Section
from taglab.studies.robustness.analysis import MODELS, Modelled, mildest
from taglab.studies.robustness.claims import CLAIMS
from taglab.studies.robustness.labels import MACRO
from taglab.studies.robustness.published import EPOCHS, F_TESTS, MEANS, PERFORMANCE, R_SQUARED
from taglab.studies.robustness.study import StudyEvidence
from taglab.studies.study_report import Drawn, StudyReport

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["consistency_report"]

_NOT_READ = "drawn in the paper, with no figures that could be read"
_TITLES = {
    "within": "within spaces",
    "agreement": "agreement with sound",
    "rank_correlation": "ranks as in sound",
}


def consistency_report(evidence: StudyEvidence, draw: bool = True) -> StudyReport:
    """Return the report of a study.

    Args:
        evidence: What came of it.
        draw: Whether figures are drawn.
    """
    clips, settings = len(evidence.measured.tracks), evidence.settings
    about = (
        f"Data {evidence.data}: {clips:,} clips of {settings.clip_s:g} s at {evidence.rate_hz:,} Hz, of "
        f"{', '.join(f'{name} ({task})' for name, task in evidence.tasks.items())}."
    )
    return StudyReport(
        title="Are nearby neighbours relatives?",
        published="Kim 2021, chapter 4",
        about=about,
        differs=_differs(evidence),
        claims=claims_table(CLAIMS, evidence),
        sections=list(_sections(evidence)),
        drawn=list(_drawn(evidence)) if draw else [],
        trained=evidence.trained,
        of_trained="Each is taken at the epoch that is best on validation tracks.",
    )


def _differs(evidence: StudyEvidence) -> pd.DataFrame:
    settings, measured = evidence.settings, evidence.measured
    epochs = ", ".join(f"{task} {count:,}" for task, count in EPOCHS.items())
    rows = [
        (
            "clips",
            f"{len(measured.tracks):,} of {settings.clip_s:g} s, {evidence.rate_hz:,} Hz",
            "1,000 of 2 s, 22,050 Hz",
        ),
        ("magnitudes", settings.grid, "thesis"),
        ("width", f"{settings.width:g}", "1"),
        ("epochs", f"{settings.epochs}{' at most, stopped on validation' if settings.stop else ''}", epochs),
        ("encoders", ", ".join(dict.fromkeys(evidence.tasks.values())), "MFCC, AT, IR, VS, AE"),
        ("networks of a task", "; ".join(f"{task} {count}" for task, count in _counts(evidence)), "5"),
        ("smooths enter by", "severity within each change, 0 to 1", "magnitude, all units pooled"),
        ("errors", "clustered by clip, which recurs from row to row", "points independent"),
        ("tempo, pitch", "Signalsmith Stretch", "Rubber Band"),
        ("DTW", "exact", "FastDTW, its radius not told"),
        (
            "clips that no encoder learned from",
            f"not known of {', '.join(evidence.untold)}" if evidence.untold else "all",
            "not told",
        ),
        ("changes without a smooth", ", ".join(_without_smooth(evidence)) or "none", "none"),
    ]
    return pd.DataFrame(rows, columns=["what", "here", "paper"])


def _counts(evidence: StudyEvidence) -> list[tuple[str, int]]:
    counts = pd.Series(list(evidence.tasks.values())).value_counts(sort=False)
    return [(str(task), int(count)) for task, count in counts.items()]


def _without_smooth(evidence: StudyEvidence) -> list[str]:
    modelled = {name for model in evidence.models.values() for name in model.levels[1]}
    return [name for name in evidence.settings.degradations if name not in modelled]


def _of(of: Modelled) -> str:
    return ", ".join(filter(None, (_TITLES[of.measure], of.distance, of.sound)))


def _sections(evidence: StudyEvidence) -> Iterator[Section]:
    printed = [
        {"encoder": name, "mean": mean, "standard error": error}
        for name, (mean, error) in PERFORMANCE.items()
    ]
    yield Section(
        "Figure 4.5", "performance at the task: ROC-AUC over labels of a track", pd.DataFrame(printed),
        evidence.performance, "standard deviations within a task there; taggers here, others at the end",
    )  # fmt: skip
    for of in MODELS:
        if of in evidence.models:
            yield _of_means(evidence, of)
    yield Section("F tests", "of encoder, of change, and of both", _printed_tests(), _tests(evidence))
    yield Section(
        "Figure 4.12", "the mildest magnitudes: share of clips nearest to their own original", None,
        _mildest(evidence), _NOT_READ,
    )  # fmt: skip
    yield Section(
        "Figure 4.13",
        "ranks of distances among originals, as in sound",
        None,
        _originals(evidence),
        _NOT_READ,
    )
    if evidence.voices:
        about = "windows of songs: do the nearest share the loudness of the voice, or the song?"
        yield Section("Figure 4.14", about, None, _voices(evidence), _NOT_READ)
    for labels in evidence.labels:
        about = f"at which magnitude labels of {labels.run} break"
        yield Section(
            "Beyond the paper", about, None, labels.breaks, "labels that lose half of what they knew"
        )


def _voices(evidence: StudyEvidence) -> pd.DataFrame:
    rows = [
        {
            "run": voices.run,
            "windows": len(voices.windows),
            "songs": voices.windows["track"].nunique(),
            "rank correlation of loudness with the ten nearest of other songs": voices.by_loudness,
            "share of the ten nearest of the same song": voices.same_song,
            "by chance": voices.same_song_by_chance,
        }
        for voices in evidence.voices
    ]
    return pd.DataFrame(rows)


def _of_means(evidence: StudyEvidence, of: Modelled) -> Section:
    model = evidence.models[of]
    rows = [
        {"encoder": name, "mean": mean, "standard error": error}
        for name, (mean, error) in MEANS.get(of, {}).items()
    ]
    notes = [f"R² {R_SQUARED[of]:g} as printed"] if of in R_SQUARED else []
    if of == Modelled("rank_correlation", "euclidean", "dtw"):
        notes.append("the text has VS before IR in words, and IR before VS in figures")
    return Section(
        "Figure 4.8" if of.measure == "within" else "Figure 4.11",
        f"marginal means, {_of(of)}", pd.DataFrame(rows) if rows else None, model.marginal_means(),
        _r_squared(model), tuple(notes),
    )  # fmt: skip


def _r_squared(model: AdditiveModel) -> str:
    if math.isnan(model.r_squared):
        return "no R²: all observations are equal, or there are no more of them than the curves take"
    return f"R² {model.r_squared:.3f}"


def _printed_tests() -> pd.DataFrame:
    rows = [
        {"model": _of(of), "term": term, "df": above, "df below": below, "F": ratio}
        for of, tests in F_TESTS.items()
        for term, (above, below, ratio) in tests.items()
    ]
    return pd.DataFrame(rows)


def _tests(evidence: StudyEvidence) -> pd.DataFrame:
    tables = [model.tests().assign(model=_of(of)) for of, model in evidence.models.items()]
    table = pd.concat(tables, ignore_index=True).rename(columns={"df_below": "df below"})
    return table[["model", "term", "df", "df below", "F", "p"]]


def _mildest(evidence: StudyEvidence) -> pd.DataFrame:
    within = evidence.measured.within
    rows = within[mildest(within)]
    return rows[["space", "degradation", "magnitude", "unit", "consistency", "low", "high"]].reset_index(
        drop=True
    )


def _originals(evidence: StudyEvidence) -> pd.DataFrame:
    table = evidence.originals
    named = table.assign(encoder=table["features"].map(evidence.tasks))
    return named[["features", "encoder", "distance", "sound", "by_item", "by_item_low", "by_item_high"]]


def _drawn(evidence: StudyEvidence) -> Iterator[Drawn]:
    missing = ("", "no tagger was trained here")
    for name in evidence.settings.degradations if evidence.labels else ():
        yield _drawing(
            evidence, "Figure 4.4", "auto-tagging under change", name, _performance_curves(evidence, name)
        )
    if not evidence.labels:
        yield Drawn("Figure 4.4", "performance under change", None, None, missing)
    within = evidence.measured.within
    for name in evidence.settings.degradations:
        of_change = within[within["degradation"] == name]
        yield _curves(evidence, "Figures 4.6 and 4.7", "nearest to its own original", name, of_change)
    for of, model in evidence.models.items():
        means = model.marginal_means().rename(columns={FACTORS[0]: "name"})
        heading = "Figure 4.8" if of.measure == "within" else "Figure 4.11"
        yield Drawn(heading, _of(of), _printed_dots(of), interval_dots(means, "", "marginal mean"), ("", ""))
    between = evidence.measured.between
    for name in evidence.settings.degradations if len(between) else ():
        for measure in ("agreement", "rank_correlation"):
            ends = {measure: "consistency", f"{measure}_low": "low", f"{measure}_high": "high"}
            rows = between[(between["degradation"] == name) & (between["distance"] == "euclidean")]
            named = rows.drop(columns="distance").rename(columns={**ends, "sound": "distance"})
            named = named.assign(space=named["features"] + ", " + named["distance"])
            yield _curves(evidence, "Figure 4.10", f"{_TITLES[measure]}, Euclidean", name, named)
    yield Drawn(
        "Figure 4.9", "map of originals and changed copies", None, None, (_NOT_READ, "on the page Robustness")
    )
    title = "windows of songs as voice separation has them"
    for voices in evidence.voices:
        why = f"{voices.run}: rank correlation with the nearest of other songs {voices.by_loudness:.2f}"
        yield Drawn("Figure 4.14", title, None, voice_places(voices.windows), (_NOT_READ, why))
    if not evidence.voices:
        why = "no network that separates voices was trained here"
        yield Drawn("Figure 4.14", title, None, None, (_NOT_READ, why))


def _printed_dots(of: Modelled) -> go.Figure | None:
    rows = [
        {"name": name, "estimate": mean, "low": mean - 1.96 * error, "high": mean + 1.96 * error}
        for name, (mean, error) in MEANS.get(of, {}).items()
    ]
    return interval_dots(pd.DataFrame(rows), "", "marginal mean") if rows else None


def _grid(evidence: StudyEvidence, name: str) -> tuple[float, ...]:
    return evidence.settings.magnitudes(name, evidence.rate_hz)


def _curves(evidence: StudyEvidence, heading: str, title: str, name: str, rows: pd.DataFrame) -> Drawn:
    kind = degradation(name)
    figure = consistency_curves(rows, _grid(evidence, name), kind.unit, kind.title, np.nan)
    figure.update_yaxes(title={"text": title})
    return _drawing(evidence, heading, title, name, figure)


def _performance_curves(evidence: StudyEvidence, name: str) -> go.Figure:
    kind = degradation(name)
    tables = []
    for labels in evidence.labels:
        means = labels.table[labels.table["label"] == MACRO]
        grid = means[means["degradation"] == name]
        tables.append(grid.assign(label=labels.run))
    table = pd.concat(tables, ignore_index=True)
    return label_curves(table, _grid(evidence, name), kind.unit, kind.title, np.nan)


def _drawing(evidence: StudyEvidence, heading: str, title: str, name: str, figure: go.Figure) -> Drawn:
    return Drawn(heading, f"{title}: {degradation(name).title.lower()}", None, figure, (_NOT_READ, ""))
