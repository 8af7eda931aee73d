"""What is compared: features of a data set's tracks, and tasks that it can set."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from pydantic import ValidationError

from taglab import cache
from taglab.batches import SplitSettings
from taglab.encoders import is_baseline
from taglab.errors import TaglabError
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.labels import label_space_names
from taglab.studies.transfer import (
    FIFTH,
    TASKS,
    Asked,
    Classification,
    Splits,
    Transfer,
    Transferred,
    ask,
    kept_transferred,
    offered_tasks,
    transfer,
    transfer_seconds,
    usual_tasks,
)
from taglab.ui.loaders import folksonomy, interactions
from taglab.ui.long_work import LongWork, await_work
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_number, on_every_page, pick_audio, pick_data
from taglab.ui.remembered import Shelved, remembered
from taglab.vectors import Vectors, feature_names, open_features
from taglab.verbs.transfer import TransferQuestion

_FIRST_FEATURES = 4
_MOST_SPLITS = 20


@dataclass(frozen=True, eq=False)
class Material:
    """What the page looks at.

    Attributes:
        data: The data set.
        plays: Who played what of it, if that is known.
        features: Those chosen, of its tracks.
        tasks: Those chosen, by what they are called on the page.
        splits: On which tracks tasks are learned and judged.
        audio: Name of the sound.
        baselines: Names of those features that the others are held against, though their encoder is none.
    """

    data: Folksonomy
    plays: Interactions | None
    features: tuple[Vectors, ...]
    tasks: Mapping[str, Any]
    splits: Splits
    audio: str
    baselines: tuple[str, ...] = ()

    @property
    def question(self) -> TransferQuestion:
        """What asks the same in a shell."""
        return TransferQuestion(
            features=tuple(one.name for one in self.features), data=self.data.name,
            tasks=tuple(self.tasks.values()), splits=self.splits, baseline_features=self.baselines,
        )  # fmt: skip


def pick_material() -> Material:
    """Let data, features and tasks be chosen, in the sidebar. In the URL as `data`, `features`, `task` …"""
    with st.sidebar:
        name = pick_data()
    with working("Opening the data") as progress:
        data = folksonomy(name, progress)
    plays = interactions(name)
    with st.sidebar:
        features = _pick_features(data)
        baselines = _pick_baselines(features)
        tasks = _pick_tasks(data, plays)
        splits = _pick_splits(data)
        audio = pick_audio(name)
    return Material(data, plays, features, tasks, splits, audio, baselines)


def features_of(data: Folksonomy) -> list[str]:
    """Return the names of kept features that tracks of a data set have, sorted."""
    places = [Shelved.of(cache.FEATURES, name, within="manifest.json") for name in feature_names("tracks")]
    return [place.name for place in places if _n_in_common(place, data)]


@remembered("tiny")
def _n_in_common(place: Shelved, data: Folksonomy) -> int:
    try:
        return len(set(open_features(place.name).ids) & set(data.tracks["track"].astype(str)))
    except TaglabError:  # the list of features tells what is wrong with it
        return 0


@remembered("large")
def _opened(place: Shelved) -> Vectors:
    return open_features(place.name)


def _pick_features(data: Folksonomy) -> tuple[Vectors, ...]:
    names = features_of(data)
    chosen = _pick_several("features", "Features of tracks", names, names[:_FIRST_FEATURES])
    return tuple(_opened(Shelved.of(cache.FEATURES, name, within="manifest.json")) for name in chosen)


def _pick_baselines(features: Sequence[Vectors]) -> tuple[str, ...]:
    names = [one.name for one in features if not is_baseline(one)]
    if not names:
        return ()
    return tuple(
        _pick_several(
            "baseline", "Baselines", names, [],
            "What the others are held against, drawn as lines: a published tagger's layers, for one. MFCC "
            "statistics, random networks and musicnn are baselines anyway.",
        )
    )  # fmt: skip


def _pick_tasks(data: Folksonomy, plays: Interactions | None) -> dict[str, Any]:
    offered: dict[str, Any] = {task.title: task for task in offered_tasks(data, plays)}
    of_labels = [Classification(labels=name) for name in label_space_names()]
    offered |= {task.title: task for task in (*of_labels, *_tasks_without_settings())}
    usual = [task.title for task in usual_tasks(data, plays)]
    chosen = _pick_several(
        "task", "Tasks", list(offered), usual,
        "Which class, or which number, a column says; who plays what, where plays are known; and which class "
        "of a label space a track is in, of those in exactly one.",
    )  # fmt: skip
    return {name: offered[name] for name in chosen}


def _tasks_without_settings() -> list[Any]:
    """Return the tasks of `TASKS` that ask neither of plays nor of anything that must be named."""
    tasks: list[Any] = []
    for model in TASKS.values():
        with contextlib.suppress(ValidationError):
            tasks.append(model())
    return [task for task in tasks if not task.has_plays]


def _pick_several(
    key: str, label: str, names: Sequence[str], usual: Sequence[str], help_text: str | None = None
) -> list[str]:
    """Let some of the names be chosen; those of a link that are gone are told of."""
    gone = [one for one in st.query_params.get_all(key) if one not in names]
    if gone and key not in st.session_state:
        st.warning(literal(f"The link asks for {', '.join(map(repr, gone))}, which is not here."))
    if key in st.session_state:
        st.session_state[key] = [one for one in st.session_state[key] if one in names]
    with on_every_page():
        return st.multiselect(
            label, list(names), default=list(usual), key=key, bind="query-params", help=help_text
        )


def _pick_splits(data: Folksonomy) -> Splits:
    with st.expander("Splits"):
        number = st.number_input(
            "Splits", 1, _MOST_SPLITS, 5, key="splits",
            bind=bound_number("splits", "splits =", 1, _MOST_SPLITS),
            help="A fifth of the tracks is held out by each, drawn anew.",
        )  # fmt: skip
        apart = False
        if data.knows_artists:
            apart = st.toggle(
                "Artists apart", value=True, key="apart", bind="query-params",
                help="All tracks of an artist are learned from, or all are held out.",
            )  # fmt: skip
        published = False
        if "split" in data.tracks:
            published = st.toggle("The published split", key="published", bind="query-params")
    settings = SplitSettings(**{**FIFTH.model_dump(exclude_unset=True), "published": published,
                                "by_artist": apart and not published})  # fmt: skip
    return Splits(splits=int(number), split=settings)


def scores_of(material: Material) -> Transfer:
    """Return what the features are worth on the tasks; where that takes long, show the way to it and stop."""
    asked = tuple(
        _asked(task, _classes_of(task), material.data, material.plays, material.features, material.splits)
        for task in material.tasks.values()
    )
    kept = {
        (number, features.name): _kept(str(cache.home()), one, features)
        for number, one in enumerate(asked)
        for features in material.features
    }
    results = {pair: result for pair, result in kept.items() if result is not None}
    if len(results) == len(kept):
        return Transfer(asked, material.features, results, material.baselines)
    lacking = [(one, features) for number, one in enumerate(asked) for features in material.features
               if kept[number, features.name] is None]  # fmt: skip
    _await(material, lacking, len(kept))
    with working("Learning tasks") as progress:
        return transfer(asked, material.features, progress, material.baselines)


def _classes_of(task: Any) -> Shelved | None:
    """Return what lies under the name of a task's label space just now; None where it asks of none."""
    name = getattr(task, "labels", "")
    return Shelved.of(cache.LABEL_SPACES, name, ".json") if name else None


@remembered("medium")
def _asked(
    task: Any,
    classes: Shelved | None,
    data: Folksonomy,
    plays: Interactions | None,
    features: tuple[Vectors, ...],
    splits: Splits,
) -> Asked:
    return ask(task, task.problem(data, plays), data, features, splits)


@remembered("medium", keeps_none=False)
def _kept(home: str, asked: Asked, features: Vectors) -> Transferred | None:
    return kept_transferred(asked, features)


def _await(material: Material, lacking: Sequence[tuple[Asked, Vectors]], total: int) -> None:
    given = material.question.model_dump_json()
    known = f"{total - len(lacking)} of {total} scores are there. " if len(lacking) < total else ""
    await_work(
        LongWork(
            key=f"transfer {material.data.fingerprint} {given}",
            module="taglab.verbs.transfer",
            given=given,
            title="Scores",
            lacking=f"{known}Learning {len(lacking)} times a task from features, over "
            f"{material.splits.splits} splits,",
            verb="Compute them",
            meanwhile="Fewer features, tasks or splits can be chosen meanwhile.",
            seconds=sum(transfer_seconds(one, features) for one, features in lacking),
        )
    )
