"""Where targets come from: a label space, a column of the tracks table, factors of vectors."""

from __future__ import annotations

from pydantic import BaseModel

from taglab.errors import InvalidSetting, NotFound
from taglab.factors import artist_groups, column, label_space, mixtures, other_data, soft_clusters, tag_topics
from taglab.factors.label_space import targets_of
from taglab.factors.maker import TargetMaker
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.targets import Targets

__all__ = ["TARGETS", "TargetMaker", "make_targets", "targets_of"]

TARGETS: dict[str, TargetMaker] = {
    "label-space": label_space.MAKER,
    "column": column.MAKER,
    "factors": soft_clusters.MAKER,
    "tag": tag_topics.TAG_MAKER,
    "artist": tag_topics.ARTIST_MAKER,
    "taste": other_data.TASTE_MAKER,
    "lyrics": other_data.LYRICS_MAKER,
    "expert": other_data.EXPERT_MAKER,
    "artist-groups": artist_groups.MAKER,
    "year": mixtures.YEAR_MAKER,
    "bpm": mixtures.TEMPO_MAKER,
}
"""Name → maker of targets."""


def make_targets(
    name: str, folksonomy: Folksonomy, settings: BaseModel | None = None, progress: Progress = silent
) -> Targets:
    """Return what each track of a folksonomy should be given.

    Args:
        name: Key in `TARGETS`.
        folksonomy: Whose tracks.
        settings: The maker's settings; its defaults where None.
        progress: Told how far it is.

    Raises:
        NotFound: If there is no such maker, or a label space or vectors it needs.
        InvalidSetting: If the settings are another maker's, or do not fit the data.
    """
    if name not in TARGETS:
        raise NotFound(f"no maker of targets {name!r}; there are: {', '.join(TARGETS)}")
    maker = TARGETS[name]
    options = maker.settings() if settings is None else settings
    if not isinstance(options, maker.settings):
        raise InvalidSetting(f"settings={options!r} must be of {name}, a {maker.settings.__name__}")
    return maker.make(folksonomy, options, progress)
