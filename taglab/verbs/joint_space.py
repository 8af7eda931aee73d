"""Joint spaces of artists, tags and sound: trained, scored, and asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from taglab.audio.library import DEMO
from taglab.batches import SplitSettings
from taglab.embeddings import compose, resolve
from taglab.encoders import encode_clip
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.joint_space import (
    PRECISION_KS,
    Answer,
    JointMaterial,
    JointSpace,
    JointSpaceRun,
    JointSpaceSettings,
    ask,
    delete_joint_space,
    ensemble,
    fit_space,
    joint_material,
    joint_space_names,
    new_space_run,
    open_joint_space,
    parse_query,
    precisions,
    read_similar_artists,
    require_unchanged,
    save_joint_space,
    task_scores,
)
from taglab.joint_space.asking import Term
from taglab.joint_space.baselines import cosine_similarity, margin_perceptron, popularity
from taglab.joint_space.material import unasked
from taglab.joint_space.scored import space_of_scores
from taglab.joint_space.settings import Task
from taglab.joint_space.words import place_words, rows_with_words, with_map, words_of
from taglab.paths import typed_path
from taglab.progress import Progress, between
from taglab.runs import open_run, run_names
from taglab.settings import Flag, Group, checked
from taglab.sources import open_folksonomy
from taglab.vectors import Vectors, open_features
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import ByName, Kept, Listing, Names, Removal


class List(Listing):
    """List the joint spaces there are."""

    examples: ClassVar[str] = "taglab joint-space list"
    columns: ClassVar[tuple[str, ...]] = ("name", "data", "features", "artists", "tags", "dim", "steps")
    names: ClassVar[Names] = joint_space_names

    @staticmethod
    def row(name: str) -> dict[str, Any]:
        """Return how large a space is, and of what it was made."""
        return _facts(open_joint_space(name))


class Train(Question):
    """Learn one space in which an artist, a tag and a track lie near what belongs to them (Weston, Bengio and
    Hamel 2011). The validation part says when to stop, and which look at it was best.

    Attributes:
        name: What to call the space; a run that is only made is called by what differs from the defaults.
        features: Features of the tracks, as `taglab features` keeps them.
        data: Data set; its column `artist` says who performs a track.
        min_count: Only tags of so many training tracks or more.
        similar_artists: A table with the columns artist and similar, a pair a row, for the task of that name.
        members: Spaces that are trained from seeds one after the other and joined, so that scores are the
            mean of theirs; the paper's d = 200 … 800 are such, of d = 100.
        replace: Let it replace one of the same name.
        words: Word vectors (`own` are trained on the data's own tag lists), from which the space learns where
            any word lies, a tag that nobody used for instance; none by default.
        only_make: Make a run of it, do not train it; `taglab launch` does, in the background, and when it is
            done the space is asked by the run's name.
        split: How the data set's tracks are split.
        settings: How the space is trained.
    """

    returns: ClassVar[str] = (
        "{run}; or {name, data, features, artists, tags, dim, steps, left_out: [{reason, tracks, "
        "examples}], rows: [{member, steps, p@3, p@3 TASK, violations TASK, drawn TASK}]}"
    )
    examples: ClassVar[str] = """
taglab joint-space train --features codes --only-make
taglab joint-space train --name space --features codes --learning-rate 0.005 --limit 3
taglab joint-space train --name wide --features codes --members 4 --tasks tags
"""

    name: Annotated[str | None, Flag(metavar="NAME")] = None
    features: Annotated[str, Flag(metavar="NAME")]
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    min_count: int = Field(1, ge=1)
    similar_artists: Annotated[Path | None, Flag(metavar="FILE")] = None
    members: int = Field(1, ge=1, le=100)
    replace: bool = False
    words: Annotated[str, Flag(metavar="NAME")] = ""
    only_make: bool = False
    split: Annotated[SplitSettings, Group("the split", prefix="split-")] = SplitSettings()
    settings: Annotated[JointSpaceSettings, Group("the space")] = JointSpaceSettings()

    @model_validator(mode="after")
    def _is_a_space_or_a_run(self) -> Self:
        if self.only_make and (self.name or self.members > 1 or self.replace):
            raise ValueError("--only-make goes without --name, --members and --replace")
        if not self.only_make and self.name is None:
            raise ValueError("--name must say what to call the space")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return the size of the space, and the looks at the validation part."""
        if self.only_make:
            run = new_space_run(self.config(), progress=progress).name
            return Report({"run": run}, notes=(f"`taglab launch {run}` trains it",))
        return self._trained(str(self.name), progress)

    def config(self) -> JointSpaceRun:
        """Return what a run of it is asked to do; raises DataError of a table of artists that is none."""
        return JointSpaceRun(
            data=self.data, features=self.features, min_count=self.min_count, split=self.split,
            space=self.settings, similar_artists=self._pairs(), words=self.words,
        )  # fmt: skip

    def _pairs(self) -> tuple[tuple[str, str], ...]:
        return () if self.similar_artists is None else read_similar_artists(self.similar_artists)

    def _trained(self, name: str, progress: Progress) -> Report:
        if name in joint_space_names() and not self.replace:  # hours of training end in no refusal
            raise InvalidSetting(f"name={name!r} is taken by another joint space; --replace lets it go")
        data = open_folksonomy(self.data, between(progress, 0, 0.1))
        features = open_features(self.features)
        pairs = self._pairs()
        material = joint_material(data, features, self.split, self.min_count, pairs)
        about = {
            "data": {"name": self.data, "fingerprint": data.fingerprint},
            "features": {"name": self.features, "fingerprint": features.fingerprint},
            "split": self.split.model_dump(mode="json"),
            "min_count": self.min_count,
            "similar_artists": pairs,
        }
        words = compose(resolve(self.words, data), list(material.tags)) if self.words else None
        if words is not None:
            rows_with_words(material.tags, words)
        spaces, looks = [], []
        for member in range(self.members):
            settings = self.settings.model_copy(update={"seed": self.settings.seed + member})
            share = between(
                progress, 0.1 + 0.9 * member / self.members, 0.1 + 0.9 * (member + 1) / self.members
            )
            fitted = fit_space(material, settings, name, about, share, words)
            spaces.append(fitted.space)
            looks.append(fitted.history.assign(member=member + 1))
        space = spaces[0] if self.members == 1 else ensemble(spaces, name)
        if words is not None:
            space = with_map(space, words, material)
        save_joint_space(space, self.replace)
        history = pd.concat(looks, ignore_index=True)
        history.insert(0, "member", history.pop("member"))
        left_out = material.left_out.to_dict("records")
        notes = unasked(material, self.settings.tasks, "train")
        return Report({**_facts(space), "left_out": left_out}, history, notes=notes)


class Score(Question):
    """Tell how well a joint space ranks, by precision at k on held-out tracks, beside margin perceptrons (one
    for each artist or tag), likeness of features, and popularity. Outputs of equal score share
    their places; what nothing is right for is not asked, and told.

    Attributes:
        space: Joint space.
        part: Of whose tracks.
    """

    returns: ClassVar[str] = "{name, data, features, …, rows: [{task, model, inputs, p@1, …, ceiling@15}]}"
    examples: ClassVar[str] = (
        "taglab joint-space score space\ntaglab joint-space score space --part=validation"
    )

    space: Kept
    part: Literal["validation", "test"] = "test"

    def answer(self, progress: Progress) -> Report:
        """Return a row for every task and model."""
        space = open_joint_space(self.space)
        material = material_of(space, between(progress, 0, 0.2))
        tasks: list[Task] = list(space.about["settings"]["tasks"])
        rows = []
        for number, task in enumerate(tasks):
            right = material.right(task, self.part)
            share = _share(between(progress, 0.2, 1), number, len(tasks))
            for model, scores in _models(space, material, task, self.part, share).items():
                means = precisions(scores, right, PRECISION_KS).drop(columns=["input", "right"]).mean()
                asked = int((right.sum(axis=1) > 0).sum())
                rows.append({"task": task, "model": model, "inputs": asked, **means.to_dict()})
        names = [*(f"p@{k}" for k in PRECISION_KS), *(f"ceiling@{k}" for k in PRECISION_KS)]
        table = pd.DataFrame(rows, columns=["task", "model", "inputs", *names])
        return Report(_facts(space), table, notes=unasked(material, tasks, self.part))


def _share(progress: Progress, number: int, total: int) -> Progress:
    """Return the progress of one of several parts of equal length, numbered from 0."""
    return between(progress, number / total, (number + 1) / total)


def _models(
    space: JointSpace, material: JointMaterial, task: Task, part: str, progress: Progress
) -> dict[str, Any]:
    """Return scores of the space, and of what it is held against where that can do the task."""
    scores: dict[str, Any] = {"joint space": task_scores(space, material, task, part)}
    if task in ("artists", "tags"):
        scores["margin perceptron"] = margin_perceptron(material, task, part, space.scaling, progress)
        scores["popularity"] = popularity(material, task, part)
    if task == "similar-tracks":
        scores["cosine of features"] = cosine_similarity(material, part)
    return scores


class Ask(Question):
    """Ask a joint space, or a run that has ranked held-out tracks, with tags, artists and tracks, added and
    taken away, for what lies nearest.

    A name is a tag where there is one, else an artist, else a track; `tag:`, `artist:` or `track:` before it
    says which, and `clip:` that it is a file of sound. Signs count between blanks only, so that "lo-fi" is a
    name.

    Attributes:
        query: Names between + and -.
        space: Joint space, or a run.
        by: What is listed.
        n: How many of a kind.
    """

    returns: ClassVar[str] = (
        "{name, query: [{name, kind, taken_away}], artists: [name], tags: [name], rows: [{track, artist, "
        "title, rank, percentile}]}; with --by tags rows: [{tag, rank, percentile}]"
    )
    examples: ClassVar[str] = """
taglab ask jazz --space space
taglab ask "jazz - sad + artist:Ann" --space space --by tags --json
taglab ask "clip:song.mp3 - sad" --space my-run
"""

    query: Annotated[str, Flag(metavar="QUERY", word=True)]
    space: Annotated[str, Flag(metavar="NAME")]
    by: Literal["tracks", "tags", "artists"] = "tracks"
    n: int = Field(15, ge=1)

    def answer(self, progress: Progress) -> Report:
        """Return the nearest, best first."""
        terms = parse_query(self.query)
        clips = {term.name: typed_path(term.name) for term in terms if term.kind == "clip"}
        if self.space in joint_space_names() or self.space not in run_names():
            data, answer = self._of_space(terms, clips, progress)
        else:
            data, answer = self._of_run(terms, clips, progress)
        table = getattr(answer, self.by)
        if self.by == "tracks":
            known = data.tracks.set_index("track")
            columns = [name for name in ("artist", "title") if name in known]
            table = table.join(known[columns], on="track")[["track", *columns, "rank", "percentile"]]
        facts = {
            "name": self.space,
            "query": [
                {"name": term.name, "kind": term.kind, "taken_away": term.taken_away} for term in answer.terms
            ],
            "artists": answer.artists["artist"].tolist(),
            "tags": answer.tags["tag"].tolist(),
        }
        return Report(facts, table)

    def _of_space(
        self, terms: Sequence[Term], clips: Mapping[str, Path], progress: Progress
    ) -> tuple[Folksonomy, Answer]:
        space = open_joint_space(self.space)
        data, features = _parts_of(space, between(progress, 0, 0.3))
        places = Vectors.of("tracks", features.ids, space.place(features.vectors), self.space, "dot")
        hearing = between(progress, 0.3, 1)
        heard = {
            name: space.place(encode_clip(features.name, path, hearing)[None])[0]
            for name, path in clips.items()
        }
        given = {"word": _words_of(space, terms, data), "clip": heard}
        return data, ask(space, terms, places, self.n, given)

    def _of_run(
        self, terms: Sequence[Term], clips: Mapping[str, Path], progress: Progress
    ) -> tuple[Folksonomy, Answer]:
        from taglab.training.tagging import tag_clip  # it needs PyTorch, which joint spaces go without

        run = open_run(self.space)
        predictions, data_name = run.predictions("test"), run.config.get("data")
        if predictions is None or not isinstance(data_name, str):
            raise NotFound(f"the run {run.name!r} has ranked no held-out tracks of a data set")
        scored = space_of_scores(predictions, run.name, {})
        hearing = between(progress, 0.3, 1)
        heard = {name: scored.place(tag_clip(run, path, hearing)[None])[0] for name, path in clips.items()}
        data = open_folksonomy(data_name, between(progress, 0, 0.3))
        return data, ask(scored.space, terms, scored.tracks, self.n, {"clip": heard})


class Remove(Removal):
    """Remove a joint space for good."""

    examples: ClassVar[str] = "taglab joint-space remove space"
    remove: ClassVar[ByName] = delete_joint_space


def _parts_of(space: JointSpace, progress: Progress) -> tuple[Folksonomy, Vectors]:
    """Return the data and the features that a space was trained on, if they still are what they were."""
    data = open_folksonomy(space.about["data"]["name"], progress)
    features = open_features(space.about["features"]["name"])
    require_unchanged(space, "data", data)
    require_unchanged(space, "features", features)
    return data, features


def material_of(space: JointSpace, progress: Progress) -> JointMaterial:
    """Return the tracks, artists, tags and parts that a space was trained on and is judged by.

    Raises:
        InvalidSetting: If data or features are no longer what they were.
    """
    data, features = _parts_of(space, progress)
    split = checked(SplitSettings, space.about["split"])
    return joint_material(
        data, features, split, space.about["min_count"], space.about.get("similar_artists", ())
    )


def _words_of(space: JointSpace, terms: Sequence[Term], data: Folksonomy) -> dict[str, Any]:
    """Return where the terms lie that may be words, if the space knows words."""
    names = [term.name for term in terms if term.kind in ("", "word")]
    if "words" not in space.about or not names:
        return {}
    return place_words(space, words_of(space, data), names)


def _facts(space: JointSpace) -> dict[str, Any]:
    return {
        "name": space.name,
        "data": space.about.get("data", {}).get("name", ""),
        "features": space.about.get("features", {}).get("name", ""),
        "artists": len(space.artists),
        "tags": len(space.tags),
        "dim": space.dim,
        "steps": space.about.get("steps"),
    }
