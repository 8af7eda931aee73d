"""Every model of the thesis, one after the other: what the data allow is trained, the rest is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from taglab.errors import InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import open_run
from taglab.studies.thesis.differences import differences_table, kept_differences
from taglab.studies.thesis.evidence import Evidence
from taglab.studies.thesis.recipes import RECIPES, Difference, Network, RecipeSettings, plan
from taglab.studies.thesis.reproducing import Reproduction, make, report, reproduce
from taglab.training import is_finished

__all__ = ["MODELS", "NETWORKS", "Thesis", "fitting", "reproduce_all", "told_by_runs"]

MODELS = tuple(name for name in RECIPES if name.startswith("model-"))
"""The recipes of the thesis; others are of other works."""
NETWORKS: tuple[Network, ...] = ("spectrogram", "waveform")
_CLUSTERING = ("model-3.1", "model-3.2", "model-3.3", "model-3.4", "model-4.1", "model-4.2")
_ONE_K = ("model-3.4", "model-4.1", "model-4.2")
_GENRES = ("model-3.4", "model-4.1", "model-4.2")


@dataclass(frozen=True, eq=False)
class Thesis:
    """What came of all recipes.

    Attributes:
        found: By recipe and network.
        left_out: Recipe and network → why nothing was made of it.
    """

    found: Mapping[tuple[str, Network], Reproduction]
    left_out: Mapping[tuple[str, Network], str]

    __repr__ = one_line

    @property
    def runs(self) -> frozenset[str]:
        """Names of all its runs."""
        return frozenset(run.name for each in self.found.values() for run in each.runs.values())

    def table(self) -> pd.DataFrame:
        """Return the tables of all recipes below one another: recipe, network, and their columns."""
        parts = [
            each.table.assign(recipe=recipe, network=network)
            for (recipe, network), each in self.found.items()
        ]
        if not parts:
            return pd.DataFrame(columns=["recipe", "network"])
        table = pd.concat(parts, ignore_index=True)
        return table[["recipe", "network", *table.columns.drop(["recipe", "network"])]]

    def differs(self) -> pd.DataFrame:
        """Return in what all this differs from the thesis; see `differences_table`."""
        told = [(one, " ".join(cell)) for cell, each in self.found.items() for one in each.differs]
        told += [(left_out(reason), " ".join(cell)) for cell, reason in self.left_out.items()]
        return differences_table(told, len(self.found))


def left_out(reason: str) -> Difference:
    """Return what is told of a recipe of which nothing was made."""
    return Difference("left out", reason)


def told_by_runs(ours: Evidence) -> pd.DataFrame:
    """Return in what the runs of here differ from the thesis, and which recipes have none.

    Args:
        ours: See `own_evidence`.

    Returns:
        See `differences_table`.

    Raises:
        DataError: If what a run tells of it is damaged.
    """
    told = []
    for figures in ours.values():
        run = open_run(figures.run)
        kept = kept_differences(run)
        told += kept
        if not is_finished(run):
            told += [(Difference("not trained to the end", run.title), of) for _, of in kept[:1]]
    with_runs = {of for _, of in told}
    cells = [f"{recipe} {network}" for network in NETWORKS for recipe in MODELS]
    told += [(left_out("nothing was made of it here"), cell) for cell in cells if cell not in with_runs]
    return differences_table(told, len(with_runs))


def fitting(settings: RecipeSettings, recipe: str, network: Network) -> RecipeSettings:
    """Return the settings that mean something to a recipe, of those given for all of them.

    Three names of vectors are taken for the thesis's three; a single one for every embedding.
    """
    vectors = settings.vectors
    if len(vectors) == 3 and recipe != "model-3.2":
        vectors = vectors[:1] if recipe == "model-3.1" else vectors[1:2]
    clusters, one = recipe in _CLUSTERING, recipe in _ONE_K
    changes = {
        "network": network,
        "vectors": vectors if clusters or recipe == "model-5" else (),
        "ks": settings.ks[:1] if one else settings.ks if clusters else (),
        "min_counts": settings.min_counts[:1] if one else settings.min_counts if clusters else (),
        "genres": settings.genres if recipe in _GENRES else (),
        "gammas": settings.gammas if recipe == "model-5" else (),
    }
    return settings.model_copy(update=changes)


def reproduce_all(
    settings: RecipeSettings,
    networks: Sequence[Network] = NETWORKS,
    audio: str | None = None,
    preset: str | None = None,
    changes: Mapping[str, Any] | None = None,
    only_make: bool = False,
    progress: Progress = silent,
) -> Thesis:
    """Carry out every recipe that the data allow; what is finished is taken as it is, so that it can go on.

    Args:
        settings: On what; each recipe takes what means something to it.
        networks: One after the other.
        audio: Name of the sound; that of the data set where None.
        preset: A name in `taglab.training.PRESETS` in place of the thesis's settings.
        changes: Settings of `RunConfig` over those of the recipes, nested.
        only_make: Whether runs are made and not trained.
        progress: Told over the whole.

    Raises:
        InvalidSetting: If no recipe can be carried out, or the numbers of vectors fit none.
        NotFound: If there is no such data set, sound or preset.
    """
    if len(settings.vectors) not in (0, 1, 3):
        raise InvalidSetting(
            f"vectors={', '.join(settings.vectors)} must be none, one for all, or three: for word2vec, GloVe "
            "Wikipedia and GloVe Twitter"
        )
    cells = [(recipe, network) for network in networks for recipe in MODELS]
    found: dict[tuple[str, Network], Reproduction] = {}
    left_out: dict[tuple[str, Network], str] = {}
    for at, (recipe, network) in enumerate(cells):
        share = between(progress, at / len(cells), (at + 1) / len(cells), f"{recipe} {network}")
        try:
            planned = plan(recipe, fitting(settings, recipe, network), between(share, 0, 0.1))
        except InvalidSetting as error:  # such as no genre among the tags
            left_out[recipe, network] = str(error)
            continue
        asked = (planned, audio, preset, changes)
        if only_make:
            found[recipe, network] = report(planned, make(*asked, between(share, 0.1, 1)))
        else:
            found[recipe, network] = reproduce(*asked, between(share, 0.1, 1))
    if not found:
        raise InvalidSetting(f"no model of the thesis can be made of {settings.data!r}: {left_out[cells[0]]}")
    return Thesis(found, left_out)
