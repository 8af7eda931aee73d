"""Networks of several learning sources, which share more or less of themselves: one, with a branch point."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import torch
from torch import nn

from taglab.errors import InvalidSetting
from taglab.nets.decoders import HEADS
from taglab.nets.encoder import Encoder
from taglab.nets.heads import Head
from taglab.nets.network import Branch, Network
from taglab.nets.settings import NetworkSettings
from taglab.nets.staged import StagedEncoder, StagedSettings, Stages

MOST_SOURCES = 8
N_FACTORS = 50
"""Outputs of each source in Kim's chapter 2."""
_BISECTIONS = 22  # of 16 widths to less than a step of the rounding
_WIDTH_PLACES = 4


@dataclass(frozen=True)
class Strategy:
    """How much of a network its sources share.

    Attributes:
        about: What is shared, and whose it is, a phrase.
        shared_stages: How many stages are shared; None for all but the heads.
        single: Whether it is of one source only.
    """

    about: str
    shared_stages: int | None
    single: bool = False


STRATEGIES: dict[str, Strategy] = {
    "ss-r": Strategy("one source, one network", 0, single=True),
    "mss-cr": Strategy("nothing: a network a source, their representations concatenated", 0),
    "ms-cr@2": Strategy("the first convolution; sources branch at the second", 1),
    "ms-cr@4": Strategy("three convolutions; sources branch at the fourth", 3),
    "ms-cr@6": Strategy("five convolutions; sources branch at the sixth", 5),
    "ms-sr@fc": Strategy("all but the output; one representation", None),
    "stn": Strategy("nothing: the single-task networks of chapter 3", 0),
    "mtn": Strategy("the first block: the multi-task network of chapter 3", 1),
}
"""Name → how much is shared, at one branch point of one network.

Source: Kim (2021), figure 2.5, table 2.4 and section 3.3.2. Chapter 3 says by other names what chapter 2 has.
"""


def strategy_of(name: str, n_sources: int) -> Strategy:
    """Return a strategy for so many sources.

    Raises:
        InvalidSetting: If there is no such strategy, or it is not for so many sources.
    """
    if name not in STRATEGIES:
        raise InvalidSetting(f"strategy={name!r} must be one of {', '.join(STRATEGIES)}")
    if not 1 <= n_sources <= MOST_SOURCES:
        raise InvalidSetting(
            f"sources must be 1 to {MOST_SOURCES}, and these are {n_sources}; leave some out, or train a "
            "network of the others beside it"
        )
    if STRATEGIES[name].single != (n_sources == 1):
        shared = "; with one source every strategy is ss-r" if n_sources == 1 else " and no more"
        wanted = "one source" if STRATEGIES[name].single else "two sources or more"
        raise InvalidSetting(f"strategy={name!r} is for {wanted}{shared}; there are {n_sources}")
    return STRATEGIES[name]


def staged(settings: NetworkSettings) -> StagedSettings:
    """Return the settings of a network that sources can share.

    Raises:
        InvalidSetting: If it is one that they cannot.
    """
    if not isinstance(settings, StagedSettings):
        raise InvalidSetting(
            f"network={settings.network!r} cannot be shared among sources, for it is no row of stages; take "
            "one that is, such as kim-2.3"
        )
    return settings


def build_branching(
    settings: StagedSettings, heads: Mapping[str, tuple[str, int]], shared_stages: int | None
) -> Network:
    """Make a network whose tasks share its first stages, with fresh weights from torch's generator.

    Weights are drawn for one whole network a task, of which the first task's first stages are what is shared,
    and those of the others are not kept. So no weight depends on where tasks branch, and those of the first
    task are the weights of a network of its own.

    Args:
        settings: Of the network.
        heads: By task: a name in `HEADS`, and how many outputs it has.
        shared_stages: How many stages all tasks share; None for all but the heads.

    Raises:
        InvalidSetting: If there are not so many stages, there is no such head, or a task cannot have its
            name.
    """
    whole = [_whole(settings, task, *head) for task, head in heads.items()]
    encoder, _ = whole[0]
    stages = len(encoder.frontend) + 1
    shared = stages if shared_stages is None else shared_stages
    if not 0 <= shared <= stages:
        raise InvalidSetting(f"shared_stages={shared} must lie in 0 to {stages}, the network's stages")
    built = {task: head for task, (_, head) in zip(heads, whole, strict=True)}
    if shared == stages:
        return Network(encoder, built)
    branches = {
        task: Branch(_after(own, shared), settings.dim) for task, (own, _) in zip(heads, whole, strict=True)
    }
    trunk = Stages(*list(encoder.frontend)[:shared])
    return Network(Encoder(encoder.representation, trunk, nn.Identity(), settings.dim), built, branches)


