"""What is measured: sound, the features made of it, a degradation, and how many clips."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from taglab import cache
from taglab.audio.degrade import DEGRADATIONS, Degradation, Recording, Variants
from taglab.audio.store import AudioStore
from taglab.audio.streams import Samples
from taglab.encoders import ENCODERS, encoder_name
from taglab.errors import TaglabError
from taglab.figures.theme import visible
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.studies.robustness import (
    ChangeSettings,
    Consistencies,
    ConsistencySettings,
    consistency,
    consistency_seconds,
    lacking_share,
)
from taglab.ui.export import copy_as_command
from taglab.ui.loaders import folksonomy
from taglab.ui.long_work import LongWork, await_work, is_long
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice, bound_number, on_every_page, pick_audio, pick_data
from taglab.ui.players import NOT_MADE, sound_of
from taglab.ui.remembered import Shelved, remembered
from taglab.ui.robustness.recording import pick_recording, pick_variants
from taglab.vectors import feature_names, open_features
from taglab.verbs.first_features import statistics_of
from taglab.verbs.robustness import Consistency

_MOST_CLIPS = 2_000
_MOST_NAMED = 5
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
        recording: The noise or the impulse response that was uploaded for it, mono at the rate of the sound.
        recording_name: Of its file; empty where there is none.
    """

    data: Folksonomy
    audio: str
    store: AudioStore
    degradation: str
    settings: ConsistencySettings
    recording: Samples | None = None
    recording_name: str = ""

    @property
    def kind(self) -> Degradation:
        """The degradation."""
        return DEGRADATIONS[self.degradation]

    @property
    def question(self) -> Consistency:
        """What asks the same in a shell."""
        asked = Consistency(audio=self.audio, data=self.data.name, measured=self.settings)
        flag = {"noise": "noise", "impulse response": "impulse"}.get(self.kind.recording)
        return asked.model_copy(update={flag: self.recording_name}) if flag and self.recording_name else asked

    @property
    def clip_settings(self) -> ChangeSettings:
        """Which clips are measured."""
        return ChangeSettings(**self.settings.model_dump(include=set(ChangeSettings.model_fields)))

    @property
    def magnitudes(self) -> tuple[float, ...]:
        """Those of the degradation that there are, ascending."""
        return self.settings.available(self.degradation, self.store.sample_rate_hz)

    @property
    def uploaded(self) -> dict[str, Recording]:
        """What was uploaded, as `consistency` takes it."""
        return {} if self.recording is None else {self.degradation: self.recording}

    @property
    def variants(self) -> Variants | None:
        """Those that the table has just now, which say what tracks clips are of; None where none is named."""
        return self.settings.rendered()

    @property
    def given(self) -> Recording | None:
        """What the degradation is given besides the sound: what was uploaded, or variants, if any."""
        return self.settings.recordings(self.uploaded).get(self.degradation)


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
        if why == NOT_MADE and st.button("Open Data", icon=":material/library_music:"):
            st.switch_page("pages/data.py")
        return None
    if not len(store):
        st.info("No track of this sound could be used.", icon=":material/volume_off:")
        return None
    with st.sidebar:
        features = _pick_features(store)
        settings = _pick_settings(features)
        settings = settings.model_copy(update={"variants": pick_variants(store)})
    with controls:
        degradation = _pick_degradation(store, settings)
    settings = settings.model_copy(update={"degradations": (degradation,)})
    with st.sidebar:
        recording, file = pick_recording(DEGRADATIONS[degradation], store.sample_rate_hz)
    return Material(data, audio, store, degradation, settings, recording, file)


def _pick_features(store: AudioStore) -> tuple[str, ...]:
    unfit = {name: _why_not(_place(name), store.sample_rate_hz) for name in feature_names("tracks")}
    names = [name for name, why in unfit.items() if not why]
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
    left_out = [f"{visible(name)} ({why})" for name, why in unfit.items() if why]
    if left_out:
        more = f", and {len(left_out) - _MOST_NAMED:,} more" if len(left_out) > _MOST_NAMED else ""
        st.caption(literal(f"Cannot be chosen: {', '.join(left_out[:_MOST_NAMED])}{more}."))
    return tuple(chosen)


