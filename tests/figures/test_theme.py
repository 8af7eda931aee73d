"""Colours told apart by everybody on both pages; texts that are never markup."""

import itertools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.figures.theme import (
    ACCENT,
    DIVERGING,
    GREY,
    PALETTE,
    SEQUENTIAL,
    SEQUENTIAL_MARKS,
    blank,
    colour_scale,
    hue,
    plain,
    visible,
)

CONFIG = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"
THEME: dict[str, Any] = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]

# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
# Ottosson 2020.
TO_CONES = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
TO_LAB = [[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099],
          [0.0259040371, 0.7827717662, -0.808675766]]  # fmt: skip


def linear(colour: str) -> npt.NDArray[np.float64]:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.cbrt(np.clip(rgb @ np.transpose(TO_CONES), 0, None)) @ np.transpose(TO_LAB)


def contrast(one: str, other: str) -> float:
    lights = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (one, other))
    return lights[1] / lights[0]


@pytest.mark.parametrize("vision", VISIONS)
def test_hues_are_told_apart(vision: str) -> None:
    seen = [oklab(np.clip(linear(colour) @ np.transpose(VISIONS[vision]), 0, 1)) for colour in PALETTE]
    distances = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > 0.105
    first = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen[:4], 2)]
    assert min(first) > 0.14


@pytest.mark.parametrize("page", ["light", "dark"])
@pytest.mark.parametrize("colour", [*PALETTE, *SEQUENTIAL_MARKS, *DIVERGING, ACCENT, GREY])
def test_what_a_colour_identifies_stands_out_from_the_page(page: str, colour: str) -> None:
    assert contrast(colour, THEME[page]["backgroundColor"]) >= 3


@pytest.mark.parametrize("page", ["light", "dark"])
def test_controls_stand_out_from_the_page_and_what_stands_on_them_from_them(page: str) -> None:
    theme = THEME[page]
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= 3
    assert contrast(theme["primaryColor"], theme["secondaryBackgroundColor"]) >= 3
    assert contrast(theme["primaryColor"], "#ffffff") >= 3.9
    for paper in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], paper) >= 7
        assert contrast(theme["linkColor"], paper) >= 4.5


def test_the_pages_and_the_figures_have_the_same_colours() -> None:
    for page in ("light", "dark"):
        assert THEME[page]["chartCategoricalColors"] == list(PALETTE)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_the_scale_grows_lighter_all_the_way() -> None:
    lightness = [oklab(linear(colour))[0] for colour in SEQUENTIAL]
    assert np.all(np.diff(lightness) > 0.03)
    of_marks = [oklab(linear(colour))[0] for colour in SEQUENTIAL_MARKS]
    assert np.all(np.diff(of_marks) > 0.02)


def test_hues_repeat() -> None:
    assert hue(0) == hue(len(PALETTE))
    assert colour_scale(PALETTE)[0][0] == 0
    assert colour_scale(PALETTE)[-1][0] == 1


@given(st.text(max_size=500))
def test_no_text_is_markup_or_spans_lines(text: str) -> None:
    shown = plain(text)
    assert "<" not in shown
    assert ">" not in shown
    assert "$" not in shown
    assert len(visible(text)) <= 60
    assert not set(visible(text)) & set("\n\r\t\x00\u202e\u2028")


@given(st.text(max_size=60, alphabet=st.characters(categories=["L", "N", "P", "Zs"])))
def test_an_ordinary_tag_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_long_tags_keep_both_ends() -> None:
    shown = visible("begin" + "x" * 400 + "end", 20)
    assert shown.startswith("begin")
    assert shown.endswith("end")
    assert len(shown) == 20


def test_a_blank_figure_names_its_axes() -> None:
    layout = blank("Title", "x (unit)", "y (unit)").layout
    assert (layout.title.text, layout.xaxis.title.text, layout.yaxis.title.text) == (
        "Title",
        "x (unit)",
        "y (unit)",
    )
