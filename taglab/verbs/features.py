"""Features of tracks: made by encoders of sound, or read from files of other programs."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from taglab import cache
from taglab.audio.library import DEMO, AudioFiles, audio_files, brief_audio, resolve_audio
from taglab.audio.store import StoreSettings
from taglab.batches import SplitSettings, split_tracks
from taglab.encoders import (
    ENCODERS,
    Encoder,
    Learned,
    MusicnnNetwork,
    Sounds,
    begin_encoding,
    encode_share,
    encode_tracks,
    encoder_of,
    learn,
    musicnn_predictions,
    read_features,
    standing,
    write_features,
)
from taglab.encoders.files import Slices, feature_table
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.launch import LaunchSettings, own_command, submit_array
from taglab.launch.shares import run_shares
from taglab.paths import typed_path
from taglab.progress import Progress, between
from taglab.runs import ResultsSettings, import_results
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.vectors import Vectors, feature_names, open_features, remove_features, save_features
from taglab.vectors.measures import MEASURES
from taglab.verbs.grown import in_group, question_of_entry
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import ByName, Kept, Listing, Names, NewName, Removal

_EXAMPLES = 5
_DECODING = Group("decoding of files", omit=("tracks_per_shard",))
_WHERE = Group(
    "where the shards run",
    flags={"where": Flag("--launcher")},
    omit=("gpus", "nodes", "tasks_per_node"),
)


class List(Listing):
    """List the features that are kept."""

    examples: ClassVar[str] = "taglab features list"
    columns: ClassVar[tuple[str, ...]] = ("name", "kind", "ids", "missing", "dim", "measure", "encoder")
    names: ClassVar[Names] = feature_names

    @staticmethod
    def row(name: str) -> dict[str, Any]:
        """Return what features are."""
        return _facts(name, open_features(name))


class Encoding(Question):
    """What is asked of every encoder.

    Attributes:
        name: What to call the features from now on.
        audio: Sound.
        data: Data set whose split says from which tracks an encoder may learn.
        files: A folder of audio files, or a table of track and path, in place of `audio`: they are decoded
            some hundred at a time, and their sound is not kept.
        shards: How many processes share the tracks. What they have done is kept until all is: asking the same
            once more goes on with it.
        learn_from: At most so many training tracks are learned from, drawn evenly.
        split: How its tracks are split, where the encoder learns.
        decoding: How files are decoded.
        launch: Where the shards run, and with what.
    """

    returns: ClassVar[str] = (
        "{name, kind, ids, missing, dim, measure, encoder, non_zeros, seconds_a_track}, or of shards on "
        "SLURM {name, job, parts, done}"
    )
    table: ClassVar[bool] = False

    name: NewName
    audio: Annotated[str, Flag(metavar="NAME")] = DEMO
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    files: Annotated[Path | None, Flag(metavar="PATH")] = None
    shards: int = Field(1, ge=1, le=10_000)
    learn_from: int = Field(5_000, ge=1)
    split: Annotated[SplitSettings, Group("the split", prefix="split-")] = SplitSettings()
    decoding: Annotated[StoreSettings, Group("decoding of files", omit=("tracks_per_shard",))] = (
        StoreSettings()
    )
    launch: Annotated[LaunchSettings, _WHERE] = LaunchSettings(gpus=0)
    settings: BaseModel

    def answer(self, progress: Progress) -> Report:
        """Return what was made, or what was begun."""
        self._encoder().permit()
        if self.files is None and self.shards == 1 and self.launch.where == "local":
            return self._at_once(progress)
        return self._in_shares(progress)

    def _encoder(self) -> Encoder:
        encoder = encoder_of(self.settings.model_dump()["encoder"], self.settings.model_dump())
        return encoder.with_whole_paths()

    def _at_once(self, progress: Progress) -> Report:
        data = open_folksonomy(self.data, between(progress, 0, 0.05))
        store = resolve_audio(self.audio, data, between(progress, 0.05, 0.4))
        training, split = self._training(data, store.copies)
        encoder = self._encoder()
        learned = learn(encoder, store, training, between(progress, 0.4, 0.6))
        began = time.perf_counter()
        vectors = encode_tracks(encoder, store, learned, split, self.name, between(progress, 0.6, 1))
        seconds = (time.perf_counter() - began) / max(1, len(store))
        save_features(vectors, self.name, learned)
        return _encoded(self.name, vectors, seconds)

    def _training(self, data: Folksonomy, copies: Sequence[Sequence[str]]) -> tuple[list[str], str]:
        """Return tracks to learn from, and the split's fingerprint."""
        split = split_tracks(data, self.split, copies)
        training = [track for track, part in zip(split.tracks, split.parts, strict=True) if part == "train"]
        if len(training) > self.learn_from:
            drawn = np.random.default_rng(self.split.seed).choice(
                len(training), self.learn_from, replace=False
            )
            training = [training[place] for place in np.sort(drawn)]
        return training, split.fingerprint

    def _in_shares(self, progress: Progress) -> Report:
        encoder = self._encoder()
        data = open_folksonomy(self.data, between(progress, 0, 0.02))
        with contextlib.ExitStack() as stack:
            if self.files is None:
                sounds = Sounds(resolve_audio(self.audio, data, between(progress, 0.02, 0.2)))
            else:
                files = stack.enter_context(audio_files(typed_path(str(self.files)), data))
                sounds = Sounds(files=files.table, decoding=self.decoding)
            learned, split = self._learned(encoder, sounds, data, between(progress, 0.2, 0.3))
            at = begin_encoding(self.name, encoder, sounds, learned, split)
            commands = [_share_command(self.name, share, self.shards) for share in range(self.shards)]
            if self.launch.where == "slurm":
                job = submit_array(f"encode {self.name}", self.launch, commands)
                return Report({"name": self.name, "job": job, "parts": at.parts, "done": at.done})
            began = time.perf_counter()
            run_shares(self.name, commands, between(progress, 0.3, 1))
            seconds = (time.perf_counter() - began) / len(sounds.tracks)
        return _encoded(self.name, open_features(self.name), seconds)

    def _learned(
        self, encoder: Encoder, sounds: Sounds, data: Folksonomy, progress: Progress
    ) -> tuple[Learned, str]:
        """Return what is learned of training tracks, which are decoded for that alone, and the split."""
        training, split = self._training(data, () if sounds.store is None else sounds.store.copies)
        if not encoder.learns:
            return {}, split
        if sounds.store is not None:
            return learn(encoder, sounds.store, training, progress), split
        assert sounds.files is not None  # noqa: S101  # a store or files
        chosen = sounds.files[sounds.files["track"].astype(str).isin(set(training))]
        if chosen.empty:
            raise InvalidSetting("the encoder learns from training tracks, and none of those has sound")
        with brief_audio(AudioFiles(chosen), self.decoding, None, between(progress, 0, 0.5)) as store:
            return learn(encoder, store, training, between(progress, 0.5, 1)), split


