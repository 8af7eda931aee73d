"""Data sets of recommending as published: folders of who played or rated what, and of the items' tags.

`hetrec`: user_artists.dat, user_taggedartists.dat, tags.dat, artists.dat, tabs between (HetRec 2011,
Last.fm). `goodbooks`: ratings.csv, book_tags.csv, tags.csv, books.csv (Goodbooks-10k). `movielens`:
ratings.csv, tags.csv, movies.csv (MovieLens 20M, 25M, latest). `citeulike`: users.dat, item-tag.dat, tags.dat
(citeulike-a, -t), a line a user or item of how many and which.

Source: Cantador, Brusilovsky, Kuflik, HetRec 2011; Zajac, Goodbooks-10k (2017); Harper and Konstan, "The
MovieLens datasets", ACM TiiS 5 (2015); Wang, Chen, Li, "Collaborative topic regression with social
regularization for tag recommendation", IJCAI 2013.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import DataError, unreadable
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.sources.plays import read_plays
from taglab.sources.reading import Tally, file_in, open_text, require_assignments
from taglab.sources.source import Source
from taglab.sources.table_files import TextFormat, open_table

_TABS = TextFormat(True, "\t", False, None, ("",))
_COMMAS = TextFormat(True, ",", None, None, ("",))
_CODE_DIGITS = 9
_LINES_BETWEEN = 2_000


class RatedSettings(BaseModel):
    """Options of folders of plays and tags.

    Attributes:
        min_weight: Least number of people who gave an item a tag for it to be kept, inclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)


def read_hetrec(path: Path, name: str, settings: RatedSettings, progress: Progress = silent) -> Folksonomy:
    """Read the tags of artists; a tag's weight is how many people gave it to the artist."""
    texts = _named(file_in(path, "tags.dat"), _TABS, ("tagID", "tagValue"))
    titles = _named(file_in(path, "artists.dat"), _TABS, ("id", "name"))
    file = file_in(path, "user_taggedartists.dat")
    given = (
        (item, texts.get(tag, ""), 1.0) for item, tag in _rows(file, _TABS, ("artistID", "tagID"), progress)
    )
    return _folksonomy(file, name, given, titles, settings)


def _plays_of_hetrec(
    path: Path, settings: RatedSettings, folksonomy: Folksonomy, progress: Progress = silent
) -> Interactions:
    return read_plays(file_in(path, "user_artists.dat"), folksonomy, None, progress)


def read_goodbooks(path: Path, name: str, settings: RatedSettings, progress: Progress = silent) -> Folksonomy:
    """Read the tags of books, which are told of by Goodreads' numbers; a tag's weight is its count."""
    texts = _named(file_in(path, "tags.csv"), _COMMAS, ("tag_id", "tag_name"))
    books = list(_rows(file_in(path, "books.csv"), _COMMAS, ("goodreads_book_id", "book_id", "title")))
    book_of, titles = {row[0]: row[1] for row in books}, {row[1]: row[2] for row in books}
    file = file_in(path, "book_tags.csv")
    rows = _rows(file, _COMMAS, ("goodreads_book_id", "tag_id", "count"), progress)
    given = ((book_of.get(book, ""), texts.get(tag, ""), _number(count)) for book, tag, count in rows)
    return _folksonomy(file, name, given, titles, settings)


def _plays_of_goodbooks(
    path: Path, settings: RatedSettings, folksonomy: Folksonomy, progress: Progress = silent
) -> Interactions:
    return read_plays(file_in(path, "ratings.csv"), folksonomy, None, progress)


def read_movielens(path: Path, name: str, settings: RatedSettings, progress: Progress = silent) -> Folksonomy:
    """Read the tags of movies; a tag's weight is how many people gave it to the movie."""
    titles = _named(file_in(path, "movies.csv"), _COMMAS, ("movieId", "title"))
    file = file_in(path, "tags.csv")
    rows = _rows(file, _COMMAS, ("movieId", "tag"), progress)
    return _folksonomy(file, name, ((item, tag, 1.0) for item, tag in rows), titles, settings)


def _plays_of_movielens(
    path: Path, settings: RatedSettings, folksonomy: Folksonomy, progress: Progress = silent
) -> Interactions:
    return read_plays(file_in(path, "ratings.csv"), folksonomy, None, progress)


def read_citeulike(path: Path, name: str, settings: RatedSettings, progress: Progress = silent) -> Folksonomy:
    """Read the tags of articles, by number."""
    with open_text(file_in(path, "tags.dat")) as text:
        tags = [line.strip() for line in text.lines]
    file = file_in(path, "item-tag.dat")
    tally = Tally()
    items, codes, n_items = _lists(file, tally, len(tags), progress)
    require_assignments(file, len(codes), tally)
    tracks = pd.DataFrame({"track": pd.array([str(item) for item in range(n_items)], dtype="str")})
    return Folksonomy.from_codes(name, tracks, tags, items, codes, None, tally.notes())


def _plays_of_citeulike(
    path: Path, settings: RatedSettings, folksonomy: Folksonomy, progress: Progress = silent
) -> Interactions:
    file, tally = file_in(path, "users.dat"), Tally()
    users, items, n_users = _lists(file, tally, folksonomy.n_tracks, progress)
    if not len(items):
        raise DataError(file, "holds no article that a user has; is it the right file?")
    return Interactions.from_codes(
        folksonomy.name,
        [f"user-{number}" for number in range(n_users)],
        list(folksonomy.tracks["track"]),
        users,
        items,
        dropped=tally.notes(),
        reading=(f"Plays: each line of {file.name} is a user and the articles they keep.",),
    )


