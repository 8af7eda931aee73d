"""A data set of somebody who does not know the house: a diary of "track: tag, tag" lines."""

from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict

from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources import Source


class DiarySettings(BaseModel):
    """How a diary is read.

    Attributes:
        mark: What stands between a track and its tags.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mark: str = ":"


def read(path: Path, name: str, settings: DiarySettings, progress: Progress = silent) -> Folksonomy:
    """Read a diary."""
    lines = [line.split(settings.mark) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [(track, tag.strip()) for track, tags in lines for tag in tags.split(",")]
    return Folksonomy.from_frame(pd.DataFrame(rows, columns=["track", "tag"]), name)


SOURCE = Source(
    name="diary",
    title="A diary",
    about="What somebody heard, a track and its tags a line.",
    files="a text file",
    example="taglab data add diary heard.txt --name heard --mark=-",
    read=read,
    settings=DiarySettings,
)