def _encoded(name: str, vectors: Vectors, seconds_a_track: float) -> Report:
    non_zeros = float((vectors.vectors != 0).sum(axis=1).mean())
    return Report({**_facts(name, vectors), "non_zeros": non_zeros, "seconds_a_track": seconds_a_track})


def _share_command(name: str, share: int, shares: int) -> list[str]:
    return own_command("features", "share", name, "--share", str(share), "--shares", str(shares))


class Share(Question):
    """Work on a share of an encoding that was begun; whoever does the last part keeps the features. What
    `features encode --shards` runs, to be run by hand on any machine that sees the cache folder.

    Attributes:
        features: What the features will be called.
        share: Which share, from 0.
        shares: How many there are.
    """

    returns: ClassVar[str] = "{name, parts, done, kept}: of parts under way; whether features are kept"
    examples: ClassVar[str] = "taglab features share big --share 3 --shares 8"
    table: ClassVar[bool] = False

    features: Kept
    share: int = Field(0, ge=0)
    shares: int = Field(1, ge=1)

    def answer(self, progress: Progress) -> Report:
        """Return how far the encoding is; when it is done, that the features are there."""
        encode_share(self.features, self.share, self.shares, progress)
        if self.features in feature_names():
            return Report({"name": self.features, "parts": 0, "done": 0, "kept": True})
        at = standing(self.features)
        return Report({"name": self.features, "parts": at.parts, "done": at.done, "kept": False})


