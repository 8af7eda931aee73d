"""A dry run beside the server: figures as JSON, trouble as one sentence."""

import time

import pytest

from taglab.errors import TaglabError
from taglab.training import RunConfig
from taglab.ui.training.dry_run import DryRunJob
from tests.training.examples import config_of


def ended(config: RunConfig) -> DryRunJob:
    job = DryRunJob(config, "")
    until = time.monotonic() + 120
    while not job.done() and time.monotonic() < until:
        time.sleep(0.05)
    return job


def test_it_finds_what_a_dry_run_finds() -> None:
    found = ended(config_of()).result()
    assert found["parameters"] > 0
    assert found["first_loss"] == pytest.approx(0.7, abs=0.5)
    assert sum(found["tracks"].values()) + sum(row["tracks"] for row in found["left_out"]) == 60


def test_what_is_wrong_is_a_sentence() -> None:
    job = ended(config_of(window_s=30.0))
    with pytest.raises(TaglabError, match="window"):
        job.result()
    assert "\n" not in job.said()


def test_it_can_be_cancelled() -> None:
    job = DryRunJob(config_of(), "")
    job.cancel()
    assert job.done()
