"""Own vectors trained by a process beside the server are those that are trained here."""

import os
import signal
import time

import numpy as np
import pytest

from taglab import cache, embeddings
from taglab.errors import TaglabError
from taglab.folksonomy import Folksonomy
from taglab.ui.side_process import SideProcess
from tests.embeddings.examples import folksonomy

MODULE = "taglab.embeddings.own_process"


def kept(times: int) -> Folksonomy:
    data = folksonomy([["rock", "loud"], ["jazz", "calm"], ["jazz", "rock"]] * times)
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("small"))
    return data


def ended(job: SideProcess) -> SideProcess:
    deadline = time.monotonic() + 300
    while not job.done() and time.monotonic() < deadline:
        time.sleep(0.05)
    return job


def test_it_leaves_the_vectors_where_they_are_sought(monkeypatch: pytest.MonkeyPatch) -> None:
    data = kept(4)
    assert not embeddings.own_vectors_are_kept(data)
    job = ended(SideProcess(MODULE, "small"))
    job.output()
    assert job.progress()[0] > 0
    assert embeddings.own_vectors_are_kept(data)
    trained = embeddings.train_skipgram(data)
    monkeypatch.setattr("taglab.embeddings.library.train_skipgram", None)
    opened = embeddings.own_vectors(data)
    assert list(opened.words) == list(trained.words)
    np.testing.assert_array_equal(np.asarray(opened.vectors), trained.vectors)


def test_one_that_is_stopped_keeps_nothing_and_one_that_fails_says_why() -> None:
    data = kept(20_000)
    job = SideProcess(MODULE, "small")
    job.cancel()
    assert job.done()
    assert not embeddings.own_vectors_are_kept(data)
    with pytest.raises(TaglabError, match="'absent'"):
        ended(SideProcess(MODULE, "absent")).output()


def test_one_that_is_killed_says_where() -> None:
    kept(20_000)
    job = SideProcess(MODULE, "small")
    deadline = time.monotonic() + 300
    while not job.progress()[1] and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(job._process.pid, signal.SIGKILL)
    with pytest.raises(TaglabError, match=r"was killed, perhaps because memory ran out, at \d+% \(.+\)"):
        ended(job).output()


def test_the_estimate_goes_by_pairs_passes_and_size() -> None:
    lists = [["a b", "c"], ["a"], ["c", "d", "e", "f"]]
    settings = embeddings.SkipGramSettings(epochs=10, window=1)
    one = embeddings.training_seconds(folksonomy(lists), settings)
    # Lists of 3, 1 and 4 words, each word with at most two others: 6 + 0 + 8 pairs.
    assert one == pytest.approx(10 * 14 * 2e-6 + 8 * 5e-6)
    wider = embeddings.training_seconds(folksonomy(lists), settings.model_copy(update={"dim": 128}))
    assert wider - one == pytest.approx(10 * 14 * 2e-6)
