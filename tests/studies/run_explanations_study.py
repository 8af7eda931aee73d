"""Kim 2021, chapter 5, on real data: `python -m tests.studies.run_explanations_study REPORT.html`.

Articles that researchers keep (citeulike-a), listeners of clips rendered from real scores, and the demo, by
four recommenders that know tags: 12 groups. Data stay in the cache folder, and are taken as they are.
Whatever follows the report goes to `taglab reproduce explanations`, such as `--users 100`.
"""

import sys

from taglab.sources import folksonomy_names
from tests.studies.run_rendered_scores import FOLDER as RENDERED
from tests.studies.run_rendered_scores import run_taglab
from tests.studies.run_transfer_proof import SCORES, add_tags_and_plays

ARTICLES = "citeulike-a"


def run(report: str, *words: str) -> None:
    """Prepare what is missing, carry out the study, and write its report."""
    if ARTICLES not in folksonomy_names():
        run_taglab("data", "add", "citeulike", str(RENDERED.parent / "citeulike-a"), "--name", ARTICLES)
    if SCORES not in folksonomy_names():
        add_tags_and_plays()
    run_taglab("reproduce", "explanations", "--data", f"{ARTICLES},{SCORES},demo", "--report", report, *words)


if __name__ == "__main__":
    run(*(sys.argv[1:] or ["report.html"]))
