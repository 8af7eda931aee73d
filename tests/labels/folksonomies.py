"""Small folksonomies for the tests of this room."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from taglab.folksonomy import Folksonomy


def folksonomy_of(tracks: list[list[str]], name: str = "small") -> Folksonomy:
    """A folksonomy from the tag list of each track."""
    tags = sorted({tag for listed in tracks for tag in listed})
    pairs = [(row, tags.index(tag)) for row, listed in enumerate(tracks) for tag in listed]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    table = pd.DataFrame({"track": [f"track {row}" for row in range(len(tracks))]})
    return Folksonomy.from_codes(name, table, tags, rows, columns)


TAGS = ["rock", "Rock", "hip hop", "80s", '"><img src=x>', "ไทย", "a" * 400, " ", "metal"]
track_lists = st.lists(st.lists(st.sampled_from(TAGS), unique=True), min_size=1, max_size=12)
