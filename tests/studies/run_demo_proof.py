"""The proof on the demo in full: `python -m tests.studies.run_demo_proof`; some minutes on two cores.

Prints figures and verdicts; the settings of `DemoProofSettings` change what is run. The runs stay in the
cache folder, group "model-1 spectrogram demo" and "model-2 spectrogram demo", for *Compare*.
"""

import argparse
import sys

from taglab.cli.options import add_settings, settings_of
from taglab.studies.thesis.demo_proof import AUDIBLE, JUNK, DemoProof, DemoProofSettings, prove_demo


def told(proof: DemoProof) -> str:
    """Return the proof as text."""
    raw = proof.filtering.average_precision.macro
    junk, audible = proof.of(JUNK), proof.of(AUDIBLE)
    columns = [
        "label",
        "positives",
        "prevalence",
        "average_precision",
        "roc_auc",
        "low",
        "high",
        "p",
        "p_family",
    ]
    lines = [
        f"{proof.tracks} test tracks of artists heard nowhere else",
        f"{len(audible)} audible labels: macro AUC-PR {audible['average_precision'].mean():.4f}, mean "
        f"prevalence {audible['prevalence'].mean():.4f}, {proof.audible_lift:.2f} times; "
        f"{len(proof.significant(AUDIBLE))} told from chance by the family's rule",
        f"{len(junk)} junk labels: the interval of {len(proof.junk_missed)} misses 0.5 "
        f"({', '.join(proof.junk_missed) or 'none'}); {len(proof.significant(JUNK))} told from chance by the "
        "family's rule",
        junk[columns].round(3).to_string(index=False),
        proof.groups.round(4).to_string(index=False),
        proof.steps.round(4).to_string(index=False),
        f"filtered - raw on {proof.common} common labels: macro AUC-PR {raw.estimate:+.4f} "
        f"[{raw.low:+.4f}, {raw.high:+.4f}], raw {proof.raw_on_common:.4f}",
        *(f"{'holds' if holds else 'FAILS'}: {rule}" for rule, holds in proof.verdicts.items()),
    ]
    return "\n".join(lines) + "\n"


def show(fraction: float, text: str) -> None:
    """Say how far it is, on one line."""
    sys.stderr.write(f"\r{fraction:6.1%} {text:60}")


def main() -> None:
    """Run the proof and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_settings(parser, DemoProofSettings)
    args = parser.parse_args()
    proof = prove_demo(settings_of(args, DemoProofSettings), progress=show)
    sys.stdout.write("\n" + told(proof))


if __name__ == "__main__":
    main()