class Tag(Question):
    """Let musicnn, which others trained, tag tracks, and keep what it says as a run of results only.

    Attributes:
        run: What to call the run.
        audio: Sound, at 16 kHz.
        data: Data set whose tags are taken for true, those of them that musicnn tells.
        part: Whose tracks: those that other runs of the same split are judged by.
        split: How the data set's tracks are split.
        settings: Which of the networks. What it was trained on is no fair test of it.
    """

    returns: ClassVar[str] = "{run, tracks, classes}"
    examples: ClassVar[str] = "taglab features tag musicnn-mtt --audio mine --data mine"
    table: ClassVar[bool] = False

    run: Kept
    audio: Annotated[str, Flag(metavar="NAME")] = DEMO
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    part: Literal["validation", "test"] = "test"
    split: Annotated[SplitSettings, Group("the split", prefix="split-")] = SplitSettings()
    settings: Annotated[MusicnnNetwork, Group("the network", omit=("encoder",))] = MusicnnNetwork()

    def answer(self, progress: Progress) -> Report:
        """Return the size of what was kept."""
        data = open_folksonomy(self.data, between(progress, 0, 0.05))
        store = resolve_audio(self.audio, data, between(progress, 0.05, 0.2))
        split = split_tracks(data, self.split, store.copies)
        tracks = [track for track, part in zip(split.tracks, split.parts, strict=True) if part == self.part]
        predictions = musicnn_predictions(self.settings, store, data, tracks, between(progress, 0.2, 0.95))
        note = f"musicnn of Pons and Serra 2019, trained by them on {self.settings.trained_on}"
        with cache.scratch_folder(cache.home() / cache.UPLOADS, "musicnn") as folder:
            predictions.save(folder / "scores.npz")
            about = ResultsSettings(title=f"musicnn ({self.settings.trained_on})", note=note, part=self.part)
            run = import_results(folder / "scores.npz", self.run, about)
        return Report({"run": run.name, "tracks": predictions.n_tracks, "classes": predictions.n_classes})


def encoders() -> dict[str, tuple[str, type[Encoding]]]:
    """Return for every encoder what it is, and the question that makes features with it."""
    return {name: (_about(model), _encoding(name, model)) for name, model in ENCODERS.items()}


def _about(model: type[BaseModel]) -> str:
    first = (model.__doc__ or "").strip().splitlines()[0]
    return first[0].lower() + first[1:].rstrip(".")


@functools.cache
def _encoding(name: str, model: type[BaseModel]) -> type[Encoding]:
    must = [field.replace("_", "-") for field, setting in model.model_fields.items() if setting.is_required()]
    required = "".join(f" --{flag} {flag.upper()}" for flag in must)
    begins = f"taglab features encode {name} --name mine{required}"
    examples = (
        f"{begins} --audio mine --data mine\n"
        f"{begins} --files songs --data mine --shards 8\n"
        f"{begins} --files songs --shards 200 --launcher slurm"
    )
    settings = in_group(model, Group("the encoder", omit=("encoder",)))
    about = model.__doc__ or ""
    return question_of_entry(Encoding, f"features encode {name}", about, examples, {"settings": settings})


