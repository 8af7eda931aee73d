"""What is measured: sound, the features made of it, a degradation, and how many clips."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from taglab import cache
from taglab.audio.degrade import DEGRADATIONS, Degradation
from taglab.audio.store import AudioStore
from taglab.encoders import ENCODERS, encoder_name
from taglab.errors import TaglabError
from taglab.folksonomy import Folksonomy
from taglab.studies.robustness import (
    Consistencies,
    ConsistencySettings,
    consistency,
    consistency_seconds,
    lacking_share,
)
from taglab.ui.loaders import folksonomy
from taglab.ui.long_work import LongWork, await_work
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_number, on_every_page, pick_audio, pick_data
from taglab.ui.players import sound_of
from taglab.ui.remembered import Shelved, remembered
from taglab.vectors import feature_names, open_features
from taglab.verbs.robustness import Consistency

_MOST_CLIPS = 2_000
_GRIDS = {"coarse": "Five", "thesis": "All"}


@dataclass(frozen=True, eq=False)
class Material:
    """What the page looks at.

    Attributes:
        data: The data set.
        audio: Name of its sound.
        store: The sound.
        degradation: Key in `DEGRADATIONS`.
        settings: What is measured, of that degradation.
    """

    data: Folksonomy
    audio: str
    store: AudioStore
    degradation: str
    settings: ConsistencySettings

    @property
    def kind(self) -> Degradation:
        """The degradation."""
        return DEGRADATIONS[self.degradation]

    @property
    def question(self) -> Consistency:
        """What asks the same in a shell."""
        return Consistency(audio=self.audio, data=self.data.name, measured=self.settings)


def pick_material(controls: DeltaGenerator) -> Material | None:
    """Let sound, features and a degradation be chosen; None, and why, where there is no sound.

    Args:
        controls: Where the degradation is chosen.
    """
    with st.sidebar:
        name = pick_data()
        audio = pick_audio(name)
    with working("Opening the data") as progress:
        data = folksonomy(name, progress)
    store, why = sound_of(data, audio)
    if store is None:
        st.info(literal(why), icon=":material/volume_off:")
        return None
    with st.sidebar:
        features = _pick_features(store)
        settings = _pick_settings(features)
    with controls:
        degradation = _pick_degradation(store)
    settings = settings.model_copy(update={"degradations": (degradation,)})
    return Material(data, audio, store, degradation, settings)


def _pick_features(store: AudioStore) -> tuple[str, ...]:
    names = [name for name in feature_names("tracks") if _fits(_place(name), store.sample_rate_hz)]
    if "robust_features" in st.session_state:
        kept = [one for one in st.session_state["robust_features"] if one in names]
        st.session_state["robust_features"] = kept
    with on_every_page():
        chosen = st.multiselect(
            "Features that an encoder made", names, default=names[:3], key="robust_features",
            bind="query-params",
            help="What was made of sound of this rate by `taglab features encode`; other programs' features "
            "cannot be made of degraded sound here.",
        )  # fmt: skip
    return tuple(chosen)


def _place(name: str) -> Shelved:
    return Shelved.of(cache.FEATURES, name, within="manifest.json")


@remembered("tiny")
def _fits(place: Shelved, rate_hz: int) -> bool:
    try:
        features = open_features(place.name)
    except TaglabError:  # the list of features tells what is wrong with it
        return False
    sound = features.origin.get("sound", {})
    return encoder_name(features) in ENCODERS and sound.get("sample_rate_hz") == rate_hz


def _pick_settings(features: tuple[str, ...]) -> ConsistencySettings:
    usual = ConsistencySettings()
    clips = st.number_input(
        "Clips", 3, _MOST_CLIPS, usual.clips, key="clips",
        bind=bound_number("clips", "clips =", 3, _MOST_CLIPS),
        help="Drawn from the tracks that are long enough; cost grows with the square.",
    )  # fmt: skip
    clip_s = st.number_input(
        "Length of a clip (s)", 0.5, 30.0, usual.clip_s, 0.5, key="clip_s",
        bind=bound_number("clip_s", "a length of", 0.5, 30),
    )  # fmt: skip
    grid = st.segmented_control(
        "Magnitudes measured", list(_GRIDS), default="coarse", format_func=_GRIDS.__getitem__, key="grid",
        bind="query-params", required=True,
    )  # fmt: skip
    sound = st.toggle(
        "Distances in sound, too", value=True, key="in_sound", bind="query-params",
        help="By dynamic time warping and by the matrix profile of cepstral coefficients: what the features "
        "are held against.",
    )  # fmt: skip
    return ConsistencySettings(
        clips=int(clips), clip_s=float(clip_s), grid="thesis" if grid == "thesis" else "coarse",
        sound=sound or not features, features=features,
    )  # fmt: skip


def _pick_degradation(store: AudioStore) -> str:
    there = [name for name, kind in DEGRADATIONS.items() if kind.magnitudes(store.sample_rate_hz)]
    return st.selectbox(
        "Degradation", there, format_func=lambda name: DEGRADATIONS[name].title, key="degradation",
        bind="query-params", width=230,
    )  # fmt: skip


def measured(material: Material) -> Consistencies:
    """Return what was measured; where that takes long, show the way to it and stop."""
    share = lacking_share(material.store, material.settings)
    if share:
        given = material.question.model_dump_json()
        n_tracks, rate_hz = len(material.store), material.store.sample_rate_hz
        await_work(
            LongWork(
                key=f"consistency {material.store.fingerprint} {given}",
                module="taglab.verbs.robustness",
                given=given,
                title=f"Consistency under {material.kind.title.lower()}",
                lacking=f"Degrading clips ({material.kind.title.lower()}) and finding who is nearest to whom",
                verb="Measure",
                meanwhile="Any magnitude can be heard meanwhile.",
                seconds=share * consistency_seconds(material.settings, n_tracks, rate_hz),
            )
        )
    with working("Measuring") as progress:
        return consistency(material.store, material.settings, progress=progress)
