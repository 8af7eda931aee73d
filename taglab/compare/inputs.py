"""What compared runs were made of: by name and fingerprint, and whether that is still what lies there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from taglab.audio.library import audio_at_hand
from taglab.embeddings import vectors_key
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.factors.learning_source import (
    LearningSource,
    key_of_sources,
)
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.runs import Run
from taglab.runs.inputs import (
    INPUT_KINDS,
    LEARNED_FROM,
    Input,
    InputKind,
    input_of_audio,
    input_of_stem,
    input_of_targets,
    require_unchanged,
)
from taglab.runs.kept_targets import read_targets
from taglab.settings import checked
from taglab.sources import open_folksonomy
from taglab.split import SplitSettings, split_tracks
from taglab.vectors import open_features

NOT_KNOWN = "not known"
_SETTINGS: dict[InputKind, str] = {"data": "data", "audio": "audio", "targets": "labels"}
_SHORT = 8  # hexadecimal digits: enough to be told apart by eye


def inputs_table(
    run: Run, open_data: Callable[[str], Folksonomy] = open_folksonomy, progress: Progress = silent
) -> pd.DataFrame:
    """Return what a run was made of.

    Args:
        run: Any run.
        open_data: Opens a data set by name.
        progress: Told how far it is.

    Returns:
        `input` (a key of `taglab.runs.inputs.INPUT_KINDS`), `name`, `fingerprint` (as the run was made),
        `now`: "as it was", "changed", "not there", or "not known" of runs that were made before this was
        kept, and of plays, which are looked at as training begins. No rows where nothing was trained.
    """
    rows = []
    frozen = run.inputs
    for number, kind in enumerate(INPUT_KINDS):
        progress(number / len(INPUT_KINDS), f"looking at the {kind}")
        if kind in frozen:
            now = _now(run, kind, frozen[kind], frozen.get("data", frozen[kind]).name, open_data)
            rows.append({"input": kind, **frozen[kind].model_dump(), "now": now})
        elif run.kind == "trained" and _SETTINGS.get(kind) in run.config:
            name = str(run.config[_SETTINGS[kind]])
            rows.append({"input": kind, "name": name, "fingerprint": NOT_KNOWN, "now": NOT_KNOWN})
    return pd.DataFrame(rows, columns=["input", "name", "fingerprint", "now"])


def require_inputs(run: Run) -> None:
    """Refuse to go on with a run that learns from other inputs than when it was made; what is gone is passed.

    Of what a run keeps itself, it matters only that this is sound; plays are looked at as training begins.

    Raises:
        InputsChanged: Naming all that differ, and what to do.
        NotFound: If its data set is gone.
        DataError: If what the run keeps is damaged.
    """
    frozen = run.inputs
    now: dict[InputKind, Input] = {}
    for kind in (kind for kind in LEARNED_FROM if kind in frozen):
        if kind in _KEPT:
            _KEPT[kind](run)
        if kind in _KEPT or kind not in _FINGERPRINTS:
            continue
        data = open_folksonomy(frozen.get("data", frozen[kind]).name)
        there = _FINGERPRINTS[kind](run, frozen[kind].name, data)
        if there is not None:
            now[kind] = Input(name=frozen[kind].name, fingerprint=there)
    require_unchanged(run.name, frozen, now, LEARNED_FROM, "cannot be trained")


def _now(
    run: Run, kind: InputKind, frozen: Input, data_name: str, open_data: Callable[[str], Folksonomy]
) -> str:
    if kind not in _FINGERPRINTS:
        return NOT_KNOWN
    try:
        there = _FINGERPRINTS[kind](run, frozen.name, open_data(data_name))
    except (NotFound, DataError, InvalidSetting):
        return "not there"
    if there is None:
        return "not there"
    return "as it was" if there == frozen.fingerprint else "changed"


def _audio_now(run: Run, name: str, data: Folksonomy) -> str | None:
    store = audio_at_hand(name, data)
    return None if store is None else input_of_audio(name, store, data).fingerprint


def _stem_now(run: Run, name: str, data: Folksonomy) -> str | None:
    store = audio_at_hand(str(run.config.get("audio", data.name)), data)
    return None if store is None or name not in store.stems else input_of_stem(name, store, data).fingerprint


def _targets_now(run: Run, name: str, data: Folksonomy) -> str | None:
    space = run.label_space()
    return None if space is None else input_of_targets(name, space, data).fingerprint


def _sources_now(run: Run, name: str, data: Folksonomy) -> str | None:
    sources = [checked(LearningSource, source) for source in run.config.get("sources", ())]
    settings = checked(SplitSettings, run.config.get("split", {}))
    store = audio_at_hand(str(run.config.get("audio", data.name)), data)
    copies = store.copies if store is not None and run.config.get("copies_together", True) else ()
    split = split_tracks(data, settings, copies)
    return read_targets(run).fingerprint(key_of_sources(sources, data, split))


_FINGERPRINTS: dict[InputKind, Callable[[Run, str, Folksonomy], str | None]] = {
    "data": lambda run, name, data: data.fingerprint,
    "audio": _audio_now,
    "stem": _stem_now,
    "targets": _targets_now,
    "sources": _sources_now,
    "vectors": lambda run, name, data: vectors_key(name, data),
    "features": lambda run, name, data: open_features(name).fingerprint,
}

_KEPT: dict[InputKind, Callable[[Run], object]] = {"sources": read_targets}
"""Kind of an input that a run keeps → reads what it keeps."""


def settings_with_inputs(run: Run) -> dict[str, Any]:
    """Return a run's configuration, and beside it the beginnings of the fingerprints of what it was made of.

    Of a run that was trained before they were kept they are "not known".
    """
    if run.kind != "trained":
        return run.config
    frozen = run.inputs
    kinds = [kind for kind in INPUT_KINDS if kind in frozen or _SETTINGS.get(kind) in run.config]
    told = {kind: frozen[kind].fingerprint[:_SHORT] if kind in frozen else NOT_KNOWN for kind in kinds}
    return {**run.config, "content": told}


def inputs_warning(runs: Mapping[str, Run]) -> str | None:
    """Return that runs were made of different things that had one name, a sentence for each such name.

    Args:
        runs: Title → run.

    Returns:
        None where there is nothing to warn of; runs of which it is not known are passed over.
    """
    frozen = {title: run.inputs for title, run in runs.items()}
    sentences = []
    for kind, about in INPUT_KINDS.items():
        by_name: dict[str, dict[str, list[str]]] = {}
        for title, inputs in frozen.items():
            if kind in inputs and about.other:
                same = by_name.setdefault(inputs[kind].name, {}).setdefault(inputs[kind].fingerprint, [])
                same.append(f"“{title}”")
        for name, titles in by_name.items():
            if len(titles) > 1:
                first, *rest = (", ".join(same) for same in titles.values())
                sentences.append(
                    f"{first} had {about.other} under the name “{name}” than {' and '.join(rest)}: what lies "
                    "there was replaced in between, so figures may differ for that alone."
                )
    return " ".join(sentences) or None
