"""Chapter 2 of Kim 2021 beside what came of it here."""

from __future__ import annotations

import pandas as pd

from taglab.errors import InvalidSetting
from taglab.progress import Progress, silent
from taglab.studies.claims import claim_row, claims_table
from taglab.studies.sources.claims import CLAIMS
from taglab.studies.sources.drawn import figures, times_single
from taglab.studies.sources.evidence import Evidence
from taglab.studies.sources.places import places_or_reason
from taglab.studies.sources.published import RUNS_NOTE
from taglab.studies.sources.study import StudyOfSources
from taglab.studies.sources.tables import tables
from taglab.studies.study_report import StudyReport
from taglab.studies.verdicts import untested

TITLE = "One deep music representation to rule them all?"


def study_report(study: StudyOfSources, progress: Progress = silent) -> StudyReport:
    """Return the report of a study, of whatever is scored."""
    places = places_or_reason(study, progress)
    return StudyReport(
        title=TITLE,
        published="Kim 2021, chapter 2",
        about=_about(study),
        differs=_differs(study),
        claims=claims_of(study),
        sections=tables(study, places),
        drawn=figures(study, places),
        trained=_trained(study),
        of_trained=f"Every run of the design, in its order. {RUNS_NOTE}",
    )


def claims_of(study: StudyOfSources) -> pd.DataFrame:
    """Return every claim, decided by what is printed and by what is scored so far."""
    try:
        evidence = Evidence.of(study.design, times_single())
    except InvalidSetting as error:
        rows = [
            claim_row(key, (claim.says, claim.source, claim.rule), claim.published(), untested(str(error)))
            for key, claim in CLAIMS.items()
        ]
        return pd.DataFrame(rows)
    return claims_table(CLAIMS, evidence)


def _about(study: StudyOfSources) -> str:
    planned, finished = len(study.design.runs), len(study.finished)
    scored = study.design.scores["number"].nunique()
    return (
        f"Data {study.config.data}, tasks of {study.target.data.name}: {planned:,} runs planned, "
        f"{finished:,} trained, {scored:,} scored on {study.design.scores['task'].nunique()} tasks. "
        "Scores are standardised within each task; intervals are of 95 %."
    )


def _differs(study: StudyOfSources) -> pd.DataFrame:
    config, settings = study.config, study.design.settings
    network, train = config.network, config.train
    alone = sum(study.design.runs["phase"] == 1)
    of_all = sum(study.design.runs["phase"] == 2)
    rows = [
        ("learned from", f"{config.data}, sound {config.audio}", "Million Song Dataset, previews of 30 s"),
        ("sources", ", ".join(settings.sources), "8"),
        ("runs", f"{alone} + {of_all} + {len(study.design.runs) - alone - of_all}", "48 + 25 + 352"),
        ("network", f"{network.network}, width {getattr(network, 'width', 1):g}", "table 2.3, stereo"),
        ("epochs", str(train.epochs), "200"),
        ("batch", str(train.batch_size), "128"),
        ("learning rate", f"{train.learning_rate:g}, {train.schedule}", "0.00025, constant"),
        ("tasks", ", ".join(task.title for task in study.target.tasks), "7, of six data sets"),
        ("tracks of tasks", _tracks_of_tasks(study), "of other data sets than those learned from"),
        ("splits of a task", str(study.target.splits.splits), "5"),
        ("baselines", _baselines(study), "MFCC, a random network, Choi: a published tagger's layers"),
    ]
    return pd.DataFrame(rows, columns=["what", "here", "paper"])


def _baselines(study: StudyOfSources) -> str:
    tracks = study.target.data.tracks["track"].astype(str)
    further = [
        f"{features.name} (features of {sum(track in features for track in tracks):,} tracks)"
        for features in study.target.baselines
    ]
    return ", ".join(["MFCC", "the network untrained", *further])


def _tracks_of_tasks(study: StudyOfSources) -> str:
    if study.target.data.name != study.config.data:
        return f"of {study.target.data.name}, which networks learn nothing from"
    return "of the data learned from: networks heard some of those held out, and what sources say of them"


def _trained(study: StudyOfSources) -> pd.DataFrame:
    design, sources = study.design, list(study.design.settings.sources)
    table = design.runs[["number", "strategy", "n", "phase", "run"]].copy()
    used = design.runs[sources].to_numpy(bool)
    table.insert(
        2, "sources", [" ".join(name for name, on in zip(sources, row, strict=True) if on) for row in used]
    )
    scores = design.scores.pivot_table(index="number", columns="task", values="score").rename_axis(
        columns=None
    )
    return table.merge(scores, how="left", left_on="number", right_index=True)
