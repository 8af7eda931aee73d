"""The view Thesis of the Compare page: claims and tables, published beside ours."""

import shlex

import pytest

from taglab.cli.commands import build_parser
from tests.pages.framed import open_page


def test_claims_and_tables_are_shown_beside_the_published_ones() -> None:
    page = open_page("compare")
    page.query_params["runs"] = ["thesis-1-spectrogram", "thesis-2-spectrogram"]
    page.query_params["view"] = "Thesis"
    page.run(timeout=60)
    assert not page.exception
    assert not page.error
    claims = next(frame.value for frame in page.dataframe if "rule" in frame.value)
    assert set(claims["here"]) == {"cannot be tested on these data"}
    assert "holds" in set(claims["published"])
    page.selectbox(key="thesis table").select("Table 9: Model 1: the most used tags").run(timeout=60)
    assert not page.exception
    shown = [frame.value for frame in page.dataframe if "auc_pr_macro" in frame.value]
    assert shown[-1]["auc_pr_macro"].tolist() == [0.2278, 0.2387]
    for line in page.code:
        words = shlex.split(line.value)
        if words[:2] == ["taglab", "report"]:
            build_parser().parse_args(words[1:])
            break
    else:
        pytest.fail("no command is offered")
