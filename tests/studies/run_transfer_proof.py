"""What networks and MFCC know of real music: `python -m tests.studies.run_transfer_proof`.

Emotify's genres, and instrument, tempo and listeners of clips rendered from real scores; five splits, artists
apart where they are known. The networks are that of Kim 2021, table 2.3, at a quarter of its width, means and
deviations over windows: untrained, and trained on the other of the two data sets, which has none of these
tracks, by its tags alone (SS-R) and by several sources (MS-CR@6). A quarter of an hour on two cores; data,
sound, trainings and features stay in the cache folder.
"""

import itertools
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from taglab.audio.library import audio_names
from taglab.batches import SplitSettings
from taglab.factors.learning_source import source_of_text
from taglab.folksonomy import Folksonomy
from taglab.labels import label_space_names
from taglab.launch import train_run
from taglab.progress import as_lines
from taglab.runs import Run
from taglab.sources import folksonomy_names, open_folksonomy, plays_of
from taglab.studies.transfer import (
    Classification,
    Recommendation,
    Regression,
    Splits,
    Transfer,
    ask,
    score_table,
    transfer,
)
from taglab.training import settings_over
from taglab.training.source_config import PRESETS, source_run
from taglab.vectors import Vectors, feature_names, open_features
from tests.studies.emotify import emotify_folder, write_tags
from tests.studies.run_rendered_scores import FOLDER as RENDERED
from tests.studies.run_rendered_scores import run_taglab
from tests.studies.run_sources_proof import run_of

EMOTIFY, SCORES = "transfer-emotify", "transfer-scores"
GENRES = ("classical", "rock", "electronic", "pop")
COLUMNS = ("predominant_instrument", "bpm")
OTHER = {EMOTIFY: SCORES, SCORES: EMOTIFY}
LEARNED = {
    EMOTIFY: {"ss-r": ("tag=tag,k=8",), "ms-cr@6": ("tag=tag,k=8", "self=same-track")},
    SCORES: {"ss-r": ("tag=tag,k=20",), "ms-cr@6": ("tag=tag,k=20", "artist=artist,k=20", "self=same-track")},
}
"""Data set → strategy → the sources that a network learns there."""
EPOCHS = 60


def add_emotify() -> None:
    """Put Emotify's tags, sound and the label space of its genres into the cache folder."""
    folder = emotify_folder()
    with tempfile.TemporaryDirectory() as scratch:
        write_tags(folder / "annotations.csv", Path(scratch) / "tags.csv")
        run_taglab(
            "data", "add", "table", str(Path(scratch) / "tags.csv"), "--name", EMOTIFY, "--min-weight", "33"
        )
    run_taglab("audio", "add", str(folder / "audio"), "--name", EMOTIFY)
    run_taglab("labels", "make", "tags", "--data", EMOTIFY, "--name", EMOTIFY, *GENRES)


def add_tags_and_plays() -> None:
    """Put the rendered clips' tags and plays into the cache folder."""
    clips = pd.read_csv(RENDERED / "clips.csv")[["clip", "artist", "title"]]
    tags = pd.read_csv(RENDERED / "tags.csv").merge(clips, on="clip").rename(columns={"clip": "track"})
    with tempfile.TemporaryDirectory() as scratch:
        tags.to_csv(Path(scratch) / "tags.csv", index=False)
        plays = str(Path(scratch) / "plays.csv")
        pd.read_csv(RENDERED / "listens.csv").rename(columns={"clip": "track"}).to_csv(plays, index=False)
        table = str(Path(scratch) / "tags.csv")
        run_taglab("data", "add", "table", table, "--name", SCORES, "--plays", plays)


def add_scores() -> None:
    """Put the rendered clips' tags, plays, sound and a label space into the cache folder."""
    add_tags_and_plays()
    run_taglab("audio", "add", str(RENDERED / "clips"), "--name", SCORES, "--data", SCORES)
    run_taglab("labels", "make", "top", "--data", SCORES, "--name", SCORES, "-n", "20")


def network_of(name: str, strategy: str) -> Run:
    """Return the network that learned a data set's sources, trained where it was not before."""
    sources = [source_of_text(text).model_dump() for text in LEARNED[name][strategy]]
    own = {"data": name, "audio": name, "train": {"epochs": EPOCHS}}
    given = own | {"sources": sources, "strategy": strategy}
    config = source_run(settings_over(PRESETS["tiny-sources"], given))
    run = run_of(config, f"transfer-proof {name} {strategy}")
    return run if run.finished else train_run(run.name, as_lines(sys.stderr))


def encoded(name: str) -> list[Vectors]:
    """Return the features of a data set's sound, computed where they are not there."""
    of = ("--audio", name, "--data", name)
    if f"{name}-mfcc" not in feature_names():
        run_taglab("features", "encode", "mfcc-statistics", "--name", f"{name}-mfcc", *of)
    for strategy in ("random", *LEARNED[OTHER[name]]):
        if _features(name, strategy) not in feature_names():
            run = network_of(OTHER[name], "ss-r" if strategy == "random" else strategy)
            kind = "random" if strategy == "random" else "run"
            windows = ("--over-windows", "mean-deviation")
            named = ("--name", _features(name, strategy), "--run", run.name)
            run_taglab("features", "encode", kind, *named, *windows, *of)
    return [open_features(_features(name, kind)) for kind in ("mfcc", "random", *LEARNED[OTHER[name]])]


def _features(name: str, kind: str) -> str:
    """Return a name of features, in which no @ may stand."""
    return f"{name}-{kind}".replace("@", "-at-")


def scores_data() -> Folksonomy:
    """Return the rendered clips with what is exactly known of them as columns."""
    data = open_folksonomy(SCORES)
    clips = pd.read_csv(RENDERED / "clips.csv").set_index("clip")
    columns = {name: clips[name].reindex(data.tracks["track"]).to_numpy() for name in COLUMNS}
    return replace(data, tracks=data.tracks.assign(**columns))


def as_text(result: Transfer) -> str:
    """Return the scores, and how each network differs from MFCC and from the untrained one, as text."""
    lines = [score_table(result).round(3).to_string(index=False)]
    for number, asked in enumerate(result.asked):
        for one, other in itertools.product(result.features[1:], result.features[:2]):
            if one is other:
                continue
            less = result.results[number, one.name].less(result.results[number, other.name])
            lines.append(
                f"{asked.task.title}: {one.name} less {other.name} "
                f"{less.estimate:+.3f} [{less.low:+.3f}, {less.high:+.3f}]"
            )
    return "\n".join([*lines, ""])


def run() -> None:
    """Prepare what is missing, and print the scores."""
    if EMOTIFY not in folksonomy_names() or EMOTIFY not in label_space_names():
        add_emotify()
    if SCORES not in folksonomy_names() or SCORES not in audio_names():
        add_scores()
    data, splits = open_folksonomy(EMOTIFY), Splits()
    features = encoded(EMOTIFY)
    genres = Classification(labels=EMOTIFY)
    sys.stdout.write(
        as_text(transfer([ask(genres, genres.problem(data, None), data, features, splits)], features))
    )
    data, plays, features = scores_data(), plays_of(SCORES), encoded(SCORES)
    apart = Splits(split=SplitSettings(train=0.7, validation=0.1, test=0.2, by_artist=True))
    tasks = [Classification(column=COLUMNS[0]), Regression(column=COLUMNS[1]), Recommendation()]
    asked = [ask(task, task.problem(data, plays), data, features, apart) for task in tasks]
    sys.stdout.write(as_text(transfer(asked, features)))


if __name__ == "__main__":
    run()
