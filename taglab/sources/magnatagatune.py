"""MagnaTagATune: clips tagged in the game TagATune, `annotations_final.csv`.

Tab-separated, quoted: `clip_id`, 188 tags as 0 or 1, `mp3_path`; 25,863 clips. `clip_info_final.csv` beside
it names title, artist and album of each clip.

Source: Law, West, Mandel, Bay, Downie, "Evaluation of algorithms using games: the case of music tagging",
ISMIR 2009; https://mirg.city.ac.uk/codeapps/the-magnatagatune-dataset
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.reading import MISSING, ONES, ZEROS, Assignments, delimited_rows, is_unnamed, open_text
from taglab.sources.source import Remote, Source

ANNOTATIONS = "annotations_final.csv"
CLIP_INFO = "clip_info_final.csv"
_INFO_COLUMNS = ("artist", "album", "title")


class MagnatagatuneSettings(BaseModel):
    """Options of the MagnaTagATune reader.

    Attributes:
        encoding: How both files are encoded, such as cp1252 or utf-16; where None, told by their mark, else
            UTF-8, else guessed, which is then said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str | None = None


def read(path: Path, name: str, settings: MagnatagatuneSettings, progress: Progress = silent) -> Folksonomy:
    """Read the annotations; artist, album and title come from `clip_info_final.csv` where it lies beside.

    Args:
        path: `annotations_final.csv` or the folder that holds it.
        name: What to call the folksonomy. Its tracks are clips of 29 s, named by `clip_id`.
        settings: How text is encoded.
        progress: Told as the file is read.

    Raises:
        DataError: If a file is missing, cut short, or lacks a column.
        InvalidSetting: If the encoding is none.
    """
    if path.is_dir():
        path = path / ANNOTATIONS
    found = Assignments((*_INFO_COLUMNS, "path"))
    info = _clip_info(path.with_name(CLIP_INFO), settings, found, progress)
    with open_text(path, settings.encoding) as text:
        found.reading += [f"{path.name}: {note}" for note in text.notes]
        rows = delimited_rows(path, text, "\t", quotes=True, progress=progress)
        _, header = next(rows, (1, []))
        if "clip_id" not in header or "mp3_path" not in header:
            raise DataError(path, "must have the tab-separated columns clip_id, tags and mp3_path", line=1)
        clip, mp3 = header.index("clip_id"), header.index("mp3_path")
        unnamed = [column for column, name in enumerate(header) if is_unnamed(name)]
        found.reading += [f"Column {column + 1} has no name and was left." for column in unnamed]
        apart = {clip, mp3, *unnamed}
        tags = [(column, tag) for column, tag in enumerate(header) if column not in apart]
        for _, tag in tags:
            found.tags.code(tag)  # so that a tag nobody got is told
        for line, row in rows:
            if len(row) != len(header):
                found.tally.add("not as many columns as the header", "rows", f"line {line}")
                continue
            track = found.track(row[clip], (*info.get(row[clip], (None, None, None)), row[mp3]))
            if track == MISSING:
                found.tally.add("no clip_id", "rows", f"line {line}")
                continue
            for column, tag in tags:
                if row[column] in ONES:
                    found.assign(track, tag)
                elif row[column] not in ZEROS:
                    found.tally.add("neither 0 nor 1", "assignments", f"line {line}: {tag}={row[column]!r}")
    if info:
        unknown = [clip for clip in found.tracks.texts if clip not in info]
        found.tally.add(f"not in {CLIP_INFO}: artist and title unknown", "tracks", count=len(unknown))
    return found.folksonomy(path, name)


def _clip_info(
    path: Path, settings: MagnatagatuneSettings, found: Assignments, progress: Progress
) -> dict[str, tuple[str | None, str | None, str | None]]:
    """Read artist, album and title by clip; nothing where the file is not there."""
    if not path.is_file():
        return {}
    with open_text(path, settings.encoding) as text:
        found.reading += [f"{path.name}: {note}" for note in text.notes]
        rows = delimited_rows(path, text, "\t", quotes=True, progress=progress)
        _, header = next(rows, (1, []))
        missing = [column for column in ("clip_id", *_INFO_COLUMNS) if column not in header]
        if missing:
            raise DataError(path, f"lacks the column {missing[0]!r}", line=1)
        clip, artist, album, title = (header.index(column) for column in ("clip_id", *_INFO_COLUMNS))
        return {
            row[clip]: (row[artist] or None, row[album] or None, row[title] or None)
            for _, row in rows
            if len(row) == len(header)
        }


# The checksums are those which several independent projects give for these files.
SOURCE = Source(
    name="magnatagatune",
    title="MagnaTagATune",
    about="25,863 clips of 29 s with 188 tags that players of a listening game agreed on.",
    files=f"{ANNOTATIONS}, or the folder it is in; {CLIP_INFO} beside it adds artists and titles",
    example="taglab data add magnatagatune annotations_final.csv --name magnatagatune",
    read=read,
    settings=MagnatagatuneSettings,
    remote=(
        Remote(
            f"https://mirg.city.ac.uk/datasets/magnatagatune/{ANNOTATIONS}",
            ANNOTATIONS,
            21_517_373,
            "md5:f04fa01752a8cc64f6e1ca142a0fef1d",
        ),
        Remote(
            f"https://mirg.city.ac.uk/datasets/magnatagatune/{CLIP_INFO}",
            CLIP_INFO,
            8_608_397,
            "md5:03ef3cb8ddcfe53fdcdb8e0cda005be2",
        ),
    ),
)
