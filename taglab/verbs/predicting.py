"""What a trained run says: of its own tracks, of new sound, and of tracks before its head."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from taglab.audio.library import audio_files, audio_names, brief_audio, open_audio, remarks
from taglab.audio.store import AudioStore, StoreSettings
from taglab.encoders import FEATURE_FILES, write_features
from taglab.paths import typed_path
from taglab.progress import Progress, between
from taglab.runs import open_run
from taglab.settings import Flag
from taglab.training import encode, evaluate, predict, sound_format_of, tag_sound
from taglab.training.running import Weights, Which
from taglab.verbs.question import Question
from taglab.verbs.report import Report, records

Trained = Annotated[str, Flag(metavar="RUN", word=True)]


class Predict(Question):
    """Let a run's network hear a part of its tracks, whole, and write scores and truth to a file that
    `numpy.load` reads. `taglab tag` asks it of new sound.

    Attributes:
        run: A run trained at least one epoch.
        part: Which of its own tracks.
        checkpoint: Of which epoch.
        out: Write scores and truth to FILE, an .npz.
    """

    returns: ClassVar[str] = "{run, checkpoint, part, tracks, classes, file, ap_macro, ...}"
    examples: ClassVar[str] = "taglab predict my-run --part test --out scores.npz"
    table: ClassVar[bool] = False
    renamed: ClassVar[dict[str, str]] = {"--audio": "taglab tag RUN SOUND"}

    run: Trained
    part: Literal["train", "validation", "test"] = "test"
    checkpoint: Which = "best"
    out: Annotated[Path | None, Flag(metavar="FILE")] = None

    @field_validator("out")
    @classmethod
    def _of_arrays(cls, path: Path | None) -> Path | None:
        if path is not None and path.suffix.lower() != ".npz":
            raise ValueError("must end in .npz")
        return path

    def answer(self, progress: Progress) -> Report:
        """Return how good the predictions are."""
        run = open_run(self.run)
        predictions = predict(run, self.checkpoint, self.part, progress)
        if self.out is not None:
            predictions.save(self.out)
        evaluation = evaluate(predictions)
        facts = {
            "run": run.name,
            "checkpoint": self.checkpoint,
            "part": self.part,
            "tracks": predictions.n_tracks,
            "classes": predictions.n_classes,
            "file": None if self.out is None else str(self.out),
            **evaluation.figures,
        }
        return Report(facts, notes=(evaluation.left_out,) if evaluation.left_out else ())


class Tag(Question):
    """Tag new sound with a run's network: files are decoded as the run hears them and cut into its windows;
    each label's score is the mean over a track's windows.

    Attributes:
        run: A run trained at least one epoch.
        sound: A folder or .zip of audio files, a table of track and path, or the name of added sound.
        rows: The best labels of each track, or every label's score by track or by window.
        top: Labels of each track.
        checkpoint: Of which epoch.
        workers: Threads that decode (default: as many as cores).
    """

    returns: ClassVar[str] = (
        "{run, checkpoint, tracks, classes, sample_rate_hz, window_s, left_out: [{reason, tracks, "
        "examples}], remarks: [...], passed_over: {...}, rows: [{track, label, score}]}, or rows of "
        "tracks or windows with a score a label"
    )
    examples: ClassVar[str] = """
taglab tag my-run ~/new-songs --top 3
taglab tag my-run songs.zip --rows windows --out windows.parquet
taglab tag my-run mine                  (sound that was added)
"""

    run: Trained
    sound: Annotated[str, Flag(metavar="SOUND", word=True)]
    rows: Literal["labels", "tracks", "windows"] = "labels"
    top: int = Field(5, ge=1)
    checkpoint: Which = "best"
    workers: int | None = Field(None, ge=1)

    def answer(self, progress: Progress) -> Report:
        """Return a row for every label, track or window."""
        run = open_run(self.run)
        sound = sound_format_of(run, between(progress, 0, 0.05))
        with self._opened(sound.store_settings, between(progress, 0.05, 0.7)) as store:
            tagging = tag_sound(run, store, self.checkpoint, between(progress, 0.7, 1))
            about = {"remarks": records(remarks(store)), "passed_over": store.passed_over}
        facts = {
            "run": run.name,
            "checkpoint": self.checkpoint,
            "tracks": len(tagging.tracks),
            "classes": len(tagging.classes),
            "sample_rate_hz": sound.sample_rate_hz,
            "window_s": sound.window_s,
            "left_out": records(tagging.left_out),
            **about,
        }
        if self.rows == "labels":
            return Report(facts, tagging.best(self.top))
        return Report(facts, tagging.table() if self.rows == "tracks" else tagging.window_table())

    @contextlib.contextmanager
    def _opened(self, settings: StoreSettings, progress: Progress) -> Iterator[AudioStore]:
        """Give what was added under a name, or files, decoded for a while."""
        path = typed_path(self.sound)
        if self.sound in audio_names() and not path.exists():
            yield open_audio(self.sound)
            return
        unpacking, decoding = between(progress, 0, 0.1), between(progress, 0.1, 1)
        with (
            audio_files(path, progress=unpacking) as files,
            brief_audio(files, settings, self.workers, decoding) as store,
        ):
            yield store


class Encode(Question):
    """Write what a run's network knows of tracks before its head: one vector a track, the mean over its
    windows. With --weights untrained the network is taken as training began. `taglab features encode run`
    keeps the same under a name.

    Attributes:
        run: A run; trained, but for --weights untrained.
        out: Write to FILE, as `taglab features export` does: .npz of the arrays ids and vectors, or others.
        tracks: Every track of the sound, or a part of the run's own.
        audio: Other sound, that was added (default: the run's own).
        weights: Of the best epoch on validation, of the last, or as training began.
    """

    returns: ClassVar[str] = "{run, weights, tracks, dim, missing: [track, ...], file}"
    examples: ClassVar[str] = """
taglab encode my-run --out tracks.npz
taglab encode my-run --tracks test --out tracks.parquet
taglab encode my-run --weights untrained --out random.npz
taglab encode my-run --audio other --out others.npz          (sound that was added)
"""
    table: ClassVar[bool] = False

    run: Trained
    out: Annotated[Path, Flag(metavar="FILE")]
    tracks: Literal["all", "train", "validation", "test"] = "all"
    audio: Annotated[str | None, Flag(metavar="NAME")] = None
    weights: Weights = "best"

    @field_validator("out")
    @classmethod
    def _of_features(cls, path: Path) -> Path:
        if path.suffix.lower() not in FEATURE_FILES:
            raise ValueError(f"must end in {', '.join(FEATURE_FILES)}")
        return path

    @model_validator(mode="after")
    def _own_tracks_or_other_sound(self) -> Self:
        if self.audio is not None and self.tracks != "all":
            raise ValueError(
                "--tracks names a part of the run's own tracks, and --audio other sound; give one"
            )
        return self

    def answer(self, progress: Progress) -> Report:
        """Return how many vectors were written."""
        run = open_run(self.run)
        store = None if self.audio is None else open_audio(self.audio)
        vectors = encode(run, self.tracks, self.weights, store, progress)
        write_features(vectors, self.out)
        facts = {"tracks": len(vectors), "dim": vectors.dim, "missing": list(vectors.missing)}
        return Report({"run": run.name, "weights": self.weights, **facts, "file": str(self.out)})
