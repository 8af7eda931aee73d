"""The networks of chapter 3: what they learn from, made or taken as they are, and trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from taglab.audio.library import resolve_audio
from taglab.audio.mels import MelSettings
from taglab.audio.store import AudioStore
from taglab.batches import Split, SplitSettings, split_tracks
from taglab.cache import content_key
from taglab.encoders import Encoder, MfccCodebook, SpectralStatistics, encode_tracks, learn
from taglab.errors import InputsChanged, InvalidSetting
from taglab.factors.learning_source import LearningSource, key_of_sources
from taglab.folksonomy import Folksonomy
from taglab.launch import train_run
from taglab.nets.kim_3_2 import KimArtistGroupsSettings
from taglab.nets.sharing import stage_sizes, width_of_equal_size
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run, open_run, runs_table
from taglab.runs.inputs import input_of_audio
from taglab.runs.kept_targets import read_targets
from taglab.sources import open_folksonomy
from taglab.studies.artist_groups.published import MAIN
from taglab.studies.artist_groups.settings import ArtistGroupStudy
from taglab.studies.transfer import Classification, usual_tasks
from taglab.training.source_config import KIND, SourceRun, SourceTraining, source_run
from taglab.training.sources import new_source_run
from taglab.vectors import Vectors, feature_names, open_features, save_features

_HELD_OUT = 0.15
_VALIDATION = 0.05
_SONGS_AN_ENTRY = 4
_N_MFCC = 25
_FRAME_MS, _HOP_MS = 46.0, 23.0
_FRAMES_A_SECOND = 43
_WINDOW_S = 0.0464
SINGLE, SHARED, WIDE = "STN", "MTN", "wSTN"


@dataclass(frozen=True, eq=False)
class Ground:
    """What all networks of a study have in common.

    Attributes:
        study: What is done.
        data: The tracks.
        audio: Name of the sound.
        store: The sound.
        genre: Column of the main genre.
        settings: How tracks are split.
        split: The same, of these tracks.
        network: Which network, and how large.
        train: How it is trained.
        sources: Letter → what is learned.
        song_entries: Size of the dictionary of songs.
    """

    study: ArtistGroupStudy
    data: Folksonomy
    audio: str
    store: AudioStore
    genre: str
    settings: SplitSettings
    split: Split
    network: KimArtistGroupsSettings
    train: SourceTraining
    sources: Mapping[str, LearningSource]
    song_entries: int

    __repr__ = one_line

    @property
    def group(self) -> str:
        """What its runs belong to."""
        return f"artist-groups {self.data.name}"

    @property
    def n_genres(self) -> int:
        """How many main genres there are."""
        return int(self.data.tracks[self.genre].nunique())


def prepare_ground(
    study: ArtistGroupStudy,
    data_name: str,
    audio: str,
    network: KimArtistGroupsSettings,
    train: SourceTraining,
    progress: Progress = silent,
) -> Ground:
    """Return what all networks have in common, after making the features that groups of artists are made of.

    Args:
        study: What is done.
        data_name: Of the data set.
        audio: Of the sound.
        network: Its mels are those of 46 ms at the rate of the sound, unless they are given.
        train: How networks are trained.
        progress: Told how far it is.

    Raises:
        NotFound: If data, sound or features are not there.
        InvalidSetting: If there is no column of genres.
    """
    data = open_folksonomy(data_name, between(progress, 0, 0.05))
    genre = study.genre or _usual_genre(data)
    Classification(column=genre).problem(data, None)  # refuses what is none before anything is made
    store = resolve_audio(audio, data, between(progress, 0.05, 0.4))
    settings = SplitSettings(
        train=1 - _HELD_OUT - _VALIDATION, validation=_VALIDATION, test=_HELD_OUT,
        by_artist=data.knows_artists, stratified_by=genre, seed=study.seed,
    )  # fmt: skip
    split = split_tracks(data, settings, store.copies)
    if "mels" not in network.model_fields_set:
        network = network.model_copy(update={"mels": mels_of_rate(store.sample_rate_hz)})
    training = [track for track, part in zip(split.tracks, split.parts, strict=True) if part == "train"]
    entries = study.song_entries or max(2, min(study.entries, len(training) // _SONGS_AN_ENTRY))
    letters = set("".join(study.asked)) | ({MAIN} if study.wide else set())
    sources = {
        MAIN: LearningSource(name=MAIN, maker="column", settings={"column": genre, "values": "classes"})
    }
    makers = {letter: encoder for letter, encoder in _encoders(study).items() if letter in letters}
    for place, (letter, encoder) in enumerate(makers.items()):
        share = between(progress, 0.4 + 0.6 * place / len(makers), 0.4 + 0.6 * (place + 1) / len(makers))
        features = _kept_features(letter, encoder, store, training, split.fingerprint, share)
        sources[letter] = _groups(study, letter, features=features, n_entries=entries)
    if "e" in letters and study.song_features:
        sources["e"] = _groups(study, "e", features=study.song_features, n_entries=entries)
    sources["s"] = _groups(study, "s", tags=study.subgenres)
    return Ground(
        study, data, audio, store, genre, settings, split, network,
        train.model_copy(update={"seed": study.seed}), sources, entries,
    )  # fmt: skip


def _usual_genre(data: Folksonomy) -> str:
    columns = [task.column for task in usual_tasks(data, None) if isinstance(task, Classification)]
    if not columns:
        raise InvalidSetting(
            f"genre='' must name a column of {data.name} that has the main genre of tracks, and none has a "
            "usual name"
        )
    return columns[0]


def mels_of_rate(sample_rate_hz: int) -> MelSettings:
    """Return mels of 43 frames a second, of windows of 46 ms or the next power of two.

    Source: Kim (2021), section 3.3.3, whose 2,048 samples of 44,100 a second overlap by half.
    """
    n_fft = 1 << int(np.ceil(np.log2(_WINDOW_S * sample_rate_hz)))
    hop = round(sample_rate_hz / _FRAMES_A_SECOND)
    if abs(2 * hop - n_fft) < n_fft // 100:
        hop = n_fft // 2
    return MelSettings(sample_rate_hz=sample_rate_hz, n_fft=n_fft, hop=hop, mel_scale="slaney")


def _encoders(study: ArtistGroupStudy) -> dict[str, Encoder]:
    """Return by letter what makes the features that groups of artists are made of."""
    frames = {"n_mfcc": _N_MFCC, "window_ms": _FRAME_MS, "hop_ms": _HOP_MS, "seed": study.seed}
    encoders: dict[str, Any] = {
        "m": MfccCodebook(n_entries=study.entries, numbers="cepstra", **frames),
        "d": MfccCodebook(n_entries=study.entries, numbers="differences", **frames),
    }
    if not study.song_features:
        encoders["e"] = SpectralStatistics(n_mfcc=_N_MFCC, window_ms=_FRAME_MS, hop_ms=_HOP_MS)
    return encoders


def _kept_features(
    letter: str, encoder: Encoder, store: AudioStore, training: Sequence[str], split: str, progress: Progress
) -> str:
    """Return the name of features, made and kept where they are not there yet."""
    key = content_key(encoder.model_dump(mode="json"), store.fingerprint, split if encoder.learns else "")
    name = f"artist-groups-{letter}-{key[:10]}"
    if name not in feature_names():
        learned = learn(encoder, store, training, between(progress, 0, 0.6))
        save_features(
            encode_tracks(encoder, store, learned, split, name, between(progress, 0.6, 1)), name, learned
        )
    return name


def _groups(study: ArtistGroupStudy, letter: str, **settings: Any) -> LearningSource:
    """Return groups of the training part's artists; what is usual is left out, so that one has one form."""
    values = {"k": study.groups, "seed": study.seed, **settings}
    source = LearningSource(name=letter, maker="artist-groups", settings=values)
    kept = source.options().model_dump(mode="json", exclude_defaults=True)
    return source.model_copy(update={"settings": kept})


