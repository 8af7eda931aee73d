"""Whole experiments of published works, carried out on other data and set beside what was published."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import field_validator

from taglab.audio.mels import MEL_PRESETS
from taglab.embeddings import OWN, LookedUp, Lookup, TagQuestion
from taglab.nets.spectrogram import SpectrogramSettings
from taglab.progress import Progress, between
from taglab.runs import open_published
from taglab.settings import Flag, Group
from taglab.studies.thesis.models import NETWORKS, reproduce_all
from taglab.studies.thesis.recipes import RECIPES, Network, Plan, Recipe, RecipeSettings, plan
from taglab.studies.thesis.report import gather, write_report
from taglab.studies.thesis.reproducing import Reproduction, make, report, reproduce
from taglab.training import PRESETS, TrainConfig, is_finished
from taglab.verbs.artist_groups_study import ReproduceArtistGroups
from taglab.verbs.consistency_study import ReproduceConsistency
from taglab.verbs.explaining import ReproduceExplanations
from taglab.verbs.grown import question_of_entry
from taglab.verbs.joint_space_study import ReproduceJointSpace
from taglab.verbs.question import Place, Question
from taglab.verbs.report import Report
from taglab.verbs.sources_study import ReproduceSources
from taglab.verbs.training import MELS

_FROM_THEIR_CODE = """
what the parameters of the thesis's code are here:
  frontend                    --network waveform, spectrogram
  --tfrecords-dir             taglab audio add, then --audio
  --lastfm                    taglab data add lastfm, then --data
  --config                    flags, or --preset thesis-spectrogram; thesis-text has the mels and the
                              F = 32 of its text, pons those of Pons et al.
  --filter, --filter-path     taglab labels edit NAME drop-tags --tags-file tags_remove.txt
  --dictionary-dir            taglab labels import clusters.json
  --genre-path                taglab labels import clusters.json --genres genres.txt, or taglab genres
  --multi-db                  any number of label spaces on one data set: --labels
  --multi-db-default          the same
  --multi-tag                 micro and macro averages are always both kept
  --save-PR, --save-ROC       kept in every run: per_label_by_epoch.csv
  --save-confusion-matrix     kept in every run: confusion.npz
  --save-tags-path            kept in every run: classes.json
  --save-coocurrence-matrix-path  taglab cooccurrence --matrix FILE
  --epochs, --steps-per-epoch, --no-shuffle  the same
  --update-freq               --metric-interval-steps
  --cuda 0 1                  --devices 0,1
  --gamma                     --loss semantic-bce --gamma
  --custom-loss-embeddings-path  --loss-vectors
  --built-in, --verbose       nothing: there is one loop, and taglab log RUN
