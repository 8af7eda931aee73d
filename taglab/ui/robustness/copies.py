"""A map of clips as they are and of their changed copies, in one representation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from taglab import cache
from taglab.audio.degrade import Recording, Variants
from taglab.audio.store import AudioStore
from taglab.cache import content_key
from taglab.metrics.consistency import nearest_own
from taglab.projection import ProjectionSettings
from taglab.studies.robustness import ChangeSettings
from taglab.studies.robustness.spaces import FEATURE_DISTANCES, features_of
from taglab.ui.messages import literal, working
from taglab.ui.pickers import choose_among
from taglab.ui.projecting import projected
from taglab.ui.remembered import Shelved, remembered
from taglab.ui.robustness.listening import heard_as
from taglab.ui.robustness.material import Material
from taglab.ui.tag_map import MapClasses, MapPaint, MapPoints, map_points, tag_map
from taglab.ui.tracks import names_of
from taglab.vectors import Vectors, open_features

_ORANGE = 1


def show_copies_map(material: Material, magnitude: float) -> None:
    """Show originals in grey and their copies at a magnitude in colour; a click lets a track be heard."""
    if not material.settings.features:
        return
    shown = st.toggle(
        "Map of originals and changed copies", key="copies", bind="query-params",
        help="By t-SNE of the features of all clips measured, as they are and changed by what is heard.",
    )  # fmt: skip
    if not shown:
        return
    name = choose_among("copies_by", "Features on the map", list(material.settings.features), 0, "features")
    place = Shelved.of(cache.FEATURES, name, within="manifest.json")
    with working("Encoding originals and copies") as progress:
        vectors, nearest = _copies(
            material.store, material.clip_settings, material.variants, place, material.degradation,
            magnitude, material.given, progress,
        )  # fmt: skip
    where = projected(vectors, ProjectionSettings(method="tsne"))
    n = len(vectors) // 2
    tracks, unit = vectors.ids[:n], material.kind.unit
    called = names_of(material.data)
    labels = [f"{called.get(track, track)} ({track})" for track in tracks]
    labels += [f"{label}, {magnitude:g} {unit}" for label in labels]
    key = content_key(vectors.fingerprint, where.method, where.settings.model_dump(mode="json"), labels)
    points = _points(key, labels, where.positions)
    names = heard_as(material)

    def hear(rows: list[int]) -> None:
        if len(rows) == 1:
            st.session_state["heard"] = names[tracks[rows[0] % n]]

    state = np.repeat([0, 1], n).astype(np.int32)
    nowhere = np.full((2, 2), np.nan, np.float32)
    classes = MapClasses(
        state, ["original", f"{magnitude:g} {unit}"], np.array([-1, _ORANGE]), nowhere, "Clip"
    )
    about = f"Map of {n:,} clips by {name}, as they are and at {magnitude:g} {unit}"
    tag_map(
        f"copies {name}",
        points,
        MapPaint(about, where.method, classes, file=f"{name} copies", kind="clips"),
        None,
        hear,
    )
    st.caption(
        literal(
            f"Grey: {n:,} clips as they are; orange: the same at {magnitude:g} {unit}, by {name}. "
            f"{nearest:.0%} of the copies are nearest to their own original; the map keeps "
            f"{where.neighbours_kept:.0%} of neighbours. A click lets a track be heard."
        )
    )


@remembered("small")
def _copies(
    store: AudioStore,
    settings: ChangeSettings,
    variants: Variants | None,
    features: Shelved,
    degradation: str,
    magnitude: float,
    recording: Recording | None,
    _progress: object,
) -> tuple[Vectors, float]:
    """Return features of clips, then of their copies, and the share of copies nearest to their own."""
    clips = settings.drawn(store)
    before = features_of(features.name, clips.original())
    after = features_of(features.name, clips.degraded(degradation, magnitude, recording))
    measure = open_features(features.name).measure
    distances = FEATURE_DISTANCES["cosine" if measure == "cosine" else "euclidean"](before, after)
    ids = [*clips.tracks, *(f"{track}\N{ZERO WIDTH SPACE}" for track in clips.tracks)]
    vectors = Vectors.of("tracks", ids, np.concatenate([before, after]), features.name, measure)
    return vectors, float(nearest_own(distances).mean())


@remembered("small")
def _points(name: str, _labels: list[str], _positions: npt.NDArray[np.float32]) -> MapPoints:
    return map_points(name, _labels, np.ones(len(_labels), np.int64), _positions)
