"""What is asked: joint spaces with the data and the features they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from taglab import cache, runs
from taglab.errors import InvalidSetting, NotFound, TaglabError
from taglab.folksonomy import Folksonomy
from taglab.joint_space import JointSpace, joint_space_names, open_joint_space, require_unchanged
from taglab.joint_space.scored import ScoredSpace, space_of_scores
from taglab.joint_space.words import place_words
from taglab.runs import Run
from taglab.ui.loaders import folksonomy, word_vectors
from taglab.ui.messages import literal, working
from taglab.ui.pickers import choose_among
from taglab.ui.remembered import Shelved, remembered
from taglab.vectors import Vectors, open_features

_NONE = "—"
_RUN = "run: "
_SCORES = "predictions/test.npz"
_RUNS_FRESH_S = 30.0

Given = Mapping[str, Mapping[str, npt.NDArray[np.float32]]]
"""What a space is given with a query: kind → name → vector in the space."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A space that is asked, or a run's scores as one.

    Attributes:
        space: The space.
        data: The data set it was trained on.
        tracks: Places of the tracks that have features, compared by dot product.
        scored: The scores of a run, of its held-out tracks; None of a joint space.
    """

    space: JointSpace
    data: Folksonomy
    tracks: Vectors
    scored: ScoredSpace | None = None

    @property
    def is_run(self) -> bool:
        """Whether a run is asked."""
        return self.scored is not None

    @property
    def run(self) -> str:
        """Name of the run."""
        return self.name.removeprefix(_RUN)

    @property
    def name(self) -> str:
        """Of the space."""
        return self.space.name

    @property
    def features(self) -> str:
        """Name of the features it was trained on."""
        return str(self.space.about["features"]["name"])

    @property
    def features_fingerprint(self) -> str:
        """Of the content of those features, by which their name is known again."""
        return str(self.space.about["features"]["fingerprint"])


def pick_spaces() -> list[Asked] | None:
    """Let a space be chosen, and another to stand beside it; in the URL as `space` and `beside`.

    Returns:
        Those that can be asked, one or two; the others are told of. None where there is no space yet, and no
        run that has ranked held-out tracks.
    """
    names = [
        *joint_space_names(),
        *(f"{_RUN}{name}" for name in _with_scores(str(cache.home()), runs.run_names())),
    ]
    if not names:
        return None
    with st.sidebar:
        first = choose_among("space", "Joint space or run", names, 0, "joint space")
        others = [_NONE, *(name for name in names if name != first)]
        second = choose_among("beside", "Beside it", others, 0, "joint space") if names[1:] else _NONE
    asked = []
    for name in (first, second):
        if name != _NONE:
            try:
                run = name.removeprefix(_RUN)
                asked.append(open_asked(name) if run == name else _open_run(run))
            except TaglabError as error:
                st.error(literal(str(error)), icon=":material/error:")
    return asked


def open_asked(name: str) -> Asked:
    """Return a space with its data and tracks; raises what is wrong with any of them."""
    with working("Opening the space") as progress:
        space = _open_space(Shelved.of(cache.JOINT_SPACES, name, within="space.json"))
        if not {"data", "features"} <= space.about.keys():
            raise InvalidSetting(
                f"the joint space {name!r} does not say what it was trained on; train it again"
            )
        data = folksonomy(str(space.about["data"]["name"]), progress)
        require_unchanged(space, "data", data)
        place = Shelved.of(cache.FEATURES, str(space.about["features"]["name"]), within="manifest.json")
        features = _open_features(place)
        require_unchanged(space, "features", features)
    return Asked(space, data, _placed(space, features))


@remembered("tiny", ttl_s=_RUNS_FRESH_S)
def _with_scores(home: str, names: list[str]) -> tuple[str, ...]:
    """Return the runs in a cache folder that have ranked held-out tracks."""
    return tuple(name for name in names if (runs.open_run(name).folder / _SCORES).exists())


def _open_run(name: str) -> Asked:
    run = runs.open_run(name)
    data = run.config.get("data")
    if not isinstance(data, str) or not data:
        raise InvalidSetting(f"the run {name!r} does not say of which data set its tracks are")
    scored = _scored(run)
    return Asked(scored.space, folksonomy(data), scored.tracks, scored)


@remembered("large")
def _scored(run: Run) -> ScoredSpace:
    predictions = run.predictions("test")
    if predictions is None:
        raise NotFound(f"the run {run.name!r} has ranked no held-out tracks yet")
    return space_of_scores(predictions, f"{_RUN}{run.name}", {})


def placed_words(asked: Asked, names: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
    """Return where words lie in a space; none where it knows no words, or these have no vector.

    Args:
        asked: The space.
        names: Words or phrases.
    """
    if "words" not in asked.space.about or not names:
        return {}
    try:
        words = word_vectors(str(asked.space.about["words"]["name"]), asked.data.name)
    except NotFound:  # the space keeps its map, and the vectors are gone
        return {}
    return place_words(asked.space, words, names)


@remembered("large")
def _open_space(place: Shelved) -> JointSpace:
    return open_joint_space(place.name)


@remembered("large")
def _open_features(place: Shelved) -> Vectors:
    return open_features(place.name)


@remembered("large")
def _placed(space: JointSpace, features: Vectors) -> Vectors:
    return Vectors.of("tracks", features.ids, space.place(features.vectors), space.name, "dot")
