"""Sound on the Data page in a browser: uploaded, played, drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import soundfile

from taglab.folksonomy import Folksonomy

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def heard(server: Server) -> str:
    """A data set of three tracks, one of a hostile name."""
    tracks = pd.DataFrame({"track": ["Ä eins", HOSTILE, "never recorded"]})
    data = Folksonomy.from_codes("heard", tracks, ["rock"], np.arange(3), np.zeros(3, np.int64))
    data.save(server.home / "folksonomies" / "heard")
    return "heard"


def test_sound_is_uploaded_played_and_drawn(visit: Callable[..., Page], heard: str, tmp_path: Path) -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 64_000)
    files = [tmp_path / "Ä eins.wav", tmp_path / f"{HOSTILE}.flac", tmp_path / "broken.mp3"]
    for path in files[:2]:
        soundfile.write(path, sound, 16_000)
    files[2].write_bytes(b"no music")
    page = visit(f"/data?data={heard}&sound=true")
    page.get_by_role("button", name="Add sound").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=file]").set_input_files(files)
    dialog.get_by_text("broken.mp3").first.wait_for()
    dialog.get_by_label("Name", exact=True).fill("uploads")
    page.keyboard.press("Enter")
    dialog.get_by_text("--name uploads").wait_for()
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**audio=uploads**")
    page.get_by_text("2 of 3").wait_for()
    page.get_by_text("Tracks without a file (1)").wait_for()
    audio = page.locator("audio")
    audio.wait_for()
    assert audio.evaluate(
        "sound => new Promise(done => sound.readyState > 0 ? done(sound.duration)"
        " : sound.addEventListener('loadedmetadata', () => done(sound.duration)))"
    ) == pytest.approx(4)
    page.get_by_text("Mel spectrogram of").first.wait_for()
    assert page.locator("img[src=x], img[onerror]").count() == 0
