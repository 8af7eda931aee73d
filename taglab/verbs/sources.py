"""Networks of several learning sources: how large, trained, and tried out."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from taglab.nets import AnyNetwork, NetworkSettings, network_settings
from taglab.nets.sharing import MOST_SOURCES, N_FACTORS, parameter_counts, staged
from taglab.progress import Progress
from taglab.settings import Group
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.training import MELS

_NETWORK = network_settings({"network": "kim-2.3"})
_SHARED = Group("the network", groups={"mels": MELS})


class Parameters(Question):
    """Count the numbers that are trained in a network of several learning sources, by how much its sources
    share (Kim 2021, figure 2.15): times those of a network of one source, how long its representation is, and
    the width at which a network of one source is as large.

    Attributes:
        sources: Up to how many sources.
        factors: Outputs of each source (50 in Kim's chapter 2, 40 in chapter 3).
        network: Which network, and how large.
    """

    returns: ClassVar[str] = (
        "[{strategy, sources, parameters, times_single, representation, wide}], a row for each strategy and "
        "number of sources"
    )
    examples: ClassVar[str] = """
taglab parameters --channels 2
taglab parameters --network kim-3.2 --factors 40 --sources 5
"""

    sources: int = Field(MOST_SOURCES, ge=2, le=MOST_SOURCES)
    factors: int = Field(N_FACTORS, ge=1, le=100_000)
    network: Annotated[AnyNetwork, _SHARED] = _NETWORK

    @field_validator("network")
    @classmethod
    def _can_be_shared(cls, network: NetworkSettings) -> NetworkSettings:
        return staged(network)

    def answer(self, progress: Progress) -> Report:
        """Return a row for each strategy and number of sources."""
        return Report(table=parameter_counts(staged(self.network), self.sources, self.factors))
