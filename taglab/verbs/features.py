"""Features of tracks: made by encoders of sound, or read from files of other programs."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from taglab.audio.library import DEMO, resolve_audio
from taglab.batches import SplitSettings, split_tracks
from taglab.encoders import ENCODERS, encode_tracks, encoder_of, learn, read_features, write_features
from taglab.encoders.files import feature_table
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import open_folksonomy
from taglab.vectors import Vectors, feature_names, open_features, remove_features, save_features
from taglab.vectors.measures import MEASURES
from taglab.verbs.grown import in_group, question_of_entry
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import ByName, Kept, Listing, Names, NewName, Removal

_EXAMPLES = 5


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
        split: How its tracks are split, where the encoder learns.
    """

    returns: ClassVar[str] = "{name, kind, ids, missing, dim, measure, encoder, non_zeros, seconds_a_track}"
    table: ClassVar[bool] = False

    name: NewName
    audio: Annotated[str, Flag(metavar="NAME")] = DEMO
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    split: Annotated[SplitSettings, Group("the split", prefix="split-")] = SplitSettings()
    settings: BaseModel

    def answer(self, progress: Progress) -> Report:
        """Return what was made."""
        data = open_folksonomy(self.data, between(progress, 0, 0.05))
        store = resolve_audio(self.audio, data, between(progress, 0.05, 0.4))
        split = split_tracks(data, self.split, store.copies)
        training = [track for track, part in zip(split.tracks, split.parts, strict=True) if part == "train"]
        encoder = encoder_of(self.settings.model_dump()["encoder"], self.settings.model_dump())
        learned = learn(encoder, store, training, between(progress, 0.4, 0.6))
        began = time.perf_counter()
        vectors = encode_tracks(
            encoder, store, learned, split.fingerprint, self.name, between(progress, 0.6, 1)
        )
        seconds = (time.perf_counter() - began) / max(1, len(store))
        save_features(vectors, self.name, learned)
        non_zeros = float((vectors.vectors != 0).sum(axis=1).mean())
        return Report({**_facts(self.name, vectors), "non_zeros": non_zeros, "seconds_a_track": seconds})


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
    example = f"taglab features encode {name} --name mine --audio mine --data mine{required}"
    settings = in_group(model, Group("the encoder", omit=("encoder",)))
    about = model.__doc__ or ""
    return question_of_entry(Encoding, f"features encode {name}", about, example, {"settings": settings})


class Read(Question):
    """Read features that another program computed (MERT, CLAP, OpenL3, VGGish …) and keep them under a name.

    Attributes:
        path: A table with a column `track`, or else ids in its first column, and numbers; or an array with
            ids, as word vectors are.
        name: What to call them from now on.
        data: Data set of the tracks.
        measure: By which they are compared.
    """

    returns: ClassVar[str] = "{name, kind, ids, missing, dim, measure, encoder, unknown, examples: [id]}"
    examples: ClassVar[str] = """
taglab features add mert.parquet --name mert --data mine
taglab features add openl3.npz --name openl3 --data mine --measure euclidean
"""
    table: ClassVar[bool] = False

    path: Annotated[Path, Flag(metavar="PATH", word=True)] = Field(
        description="A .csv, .tsv or .parquet of ids and numbers, or .npy beside a list of ids, .npz, text"
    )
    name: NewName
    data: Annotated[str, Flag(metavar="NAME")] = DEMO
    measure: Annotated[str, Flag(choices=MEASURES)] = "cosine"

    def answer(self, progress: Progress) -> Report:
        """Return what was read, and which ids are no track."""
        data = open_folksonomy(self.data, between(progress, 0, 0.3))
        tracks = data.tracks["track"].tolist()
        read = read_features(self.path, tracks, self.name, self.measure, between(progress, 0.3, 1))
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
