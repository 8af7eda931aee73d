"""Turning from page to page by the menu, as a visitor does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

GROUPS = {
    "Tags": ("Data", "Cleaning", "Embeddings", "Clusters", "Genres"),
    "Taggers": ("Training", "Compare"),
    "Sound": ("Retrieval", "Representations", "Robustness"),
    "Listeners": ("Explanations",),
}


def turn_to(page: Page, name: str) -> None:
    """Open the group of a page in the menu, and follow its link."""
    group = next(group for group, names in GROUPS.items() if name in names)
    page.get_by_test_id("stTopNavSection").filter(has_text=group).click()
    links = page.get_by_test_id("stTopNavDropdownLink")
    links.filter(has=page.get_by_text(name, exact=True)).click()
