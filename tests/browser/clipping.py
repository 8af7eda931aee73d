"""What a page cuts off: text that its box hides or ends in an ellipsis, and what leaves a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Left aside: cells of tables, which open; code, which scrolls; the map, which is a picture.
_LOOK = """() => {
    const cut = [];
    const shown = (box) => box.width > 1 && box.height > 1;
    const says = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    for (const element of document.querySelectorAll("body *")) {
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        if (!shown(element.getBoundingClientRect())) continue;
        const field = element.matches("input:not([type=range]):not([type=checkbox]):not([type=radio])");
        if (!field && !says(element)) continue;
        if (element.closest("[data-testid=stDataFrameResizable], .map, pre, code")) continue;
        const text = field ? element.value : element.textContent.trim();
        if (field && !text) continue;
        for (let box = element; box && box !== document.body; box = box.parentElement) {
            const look = getComputedStyle(box);
            if (box.clientWidth && look.overflowX !== "visible") {
                const inner = element.getBoundingClientRect();
                const outer = box.getBoundingClientRect();
                const beyond = box === element ? box.scrollWidth > box.clientWidth + 1
                    : inner.right > outer.right + 1.5 || inner.left < outer.left - 1.5;
                if (beyond && !["auto", "scroll"].includes(look.overflowX)) {
                    cut.push(`${box.dataset.testid ?? box.tagName}: ${text.slice(0, 60)}`);
                    break;
                }
                if (["auto", "scroll"].includes(look.overflowX)) break;
            }
        }
    }
    for (const box of document.querySelectorAll("[role=tablist], [data-testid=stMultiSelectTagsContainer]"))
        if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.parentElement.clientHeight + 2)
            cut.push(`scrolled: ${box.textContent.slice(0, 60)}`);
    const menu = document.querySelector("[data-testid=stTopNav]");
    if (menu && / more$/.test(menu.innerText.trim())) cut.push(`pages: ${menu.innerText}`);
    for (const text of document.querySelectorAll(".js-plotly-plot .main-svg text")) {
        const inner = text.getBoundingClientRect();
        const outer = text.closest(".js-plotly-plot").getBoundingClientRect();
        if (shown(inner) && (inner.left < outer.left - 2 || inner.right > outer.right + 2))
            cut.push(`figure: ${text.textContent.slice(0, 60)}`);
    }
    const across = document.documentElement.scrollWidth;
    if (across > innerWidth) cut.push(`the page is ${across} wide in ${innerWidth}`);
    return [...new Set(cut)];
}"""


def clipped(page: Page) -> list[str]:
    """Return what is cut off on a page: the kind of the box that cuts, and the beginning of the text."""
    found: list[str] = page.evaluate(_LOOK)
    return found
