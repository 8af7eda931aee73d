"""Waiting for a page to come to rest, so that what is clicked next does not move away under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Locator, Page

_LOOK_EVERY_MS = 100
_QUIET_LOOKS = 4
_MOST_LOOKS = 900
_LOOK = """() => [
    document.querySelector("[data-testid=stApp]")?.dataset.testScriptState,
    document.querySelector("[data-testid=stMainBlockContainer]")?.offsetHeight,
    document.querySelector("[role=dialog]")?.offsetHeight,
    document.querySelectorAll("[data-stale=true]").length,
    document.querySelectorAll("[data-testid=stSkeleton]").length,
]"""


def settled(page: Page) -> Page:
    """Wait until, for a while, no script runs, all is drawn, and page and dialog keep their heights.

    Returns:
        The page.
    """
    quiet, before = 0, None
    for _ in range(_MOST_LOOKS):
        seen = page.evaluate(_LOOK)
        quiet = quiet + 1 if seen[0] == "notRunning" and not seen[-1] and seen == before else 0
        if quiet == _QUIET_LOOKS:
            return page
        before = seen
        page.wait_for_timeout(_LOOK_EVERY_MS)
    raise AssertionError(f"the page does not come to rest: {before}")


def place_of(element: Locator) -> FloatRect:
    """Return where an element stands once the page has come to rest, in pixels of the window.

    A figure that is drawn anew is nowhere for a moment, and what moves is elsewhere when it is clicked.

    Returns:
        Its `x`, `y`, `width` and `height`.
    """
    settled(element.page)
    element.wait_for()
    place = element.bounding_box()
    assert place is not None, f"{element} is not shown"
    return place