"""

_ON_WHAT = Group(
    flags={
        "ks": Flag("-k"),
        "min_counts": Flag("--min-count"),
        "seed": Flag("--cluster-seed"),
        "gammas": Flag("--sweep-gamma"),
    }
)
HtmlFile = Annotated[Path | None, Flag(metavar="FILE.html")]
Arrays = Annotated[Path | None, Flag(metavar="FOLDER")]


def _html(path: Path | None) -> Path | None:
    if path is not None and (path.suffix.lower() != ".html" or path.is_dir()):
        raise ValueError("must be a file that ends in .html")
    return path


def _claims(
    tags: TagQuestion | None, network: Network, arrays: Path | None, html: Path | None,
    progress: Progress, differs: pd.DataFrame | None = None,
) -> Report:  # fmt: skip
    """Gather the whole thesis beside what is here, write it where that is asked, and tell the claims."""
    gathered = gather(tags, differs, arrays, network, html is not None, progress)
    facts: dict[str, Any] = {"data": None if tags is None else tags.data}
    written = [] if html is None else write_report(gathered, html)
    if written:
        facts["file"] = str(written[0])
    return Report(facts, gathered.claims, notes=tuple(f"wrote {path}" for path in written))


class ThesisReport(Question):
    """Set every table, figure and claim of the Ros Perez thesis beside what runs made by `taglab reproduce`
    give, trained to the end or not. Nothing is trained. Without --data the published side stands alone.

    Attributes:
        data: Data set whose runs stand on our side.
        vectors: Word vectors of figures 10 and 11 and table 14.
        lookup: How the words of tags are looked up in them.
        network: Whose runs decide on claims.
        html: Write tables, figures and claims, published beside ours, to this file.
        arrays: Folder of the arrays published with the thesis: figures by label and decisions of ten models,
            and the co-occurrence of figure 14.
    """

    returns: ClassVar[str] = (
        "{data, file, rows: [{claim, says, source, rule, published, published why, here, here why}]}, where "
        "published and here are holds, contradicted (the interval lies on the other side), not shown (which "
        "is no refutation) or cannot be tested"
    )
    examples: ClassVar[str] = (
        "taglab report --html thesis.html\ntaglab report --data demo --arrays thesis-results --json"
    )

    data: Annotated[str | None, Flag(metavar="NAME")] = None
    vectors: Annotated[str, Flag(metavar="NAME")] = OWN
    lookup: LookedUp = Lookup()
    network: Network = NETWORKS[0]
    html: HtmlFile = None
    arrays: Arrays = None

    _ends_in_html = field_validator("html")(_html)

    @property
    def tags(self) -> TagQuestion | None:
        """Which tags stand on our side, by which vectors."""
        if self.data is None:
            return None
        return TagQuestion(data=self.data, vectors=self.vectors, lookup=self.lookup)

    def answer(self, progress: Progress) -> Report:
        """Return the claims."""
        return _claims(self.tags, self.network, self.arrays, self.html, progress)


class Reproduce(Question):
    """What is asked of every model of the thesis, and of every stage of collapsing.

    Attributes:
        settings: On what.
        audio: Sound (default: that of the data set's name).
        preset: Begin with these settings in place of the thesis's.
        mels: Begin with these settings of the spectrogram; flags change them.
        only_make: Make the runs, do not train them; `taglab launch` does.
        size: What of the network is otherwise.
        train: What of the training is otherwise.
    """

    guide: ClassVar[str] = _FROM_THEIR_CODE

    settings: Annotated[RecipeSettings, _ON_WHAT] = RecipeSettings()
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    preset: Annotated[str | None, Flag(choices=PRESETS)] = None
    mels: Annotated[str | None, Flag(choices=MEL_PRESETS)] = None
    only_make: bool = False
    size: Annotated[
        SpectrogramSettings | None, Group("the network", omit=("network",), groups={"mels": MELS})
    ] = None
    train: Annotated[TrainConfig | None, Group("training")] = None

    @classmethod
    def usual(cls, given: Mapping[Place, Any]) -> dict[str, Any]:
        """Return the settings of the spectrogram that are named."""
        mels = {"size": {"mels": MEL_PRESETS[given[("mels",)]].model_dump()}} if ("mels",) in given else {}
        return super().usual(given) | mels

    @property
    def changes(self) -> dict[str, Any]:
        """What of a run's configuration is otherwise than in the recipe, nested."""
        parts = {"network": self.size, "train": self.train}
        return {name: part.model_dump(exclude_unset=True) for name, part in parts.items() if part is not None}


class ReproduceModel(Reproduce):
    """What is asked of one of them, and how it answers; its recipe says which.

    Attributes:
        recipe: Name in `RECIPES`.
    """

    returns: ClassVar[str] = (
        "{recipe, title, source, differs: [{what, here, thesis}], rows: [{model, whose, figures, epoch, "
        "classes, the means of every metric, as ap_micro, ap_macro, run}]}"
    )
    renamed: ClassVar[Mapping[str, str]] = {
        "--report": "`taglab reproduce all --report`",
        "--arrays": "`taglab reproduce all --arrays`",
    }
    recipe: ClassVar[str]

    def answer(self, progress: Progress) -> Report:
        """Return a row for every run and what was published of it."""
        planned = plan(self.recipe, self.settings, between(progress, 0, 0.05))
        asked = (planned, self.audio, self.preset, self.changes)
        if self.only_make:
            return _beside(planned, report(planned, make(*asked, between(progress, 0.05, 1))))
        return _beside(planned, reproduce(*asked, between(progress, 0.05, 1)))


class ReproduceAll(Reproduce):
    """Carry out every model of the Ros Perez thesis, one after the other, for both networks unless --network
    is given. What is trained already is taken as it is; what was interrupted is gone on with.

    Attributes:
        report: Write tables, figures and claims of the whole thesis, published beside ours, to this file.
        arrays: Folder of the arrays published with the thesis.
    """

    returns: ClassVar[str] = (
        "{data, left_out: {MODEL: reason}, rows: [{model, whose, figures, epoch, classes, the means of every "
        "metric, as ap_micro, ap_macro, run}]}; with --report what `taglab report` writes"
    )
    examples: ClassVar[str] = "taglab reproduce all --preset tiny --report thesis.html"
    verb: ClassVar[str] = "reproduce all"

    report: HtmlFile = None
    arrays: Arrays = None

    _ends_in_html = field_validator("report")(_html)

    def answer(self, progress: Progress) -> Report:
        """Return a row for every run and what was published of it; with a report, the claims."""
        settings = self.settings
        networks = (settings.network,) if "network" in settings.model_fields_set else NETWORKS
        share = between(progress, 0, 1 if self.report is None else 0.95)
        thesis = reproduce_all(
            settings, networks, self.audio, self.preset, self.changes, self.only_make, share
        )
        if self.report is not None:
            vectors = settings.vectors[-2:][0] if settings.vectors else OWN
            tags = TagQuestion(data=settings.data, vectors=vectors, lookup=settings.lookup)
            share = between(progress, 0.95, 1)
            return _claims(tags, networks[0], self.arrays, self.report, share, thesis.differs())
        left_out = {" ".join(cell): reason for cell, reason in thesis.left_out.items()}
        note = "`taglab report` sets them beside the thesis, claim by claim"
        return Report({"data": settings.data, "left_out": left_out}, thesis.table(), notes=(note,))


def recipes() -> dict[str, tuple[str, type[Question]]]:
    """Return for all that is reproduced what it is, and the question that asks for it."""
    return {
        "all": ("every model of the thesis", ReproduceAll),
        **{name: (recipe.title, _reproducing(name, recipe)) for name, recipe in RECIPES.items()},
        "consistency": ("are nearby neighbours relatives? its models and claims", ReproduceConsistency),
        "explanations": (
            "recommenders that know tags, and whether explanations of them are true",
            ReproduceExplanations,
        ),
        "joint-space": ("one space for artists, tags and sound: its tables and claims", ReproduceJointSpace),
        "sources": (
            "networks of several learning sources: their tables, figures and claims",
            ReproduceSources,
        ),
        "artist-groups": (
            "genres by learning groups of artists: its tables and claims",
            ReproduceArtistGroups,
        ),
    }


@functools.cache
def _reproducing(name: str, recipe: Recipe) -> type[ReproduceModel]:
    about = (
        f"Reproduce {recipe.title} ({recipe.source}): make its label spaces, train its taggers here and now, "
        "one after the other, and set their figures beside the published ones, with what differs in data and "
        "settings said above. What is trained already is taken as it is; what was interrupted goes on."
    )
    examples = (
        f"taglab reproduce {name} --preset tiny --epochs 5\n"
        f"taglab reproduce {name} --data lastfm --audio msd --network waveform --only-make"
    )
    return question_of_entry(ReproduceModel, f"reproduce {name}", about, examples, {}, recipe=name)


def _beside(planned: Plan, reproduction: Reproduction) -> Report:
    recipe = RECIPES[planned.recipe]
    facts = {
        "recipe": planned.recipe,
        "title": recipe.title,
        "source": recipe.source,
        "differs": [{name: text for name, text in vars(one).items() if text} for one in reproduction.differs],
    }
    unfinished = [run.name for run in reproduction.runs.values() if not is_finished(run)]
    notes = [f"`taglab launch {' '.join(unfinished)}` trains them"] if unfinished else []
    pairs = {
        reproduction.runs[model.name].name: model.published for model in planned.models if model.published
    }
    for run, published in [pair for pair in pairs.items() if pair[0] not in unfinished][:1]:
        if len(open_published(published).per_label()):
            line = f"taglab compare-runs {run} {published} --by pair --metric auc_pr"
            notes.append(f"label by label: {line}")
    return Report(facts, reproduction.table, notes=tuple(notes))
