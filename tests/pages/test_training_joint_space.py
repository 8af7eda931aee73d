"""A joint space's run on the Training page: how far it is, what it reached, and its curves."""

import json

from streamlit.testing.v1 import AppTest

from taglab.joint_space import new_space_run, train_space
from tests.joint_space.world import config_of, make_world
from tests.pages.framed import open_page


def curves(at: AppTest) -> dict[str, str]:
    """Title of every curve that is drawn → its figure as JSON."""
    specs = [chart.proto.spec for chart in at.get("plotly_chart")]
    return {json.loads(spec)["layout"]["title"]["text"]: spec for spec in specs}


def test_a_joint_space_is_watched_as_a_tagger_is() -> None:
    make_world()
    run = train_space(new_space_run(config_of(steps=4_000)).name)
    at = open_page("training", run=run.name).run()
    assert not at.exception
    assert [one.value for one in at.error] == []
    (outcome,) = [one.value.replace("\\", "") for one in at.caption if "looks" in one.value]
    assert outcome.startswith("2 of 2 looks in ")
    assert "held-out test: Precision at 3 macro 0." in outcome
    shown = curves(at)
    assert any("Precision at 3" in title for title in shown)
    assert not any("AUC" in title for title in shown)
    for spec in shown.values():
        assert json.loads(spec)["layout"]["xaxis"]["title"]["text"] == "look"
