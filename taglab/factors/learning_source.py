"""Learning sources: targets by the name of their maker and its settings, which a network learns from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.cache import content_key
from taglab.embeddings import selected_tags
from taglab.errors import InvalidSetting
from taglab.factors import TARGETS, make_targets
from taglab.factors.topics import LearnedFactors
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.settings import as_list, checked, flattened, listed
from taglab.split import Split, SplitSettings
from taglab.targets import Targets

LEARNED_KINDS = ("distribution", "categorical", "binary")
"""Kinds of targets that a source may be of; numbers have no scale of their own beside others."""
SAME_TRACK = "same-track"
"""Maker of the source that is the track itself: are two clips of one track?"""
_MIN_COUNT, _SPLIT = "min_count", "split"


class LearningSource(BaseModel):
    """One source that a network learns from.

    Attributes:
        name: What it is called, in curves and files.
        maker: A name in `TARGETS`; or same-track, which asks of clips by twos whether they are of one track.
        settings: Of the maker; what is not here has its default.
        min_count: Only tags that at least so many tracks have, inclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    maker: str
    settings: Mapping[str, Any] = Field(default_factory=dict)
    min_count: int = Field(1, ge=1, lt=10**18)

    @model_validator(mode="after")
    def _has_its_maker(self) -> Self:
        if self.maker == SAME_TRACK:
            if self.settings:
                raise ValueError(f"{SAME_TRACK} has no settings, and {', '.join(self.settings)} was given")
        elif self.maker not in TARGETS:
            raise ValueError(f"maker={self.maker!r} must be one of {', '.join((SAME_TRACK, *TARGETS))}")
        else:
            self.options()
        return self

    @property
    def by_pairs(self) -> bool:
        """Whether it is computed of clips by twos, and no targets of tracks."""
        return self.maker == SAME_TRACK

    def options(self) -> BaseModel:
        """Return the maker's settings; raises InvalidSetting where they do not fit."""
        return checked(TARGETS[self.maker].settings, self.settings)

    def targets(
        self, folksonomy: Folksonomy, split: Split | None = None, progress: Progress = silent
    ) -> Targets:
        """Return what every track of a data set should be given.

        Args:
            folksonomy: The data set.
            split: Of a network's tracks; what a maker learns of training tracks alone, it learns of those,
                unless its settings say otherwise.
            progress: Told how far it is.

        Raises:
            InvalidSetting: If they are numbers, or the settings do not fit the data.
            NotFound: If something that the maker needs is not there.
        """
        data, options = self._learned(folksonomy, split)
        targets = make_targets(self.maker, data, options, progress)
        if targets.kind not in LEARNED_KINDS:
            raise InvalidSetting(
                f"the source {self.name!r} is of {targets.kind} targets, which stand on no common scale with "
                "others; take shares of them, such as those of a mixture, or classes"
            )
        return targets

    def ingredients(self, folksonomy: Folksonomy, split: Split | None = None) -> dict[str, Any]:
        """Return what its targets come of, without making them: fingerprints and settings, as JSON has them.

        Args:
            folksonomy: The data set.
            split: See `targets`.

        Raises:
            NotFound, InvalidSetting: As `targets`.
        """
        if self.by_pairs:
            return {"maker": self.maker}
        data, options = self._learned(folksonomy, split)
        return {
            "maker": self.maker,
            "data": data.fingerprint,
            "settings": options.model_dump(mode="json"),
            **TARGETS[self.maker].others(data, options),
        }

    def _learned(self, folksonomy: Folksonomy, split: Split | None) -> tuple[Folksonomy, BaseModel]:
        """Return the data set and the settings that the maker is given."""
        data, options = selected_tags(folksonomy, self.min_count), self.options()
        takes_parts = isinstance(options, LearnedFactors) and options.learn_from == "train"
        if split is not None and takes_parts and _SPLIT not in self.settings:
            # As they are: drawn again without the copies in its sound, other tracks would be in each.
            data = replace(data, tracks=data.tracks.assign(split=split.parts))
            options = options.model_copy(update={_SPLIT: SplitSettings(published=True)})
        return data, options

    def text(self) -> str:
        """Return it as `source_of_text` reads it."""
        values = {**({_MIN_COUNT: self.min_count} if self.min_count > 1 else {}), **self.settings}
        fields = [f"{name}={_written(value)}" for name, value in flattened(values).items()]
        return f"{self.name}={as_list([self.maker, *fields])}"


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def source_of_text(text: str) -> LearningSource:
    """Read a source as NAME=MAKER,FIELD=VALUE,FIELD=VALUE, or MAKER alone where that is its name.

    A field within a field is written with a dot, as split.seed=3.

    Raises:
        InvalidSetting: If it cannot be read so, or a setting does not fit.
    """
    named = re.fullmatch(r"\s*([^=,]*)=(.*)", text, re.DOTALL)
    name, rest = (named[1], named[2]) if named else ("", text)
    maker, *fields = listed(rest) or [""]
    if wrong := [field for field in fields if "=" not in field]:
        raise InvalidSetting(
            f"source={text!r} must be NAME=MAKER,FIELD=VALUE …, and {wrong[0]!r} is no FIELD=VALUE"
        )
    pairs = _nested(text, fields)
    values = {"name": name.strip() or maker, "maker": maker, _MIN_COUNT: pairs.pop(_MIN_COUNT, 1)}
    source = checked(LearningSource, {**values, "settings": pairs})
    if source.by_pairs:
        return source
    # As numbers and truths, and without what is usual: one source has one form.
    options = source.options()
    settings = options.model_dump(mode="json", exclude_defaults=True)
    if _SPLIT in pairs:  # the usual one too, where it is asked for, is in place of the network's
        settings[_SPLIT] = getattr(options, _SPLIT).model_dump(mode="json", exclude_unset=True)
    return source.model_copy(update={"settings": settings})


def _nested(text: str, fields: Sequence[str]) -> dict[str, Any]:
    """Return values by name, those of fields within a field by theirs; raises InvalidSetting."""
    values: dict[str, Any] = {}
    for field in fields:
        place, _, value = field.partition("=")
        *outer, last = place.strip().split(".")
        within: Any = values
        for part in outer:
            within = within.setdefault(part, {}) if isinstance(within, dict) else within
        if not isinstance(within, dict) or last in within:
            raise InvalidSetting(f"source={text!r} must give every field once, and {place!r} comes again")
        within[last] = value
    return values


def targets_of_sources(
    sources: Sequence[LearningSource],
    folksonomy: Folksonomy,
    split: Split | None = None,
    progress: Progress = silent,
) -> dict[str, Targets]:
    """Return the targets of sources by name; those that are of clips by twos have none.

    Args:
        sources: The sources.
        folksonomy: Whose tracks.
        split: See `LearningSource.targets`.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If a source is of numbers, or does not fit the data.
        NotFound: If something that a maker needs is not there.
    """
    of_tracks = [source for source in sources if not source.by_pairs]
    share = 1 / max(len(of_tracks), 1)
    return {
        source.name: source.targets(
            folksonomy, split, between(progress, number * share, (number + 1) * share, source.name)
        )
        for number, source in enumerate(of_tracks)
    }


def key_of_sources(
    sources: Sequence[LearningSource], folksonomy: Folksonomy, split: Split | None = None
) -> str:
    """Return the content key of what sources are made of, the same on every machine, without making them.

    Args:
        sources: The sources.
        folksonomy: Whose tracks.
        split: See `LearningSource.targets`.

    Raises:
        NotFound, InvalidSetting: As `targets_of_sources`.
    """
    return content_key({source.name: source.ingredients(folksonomy, split) for source in sources})
