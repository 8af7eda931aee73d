"""The proof on the demo in full: `python -m tests.studies.run_demo_proof`; some minutes on two cores.

Prints figures and verdicts; the settings of `DemoProofSettings` change what is run. The runs stay in the
cache folder, group "model-1 spectrogram demo" and "model-2 spectrogram demo", for *Compare*.
"""

import sys
from typing import Annotated

from taglab.cli.options import Parser, add_arguments, question_of
from taglab.settings import Group
from taglab.studies.thesis.demo_proof import AUDIBLE, JUNK, DemoProof, DemoProofSettings, prove_demo
from taglab.verbs.question import Question


class Proving(Question):
    """What is asked of the proof.

    Attributes:
        settings: How it is made.
    """

    settings: Annotated[DemoProofSettings, Group("the proof")] = DemoProofSettings()


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
    parser = Parser(prog="python -m tests.studies.run_demo_proof", description=__doc__ or "")
    add_arguments(parser, Proving)
    asked = question_of(parser.parse_args(), Proving)
    assert isinstance(asked, Proving)
    proof = prove_demo(asked.settings, progress=show)
    sys.stdout.write("\n" + told(proof))


if __name__ == "__main__":
    main()
