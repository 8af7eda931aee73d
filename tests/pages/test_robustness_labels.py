"""The Robustness page of a tagger's labels, with a run that is trained here."""

from __future__ import annotations

from pathlib import Path

import pytest

from taglab.training import new_run, train
from tests.pages.framed import open_page, require_sound, texts
from tests.pages.test_representations import table
from tests.training.examples import config_of, make_world


@pytest.fixture
def run(taglab_home: Path) -> str:
    """The name of a tagger of a small world."""
    make_world(taglab_home)
    return train(new_run(config_of(epochs=1, window_s=0.3, test_share=0.4)).name).name


def test_labels_are_told_by_when_they_break(run: str) -> None:
    url = {"data": "small", "audio": "small", "clips": "12", "clip_s": "0.5", "in_sound": "true"}
    app = open_page("robustness", degradation="Gain", tagged="true", **url).run()
    require_sound(app)
    assert app.selectbox(key="tagger").value == run
    breaks = table(app, "breaks_at")
    assert set(breaks["label"]) == {"low", "high", "noise", "(mean of labels)"}
    assert "labels break: half of what their average precision has above chance is lost" in texts(app)
    (line,) = [one.value for one in app.code if "robust-labels" in one.value]
    assert line.endswith(run)
