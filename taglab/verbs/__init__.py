"""What taglab does, each once: what a verb is asked, how it answers, and how both are said.

The command's parser, the page's form and "Copy as command" are made from these. Nothing is imported of a verb
before it is asked, for the command's start is waited for.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taglab.verbs.question import Question

__all__ = ["FAMILIES", "GROWN", "VERBS", "Verb", "shell_line"]


@dataclass(frozen=True)
class Verb:
    """One thing that taglab does.

    Attributes:
        name: As in the shell after `taglab`; in capitals the name of what the verbs of a family are about.
        about: What it does, in half a line.
        place: Module of this room and class of the question, as "clusters:Cluster"; or the function that
            returns an about and a question for every entry of a dictionary, as "data:adders".
        computes: Whether a network computes in the command's own process.
    """

    name: str
    about: str
    place: str
    computes: bool = False

    @property
    def question(self) -> type[Question]:
        """What it is asked; the class answers."""
        question: type[Question] = self._loaded()
        return question

    def entries(self) -> dict[str, tuple[str, type[Question]]]:
        """Return the verbs made of a dictionary, by the last word of each."""
        entries: dict[str, tuple[str, type[Question]]] = self._loaded()()
        return entries

    def _loaded(self) -> Any:
        module, _, name = self.place.partition(":")
        return getattr(importlib.import_module(f"{__name__}.{module}"), name)


FAMILIES: dict[str, str] = {
    "data": "data sets: list, add, show, co-tags, remove",
    "audio": "sound: list, add, show, check, remove",
    "features": "features of tracks: list, encode, share, tag, add, show, export, remove",
    "joint-space": "one space for artists, tags and sound: train, score, zero-shot, vectors, remove …",
    "recommend": "what users would play next: list, train, evaluate, for, remove",
    "sources": "networks that learn from several sources at once: train, dry-run, parameters",
    "spectra": "networks that answer with spectrograms, autoencoders and voice separation: train, dry-run, "
    "measure",
    "vectors": "word vectors: list, add, show, remove",
    "export": "files for other programs",
    "labels": "label spaces: list, show, make, edit, import, export, targets, remove",
    "labels make": "make one of top tags, named tags or clusters",
    "stages": "50 chosen tags, alone and with what collapses into them: show, curve, score, agree",
    "sweep": "runs over a grid of settings: make, show, list",
    "design": "which networks of which learning sources are trained: list, make, prepare, next, work, "
    "score, show, extend, add-scores, remove",
    "clean": "clean tags by a list of steps: list, new, add, edit, preview, apply, show, export, import, "
    "remove",
    "clean edit": "turn steps on and off, move, drop, reject, accept, assign",
    "runs": "trained, imported and published results: list, show, note, title, tag, add, export, import, "
    "delete",
    "cache": "what the cache folder holds, and making room in it",
    "labels edit": "move tags, rename, merge, drop, undo, redo",
}
"""First word of several verbs → what they are about."""

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("data list", "the data sets there are", "data:List"),
        Verb("data sources", "the kinds of data that can be read", "data:Sources"),
        Verb("data show", "what a data set holds", "data:Show"),
        Verb("data activity", "how active users are, and what filtering leaves", "data:Activity"),
        Verb("data co-tags", "the tags found on the same tracks as a tag", "data:CoTags"),
        Verb("data remove", "remove a data set from the cache", "data:Remove"),
        Verb("vectors list", "the word vectors there are", "vectors:List"),
        Verb("vectors add", "read word vectors and keep them under a name", "vectors:Add"),
        Verb("vectors show", "size and origin of word vectors", "vectors:Show"),
        Verb("vectors remove", "remove word vectors from the cache", "vectors:Remove"),
        Verb("embed", "train word vectors on a data set's tag lists", "vectors:Embed"),
        Verb("neighbours", "the tags nearest to a tag", "tags:Neighbours"),
        Verb("analogy", "A is to B as C is to what? (a - b + c)", "tags:Analogy"),
        Verb("axis", "where tags lie between two tags", "tags:Axis"),
        Verb("overlap", "do two embeddings agree on neighbours?", "tags:Overlap"),
        Verb("coverage", "which tags have a vector", "tags:Coverage"),
        Verb("project", "positions of tags on a map (PCA, t-SNE, UMAP)", "tags:Project"),
        Verb(
            "export projector",
            "the two files the TensorFlow Embedding Projector opens",
            "tags:ExportProjector",
        ),
        Verb("quality", "are the vectors any good? (word similarity, analogies)", "vectors:Quality"),
        Verb("cluster", "cluster tags into k groups", "clusters:Cluster"),
        Verb("scan", "try many k: elbow and silhouette curves", "clusters:Scan"),
        Verb("stability", "how much a clustering owes to its seed", "clusters:Stability"),
        Verb("compare", "two clusterings side by side", "clusters:Compare"),
        Verb("labels list", "the label spaces there are", "labels:List"),
        Verb("labels show", "the classes, and what they cover of a data set", "labels:Show"),
        Verb("labels make top", "the n most used tags, a class each", "labels:MakeTop"),
        Verb("labels make tags", "named tags, a class each", "labels:MakeTags"),
        Verb("labels make clusters", "clusters of tags", "labels:MakeClusters"),
        Verb("labels edit SPACE move", "move tags to another class", "label_edits:MoveTags"),
        Verb("labels edit SPACE add", "put tags into a class, and leave them, too", "label_edits:AddTags"),
        Verb("labels edit SPACE rename", "give a class another name", "label_edits:RenameClass"),
        Verb("labels edit SPACE merge", "put classes into one", "label_edits:MergeClasses"),
        Verb("labels edit SPACE drop-class", "leave out a class and its tags", "label_edits:LeaveOutClass"),
        Verb("labels edit SPACE drop-tags", "leave out tags", "label_edits:LeaveOutTags"),
        Verb("labels edit SPACE keep-tags", "leave out all tags but these", "label_edits:KeepOnlyTags"),
        Verb(
            "labels edit SPACE new-class", "make a class of tags, splitting others", "label_edits:MakeClass"
        ),
        Verb(
            "labels edit SPACE keep-classes-with",
            "leave out classes that hold none of these tags",
            "label_edits:KeepClasses",
        ),
        Verb("labels edit SPACE undo", "take back the last step", "label_edits:Undo"),
        Verb("labels edit SPACE redo", "do again what was undone last", "label_edits:Redo"),
        Verb("labels import", "read one from a file", "labels:Import"),
        Verb("labels export", "write one to a file or to standard output", "labels:Export"),
        Verb("labels targets", "which track is in which class", "labels:Targets"),
        Verb("labels remove", "remove one for good", "labels:Remove"),
        Verb("cooccurrence", "which tags, or classes, are found on the same tracks", "genres:Cooccurrences"),
        Verb(
            "genres",
            "choose the classes that are genres, merge those that share their tracks",
            "genres:GenreChoice",
        ),
        Verb("subgenres", "divide each genre into subgenres", "genres:Subgenres"),
        Verb("audio list", "the sound there is", "audio:List"),
        Verb("audio add", "decode audio files and keep their sound under a name", "audio:Add"),
        Verb("audio show", "what sound there is under a name", "audio:Show"),
        Verb("audio check", "read everything and compare checksums", "audio:Check"),
        Verb("audio remove", "remove sound from the cache", "audio:Remove"),
        Verb("features list", "the features there are", "features:List"),
        Verb("features add", "read features that another program computed", "features:Read"),
        Verb("features share", "work on a share of an encoding that was begun", "features:Share"),
        Verb("features tag", "let musicnn tag tracks, as a run of results only", "features:Tag"),
        Verb("features show", "what features are, and their values", "features:Show"),
        Verb("features export", "write features to a file", "features:Export"),
        Verb("features remove", "remove features from the cache", "features:Remove"),
        Verb("joint-space list", "the joint spaces there are", "joint_space:List"),
        Verb("joint-space train", "learn a space of artists, tags and sound", "joint_space:Train"),
        Verb("joint-space score", "how well a space ranks, beside baselines", "joint_space:Score"),
        Verb("joint-space zero-shot", "how well tags are found by words alone", "joint_space_words:ZeroShot"),
        Verb("joint-space vectors", "its vectors, kept as features", "joint_space_words:SaveVectors"),
        Verb("joint-space remove", "remove one for good", "joint_space:Remove"),
        Verb("recommend list", "the recommenders there are", "recommending:List"),
        Verb("recommend train", "learn what users would play next", "recommending:Train", computes=True),
        Verb("recommend evaluate", "how good their lists are", "recommending:Evaluate", computes=True),
        Verb("recommend for", "what a user would play next", "recommending:ForUser"),
        Verb("recommend remove", "remove one for good", "recommending:Remove"),
        Verb("ask", "what lies nearest to tags, artists and tracks in a joint space", "joint_space:Ask"),
        Verb("explain", "which tags make the difference to what a user is recommended", "explaining:Explain"),
        Verb(
            "explain-tagger",
            "which bands and seconds of a track made a tagger's decision",
            "explaining_taggers:ExplainTagger",
            computes=True,
        ),
        Verb(
            "transfer",
            "what features know: how well tasks are learned from them",
            "transfer:TransferQuestion",
        ),
        Verb("train", "train a tagger, or go on with one", "training:Train", computes=True),
        Verb(
            "dry-run", "what a training would take, from a few steps of it", "training:DryRun", computes=True
        ),
        Verb("sources train", "train a network of several sources", "sources:Train", computes=True),
        Verb("sources dry-run", "what that would take", "sources:DryRun", computes=True),
        Verb("sources parameters", "how large such networks are", "sources:Parameters"),
        Verb("spectra train", "train an autoencoder or voice separation", "spectra:Train", computes=True),
        Verb("spectra dry-run", "what that would take", "spectra:DryRun", computes=True),
        Verb("spectra measure", "its error, or signal to distortion", "spectra:Measure", computes=True),
        Verb("predict", "what a trained run says of its own tracks", "predicting:Predict", computes=True),
        Verb("degrade", "a file of sound, with noise, at another tempo, coded …", "degrading:Degrade"),
        Verb("consistency", "how near degraded clips stay to their originals", "robustness:Consistency"),
        Verb("consistency-shares", "the same in shares", "consistency_shares:ConsistencyShares"),
        Verb(
            "robust-labels",
            "which labels of a tagger break first when sound is degraded",
            "label_robustness:RobustLabels",
            computes=True,
        ),
        Verb("degradations", "how sound can be degraded, and by how much", "degrading:Degradations"),
        Verb("tag", "what a trained run says of new sound", "predicting:Tag", computes=True),
        Verb(
            "encode",
            "tracks as vectors, by the layer before a run's head",
            "predicting:Encode",
            computes=True,
        ),
        Verb("sweep make", "make the runs of a grid", "sweeps:Make"),
        Verb("sweep show", "what the runs of a sweep differ in, and their figures", "sweeps:Show"),
        Verb("sweep list", "the sweeps there are", "sweeps:List"),
        Verb("design list", "the designs there are", "designs:List"),
        Verb("design make", "plan runs over learning sources and strategies", "designs:Make"),
        Verb("design extend", "let a design go on beyond its end", "designs:Extend"),
        Verb("design add-scores", "scores of a design's runs, from a table", "designs:AddScores"),
        Verb("design show", "how far a design has come, and what it tells already", "designs:Show"),
        Verb("design prepare", "what a design's runs learn from, and how", "design_runs:Prepare"),
        Verb("design next", "the next runs of a design: told, made, launched", "design_runs:Next"),
        Verb("design work", "train a design's runs, one after the other", "design_runs:Work", computes=True),
        Verb("design score", "what finished runs are worth on tasks", "design_runs:Score", computes=True),
        Verb("design remove", "remove one for good", "designs:Remove"),
        Verb(
            "report",
            "the thesis's tables, figures and claims beside what was found here, as one HTML file",
            "studies:ThesisReport",
        ),
        Verb("launch", "train runs in the background, here or on SLURM", "launching:Launch"),
        Verb("stop", "end runs, or take them from the queue", "launching:Stop"),
        Verb("resume", "go on with runs that were stopped, failed or lost", "launching:Resume"),
        Verb("queue", "what is trained and what waits", "launching:Queue"),
        Verb("decisions", "right and wrong decisions of runs on a label", "decisions:Decisions"),
        Verb("co-predictions", "which labels a run predicts together", "decisions:CoPredictions"),
        Verb("stages show", "how frequent each class is in each stage", "stages:Show"),
        Verb("stages curve", "how right stage III is on the demo, at several percentiles", "stages:Curve"),
        Verb("stages score", "what taggers of the stages reach, beside what was published", "stages:Score"),
        Verb("stages agree", "how far a map made by others agrees with a stage", "stages:Agree"),
        Verb("clean list", "the cleanings there are", "cleaning:List"),
        Verb("clean new", "save a list of steps under a name", "cleaning:New"),
        Verb("clean add", "add steps to a saved one", "cleaning:Add"),
        Verb("clean edit CLEANING on", "turn a step on", "cleaning_edits:TurnOn"),
        Verb("clean edit CLEANING off", "turn a step off", "cleaning_edits:TurnOff"),
        Verb("clean edit CLEANING drop", "take a step out", "cleaning_edits:TakeOut"),
        Verb("clean edit CLEANING move", "put a step at another position", "cleaning_edits:Move"),
        Verb("clean edit CLEANING reject", "leave tags alone in a step", "cleaning_edits:Reject"),
        Verb(
            "clean edit CLEANING accept", "let a step have tags that were rejected", "cleaning_edits:Accept"
        ),
        Verb("clean edit CLEANING assign", "put tags into a category by hand", "cleaning_edits:Assign"),
        Verb("clean preview", "what each step would do; nothing is changed", "cleaning:Preview"),
        Verb("clean apply", "clean a data set and save the result under a new name", "cleaning:Apply"),
        Verb("clean show", "the steps of one", "cleaning:Show"),
        Verb("clean export", "write the steps (JSON), or what becomes of every tag (TSV)", "cleaning:Export"),
        Verb(
            "clean import",
            "read steps (JSON), or a table of what becomes of each tag (TSV)",
            "cleaning:Import",
        ),
        Verb("clean remove", "remove one for good", "cleaning:Remove"),
        Verb("collapsed", "what went into a tag, and why", "cleaning:Collapsed"),
        Verb("log", "the end of a run's log", "runs:Log"),
        Verb("runs list", "the runs there are", "runs:List"),
        Verb("runs show", "one run: what it was asked to do, and the figures of every label", "runs:Show"),
        Verb("runs note", "write a note to one", "runs:Note"),
        Verb("runs title", "give one a title", "runs:Title"),
        Verb("runs tag", "tag one, to find it by", "runs:Tag"),
        Verb("runs add", "add results of another program", "runs:Add"),
        Verb("runs export", "write one to a zip", "runs:Export"),
        Verb("runs import", "read one from a zip", "runs:Import"),
        Verb("runs delete", "move one to the trash folder", "runs:Delete"),
        Verb(
            "compare-runs",
            "runs side by side: means, labels, tag groups, settings",
            "compare_runs:CompareRuns",
        ),
        Verb("cache show", "how large what is, by kind", "storage:Show"),
        Verb("cache prune", "remove what can be made again, least recently used first", "storage:Prune"),
        Verb("bench", "time taglab against named peers", "benchmarking:Bench"),
    )
}


GROWN: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("data add", "read a data set and keep it under a name", "data:adders"),
        Verb("targets", "what each track should be given: classes, numbers, factors", "targets:makers"),
        Verb("features encode", "make features of sound", "features:encoders"),
        Verb(
            "reproduce",
            "a published model, trained on your data and set beside what was published of it",
            "studies:recipes",
            computes=True,
        ),
    )
}
"""Families that have a verb for every entry of a dictionary."""


def shell_line(question: Question) -> list[str]:
    """Return the arguments of the shell line that asks a question, the program's name first."""
    from taglab.verbs.question import command

    if question.verb:
        return command(question.verb, question)
    place = f"{type(question).__module__.removeprefix(f'{__name__}.')}:{type(question).__name__}"
    name = next(verb.name for verb in VERBS.values() if verb.place == place)
    return command(name, question)
