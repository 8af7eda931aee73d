"""What a run is made of, by name and fingerprint: frozen when it is made, held against what is there now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pydantic
from scipy import sparse

from taglab.cache import content_key
from taglab.errors import InputsChanged
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelSpace

if TYPE_CHECKING:
    from taglab.audio.store import AudioStore  # its decoders are not needed to read what runs are made of

InputKind = Literal["data", "audio", "stem", "targets", "sources", "vectors", "features", "plays"]


@dataclass(frozen=True)
class KindOfInput:
    """What is to be known of a kind of input.

    Attributes:
        changed: That it is another than when a run was made, a phrase with its name.
        other: What two runs had of one name, where it was replaced in between; empty where runs of one
            comparison may well differ in it.
        learned_from: Whether a training depends on it.
        heard: Whether predictions and their truth depend on it, once a network is trained.
    """

    changed: str
    other: str = ""
    learned_from: bool = False
    heard: bool = False


# Of the data set a training learns the tracks and who is in which class, and no title: these are the targets.
INPUT_KINDS: dict[InputKind, KindOfInput] = {
    "data": KindOfInput("the data set {name!r} is another than when it was made", "other data"),
    "audio": KindOfInput(
        "the audio {name!r} holds other sound of its tracks than when it was made",
        "other sound",
        learned_from=True,
        heard=True,
    ),
    "stem": KindOfInput(
        "the stem {name!r} holds other sound than when it was made", learned_from=True, heard=True
    ),
    "targets": KindOfInput(
        "its data have other tracks, or others in the classes of {name!r}, than when it was made",
        learned_from=True,
        heard=True,
    ),
    "sources": KindOfInput(
        "what the sources {name!r} say of the tracks is other than when it was made", learned_from=True
    ),
    "vectors": KindOfInput(
        "the vectors {name!r} are others than when it was made", "other vectors", learned_from=True
    ),
    "features": KindOfInput(
        "the features {name!r} are others than when it was made",
        "other features",
        learned_from=True,
        heard=True,
    ),
    "plays": KindOfInput(
        "the plays or tags of {name!r} are others than when it was made", "other plays", learned_from=True
    ),
}
LEARNED_FROM = tuple(kind for kind, of in INPUT_KINDS.items() if of.learned_from)
HEARD = tuple(kind for kind, of in INPUT_KINDS.items() if of.heard)


class Input(pydantic.BaseModel):
    """One thing that a run is made of.

    Attributes:
        name: What it is called on its shelf; of targets, the label space's; of sources, their names; of a
            stem, that of the part of the sound.
        fingerprint: Of its content, as the run was made: all columns of the data; the sound of the data's
            tracks; which track is in which class; the word vectors of the loss, or of those trained on the
            data's own tag lists, what they are trained on and how.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    name: str
    fingerprint: str = pydantic.Field(pattern=r"^[0-9a-f]{32}$")


Inputs = Mapping[InputKind, Input]

INPUTS = pydantic.TypeAdapter(dict[InputKind, Input])
"""How they lie in a run's folder."""


def input_of_targets(name: str, space: LabelSpace, data: Folksonomy) -> Input:
    """Return which track of a data set is in which class of a label space, as an input."""
    targets = sparse.csr_array(space.targets(data))
    targets.sort_indices()
    tracks = data.tracks["track"].astype(str).tolist()
    key = content_key(tracks, list(space.names), targets.indptr.astype("i8"), targets.indices.astype("i8"))
    return Input(name=name, fingerprint=key)


def input_of_audio(name: str, store: AudioStore, data: Folksonomy) -> Input:
    """Return the sound of a data set's tracks, as an input."""
    return Input(name=name, fingerprint=store.fingerprint_of(data.tracks["track"].astype(str)))


def input_of_stem(stem: str, store: AudioStore, data: Folksonomy) -> Input:
    """Return a part of the sound of a data set's tracks, as an input.

    Raises:
        NotFound: If the sound has no such stem.
    """
    store.stem_rows(stem)
    fingerprint = store.stems[stem].fingerprint_of(data.tracks["track"].astype(str))
    return Input(name=stem, fingerprint=fingerprint)


def changed_inputs(frozen: Inputs, now: Inputs) -> tuple[InputKind, ...]:
    """Return which inputs are known of both times and differ."""
    return tuple(kind for kind in frozen if kind in now and frozen[kind].fingerprint != now[kind].fingerprint)


def input_change(kind: InputKind, frozen: Input) -> str:
    """Return that an input is another than when a run was made, as a phrase."""
    return INPUT_KINDS[kind].changed.format(name=frozen.name)


def require_unchanged(
    run: str, frozen: Inputs, now: Inputs, kinds: Collection[InputKind], cannot: str
) -> None:
    """Refuse to go on with a run that was made of something else.

    Args:
        run: Its name.
        frozen: What it was made of; empty where that is not known.
        now: What is there.
        kinds: Which inputs matter.
        cannot: What is refused, as in "cannot go on".

    Raises:
        InputsChanged: Naming all that differ, and what to do.
    """
    changed = [input_change(kind, frozen[kind]) for kind in changed_inputs(frozen, now) if kind in kinds]
    if changed:
        raise InputsChanged(
            f"run {run!r} {cannot}: {', and '.join(changed)}; bring back what it was made of under the same "
            "name, or make a new run of the same settings"
        )