def tell_lack_of_features(material: Material) -> None:
    """Say where no features are chosen, and how some are made."""
    if material.settings.features:
        return
    st.caption(
        "No features are chosen: distances in sound alone are shown. This makes statistics of timbre; "
        "`taglab features --help` lists the other encoders."
    )
    copy_as_command(statistics_of(material.data.name).model_copy(update={"audio": material.audio}))


def _place(name: str) -> Shelved:
    return Shelved.of(cache.FEATURES, name, within="manifest.json")


@remembered("tiny")
def _why_not(place: Shelved, rate_hz: int) -> str:
    """Return why features cannot be made of degraded sound; empty where they can."""
    try:
        features = open_features(place.name)
    except TaglabError:  # the list of features tells what is wrong with it
        return "damaged"
    if encoder_name(features) not in ENCODERS:
        return "another program's"
    needed_hz = features.origin.get("sound", {}).get("sample_rate_hz")
    if needed_hz == rate_hz:
        return ""
    return (
        f"of sound of {needed_hz:,} Hz, not {rate_hz:,}"
        if needed_hz
        else "of sound of a rate that is not told"
    )


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
        bind=bound_choice("grid", "choice of magnitudes", _GRIDS), required=True,
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


def _pick_degradation(store: AudioStore, settings: ConsistencySettings) -> str:
    there = [
        name
        for name, kind in DEGRADATIONS.items()
        if (settings.variants or not kind.rendered) and settings.available(name, store.sample_rate_hz)
    ]
    titles = {name: DEGRADATIONS[name].title for name in there}
    return st.selectbox(
        "Degradation", there, format_func=titles.__getitem__, key="degradation",
        bind=bound_choice("degradation", "degradation", titles), width=230,
    )  # fmt: skip


def measured(material: Material) -> Consistencies:
    """Return what was measured; where that takes long, show the way to it and stop."""
    share = lacking_share(material.store, material.settings, material.uploaded)
    if share:
        given = material.question.model_dump_json()
        n_tracks, rate_hz = len(material.store), material.store.sample_rate_hz
        seconds = share * consistency_seconds(material.settings, n_tracks, rate_hz)
        if material.uploaded:
            _leave_to_the_shell(material, seconds)
        await_work(
            LongWork(
                key=f"consistency {material.store.fingerprint} {given}",
                module="taglab.verbs.robustness",
                given=given,
                title=f"Consistency under {material.kind.title.lower()}",
                lacking=f"Degrading clips ({material.kind.title.lower()}) and finding who is nearest to whom",
                verb="Measure",
                meanwhile="Any magnitude can be heard meanwhile.",
                seconds=seconds,
            )
        )
    shelved = tuple(_place(name) for name in material.settings.features)
    with working("Measuring") as progress:
        recordings = material.settings.recordings(material.uploaded)
        return _measured(material.store, material.settings, material.variants, shelved, recordings, progress)


@remembered("medium")
def _measured(
    store: AudioStore,
    settings: ConsistencySettings,
    variants: Variants | None,
    shelved: tuple[Shelved, ...],
    recordings: dict[str, Recording],
    _progress: Progress,
) -> Consistencies:
    """Return what is measured of features and of variants as they lie there just now."""
    return consistency(store, settings, recordings, _progress)


def _leave_to_the_shell(material: Material, seconds: float) -> None:
    """Where it takes long to measure with an upload, which is not kept, show the line that does, and stop."""
    if not is_long(seconds):
        return
    st.info(
        literal(
            f"Measuring with {material.recording_name} takes about {max(round(seconds / 60), 1):,} minutes "
            "of one core. Uploads are not kept for that long; the shell line measures with the file, and any "
            "magnitude can be heard here meanwhile."
        ),
        icon=":material/hourglass:",
    )
    copy_as_command(material.question)
    st.stop()
