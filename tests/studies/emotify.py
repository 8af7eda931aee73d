"""Real music: Emotify's excerpts with their genre and the emotions that listeners named.

Source: Aljanaki, Wiering, Veltkamp, "Studying emotion induced by music through a crowdsourcing game",
Information Processing & Management 52 (2016).
"""

from pathlib import Path

import pandas as pd
import pytest

from taglab import sources
from taglab.folksonomy import Folksonomy
from taglab.sources.table import TableSettings

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "emotify"
LEAST_SHARE = 33.0
"""An emotion is a tag of an excerpt if a third of its listeners named it, in percent; half is too rare."""


def emotify_folder() -> Path:
    """Return where the data lie; skip the test where they do not."""
    if not (FOLDER / "annotations.csv").is_file():
        pytest.skip("Emotify is not beside the checkout (../shared/data/emotify)")
    return FOLDER


def write_tags(annotations: Path, table: Path) -> None:
    """Write a table (track, tag, weight): genre with 100, emotions with the share of listeners in percent."""
    told = pd.read_csv(annotations).drop(columns="listener")
    genres = told.groupby("excerpt")["genre"].first()
    shares = 100 * told.drop(columns="genre").groupby("excerpt").mean()
    rows = [(track, genre, 100.0) for track, genre in genres.items()]
    rows += [
        (track, tag, share) for tag, column in shares.items() for track, share in column.items() if share > 0
    ]
    pd.DataFrame(rows, columns=["track", "tag", "weight"]).to_csv(table, index=False)


def emotify(scratch: Path, name: str = "emotify") -> Folksonomy:
    """Return the excerpts with 13 tags, read as any table is."""
    table = scratch / "emotify.csv"
    write_tags(emotify_folder() / "annotations.csv", table)
    return sources.read("table", table, name, TableSettings(min_weight=LEAST_SHARE))
