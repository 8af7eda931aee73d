"""Makes the small cache folder that later versions must be able to open: `python -m tests.golden.generate`.

What it makes lies in `tests/golden/cache` as the version of its day wrote it, and is never made anew: a test
that opens what this version has just written would not notice that the format changed.
"""

import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from taglab import cache, embeddings, labels, runs
from taglab.audio.decode import Decoded
from taglab.audio.store import Sound, StoreSettings, write_sounds
from taglab.cleaning import Cleaning, NormalForm, read_cleaning, save_cleaned, save_cleaning
from taglab.errors import Cancelled, DataError
from taglab.folksonomy import Dropped, Folksonomy
from taglab.labels import LabelClass, LabelSpace, Rename
from taglab.projection import ProjectionSettings, cached_projection
from taglab.runs.status import read_status, write_status
from taglab.training import new_run, run_config, train

RATE_HZ = 8_000
N_TRACKS = 24
TAGS = ("low", "high", "noise", "loud", "Loud")
VECTORS = {"low": [1.0, 0.0, 0.1], "high": [0.0, 1.0, 0.1], "noise": [0.6, 0.0, 0.8], "loud": [0.5, 0.5, 0.5]}
LOSSES = {"finished": {}, "unfinished": {"loss": "semantic-bce", "loss_vectors": "words", "gamma": 2.0}}


def _tags_of(number: int) -> list[str]:
    return [tag for place, tag in enumerate(TAGS[:4]) if number % 15 + 1 >> place & 1]


def _sound(number: int) -> Decoded:
    if number == N_TRACKS - 1:
        raise DataError("broken.wav", "is no sound")
    tags, time_s = _tags_of(number), np.arange(RATE_HZ // 4) / RATE_HZ
    samples = 0.2 * ("low" in tags) * np.sin(2 * np.pi * 200 * time_s)
    samples = samples + 0.2 * ("high" in tags) * np.sin(2 * np.pi * 2_000 * time_s)
    noise = np.random.default_rng(number).standard_normal(len(time_s))
    samples = samples + (0.2 if "noise" in tags else 0.01) * noise
    samples *= 1.5 if "loud" in tags else 0.5
    remarks = ("its end is missing",) if number == 3 else ()
    return Decoded(samples.clip(-1, 1).astype(np.float32), RATE_HZ, RATE_HZ, remarks=remarks)


def _save_data() -> Folksonomy:
    pairs = [(row, TAGS.index(tag)) for row in range(N_TRACKS) for tag in _tags_of(row)] + [(0, 4), (4, 4)]
    rows, codes = np.array(pairs, dtype=np.int64).T
    tracks = pd.DataFrame(
        {
            "track": [f"t{row}" for row in range(N_TRACKS)],
            "artist": [None if row % 5 == 4 else f"artist {row // 3}" for row in range(N_TRACKS)],
            "title": [f"Song {row}" for row in range(N_TRACKS)],
            "year": [1980 + row for row in range(N_TRACKS)],
        }
    )
    tags = pd.DataFrame({"tag": TAGS, "category": ["pitch", "pitch", "timbre", "level", "level"]})
    weights = np.linspace(1, 5, len(rows))
    notes, reading = [Dropped("no tag", 2, "rows", ("t98", "t99"))], ["column 1 is the track"]
    data = Folksonomy.from_codes("small", tracks, tags, rows, codes, weights, notes, reading)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("small"))
    return data


def _save_audio() -> None:
    sounds = [Sound(f"t{row}", f"{row}.wav", "1", partial(_sound, row)) for row in range(N_TRACKS)]
    settings = StoreSettings(sample_rate_hz=RATE_HZ, min_duration_s=0.1, tracks_per_shard=10)
    with ThreadPoolExecutor(1) as threads:
        write_sounds(sounds, cache.Shelf(cache.AUDIO).path("small"), settings, threads)


