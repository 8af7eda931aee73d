"""The Robustness page in a browser: original and degraded sound switched while they play."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.browser.settling import settled
from tests.joint_space.shelved import shelve_heard_space, shelve_sound, shelve_space

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Server

Visit = Callable[..., "Page"]
_LOOK_EVERY_MS, _MOST_LOOKS = 100, 300
QUICK = "/robustness?data=robust&audio=robust&robust_features=heard-robust&clips=5&clip_s=0.5"


@pytest.fixture(scope="module", autouse=True)
def sound(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with sound and features of it."""
    folder: Path = tmp_path_factory.mktemp("robust") / "wav"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAGLAB_HOME", str(server.home))
        shelve_space("of-robust", "robust")
        shelve_sound(folder, "robust")
        shelve_heard_space("heard-robust", "robust")
    return folder


def sounds(page: Page, what: str) -> list[object]:
    """Return a property of the original and of the changed sound."""
    both = page.locator(".switch audio")
    of_both: list[object] = both.evaluate_all(f"sounds => sounds.map((one) => one.{what})")
    assert len(of_both) == 2
    return of_both


def wait_for(page: Page, condition: Callable[[], bool]) -> None:
    """Wait until something is so that no selector tells."""
    for _ in range(_MOST_LOOKS):
        if condition():
            return
        page.wait_for_timeout(_LOOK_EVERY_MS)
    raise AssertionError("it does not come to be so")


def play(page: Page) -> None:
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for(page, lambda: all(float(str(place)) > 0.1 for place in sounds(page, "currentTime")))


def test_both_sounds_play_and_are_switched_by_mouse_and_keyboard(visit: Visit) -> None:
    page = settled(visit(f"{QUICK}&degradation=Pink+noise&pink-noise=3", height=1400))
    play(page)
    assert sounds(page, "muted") == [True, False]
    page.get_by_role("radio", name="Original").click()
    assert sounds(page, "muted") == [False, True]
    page.keyboard.press("ArrowRight")
    assert sounds(page, "muted") == [True, False]
    page.get_by_role("button", name="Pause", exact=True).click()
    wait_for(page, lambda: sounds(page, "paused") == [True, True])


def test_what_is_not_heard_keeps_up_with_what_is(visit: Visit) -> None:
    page = settled(visit(f"{QUICK}&degradation=Pink+noise&pink-noise=3", height=1400))
    play(page)
    page.locator(".switch audio").evaluate_all(
        "([one, other]) => { one.currentTime = (other.currentTime + other.duration / 2) % other.duration; }"
    )
    length = float(str(sounds(page, "duration")[1]))

    def together() -> bool:
        places = [float(str(place)) for place in sounds(page, "currentTime")]
        return abs((places[0] - places[1] + length / 2) % length - length / 2) < length / 10

    wait_for(page, together)
    assert "seconds" in str(
        page.get_by_role("slider", name="Place in the sound").get_attribute("aria-valuetext")
    )


def test_another_magnitude_goes_on_playing_and_into_the_link(visit: Visit) -> None:
    page = settled(visit(f"{QUICK}&degradation=Pink+noise&pink-noise=3", height=1400))
    play(page)
    before = sounds(page, "src")
    page.get_by_role("slider", name="Pink noise").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**pink-noise=6**")
    page.get_by_role("radio", name="6 dB").wait_for()
    wait_for(page, lambda: sounds(page, "paused") == [False, False])
    after = sounds(page, "src")
    assert after[0] == before[0]
    assert after[1] != before[1]
    again = settled(visit(urlsplit(page.url)._replace(scheme="", netloc="").geturl()))
    again.get_by_role("radio", name="6 dB").wait_for()


@pytest.mark.parametrize(("width", "theme"), [(500, "dark"), (1280, "light")])
def test_the_page_fits_its_window(visit: Visit, width: int, theme: str) -> None:
    page = settled(visit(f"{QUICK}&degradation=Pitch", width=width, theme=theme))
    page.locator(".js-plotly-plot .nsewdrag").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
