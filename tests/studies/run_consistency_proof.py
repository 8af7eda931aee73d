"""Whether neighbours stay neighbours on real music: `python -m tests.studies.run_consistency_proof`.

The experiment of Kim 2021, chapter 4, on Emotify's excerpts: MFCC statistics, an auto-tagger of table 4.1 at
a quarter of its width, and the same network with its first weights; clips are of tracks the tagger did not
learn from. Then the same encoders on clips rendered from scores, transposed and at other tempi by rendering
and by processing.
A quarter of an hour on two cores; what is measured stays in the cache folder.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

from taglab.audio.degrade.rendered import KINDS
from taglab.audio.library import add_audio, audio_names, find_files, open_audio
from taglab.progress import as_lines
from taglab.sources import add, folksonomy_names, open_folksonomy
from taglab.sources.table import TableSettings
from taglab.studies.robustness import ConsistencySettings, consistency
from taglab.studies.robustness.report import consistency_report
from taglab.studies.robustness.study import StudyEvidence, carry_out
from taglab.studies.robustness.study_settings import ConsistencyStudy
from taglab.studies.study_report import write_study
from tests.studies.emotify import LEAST_SHARE, emotify_folder, write_tags
from tests.studies.run_rendered_scores import FOLDER as RENDERED

NAME, SCORES = "emotify", "rendered-clips"
STUDY = ConsistencyStudy(clips=200, clip_s=3.0, test_share=0.7, epochs=40, networks=1, width=0.25)


def prepare() -> None:
    """Put Emotify's tags and sound, and the clips that have rendered variants, into the cache folder."""
    folder = emotify_folder()
    if NAME not in folksonomy_names():
        with tempfile.TemporaryDirectory() as scratch:
            table = Path(scratch) / "emotify.csv"
            write_tags(folder / "annotations.csv", table)
            add("table", table, NAME, TableSettings(min_weight=LEAST_SHARE))
    if NAME not in audio_names():
        add_audio(find_files(folder / "audio"), NAME)
    if SCORES not in audio_names():
        with tempfile.TemporaryDirectory() as scratch:
            for name in pd.read_csv(RENDERED / "variants.csv")["clip"].unique():
                (Path(scratch) / f"{name}.ogg").symlink_to(RENDERED / "clips" / f"{name}.ogg")
            add_audio(find_files(Path(scratch)), SCORES)


def rendered(evidence: StudyEvidence) -> pd.DataFrame:
    """Return how many of 40 clips stay nearest to their own original, by processing and by rendering."""
    variants = pd.read_csv(RENDERED / "variants.csv")
    transposed = variants["tempo_factor"] == 1
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "variants.csv"
        pd.DataFrame(
            {
                "clip": variants["clip"],
                "kind": transposed.map({True: "pitch", False: "tempo"}),
                "magnitude": variants["semitones"].where(transposed, variants["tempo_factor"]),
                "file": [str(RENDERED / "variants" / f"{name}.ogg") for name in variants["variant"]],
            }
        ).to_csv(table, index=False)
        settings = ConsistencySettings(
            clips=40, degradations=(*KINDS, *(f"rendered-{kind}" for kind in KINDS)), grid="thesis",
            features=tuple(evidence.tasks), sound=False, variants=str(table),
        )  # fmt: skip
        within = consistency(open_audio(SCORES), settings).within
    within["encoder"] = within["features"].map(evidence.tasks)
    named = within.assign(kind=within["degradation"].str.removeprefix("rendered-"))
    by = named["degradation"].isin(KINDS)
    on = ["encoder", "features", "distance", "kind", "magnitude"]
    both = named[~by].merge(named[by], on=on, suffixes=(" rendered", " processed"))
    ends = [f"{end} {how}" for how in ("rendered", "processed") for end in ("consistency", "low", "high")]
    return both[[*on, *ends]].drop(columns="features")


def main() -> None:
    """Carry out what is missing, and print models, mildest magnitudes and claims."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=STUDY.clips)
    parser.add_argument("--epochs", type=int, default=STUDY.epochs, help="of the auto-tagger, at most")
    parser.add_argument("--report", type=Path, help="write the page of the study to this file, too")
    args = parser.parse_args()
    prepare()
    settings = STUDY.model_copy(update={"clips": args.clips, "epochs": args.epochs})
    evidence = carry_out(open_folksonomy(NAME), NAME, open_audio(NAME), settings, as_lines(sys.stderr))
    report = consistency_report(evidence, draw=args.report is not None)
    if args.report is not None:
        write_study(report, args.report)
    for of, model in evidence.models.items():
        means = model.marginal_means().round(3).to_string(index=False)
        sys.stdout.write(f"{' '.join(filter(None, of))}: R² {model.r_squared:.3f}\n{means}\n")
        sys.stdout.write(f"{model.tests().round(4).to_string(index=False)}\n")
    for table in (evidence.performance, evidence.originals, rendered(evidence)):
        sys.stdout.write(f"{table.round(3).to_string(index=False)}\n")
    for labels in evidence.labels:
        sys.stdout.write(f"{labels.breaks.round(3).to_string(index=False)}\n")
    claims = report.claims[["claim", "published", "here", "here why"]]
    sys.stdout.write(f"{claims.to_string(index=False)}\n")


if __name__ == "__main__":
    main()
