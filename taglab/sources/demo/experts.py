"""What a music library's experts write of the demo: genres of a fixed list, by artist and now and then wrong.

An expert hears an artist's records and files every track under its family, its branch and its style, in the
words of the list ("jazz", "jazz / modern jazz", "jazz / modern jazz / bebop"). Some artists are not on the
library's shelves. Of a few tracks the expert knows only the family, and a few are filed as their artist's
other tracks are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["file_under_genres"]

_ON_THE_SHELVES = 0.85
_ONLY_FAMILY, _AS_THE_ARTIST = 0.08, 0.06


def file_under_genres(
    rng: np.random.Generator, tracks: pd.DataFrame
) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """File tracks under genres.

    Args:
        rng: Source of chance.
        tracks: As `recipes.make_tracks` gives.

    Returns:
        The genres, sorted; and for every assignment the row of its track and the position of its genre.
    """
    artists, names = pd.factorize(tracks["artist"])
    kept = (rng.random(len(names)) < _ON_THE_SHELVES)[artists]
    draw = rng.random(len(tracks))
    usual = tracks.groupby("artist")["style"].transform(lambda styles: styles.mode().iloc[0])
    about = tracks.drop_duplicates("style").set_index("style")[["family", "branch"]]
    style = tracks["style"].where(draw >= _AS_THE_ARTIST, usual)
    family, branch = (style.map(about[column]) for column in ("family", "branch"))
    paths = [family, family + " / " + branch, family + " / " + branch + " / " + style]
    whole = draw < 1 - _ONLY_FAMILY
    rows = [np.flatnonzero(kept), np.flatnonzero(kept & whole), np.flatnonzero(kept & whole)]
    genres = np.concatenate([path.to_numpy()[of] for path, of in zip(paths, rows, strict=True)])
    codes, listed = pd.factorize(genres, sort=True)
    return list(listed), np.concatenate(rows), codes.astype(np.int64)