def _whole(settings: StagedSettings, task: str, head: str, n_outputs: int) -> tuple[StagedEncoder, Head]:
    if head not in HEADS:
        raise InvalidSetting(f"head={head!r} of the task {task!r} must be one of {', '.join(HEADS)}")
    require_task_name(task)
    encoder = settings.encoder()
    return encoder, HEADS[head].behind(encoder, n_outputs, settings.dropout)


def require_task_name(task: str) -> None:
    """Refuse a name that the parts of a network cannot have; raises InvalidSetting."""
    # Of an object, which has more than its class: whether it is being trained.
    if not task.isascii() or not task.replace("-", "").isalnum() or hasattr(nn.ModuleDict(), task):
        raise InvalidSetting(
            f"a source cannot be called {task!r}; take a name of letters, digits and dashes that PyTorch has "
            "no use for"
        )


def _after(encoder: StagedEncoder, shared: int) -> nn.Sequential:
    return nn.Sequential(*list(encoder.frontend)[shared:], encoder.pooling)


def parameter_counts(
    settings: StagedSettings, most_sources: int = MOST_SOURCES, n_outputs: int = N_FACTORS
) -> pd.DataFrame:
    """Return how many numbers are trained, by strategy and number of sources.

    Args:
        settings: Of the network.
        most_sources: Up to how many sources.
        n_outputs: Factors of each source.

    Returns:
        Columns `strategy`, `sources`, `parameters`, `times_single` (over those of a network of one source),
        `representation` (numbers of a clip's vector), and `wide`, the width at which a network of one source
        has as many parameters (the wide STN of chapter 3).

    Source: Kim (2021), figure 2.15 and section 2.5.4.
    """
    single = _count(settings, 1, n_outputs, 0)
    rows = []
    for name, strategy in STRATEGIES.items():
        for sources in (1,) if strategy.single else range(2, most_sources + 1):
            parameters = _count(settings, sources, n_outputs, strategy.shared_stages)
            concatenated = 1 if strategy.shared_stages is None else sources
            rows.append(
                {
                    "strategy": name,
                    "sources": sources,
                    "parameters": parameters,
                    "times_single": parameters / single,
                    "representation": settings.dim * concatenated,
                    "wide": width_of_equal_size(settings, parameters, n_outputs),
                }
            )
    return pd.DataFrame(rows)


def width_of_equal_size(settings: StagedSettings, parameters: int, n_outputs: int = N_FACTORS) -> float:
    """Return the width at which a network of one source has as many parameters as asked for, or nearest.

    Args:
        settings: Of the network; its width is where the search begins.
        parameters: Trained numbers, those of the head included.
        n_outputs: Of the head.
    """
    low, high = settings.width / 16, settings.width * 16
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _count(settings.model_copy(update={"width": middle}), 1, n_outputs, 0) < parameters:
            low = middle
        else:
            high = middle

    def error(width: float) -> int:
        return abs(_count(settings.model_copy(update={"width": width}), 1, n_outputs, 0) - parameters)

    return min(settings.width, round(low, _WIDTH_PLACES), round(high, _WIDTH_PLACES), key=error)


def _count(settings: StagedSettings, sources: int, n_outputs: int, shared_stages: int | None) -> int:
    """Return the trained numbers of what is shared, and of each source's rest with a linear head."""
    stages = stage_sizes(settings)
    shared = len(stages) if shared_stages is None else shared_stages
    head = n_outputs * (settings.dim + 1)
    return sum(stages[:shared]) + sources * (sum(stages[shared:]) + head)


@functools.lru_cache(maxsize=4096)
def stage_sizes(settings: StagedSettings) -> tuple[int, ...]:
    """Return how many numbers are trained in each stage of a network, one after the other."""
    with torch.device("meta"):
        stages = [*settings.frontend(), settings.pooling()]
    return tuple(sum(part.numel() for part in stage.parameters()) for stage in stages)