def _save_meanings(data: Folksonomy, scratch: Path) -> None:
    file = scratch / "words.txt"
    file.write_text("".join(f"{word} {' '.join(map(str, row))}\n" for word, row in VECTORS.items()))
    words = embeddings.add_vectors(file, "words")
    vectors = embeddings.compose(words, list(data.tags["tag"]))
    cached_projection(vectors, ProjectionSettings(method="pca"))


def _save_labels_and_cleaning(data: Folksonomy) -> None:
    classes = (LabelClass("low", ("low",)), LabelClass("high", ("high",)), LabelClass("rough", ("noise",)))
    space = LabelSpace("sounds", classes, {"data": "small", "method": "by hand"})
    space = space.edit(Rename(cls="rough", new="noisy")).edit(Rename(cls="low", new="deep")).undo()
    labels.save_label_space(space)
    renames = read_cleaning(b"tag\taction\ttarget\nlow\tmerge\tbass\n", "renames.tsv")
    cleaning = Cleaning.of("tidy", [NormalForm(), *renames.steps])
    save_cleaning(cleaning)
    save_cleaned(cleaning.apply(data, name="small-tidy"), cleaning, "small")


def _config(**train: Any) -> Any:
    small = {"sample_rate_hz": RATE_HZ, "n_mels": 16, "n_fft": 256, "hop": 64}
    steps = {"epochs": 2, "batch_size": 4, "metric_interval_steps": 1, "accelerator": "cpu", "split_seed": 1}
    shares = {"validation_share": 0.25, "test_share": 0.25}
    return run_config(
        {
            "data": "small",
            "labels": "sounds",
            "audio": "small",
            "network": {"network": "spectrogram", "width": 1 / 32, "mels": small},
            "train": {**steps, **shares, **train},
        }
    )


def _until_the_second_epoch(fraction: float, text: str) -> None:
    if "epoch 2 of" in text:
        raise Cancelled("enough")


def _save_runs(scratch: Path) -> dict[str, Any]:
    """Train one run to its end and one to its first epoch; return what the latter would have come to."""
    made = {name: new_run(_config(**loss), "golden", f"the {name} one") for name, loss in LOSSES.items()}
    train(made["finished"].name)
    try:
        train(made["unfinished"].name, _until_the_second_epoch)
    except Cancelled:
        shutil.copytree(made["unfinished"].folder, scratch / "unfinished")
    whole = train(made["unfinished"].name)
    predicted = whole.predictions("test")
    assert predicted is not None
    ended = {"ap_macro": whole.history()["ap_macro"].tolist(), "scores": predicted.scores.tolist()}
    shutil.rmtree(whole.folder)
    shutil.copytree(scratch / "unfinished", whole.folder)
    for name, run in made.items():
        _leave_out_the_machine(run)
        run.folder.rename(run.folder.with_name(name))
    (cache.home() / cache.RUNS / "finished" / "checkpoints" / "last.pt").unlink()
    runs.export_run("finished", cache.home() / "finished.zip", checkpoints=False)
    results = scratch / "results.csv"
    results.write_text("label,auc_pr,auc_roc,positives\nlow,0.5,0.75,12\nhigh,0.25,0.5,11\n")
    runs.import_results(results, "imported", runs.ResultsSettings(note="of another program", auc_pr="exact"))
    return ended


def _leave_out_the_machine(run: runs.Run) -> None:
    runs.RunWriter(run).summarise(device="a CPU")
    log = run.folder / "log.txt"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[1:]))
    status = read_status(run.folder)
    assert status is not None
    write_status(run.folder, status.model_copy(update={"process": None}))


def main(folder: Path) -> None:
    """Make the cache folder."""
    os.environ["TAGLAB_HOME"] = str(folder)
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    data = _save_data()
    _save_audio()
    _save_meanings(data, scratch)
    _save_labels_and_cleaning(data)
    ended = _save_runs(scratch)
    (folder / "ended.json").write_text(json.dumps(ended), encoding="utf-8")
    shutil.rmtree(scratch)
    for derived in (folder / cache.DERIVED).iterdir():
        if derived.name != "projections":
            shutil.rmtree(derived)
    for lock in folder.rglob(".*"):
        if lock.is_file():
            lock.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