def networks(ground: Ground) -> dict[str, SourceRun]:
    """Return all networks of a study: what each is called, as "MTN gs" or "wSTN 2" → what it is asked to do.

    A network of one task stands in all combinations that have it: STN are as many as there are tasks.
    """
    study = ground.study
    asked: dict[str, SourceRun] = {}
    if SINGLE in study.architectures:
        for letter in dict.fromkeys("".join(study.asked)):
            asked[f"{SINGLE} {letter}"] = _config(ground, letter)
    if SHARED in study.architectures:
        for tasks in study.asked:
            if len(tasks) > 1:
                asked[f"{SHARED} {tasks}"] = _config(ground, tasks, "mtn")
    for n in study.wide:
        width = wide_width(ground.network, n, ground.n_genres, study.groups)
        network = ground.network.model_copy(update={"width": width})
        asked[f"{WIDE} {n}"] = _config(ground, MAIN, network=network)
    return asked


def wide_width(network: KimArtistGroupsSettings, n: int, n_genres: int, groups: int) -> float:
    """Return the width of a network of main genres with as many parameters as n networks, one of them its.

    Source: Kim (2021), section 3.4.
    """
    outputs = n_genres + (n - 1) * groups
    parameters = n * sum(stage_sizes(network)) + outputs * network.dim + outputs
    return width_of_equal_size(network, parameters, n_genres)


