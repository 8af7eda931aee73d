"""What MFCC and a random network know of real music: `python -m tests.studies.run_transfer_proof`.

Emotify's genres, and instrument, tempo and listeners of clips rendered from real scores; five splits, artists
apart where they are known. The random network is that of Kim 2021, table 2.3, means and deviations over its
windows. Some minutes on two cores; data, sound, features and scores stay in the cache folder.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from taglab.audio.library import audio_names
from taglab.batches import SplitSettings
from taglab.folksonomy import Folksonomy
from taglab.labels import label_space_names
from taglab.sources import folksonomy_names, open_folksonomy, plays_of
from taglab.studies.transfer import (
    Classification,
    Recommendation,
    Regression,
    Splits,
    Transfer,
    ask,
    score_table,
    side_by_side,
    transfer,
)
from taglab.vectors import Vectors, feature_names, open_features
from tests.studies.emotify import emotify_folder, write_tags
from tests.studies.run_rendered_scores import FOLDER as RENDERED
from tests.studies.run_rendered_scores import run_taglab

EMOTIFY, SCORES = "transfer-emotify", "transfer-scores"
GENRES = ("classical", "rock", "electronic", "pop")
COLUMNS = ("predominant_instrument", "bpm")


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


def encoded(name: str) -> list[Vectors]:
    """Return MFCC statistics and what a random network has of a data set's sound, made where they are not."""
    of = ("--audio", name, "--data", name)
    if f"{name}-mfcc" not in feature_names():
        run_taglab("features", "encode", "mfcc-statistics", "--name", f"{name}-mfcc", *of)
    if f"{name}-random" not in feature_names():
        from taglab.training import new_run, run_config

        run = new_run(
            run_config({"data": name, "labels": name, "audio": name, "network": {"network": "kim-2.3"}})
        )
        windows = ("--over-windows", "mean-deviation")
        run_taglab(
            "features", "encode", "random", "--name", f"{name}-random", "--run", run.name, *windows, *of
        )
    return [open_features(f"{name}-{kind}") for kind in ("mfcc", "random")]


def scores_data() -> Folksonomy:
    """Return the rendered clips with what is exactly known of them as columns."""
    data = open_folksonomy(SCORES)
    clips = pd.read_csv(RENDERED / "clips.csv").set_index("clip")
    columns = {name: clips[name].reindex(data.tracks["track"]).to_numpy() for name in COLUMNS}
    return replace(data, tracks=data.tracks.assign(**columns))


def told(result: Transfer) -> str:
    """Return the scores, and what MFCC has more than the random network, as text."""
    lines = [score_table(result).round(3).to_string(index=False)]
    for number, asked in enumerate(result.asked):
        first, second = (result.results[number, one.name] for one in result.features)
        less = first.less(second)
        table = side_by_side(first, second)
        counts = [(table["difference"] > 0).sum(), (table["difference"] < 0).sum()]
        lines.append(
            f"{asked.task.title}: difference {less.estimate:.3f} [{less.low:.3f}, {less.high:.3f}], "
            f"better on {counts[0]} tracks, worse on {counts[1]}"
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
        told(transfer([ask(genres, genres.problem(data, None), data, features, splits)], features))
    )
    data, plays, features = scores_data(), plays_of(SCORES), encoded(SCORES)
    apart = Splits(split=SplitSettings(train=0.7, validation=0.1, test=0.2, by_artist=True))
    tasks = [Classification(column=COLUMNS[0]), Regression(column=COLUMNS[1]), Recommendation()]
    asked = [ask(task, task.problem(data, plays), data, features, apart) for task in tasks]
    sys.stdout.write(told(transfer(asked, features)))


if __name__ == "__main__":
    run()
