"""Chapter 3 of Kim 2021 done again: groups of artists learned, and what that is worth for genres."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import field_validator

from taglab.audio.library import DEMO
from taglab.nets.kim_3_2 import KimArtistGroupsSettings
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.studies.artist_groups import (
    NETWORK,
    TRAINING,
    ArtistGroupStudy,
    make_networks,
    prepare_ground,
    score_networks,
    study_report,
    train_networks,
    trained_table,
)
from taglab.studies.study_report import write_study
from taglab.training.source_config import SourceTraining
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.training import MELS


class ReproduceArtistGroups(Question):
    """Carry out chapter 3 of Kim 2021: networks learn main genres and groups of artists, and a classifier
    tells genres from what they hear. All 31 combinations of five tasks, as networks of one task each (STN)
    and as one that shares its first block (MTN), beside wide networks of as many parameters (wSTN). What is
    trained is taken as it is, what was interrupted goes on; with --only-make the runs are made, `taglab
    launch` trains them here or on SLURM, and with --only-score whatever is finished is scored.

    Attributes:
        data: Data set; its column `artist` says who performs a track.
        audio: Sound (default: that of the data set's name).
        settings: Which combinations, and what tasks are made of.
        network: How large networks are.
        train: How they are trained.
        only_make: Make the runs, do not train them; `taglab launch` does.
        only_score: Score what is finished, and train nothing.
        report: Write figure 3.3, tables 3.3 to 3.5 and claims, printed beside ours, to this file.
    """

    returns: ClassVar[str] = (
        "{data, genre, networks, trained, held_out, rows: [{tasks, n, main, architecture, log_loss, f1}], "
        "wide: [{n, log_loss, f1}], claims: [{claim, says, source, rule, published, published why, here, "
        "here why}], file}; with --only-make {data, genre, networks, trained, rows: [{network, learns, "
        "trained, width, parameters, epochs, loss, run}]}"
    )
    examples: ClassVar[str] = """
taglab reproduce artist-groups --subgenres demo-experts --width 0.25 --epochs 10 --report groups.html
taglab reproduce artist-groups --data fma --combinations g,gs,gmdes --song-features essentia --only-make
"""
    verb: ClassVar[str] = "reproduce artist-groups"

    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    settings: ArtistGroupStudy = ArtistGroupStudy()
    network: Annotated[
        KimArtistGroupsSettings, Group("the network", omit=("network",), groups={"mels": MELS})
    ] = NETWORK
    train: Annotated[SourceTraining, Group("training", omit=("seed",))] = TRAINING
    only_make: bool = False
    only_score: bool = False
    report: Annotated[Path | None, Flag(metavar="FILE.html")] = None

    @field_validator("report")
    @classmethod
    def _ends_in_html(cls, path: Path | None) -> Path | None:
        if path is not None and (path.suffix.lower() != ".html" or path.is_dir()):
            raise ValueError("must be a file that ends in .html")
        return path

    def answer(self, progress: Progress) -> Report:
        """Return the scores of what is trained, and the claims."""
        ground = prepare_ground(
            self.settings, self.data, self.audio or self.data, self.network, self.train,
            between(progress, 0, 0.1),
        )  # fmt: skip
        runs = make_networks(ground, between(progress, 0.1, 0.15))
        facts: dict[str, Any] = {"data": self.data, "genre": ground.genre, "networks": len(runs)}
        if self.only_make:
            names = [run.name for run in runs.values() if not run.finished]
            facts["trained"] = len(runs) - len(names)
            notes = [f"`taglab launch {' '.join(names)}` trains them"] if names else []
            return Report(facts, trained_table(runs), notes=tuple(notes))
        if not self.only_score:
            train_networks(runs, between(progress, 0.15, 0.85))
        scored = score_networks(ground, runs, between(progress, 0.85, 1))
        report = study_report(ground, runs, scored)
        facts["trained"] = sum(run.finished for run in runs.values())
        facts["held_out"] = len(scored.artists)
        facts["wide"] = scored.wide.to_dict("records")
        facts["claims"] = report.claims.to_dict("records")
        notes = []
        if self.report is not None:
            write_study(report, self.report)
            facts["file"] = str(self.report)
            notes.append(f"wrote {self.report}")
        return Report(facts, scored.rows, notes=tuple(notes))
