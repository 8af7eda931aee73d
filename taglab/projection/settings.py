"""`ProjectionSettings`: which map, of how many dimensions, and how it is made."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ProjectionSettings(BaseModel):
    """How a projection is made; what a method does not use is ignored by it.

    Attributes:
        method: A name in `taglab.projection.PROJECTIONS`.
        dimensions: Of the map, 2 or 3.
        seed: Of everything drawn at random; the same seed gives the same picture.
        perplexity: t-SNE's effective number of neighbours (van der Maaten & Hinton 2008 advise 5 to 50); at
            most a third of the other tags.
        n_neighbors: UMAP's neighbours of a tag, itself among them (McInnes et al. 2018); less than the tags.
        min_dist: UMAP's least distance between neighbours on the map, in its units.
        quality_neighbours: k of the trustworthiness and of the neighbours kept; less than half the tags.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = "pca"
    dimensions: Literal[2, 3] = 2
    seed: int = Field(0, ge=0, lt=2**32)
    perplexity: float = Field(30.0, ge=1.0, le=1000.0, allow_inf_nan=False)
    n_neighbors: int = Field(15, ge=2, le=1000)
    min_dist: float = Field(0.1, ge=0.0, lt=1.0, allow_inf_nan=False)
    quality_neighbours: int = Field(15, ge=1, le=1000)
