"""The tag map: a component that keeps the points in the browser and is sent only what colours them.

Measured on two cores with software rendering, 7,700 points, from the key press on a slider to the new
picture: `st.plotly_chart` 0.77 s, this 0.2 to 0.3 s; plotly.js inside a component recolours as fast as
this at that size, but takes 0.6 s more for a hundred labels and 2 to 6 s a step at half a million points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from taglab.figures.theme import GREY, PALETTE, hue

if TYPE_CHECKING:
    import pyarrow as pa

_HERE = Path(__file__).parent
HTML, CSS, JS = ((_HERE / f"tag_map.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
_component = st.components.v2.component("taglab.tag_map", html=HTML, css=CSS, js=JS)
# The same script without its markup; it leaves the points where the map finds them.
_carrier = st.components.v2.component("taglab.tag_map_points", js=JS)


@dataclass(frozen=True, eq=False)
class MapPoints:
    """What stays while sliders move: tags and where they are.

    Attributes:
        name: Tells these points from any others, such as a content key of tags and positions.
        table: Columns `tag`, `count` (tracks), `x`, `y`, perhaps `note`, one row a tag, most used first. Made
            once and kept (see `map_points`).
    """

    name: str
    table: pa.Table


def map_points(
    name: str,
    tags: Sequence[str],
    counts: npt.ArrayLike,
    positions: npt.NDArray[np.float32],
    notes: Mapping[str, str] | None = None,
) -> MapPoints:
    """Return points for a map; worth caching, for that of half a million tags takes a second.

    Args:
        name: Different for any other tags or positions.
        tags: One a row.
        counts: Array (tags,): tracks that have the tag.
        positions: Array (tags, 2), finite.
        notes: What is to be said of some tags, below their names.
    """
    import pyarrow as pa

    if positions.shape != (len(tags), 2):
        raise ValueError(f"positions must be ({len(tags)}, 2), not {positions.shape}")
    columns = {
        "tag": pa.array(list(tags), pa.string()),
        "count": pa.array(np.asarray(counts, np.int32)),
        "x": pa.array(np.ascontiguousarray(positions[:, 0], np.float32)),
        "y": pa.array(np.ascontiguousarray(positions[:, 1], np.float32)),
    }
    if notes:
        columns["note"] = pa.array([notes.get(tag, "") for tag in tags], pa.string())
    return MapPoints(name, pa.table(columns))


@dataclass(frozen=True, eq=False)
class MapClasses:
    """Groups of tags, coloured apart and named on the map.

    Attributes:
        labels: Array (tags,), int, from 0: the group of each point.
        names: Of each group, as text from data.
        colours: Array (groups,): the colour of each, counted in `taglab.figures.theme.PALETTE`; -1 for grey.
        places: Array (groups, 2): where the name of each is written; NaN for an empty one.
        word: What a group is called in the tooltip.
    """

    labels: npt.NDArray[np.int32]
    names: Sequence[str]
    colours: npt.NDArray[np.intp]
    places: npt.NDArray[np.float32]
    word: str = "Cluster"

    @classmethod
    def with_rest(
        cls,
        labels: npt.NDArray[np.int32],
        names: Sequence[str],
        colours: npt.NDArray[np.intp],
        places: npt.NDArray[np.float32],
        rest: str,
        word: str = "Cluster",
    ) -> MapClasses:
        """Return groups of which some points may have none: these are one more group, grey and not written.

        Args:
            labels: Array (tags,), below 0 for points in no group.
            names: Of each group.
            colours: As above.
            places: As above.
            rest: What the points in no group are called.
            word: As above.
        """
        if not (labels < 0).any():
            return cls(labels, names, colours, places, word)
        of_points = np.where(labels < 0, len(names), labels).astype(np.int32)
        nowhere = np.full((1, places.shape[1]), np.nan, np.float32)
        return cls(of_points, [*names, rest], np.append(colours, -1), np.concatenate([places, nowhere]), word)


@dataclass(frozen=True)
class MapScale:
    """Colours by a number instead of by class, with a colour bar.

    Attributes:
        of: "count", or a name among the facts.
        title: Above the colour bar, with the unit.
        colours: Hexadecimal colours, evenly spaced from `low` to `high`.
        low: Value at the left end.
        high: Value at the right end.
        log: Whether the colours follow the logarithm.
    """

    of: str
    title: str
    colours: tuple[str, ...]
    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, eq=False)
class MapPaint:
    """What the points look like now.

    Attributes:
        label: What the map shows, for those who cannot see it.
        shows: A short state such as "k=100"; the map carries it as `data-shows` once it is drawn.
        classes: Groups, or None.
        scale: Colours by number; None colours by class, or all alike.
        facts: Arrays (tags,) of numbers for the tooltip, by name.
        file: Name of saved pictures, without ending.
        kind: What the points are: tags, artists, tracks.
        kept: Array (tags,), bool: which points pass the filters set elsewhere on the page; the others are
            drawn grey and are neither under the mouse nor searched, listed or selected. None keeps all.
    """

    label: str
    shows: str = ""
    classes: MapClasses | None = None
    scale: MapScale | None = None
    facts: Mapping[str, npt.NDArray[np.floating]] = field(default_factory=dict)
    file: str = "tags"
    kind: str = "tags"
    kept: npt.NDArray[np.bool_] | None = None


def tag_map(
    key: str,
    points: MapPoints,
    paint: MapPaint,
    selected: npt.NDArray[np.intp] | None = None,
    on_select: Callable[[list[int]], None] | None = None,
) -> None:
    """Show the map. Its height is what `--map-height` says where it stands (see frame.css); 560 pixels else.

    Args:
        key: Of the widget, unique on the page.
        points: Sent to the browser once, whatever else changes.
        paint: Sent at each rerun.
        selected: Rows shown as selected, the rest greyed; None or empty for no selection.
        on_select: Called before the rerun with the rows a person selected (empty: cleared).
    """
    with st.container(gap=None):
        _carrier(key=f"{key}-points", data=points_data(points))
        _component(
            key=key,
            data=map_data(points, paint, selected),
            on_selected_change=_reporter(key, points.name, on_select),
        )


def points_data(points: MapPoints) -> dict[str, Any]:
    """Return what the script is sent once."""
    return {"role": "points", "points": points.name, "table": points.table}


def map_data(
    points: MapPoints, paint: MapPaint, selected: npt.NDArray[np.intp] | None = None
) -> dict[str, Any]:
    """Return what the script is sent at each rerun; see `tag_map`."""
    import pyarrow as pa

    rows = np.asarray([] if selected is None else selected, np.int32)
    data: dict[str, Any] = {
        "role": "map",
        "points": points.name,
        "label": paint.label,
        "shows": paint.shows,
        "file": paint.file,
        "kind": paint.kind,
        "plain": PALETTE[0],
        "scale": None if paint.scale is None else _scale(paint.scale),
        "facts": _columns(paint.facts),
        "classes": None,
        "selected": pa.table({"row": rows}) if len(rows) else None,
        "kept": None if paint.kept is None else pa.table({"kept": np.asarray(paint.kept, np.uint8)}),
    }
    if paint.classes is not None:
        data |= {
            "class_word": paint.classes.word,
            "classes": _classes(paint.classes),
            "cluster": pa.table({"cluster": np.asarray(paint.classes.labels, np.int32)}),
        }
    return data


def _reporter(key: str, name: str, on_select: Callable[[list[int]], None] | None) -> Callable[[], None]:
    def report() -> None:
        event = st.session_state[key].get("selected")
        # A click may come from a picture that is gone by now; its rows would be other tags.
        if on_select is not None and event and event["points"] == name:
            on_select(event["rows"])

    return report


def _scale(scale: MapScale) -> dict[str, Any]:
    shown = {"of": scale.of, "title": scale.title, "colours": list(scale.colours), "log": scale.log}
    return {**shown, "low": float(scale.low), "high": float(scale.high)}


def _columns(facts: Mapping[str, npt.NDArray[np.floating]]) -> pa.Table | None:
    import pyarrow as pa

    return pa.table({name: np.asarray(each, np.float32) for name, each in facts.items()}) if facts else None


def _classes(classes: MapClasses) -> pa.Table:
    """Return each group's name, colour, place of its name, and size."""
    import pyarrow as pa

    sizes = np.bincount(classes.labels, minlength=len(classes.names))
    return pa.table(
        {
            "name": pa.array(list(classes.names), pa.string()),
            "colour": [hue(int(colour)) if colour >= 0 else GREY for colour in classes.colours],
            "x": classes.places[:, 0].astype(np.float32),
            "y": classes.places[:, 1].astype(np.float32),
            "size": sizes.astype(np.int32),
        }
    )
