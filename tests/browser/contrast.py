"""How far texts, signs and dots stand out from their ground, as WCAG 2.2 reckons it (1.4.3, 1.4.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from playwright.sync_api import Locator

TEXT, SIGN = 4.5, 3.0
"""The least contrast of text, and of what is no text."""

# What is seen of each element: its colour over its ground, both through the opacity of all it stands in.
_SEEN = """root => {
  const over = (colour, opacity, ground) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [red, green, blue].map((band, at) => ground[at] + (band - ground[at]) * alpha * opacity);
  };
  const outside = (element) => element.parentElement ?? element.getRootNode().host;
  const seen = (element) => {
    const styles = [];
    for (let each = element; each; each = outside(each)) styles.unshift(getComputedStyle(each));
    let [ground, opacity] = [[255, 255, 255], 1];
    for (const style of styles) {
      opacity *= Number(style.opacity);
      ground = over(style.backgroundColor, opacity, ground);
    }
    return [over(styles.at(-1).color, opacity, ground), ground];
  };
  const parts = [];
  for (const element of root.querySelectorAll("*")) {
    if (!element.checkVisibility() || element.closest(".unseen, option")) continue;
    const ownText = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data);
    const text = element.matches("input[type=search], select") ? element.value : ownText.join("").trim();
    if (text) parts.push(["text", text.slice(0, 40), ...seen(element)]);
    const sign = element.matches("button svg") && element.parentElement.ariaLabel;
    if (sign) parts.push(["sign", sign, ...seen(element)]);
  }
  return parts;
}"""


def contrast(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Return the contrast of two colours, from 1 to 21.

    Args:
        one: Red, green and blue, 0 to 255.
        other: Likewise.
    """
    dark, light = sorted(_luminance(np.asarray(colour, float) / 255) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(bands: npt.NDArray[Any]) -> float:
    linear = np.where(bands <= 0.04045, bands / 12.92, ((bands + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def faint_parts(root: Locator) -> tuple[int, list[tuple[str, float]]]:
    """Return how many texts and signs are shown within an element, and those of too little contrast."""
    parts = root.evaluate(_SEEN)
    faint = []
    for kind, name, colour, ground in parts:
        ratio = contrast(colour, ground)
        if ratio < (TEXT if kind == "text" else SIGN):
            faint.append((f"{kind} {name}", round(ratio, 2)))
    return len(parts), faint
