"""What a study of explanations measures: recommenders, explainers, users, items and numbers of tags."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from taglab.recommend.explain import EXPLAINERS, Reading


class FidelitySettings(BaseModel):
    """How it is measured whether explanations are true.

    Attributes:
        explainers: Which, commas between.
        omegas: How many tags count, commas between; those beyond the number of tags count once, as all.
        users: At most so many users of a data set are drawn (Kim 2021: 1,000).
        top: So many items that are recommended to a user are ranked.
        others: Beside so many that are drawn of all others that the user has not played; Kim does not say
            which items are ranked.
        reading: How an explanation ranks items: by one weight a tag for a user (user), or by an item's own
            (item); Kim does not say which.
        seed: Of users, items and whatever explainers draw.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    explainers: tuple[str, ...] = ("random", "partial-dependence", "saliency", "lime")
    omegas: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    users: int = Field(1_000, ge=2)
    top: int = Field(100, ge=1)
    others: int = Field(100, ge=0)
    reading: Reading = "user"
    seed: int = Field(0, ge=0)

    @field_validator("explainers")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in EXPLAINERS]
        if unknown or not names:
            raise ValueError(f"must be of: {', '.join(EXPLAINERS)}")
        return tuple(dict.fromkeys(names))

    @field_validator("omegas")
    @classmethod
    def _positive(cls, omegas: tuple[int, ...]) -> tuple[int, ...]:
        if not omegas or min(omegas) < 1:
            raise ValueError("must be numbers of tags, 1 or more")
        return tuple(sorted(set(omegas)))


class ExplanationStudy(FidelitySettings):
    """What is learned, and how it is measured whether explanations are true.

    Attributes:
        h: Numbers of a vector, commas between (Kim 2021: 32, 64, 128).
        hidden: Units of NCF's hidden layer.
        epochs: Of FM and NCF, at most.
        k: Places of the lists that are judged; Kim does not say how many.
    """

    h: tuple[int, ...] = (64,)
    hidden: int = Field(1_024, ge=1)
    epochs: int = Field(20, ge=1)
    k: int = Field(100, ge=1)

    @field_validator("h")
    @classmethod
    def _sizes(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if not sizes or min(sizes) < 1:
            raise ValueError("must be 1 or more")
        return tuple(dict.fromkeys(sizes))
