"""Parts of a report as one HTML file that needs neither a server nor a network: tables, claims, styles."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from taglab.figures.theme import visible
from taglab.reprs import one_line
from taglab.studies.verdicts import CONTRADICTED, HOLDS

_DECIMALS = 4


@dataclass(frozen=True, eq=False)
class Section:
    """A table of a work, as printed and as it is here.

    Attributes:
        heading: "Table 9".
        title: What it is of.
        published: As printed; None where nothing is.
        here: The same, here; None where it is not known.
        said: Why something is missing, or how it is to be read; empty where all is plain.
        notes: What contradicts itself in the printed one.
    """

    heading: str
    title: str
    published: pd.DataFrame | None
    here: pd.DataFrame | None
    said: str = ""
    notes: tuple[str, ...] = ()

    __repr__ = one_line


STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 78rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-size: 13px; margin: .3rem 0 1rem; }
td, th { border-bottom: 1px solid #8885; padding: .15rem .6rem; text-align: left; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
.pair { display: flex; flex-wrap: wrap; gap: 2rem; } .pair > div { flex: 1 1 28rem; overflow-x: auto; }
.said { opacity: .75; } .holds { color: #12909a; } .contradicted { color: #d56118; }
nav a { margin-right: .7rem; }
:is(.gtitle, .xtitle, .ytitle, .legendtext, .xtick text, .ytick text, .cbaxis text, .cbtitle text) {
  fill: currentColor !important; }
"""


def safe(text: Any) -> str:
    """Return a text that strangers may have written as text, never markup."""
    return html.escape(visible(str(text), 2_000))


def html_table(table: pd.DataFrame) -> str:
    """Return a table as HTML, NaN as a dash."""
    head = "".join(f"<th>{safe(name)}</th>" for name in table.columns)
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    body = "".join("<tr>" + "".join(map(_cell, row.values())) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return f"<td>{'yes' if value else ''}</td>"
    if isinstance(value, int | np.integer):
        return f'<td class="n">{value:,}</td>'
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return '<td class="n">–</td>'
        number = float(value)
        text = f"{number:,.0f}" if number.is_integer() and abs(number) >= 1 else f"{number:.{_DECIMALS}f}"
        return f'<td class="n">{text}</td>'
    return f"<td>{safe(value)}</td>"


_CLASSES = {HOLDS: "holds", CONTRADICTED: "contradicted"}


def html_claims(claims: pd.DataFrame) -> str:
    """Return claims as HTML: columns says, source, rule, and published, here and why of both."""
    rows = []
    for row in claims.to_dict("records"):
        cells = [f"<td>{safe(row['says'])}<br><small>{safe(row['source'])}</small></td>"]
        for whose in ("published", "here"):
            mark = _CLASSES.get(row[whose], "said")
            why = safe(row[f"{whose} why"])
            cells.append(f'<td class="{mark}"><b>{safe(row[whose])}</b><br><small>{why}</small></td>')
        cells.append(f"<td><small>{safe(row['rule'])}</small></td>")
        rows.append("<tr>" + "".join(cells) + "</tr>")
    head = "<tr><th>claim</th><th>published figures</th><th>here</th><th>rule</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def html_section(section: Section) -> str:
    """Return a table of a work as HTML, printed beside ours."""
    parts = [f"<h3>{safe(section.heading)}: {safe(section.title)}</h3>"]
    parts += [f'<p class="said">{safe(note)}</p>' for note in section.notes]
    parts.append('<div class="pair">')
    for whose, table in (("Published", section.published), ("Here", section.here)):
        shown = '<p class="said">nothing</p>' if table is None or not len(table) else html_table(table)
        said = f'<p class="said">{safe(section.said)}</p>' if whose == "Here" and section.said else ""
        parts.append(f"<div><b>{whose}</b>{shown}{said}</div>")
    return "".join([*parts, "</div>"])