class Read(Question):
    """Read features that another program computed (MERT, CLAP, OpenL3, VGGish …) and keep them under a name.

    Attributes:
        path: A table with a column `track`, or else ids in its first column, and numbers; or an array with
            ids, as word vectors are.
        name: What to call them from now on.
        data: Data set of the tracks.
        measure: By which they are compared.
        slices: What a track has whose slices stand in several rows: their mean, or their mean and then their
            deviation; none where every row is a whole track.
    """

    returns: ClassVar[str] = "{name, kind, ids, missing, dim, measure, encoder, unknown, examples: [id]}"
    examples: ClassVar[str] = """
taglab features add mert.parquet --name mert --data mine
taglab features add openl3.npz --name openl3 --data mine --measure euclidean
taglab features add slices.csv --name sliced --data mine --slices mean-deviation
"""
    table: ClassVar[bool] = False

    path: Annotated[Path, Flag(metavar="PATH", word=True)] = Field(
        description="A .csv, .tsv or .parquet of ids and numbers, or .npy beside a list of ids, .npz, text"
    )
    name: NewName
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    measure: Annotated[str, Flag(choices=MEASURES)] = "cosine"
    slices: Slices = "none"

    def answer(self, progress: Progress) -> Report:
        """Return what was read, and which ids are no track."""
        data = open_folksonomy(self.data, between(progress, 0, 0.3))
        tracks = data.tracks["track"].tolist()
        share = between(progress, 0.3, 1)
        read = read_features(self.path, tracks, self.name, self.measure, share, self.slices)
        save_features(read.vectors, self.name)
        facts = _facts(self.name, read.vectors)
        unknown = {"unknown": len(read.unknown), "examples": list(read.unknown[:_EXAMPLES])}
        return Report({**facts, **unknown}, notes=_notes(read.vectors, read.unknown))


def _notes(vectors: Vectors, unknown: tuple[str, ...]) -> tuple[str, ...]:
    notes = []
    if vectors.missing:
        notes.append(f"{len(vectors.missing):,} tracks have no features ({vectors.missing[0]!r}, …)")
    if unknown:
        notes.append(f"{len(unknown):,} ids are no track of the data set, and left out ({unknown[0]!r}, …)")
    return tuple(notes)


class Show(Question):
    """Show what features are, and their values.

    Attributes:
        features: Features.
    """

    returns: ClassVar[str] = "{name, kind, ids, missing, dim, measure, encoder, rows: [{track, d0, d1, …}]}"
    examples: ClassVar[str] = "taglab features show mine --out mine.parquet"

    features: Kept

    def answer(self, progress: Progress) -> Report:
        """Return the vectors, a row each."""
        vectors = open_features(self.features)
        table = feature_table(vectors)
        return Report(_facts(self.features, vectors), table, shown=list(table.columns[:6]))


class Export(Question):
    """Write features to a file that other programs read, and `features add` too.

    Attributes:
        features: Features.
        path: .npz of the arrays ids and vectors; .npy beside a .txt of ids; or a table of a column of ids and
            one for every number: .csv, .tsv, .parquet.
    """

    returns: ClassVar[str] = "{name, kind, ids, missing, dim, measure, encoder, file}"
    examples: ClassVar[str] = "taglab features export codes codes.npz"
    table: ClassVar[bool] = False

    features: Kept
    path: Annotated[Path, Flag(metavar="PATH", word=True)]

    def answer(self, progress: Progress) -> Report:
        """Return what was written."""
        vectors = open_features(self.features)
        write_features(vectors, self.path)
        return Report({**_facts(self.features, vectors), "file": str(self.path)})


class Remove(Removal):
    """Remove features from the cache."""

    examples: ClassVar[str] = "taglab features remove mine"
    remove: ClassVar[ByName] = remove_features


def _facts(name: str, vectors: Vectors) -> dict[str, Any]:
    encoder = vectors.origin.get("encoder", {})
    return {
        "name": name,
        "kind": vectors.kind,
        "ids": len(vectors),
        "missing": len(vectors.missing),
        "dim": vectors.dim,
        "measure": vectors.measure,
        "encoder": encoder.get("encoder", "") if isinstance(encoder, dict) else str(encoder),
    }