def _named(path: Path, form: TextFormat, columns: tuple[str, str]) -> dict[str, str]:
    """Return the texts of one column by the numbers in another."""
    return {row[0]: row[1] for row in _rows(path, form, columns)}


def _rows(
    path: Path, form: TextFormat, columns: Sequence[str], progress: Progress = silent
) -> Iterator[tuple[str, ...]]:
    """Give the cells of some columns, by name, of every row that has them all; raises DataError."""
    try:
        with open_table(path, form, progress) as table:
            missing = [column for column in columns if column not in table.header]
            if missing:
                columns_here = ", ".join(map(repr, table.header[:20]))
                raise DataError(path, f"has no column {missing[0]!r}; its columns are {columns_here}", line=1)
            for _, cells in table.rows([table.header.index(column) for column in columns]):
                if cells is not None:
                    yield tuple((cell or "").strip() for cell in cells[: len(columns)])
    except OSError as error:
        raise unreadable(path, error) from error


def _folksonomy(
    file: Path,
    name: str,
    given: Iterator[tuple[str, str, float]],
    titles: dict[str, str],
    settings: RatedSettings,
) -> Folksonomy:
    """Return a folksonomy of rows of item, tag and how many gave it, and of items that are only named."""
    weights: dict[tuple[str, str], float] = {}
    tally = Tally()
    for item, tag, weight in given:
        if not item or not tag:
            tally.add("no item or no tag of this number", "rows")
        elif not weight > 0:
            tally.add("the count is not above 0", "rows")
        else:
            weights[item, tag] = weights.get((item, tag), 0.0) + weight
    require_assignments(file, len(weights), tally)
    kept = [(pair, weight) for pair, weight in weights.items() if weight >= settings.min_weight]
    tally.add(f"given by fewer than {settings.min_weight:g}", "assignments", count=len(weights) - len(kept))
    items = {item: at for at, item in enumerate(dict.fromkeys([*titles, *(item for item, _ in weights)]))}
    tags = {tag: at for at, tag in enumerate(dict.fromkeys(tag for _, tag in weights))}
    table = pd.DataFrame(
        {
            "track": pd.array(list(items), dtype="str"),
            "title": pd.array([titles.get(item) or None for item in items], dtype="str"),
        }
    )
    return Folksonomy.from_codes(
        name,
        table,
        list(tags),
        np.array([items[item] for (item, _), _ in kept], np.int64),
        np.array([tags[tag] for (_, tag), _ in kept], np.int64),
        np.array([weight for _, weight in kept], np.float32),
        tally.notes(),
    )


def _lists(
    path: Path, tally: Tally, limit: int, progress: Progress
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Return line and number of each entry of a file of lists, and how many lines it has.

    Args:
        path: Every line says how many numbers follow, and then which.
        tally: Takes what is left out.
        limit: Numbers are below.
        progress: Told now and then.
    """
    lines, codes, n_lines = array("q"), array("q"), 0
    with open_text(path) as text:
        for number, line in enumerate(text.lines):
            cells = line.split()
            n_lines = number + 1
            if number % _LINES_BETWEEN == 0:
                progress(min(text.fraction(), 1.0), f"reading {path.name}")
            if cells and cells[0] != str(len(cells) - 1):
                raise DataError(
                    path,
                    f"says {cells[0][:20]!r} and lists {len(cells) - 1} numbers; is it cut short?",
                    line=n_lines,
                )
            for cell in cells[1:]:
                if not (
                    cell.isascii() and cell.isdigit() and len(cell) <= _CODE_DIGITS and int(cell) < limit
                ):
                    tally.add(f"no number below {limit:,}", "assignments", f"{path.name}, line {n_lines}")
                    continue
                lines.append(number)
                codes.append(int(cell))
    return np.frombuffer(lines, np.int64), np.frombuffer(codes, np.int64), n_lines


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


SOURCES = (
    Source(
        name="hetrec",
        title="HetRec 2011 Last.fm",
        about="Artists that people play and tag: user_artists.dat, user_taggedartists.dat, tags.dat.",
        files="The unpacked folder.",
        example="taglab data add hetrec hetrec2011-lastfm-2k/ --name hetrec",
        read=read_hetrec,
        settings=RatedSettings,
        plays_beside=_plays_of_hetrec,
    ),
    Source(
        name="goodbooks",
        title="Goodbooks-10k",
        about="Books that people rate: ratings.csv, book_tags.csv, tags.csv, books.csv.",
        files="The unpacked folder.",
        example="taglab data add goodbooks goodbooks-10k/ --name goodbooks",
        read=read_goodbooks,
        settings=RatedSettings,
        plays_beside=_plays_of_goodbooks,
    ),
    Source(
        name="movielens",
        title="MovieLens",
        about="Movies that people rate and tag: ratings.csv, tags.csv, movies.csv.",
        files="The unpacked folder.",
        example="taglab data add movielens ml-25m/ --name movies",
        read=read_movielens,
        settings=RatedSettings,
        plays_beside=_plays_of_movielens,
    ),
    Source(
        name="citeulike",
        title="citeulike-a, citeulike-t",
        about="Articles that people keep, with their tags: users.dat, item-tag.dat, tags.dat.",
        files="The unpacked folder.",
        example="taglab data add citeulike citeulike-a/ --name citeulike",
        read=read_citeulike,
        settings=RatedSettings,
        plays_beside=_plays_of_citeulike,
    ),
)