def _config(
    ground: Ground, tasks: str, strategy: str = "ss-r", network: KimArtistGroupsSettings | None = None
) -> SourceRun:
    return source_run(
        {
            "data": ground.data.name,
            "audio": ground.audio,
            "sources": [ground.sources[letter].model_dump() for letter in tasks],
            "strategy": strategy,
            "network": network or ground.network,
            "split": ground.settings,
            "train": ground.train,
        }
    )


def make_networks(ground: Ground, progress: Progress = silent) -> dict[str, Run]:
    """Return the runs of a study, made where they are not there yet.

    Raises:
        InvalidSetting: As `new_source_run`.
    """
    asked = networks(ground)
    present = _present(ground)
    runs = {}
    for place, (title, config) in enumerate(asked.items()):
        share = between(progress, place / len(asked), (place + 1) / len(asked), title)
        same = [run for run in present.get(_key(config), []) if _made_of_this(run, config, ground)]
        runs[title] = (
            same[0] if same else new_source_run(config, ground.group, f"{title} of artist groups", share)
        )
    return runs


def train_networks(runs: Mapping[str, Run], progress: Progress = silent) -> None:
    """Train runs one after the other; what is trained is taken, what was interrupted is gone on with."""
    for place, (title, run) in enumerate(runs.items()):
        train_run(run.name, between(progress, place / len(runs), (place + 1) / len(runs), title))


def _key(config: SourceRun) -> str:
    return content_key(config.model_dump(mode="json"))


def _present(ground: Ground) -> dict[str, list[Run]]:
    """Return the runs of the group by what each was asked to do; finished ones first."""
    table = runs_table()
    of_group = [open_run(str(name)) for name in table.loc[table["group"] == ground.group, "run"]]
    present: dict[str, list[Run]] = {}
    for run in sorted(of_group, key=lambda run: not run.finished):
        if run.config.get("kind") == KIND:  # a group's name is free, and another run may bear it
            present.setdefault(_key(source_run(run.config)), []).append(run)
    return present


def _made_of_this(run: Run, config: SourceRun, ground: Ground) -> bool:
    """Return whether data, sound and all that its sources are made of are still what they were by name."""
    now = {
        "data": ground.data.fingerprint,
        "audio": input_of_audio(ground.audio, ground.store, ground.data).fingerprint,
    }
    given = {kind: own.fingerprint for kind, own in run.inputs.items()}
    if not now.items() <= given.items():
        return False
    try:
        kept = read_targets(run)
    except InputsChanged:  # made before runs kept them
        return False
    return kept.ingredients == key_of_sources(config.sources, ground.data, ground.split)


def features_of_songs(ground: Ground) -> Vectors | None:
    """Return the features of whole songs; None where groups are not made of them."""
    source = ground.sources.get("e")
    return None if source is None else open_features(str(source.settings["features"]))


__all__ = [
    "SHARED",
    "SINGLE",
    "WIDE",
    "Ground",
    "features_of_songs",
    "make_networks",
    "mels_of_rate",
    "networks",
    "prepare_ground",
    "train_networks",
    "wide_width",
]
