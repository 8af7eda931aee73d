"""Weston, Bengio and Hamel 2011 done again: its tables and claims on data at hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from taglab.audio.library import DEMO
from taglab.batches import Split, SplitSettings, read_split, split_tracks
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.joint_space import JointMaterial, prepare_joint, save_joint_space
from taglab.labels import read_tag_list
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.studies.joint_space import (
    JointSpaceStudy,
    StudyFigures,
    carry_out,
    study_report,
)
from taglab.studies.joint_space.features import common_tracks, together
from taglab.studies.study_report import write_study
from taglab.vectors import Vectors, open_features
from taglab.verbs.question import Question
from taglab.verbs.report import Report

_SPACE = Group(
    "the spaces",
    groups={"space": Group(omit=("tasks", "loss", "learning_rate", "limit", "seed"))},
)


class ReproduceJointSpace(Question):
    """Carry out the experiments of Weston, Bengio and Hamel 2011 on a data set, and set tables 1 to 7 and the
    paper's claims beside what was printed. Every rate and limit is tried, so that it takes as many trainings
    as the report tells. Each stays in the cache: asked again, it goes on with those that are left.

    Attributes:
        features: Features of the tracks, as `taglab features` keeps them, commas between: the paper's MFCC
            first. Of several, each after the first is added to it.
        data: Data set; its column `artist` says who performs a track.
        min_count: Only tags of so many training tracks or more.
        tags_file: Only these tags, one a line.
        split_file: A table with the columns track and part, in place of drawing; without validation tracks
            the share of the split is drawn of the training tracks.
        report: Write tables and claims, printed beside ours, to this file.
        keep: Keep two spaces on the first features, to be asked on Retrieval: NAME-tags, the largest
            ensemble, and NAME-artists, of artists and songs; goes without --tags-file and --split-file.
        split: How the data set's tracks are split.
        settings: What is trained.
    """

    returns: ClassVar[str] = (
        "{data, tracks, tags, artists, trainings, absent, file, rows: [{claim, says, source, rule, "
        "published, published why, here, here why}]}; published and here are holds, contradicted, not shown "
        "or cannot be tested"
    )
    examples: ClassVar[str] = """
taglab reproduce joint-space --features codes --report joint-space.html
taglab reproduce joint-space --data mtat --features mfcc,ear --tags-file tags.txt --split-file split.csv
"""
    verb: ClassVar[str] = "reproduce joint-space"

    features: Annotated[tuple[str, ...], Flag(metavar="NAME,…")] = Field(min_length=1)
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    min_count: int = Field(1, ge=1)
    tags_file: Annotated[Path | None, Flag(metavar="FILE")] = None
    split_file: Annotated[Path | None, Flag(metavar="FILE")] = None
    report: Annotated[Path | None, Flag(metavar="FILE.html")] = None
    keep: Annotated[str, Flag(metavar="NAME")] = ""
    split: Annotated[SplitSettings, Group("the split", prefix="split-")] = SplitSettings()
    settings: Annotated[JointSpaceStudy, _SPACE] = JointSpaceStudy()

    @field_validator("report")
    @classmethod
    def _ends_in_html(cls, path: Path | None) -> Path | None:
        if path is not None and (path.suffix.lower() != ".html" or path.is_dir()):
            raise ValueError("must be a file that ends in .html")
        return path

    @model_validator(mode="after")
    def _keeps_what_can_be_asked(self) -> Self:
        if self.keep and (self.tags_file or self.split_file):
            raise ValueError("--keep goes without --tags-file and --split-file, which no space remembers")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return the claims, decided by the printed figures and by ours."""
        data, split, absent = self._tracks(between(progress, 0, 0.02))
        materials = self._materials(data, split)
        figures = carry_out(self.data, materials, self.settings, between(progress, 0.02, 1))
        report = study_report(figures)
        first = materials[self.features[0]]
        facts: dict[str, Any] = {
            "data": self.data, "tracks": len(first.tracks), "tags": len(first.tags),
            "artists": len(first.artists), "trainings": len(figures.trained), "absent": len(absent),
        }  # fmt: skip
        notes = list(self._notes(split, absent))
        if self.keep:
            notes += self._keep(figures, data)
        if self.report is not None:
            write_study(report, self.report)
            facts["file"] = str(self.report)
            notes.append(f"wrote {self.report}")
        return Report(facts, report.claims, notes=tuple(notes))

    def _keep(self, figures: StudyFigures, data: Folksonomy) -> list[str]:
        """Keep spaces under names, and say so."""
        features = open_features(self.features[0])
        about = {
            "data": {"name": self.data, "fingerprint": data.fingerprint},
            "features": {"name": features.name, "fingerprint": features.fingerprint},
            "split": self.split.model_dump(mode="json"),
            "min_count": self.min_count,
        }
        notes = []
        for of, space in figures.kept.items():
            named = dataclasses.replace(space, name=f"{self.keep}-{of}", about={**space.about, **about})
            save_joint_space(named, replace=True)
            notes.append(f"kept the joint space {named.name}")
        return notes

    def _tracks(self, progress: Progress) -> tuple[Folksonomy, Split, tuple[str, ...]]:
        data = open_folksonomy(self.data, progress)
        if self.tags_file is not None:
            data = data.select_tags(names=read_tag_list(self.tags_file))
        if self.split_file is None:
            return data, split_tracks(data, self.split), ()
        read = read_split(self.split_file, data, self.split.validation, self.split.seed)
        return read.data, read.split, read.absent

    def _notes(self, split: Split, absent: tuple[str, ...]) -> Iterator[str]:
        if absent:
            yield f"{len(absent):,} tracks of the split are not in the data ({absent[0]!r}, …)"
        for name in self.features:
            learned_on = open_features(name).origin.get("split")
            if learned_on and learned_on != split.fingerprint:
                yield f"features {name!r} were learned on the training tracks of another split"

    def _materials(self, data: Folksonomy, split: Split) -> dict[str, JointMaterial]:
        kept: list[Vectors] = [open_features(name) for name in self.features]
        for features in kept:
            if features.kind != "tracks":
                raise InvalidSetting(f"features {features.name!r} must be of tracks, not of {features.kind}")
        ids, arrays = common_tracks(kept)
        sets = {self.features[0]: arrays[0]}
        for n in range(2, len(arrays) + 1):
            sets[" + ".join(self.features[:n])] = together(arrays[:n])
        return {name: prepare_joint(data, ids, array, split, self.min_count) for name, array in sets.items()}
