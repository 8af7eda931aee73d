"""Chapter 3 beside what came of it here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from taglab.figures.artist_groups import figures_by_number
from taglab.runs import Run
from taglab.studies.artist_groups.claims import CLAIMS, Evidence
from taglab.studies.artist_groups.networks import SINGLE, WIDE, Ground, features_of_songs
from taglab.studies.artist_groups.published import means_by_number, printed, sections, table_3_5
from taglab.studies.artist_groups.scoring import Scored
from taglab.studies.artist_groups.settings import LEARNED, NETWORK, TRAINING
from taglab.studies.claims import claims_table
from taglab.studies.study_report import Drawn, StudyReport

_TITLE = "Transfer learning of artist group factors to musical genre classification"
_PUBLISHED = "Kim 2021, chapter 3"
_KIM_ENTRIES, _KIM_GROUPS, _KIM_FEATURES, _KIM_SUBGENRES = 2_048, 40, 4_374, 150


def study_report(ground: Ground, runs: Mapping[str, Run], scored: Scored) -> StudyReport:
    """Return the report of a study.

    Args:
        ground: What all its networks have in common.
        runs: Its networks, trained or not.
        scored: What is known of those that are trained.
    """
    claims = claims_table(CLAIMS, Evidence(scored, ground.study.seed))
    wide = scored.wide if len(scored.wide) else None
    return StudyReport(
        title=_TITLE,
        published=_PUBLISHED,
        about=_about(ground, runs, scored),
        differs=pd.DataFrame(_differs(ground), columns=["what", "here", "paper"]),
        claims=claims,
        sections=sections(scored.rows, wide),
        drawn=[_figure_3_3(scored)],
        trained=trained_table(runs),
        of_trained=(
            "A network of one task stands in every combination that has it. Loss: validation, summed over "
            "tasks, at the last epoch, which is the one that is scored."
        ),
    )


def _about(ground: Ground, runs: Mapping[str, Run], scored: Scored) -> str:
    finished = sum(run.finished for run in runs.values())
    n_artists = len(set(scored.artists.tolist()))
    of = f"{n_artists} artists" if ground.data.knows_artists else "unknown artists"
    return (
        f"Data {ground.data.name}, main genre {ground.genre}: {finished} of {len(runs)} networks trained, "
        f"judged on {len(scored.artists):,} held-out tracks of {of}."
    )


def _differs(ground: Ground) -> Iterator[tuple[str, str, str]]:
    study, mels = ground.study, ground.network.mels
    ms = 1_000 / mels.sample_rate_hz
    songs = features_of_songs(ground)
    settings = ground.settings
    yield "data", f"{ground.data.name}, {ground.data.n_tracks:,} tracks", "FMA, 25,000 tracks"
    yield "main genres", f"{ground.n_genres}, column {ground.genre}", "16"
    yield "split", _split_sentence(ground), "85/15, stratified by genre; artists in both"
    yield (
        "artist groups",
        f"{study.groups}, of the training part's artists, given to the others",
        f"{_KIM_GROUPS}, of all tracks' artists, those held out too",
    )
    yield "dictionaries of frames", f"{study.entries:,} entries", f"{_KIM_ENTRIES:,}"
    if songs is not None:
        yield "dictionary of songs", f"{ground.song_entries:,} entries", f"{_KIM_ENTRIES:,}"
        yield "features of songs (e)", f"{songs.name}, {songs.dim:,} numbers", f"Essentia, {_KIM_FEATURES:,}"
    yield "subgenres (s)", f"tags of {study.subgenres or ground.data.name}", f"{_KIM_SUBGENRES} genre labels"
    yield (
        "mels",
        f"{mels.n_fft * ms:.0f} ms, every {mels.hop * ms:.0f}, at {mels.sample_rate_hz:,} Hz",
        "46 ms, half overlapping (the released code: 93 ms)",
    )
    yield "width", f"{ground.network.width:g}", f"{NETWORK.width:g}"
    yield (
        "epochs",
        f"{ground.train.epochs} for each task, shared or not",
        f"{TRAINING.epochs} of STN; 1,000 of MTN whatever its number of tasks",
    )
    yield "which epoch", "the last", "the last"
    yield "STN", "one network a task, in all its combinations", "not told whether each was trained anew"
    yield "learned by", "KL divergence from factors, cross-entropy of genres", "not told"
    yield (
        "segments",
        "of a second side by side; in training of the classifier one a track and epoch, at random",
        "of a second, cut at random",
    )
    yield "classifier's input", "mean 0, deviation 1 over training segments", "not told"
    yield "F1", "macro, over genres of held-out tracks", "averaging not told"
    if settings.seed or study.seed:
        yield "seed", str(study.seed), "not told"


def _split_sentence(ground: Ground) -> str:
    sizes = ground.split.sizes
    learned = sizes["train"] + sizes["validation"]
    apart = "stratified by genre, " + ("artists apart" if ground.settings.by_artist else "no artists known")
    return (
        f"{learned:,} and {sizes['test']:,} tracks, {apart}; {sizes['validation']:,} of the former only "
        "watch the networks' training"
    )


def _figure_3_3(scored: Scored) -> Drawn:
    rows = scored.wide.assign(architecture=WIDE, rows=1)
    here = pd.concat([means_by_number(scored.rows), rows], ignore_index=True)
    theirs = table_3_5()[["n", "wstn_log_loss", "wstn_f1"]]
    theirs.columns = pd.Index(["n", "log_loss", "f1"])
    published = pd.concat(
        [means_by_number(printed()), theirs.assign(architecture=WIDE, rows=1)], ignore_index=True
    )
    return Drawn(
        "Figure 3.3",
        "Mean figures by number of tasks",
        figures_by_number(published),
        figures_by_number(here),
        (f"Made of tables 3.4 and 3.5; {WIDE} is not in the printed figure.", ""),
    )


def trained_table(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return a row a network: what it is called, what it learns, state, parameters, epochs, loss, its run."""
    rows = []
    for title, run in runs.items():
        summary = run.summary()
        architecture, _, of = title.partition(" ")
        learned = LEARNED["g"] if architecture == WIDE else ", ".join(LEARNED[letter] for letter in of)
        loss = summary["last"].get("validation_loss") if run.finished else None
        rows.append(
            {
                "network": title,
                "learns": learned if architecture in (WIDE, SINGLE) else f"{learned}; first block shared",
                "trained": run.finished,
                "width": float(run.config["network"]["width"]),
                "parameters": summary.get("parameters"),
                "epochs": summary.get("epochs"),
                "loss": loss,
                "run": run.name,
            }
        )
    table = pd.DataFrame(rows)
    return table.astype({"parameters": "Int64", "epochs": "Int64", "loss": "float64"})
