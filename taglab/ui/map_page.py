"""The tag map as one HTML file, with legend, search, tooltips, selection and neighbours; no server."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.figures.theme import visible
from taglab.ui.tag_map import CSS, HTML, JS, MapPaint, MapPoints, map_data, points_data

_HERE = Path(__file__).parent
_STYLE, _OPENING = ((_HERE / f"map_page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src blob: data:"
# Multiplications that looking for the neighbours to take along may cost: some seconds.
_MOST_PRODUCTS = 1.2e11


def n_with_neighbours(n_points: int, dim: int) -> int:
    """Return of how many points, the first ones, a page is to hold the neighbours.

    Args:
        n_points: On the map.
        dim: Components of the vectors by which neighbours are found.
    """
    return min(n_points, max(1, int(_MOST_PRODUCTS / (n_points * dim))))


def map_page(
    title: str,
    points: MapPoints,
    paint: MapPaint,
    selected: npt.NDArray[np.intp] | None = None,
    look: str = "",
    neighbours: tuple[npt.NDArray[np.integer[Any]], npt.NDArray[np.floating[Any]]] | None = None,
) -> str:
    """Return a map as an HTML page that needs nothing beside it.

    Args:
        title: Above the map; text from data.
        points: See `tag_map`.
        paint: See `tag_map`.
        selected: See `tag_map`.
        look: How dots are drawn and which classes are off, as it stands in a link.
        neighbours: The rows nearest to each of the first tags, (tags, k), nearest first, and their similarity
            or distance, (tags, k); for a list to follow from tag to tag.
    """
    shown = map_data(points, paint, selected) | {"look": look} | _neighbours_data(neighbours)
    parts = [_packed(part) for part in (points_data(points), shown)]
    # A closing tag within a string would end the script it stands in.
    data = json.dumps(parts, ensure_ascii=False).replace("<", "\\u003c")
    head = html.escape(visible(title, 300))
    script = JS.replace("export default function", "const show = function", 1)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{head}</title><style>{_STYLE}{CSS}</style></head><body><h1>{head}</h1>{HTML}"
        f'<script type="application/json" id="parts">{data}</script>'
        f'<script type="module">{script}{_OPENING}</script></body></html>'
    )


def _neighbours_data(
    neighbours: tuple[npt.NDArray[np.integer[Any]], npt.NDArray[np.floating[Any]]] | None,
) -> dict[str, Any]:
    """Return what the script is sent of neighbours that it is to hold from the start."""
    import pyarrow as pa

    if neighbours is None:
        return {}
    rows, likeness = neighbours
    table = {"row": rows.astype(np.int32).ravel(), "likeness": likeness.astype(np.float32).ravel()}
    return {"near_first": pa.table(table), "near_each": rows.shape[1]}


def _packed(part: dict[str, Any]) -> dict[str, Any]:
    """Return what the map is sent, its tables as columns of text and of numbers in base 64."""
    return {
        name: _columns(value) if hasattr(value, "column_names") else value for name, value in part.items()
    }


def _columns(table: Any) -> dict[str, Any]:
    columns = []
    for name in table.column_names:
        column = table.column(name)
        if str(column.type) == "string":
            columns.append({"name": name, "kind": "text", "values": column.to_pylist()})
            continue
        values = column.to_numpy()
        kind = "f" if values.dtype.kind == "f" else "i"
        raw = np.ascontiguousarray(values, np.float32 if kind == "f" else np.int32).tobytes()
        columns.append({"name": name, "kind": kind, "values": base64.b64encode(raw).decode("ascii")})
    return {"columns": columns, "rows": table.num_rows}
