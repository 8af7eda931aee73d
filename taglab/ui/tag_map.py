"""The tag map: a component that keeps the points in the browser and is sent only what colours them.

Measured on two cores with software rendering, 7,700 points, from the key press on a slider to the new
picture: `st.plotly_chart` 0.77 s, this 0.2 to 0.3 s; plotly.js inside a component recolours as fast as
this at that size, but takes 0.6 s more for a hundred labels and 2 to 6 s a step at half a million points.
"""

from __future__ import annotations

import hashlib
import re
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
_ENTRY = "map"
_IMPORT = re.compile(r'^import .* from "\./(\w+)\.js";\n', re.MULTILINE)


def _joined(folder: Path, name: str, done: set[str] | None = None) -> str:
    """Return a module of a folder after those it imports, as one script: a component takes but one."""
    done = set() if done is None else done
    done.add(name)
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    before = [_joined(folder, other, done) for other in _IMPORT.findall(text) if other not in done]
    own = _IMPORT.sub("", text)
    return "".join(before) + (own if name == _ENTRY else re.sub(r"^export ", "", own, flags=re.MULTILINE))


HTML, CSS = ((_HERE / f"tag_map.{kind}").read_text(encoding="utf-8") for kind in ("html", "css"))
JS = _joined(_HERE / "map_script", _ENTRY)
_component = st.components.v2.component("taglab.tag_map", html=HTML, css=CSS, js=JS)
# What the link calls how dots are drawn and which classes are off.
LOOK = "look"
# Addresses beyond some thousand characters are cut by mail programs and proxies.
_LONGEST = 2000
# The same script without its markup; it leaves the points where the map finds them.
_carrier = st.components.v2.component("taglab.tag_map_points", js=JS)


@dataclass(frozen=True, eq=False)
class MapPoints:
    """What stays while sliders move: tags and where they are.

    Attributes:
        name: Tells these points from any others, such as a content key of tags and positions.
        table: Columns `tag`, `count` (tracks), `x`, `y`, perhaps `note`, one row a tag, most used first. Made
            once and kept (see `map_points`).
        tags: Tells the tags by themselves: a map of the same ones at other places shows the way there.
    """

    name: str
    table: pa.Table
    tags: str = ""


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
        positions: Array (tags, 2), finite, or NaN for tags that have no place: they are neither drawn nor
            within reach.
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
    key = hashlib.blake2b("\0".join(tags).encode(errors="surrogatepass"), digest_size=8).hexdigest()
    return MapPoints(name, pa.table(columns), key)


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
        scales: Colours by numbers that the browser is to offer beside the classes, of the count or the facts.
    """

    label: str
    shows: str = ""
    classes: MapClasses | None = None
    scale: MapScale | None = None
    facts: Mapping[str, npt.NDArray[np.floating]] = field(default_factory=dict)
    file: str = "tags"
    kind: str = "tags"
    kept: npt.NDArray[np.bool_] | None = None
    scales: Sequence[MapScale] = ()


def tag_map(
    key: str,
    points: MapPoints,
    paint: MapPaint,
    selected: npt.NDArray[np.intp] | None = None,
    on_select: Callable[[list[int]], None] | None = None,
    on_colour: Callable[[str], None] | None = None,
    neighbours: Callable[[int], tuple[npt.ArrayLike, npt.ArrayLike]] | None = None,
    beside: str = "",
) -> None:
    """Show the map. Its height is what `--map-height` says where it stands (see frame.css); 560 pixels else.

    Args:
        key: Of the widget, unique on the page.
        points: Sent to the browser once, whatever else changes.
        paint: Sent at each rerun.
        selected: Rows shown as selected, the rest greyed; None or empty for no selection.
        on_select: Called before the rerun with the rows a person selected (empty: cleared).
        on_colour: Called before the rerun with what a person had the browser colour by: "class", or what
            one of the `scales` is of.
        neighbours: Returns the rows nearest to one, nearest first, and their similarity or distance; asked
            of a tag that is selected alone.
        beside: The key of another map of the same tags: what is selected, sought, pointed at, turned off or
            set in one of the two is so in both, in the browser and at once, and the functions of the other
            are called.

    How dots are drawn, and which classes are off, stands in the link as `look`.
    """
    near = None
    if neighbours is not None and selected is not None and len(selected) == 1:
        row = int(selected[0])
        near = (row, *neighbours(row))
    with st.container(gap=None):
        _carrier(key=f"{key}-points", data=points_data(points))
        _component(
            key=key,
            data=map_data(points, paint, selected, near)
            | {"look": st.query_params.get(LOOK, ""), "key": key, "beside": beside},
            on_selected_change=_reporter(key, points.name, on_select),
            on_colour_change=_colour_reporter(key, on_colour),
            on_look_change=_look_keeper(key),
        )


def points_data(points: MapPoints) -> dict[str, Any]:
    """Return what the script is sent once."""
    return {"role": "points", "points": points.name, "table": points.table, "tags": points.tags}


def map_data(
    points: MapPoints,
    paint: MapPaint,
    selected: npt.NDArray[np.intp] | None = None,
    near: tuple[int, npt.ArrayLike, npt.ArrayLike] | None = None,
) -> dict[str, Any]:
    """Return what the script is sent at each rerun; see `tag_map`.

    Args:
        points: See `tag_map`.
        paint: See `tag_map`.
        selected: See `tag_map`.
        near: A row, the rows nearest to it, and their similarity or distance.
    """
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
        "scales": [_scale(scale) for scale in paint.scales],
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
    if near is not None:
        of, others, likeness = near
        table = {"row": np.asarray(others, np.int32), "likeness": np.asarray(likeness, np.float32)}
        data |= {"near_of": of, "near": pa.table(table)}
    return data


def _colour_reporter(key: str, on_colour: Callable[[str], None] | None) -> Callable[[], None]:
    def report() -> None:
        of = st.session_state[key].get("colour")
        if on_colour is not None and isinstance(of, str):
            on_colour(of)

    return report


def _look_keeper(key: str) -> Callable[[], None]:
    def keep() -> None:
        look = st.session_state[key].get("look")
        if isinstance(look, str) and 0 < len(look) <= _LONGEST:
            st.query_params[LOOK] = look
        else:
            st.query_params.pop(LOOK, None)

    return keep


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
