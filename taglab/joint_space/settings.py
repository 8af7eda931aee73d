"""What a joint space is asked to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

Task = Literal["artists", "tags", "similar-tracks", "similar-artists", "tracks-of-artist", "tracks-of-tag"]
TASKS: tuple[Task, ...] = get_args(Task)
"""What is ranked: artists, tags or similar tracks of a track; similar artists or tracks of an artist; tracks
of a tag."""


class JointSpaceSettings(BaseModel):
    """How a joint space is trained.

    Attributes:
        dim: Numbers a vector has, d (100 in the paper).
        tasks: What is learned, all in one space; a step is of one of them, drawn evenly (section 4.1). The
            paper's are artists, tracks-of-artist, similar-tracks and tags; similar-artists it describes (eq.
            6) and has no truth for; tracks-of-tag is ours, so that one can ask with a tag.
        loss: "warp" draws wrong outputs until one is within the margin and weighs the step by the rank that
            says (eq. 10); "auc" draws one and weighs all alike (eq. 9).
        weighting: α of WARP's weights (eq. 11): "harmonic" α_i = 1/i, "uniform" α_i = 1, "top" α_i = 1 up to
            `top` and 0 from there on. The paper prints i < k for precision at k, which would be at k − 1.
        top: k of "top".
        learning_rate: Of the steps. The paper chooses it by validation and tells no value; 0.005 because, of
            0.001 to 0.05 on demos of three seeds, it came as far as the smaller ones in half the steps.
        limit: C, the longest that the vector of an artist, a tag or a feature may be (eq. 1–3); chosen by
            validation in the paper, which tells no value. There 3 and 10 came as far.
        scaling: Of the features: "length" gives each track's features the length 1, "root" does so after
            taking their square root, "none" leaves them. The paper tells of none; its counts as they are
            would give scores of hundreds, where a margin of 1 means nothing.
        word_map: How the map from word vectors is learned, where words are named: "fitted" by ridge
            regression to the vectors of the tags when these are trained, "learned" with them and by the same
            loss, a tag's vector being what the map says and a part of its own. On the demo neither ranked
            tags that were held out better than chance tells (average precision of the learned one higher by
            0.02 [−0.03, 0.08], ROC-AUC lower by 0.05), and the fitted one is trained faster.
        steps: At most so many steps.
        validate_every: Steps between two looks at the validation tracks.
        patience: Looks in a row without a better one, after which training ends and the best is kept.
        seed: Of the first vectors and of all that is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sections: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Loss and features": ("loss", "weighting", "top", "scaling", "word_map"),
        "Length and stopping": ("validate_every", "patience", "seed"),
    }
    """What stands together on a form and in a help, after what matters most."""

    dim: int = Field(100, ge=1, le=10_000)
    tasks: tuple[Task, ...] = ("artists", "tracks-of-artist", "similar-tracks", "tags")
    loss: Literal["warp", "auc"] = "warp"
    weighting: Literal["harmonic", "uniform", "top"] = "harmonic"
    top: int = Field(10, ge=1)
    learning_rate: float = Field(0.005, gt=0, le=100)
    limit: float = Field(3.0, gt=0)
    scaling: Literal["length", "root", "none"] = "length"
    word_map: Literal["fitted", "learned"] = "fitted"
    steps: int = Field(1_000_000, ge=1)
    validate_every: int = Field(20_000, ge=1)
    patience: int = Field(5, ge=1)
    seed: int = Field(0, ge=0, lt=2**32)

    @field_validator("tasks")
    @classmethod
    def _tasks_are_distinct(cls, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
        if not tasks or len(set(tasks)) < len(tasks):
            raise ValueError(f"must be one or more of {', '.join(TASKS)}, none of them twice")
        return tasks
