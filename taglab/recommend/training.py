"""Recommenders that are networks, trained as runs: made, trained, and gone on with bit for bit."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.figures.training import Panel
from taglab.interactions import Interactions
from taglab.progress import Progress, between, silent
from taglab.recommend.checkpoints import LAST, read_standing, save_standing
from taglab.recommend.fitting import AnyRecommender
from taglab.recommend.holding_out import hold_out
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.library import RecommenderMaterial, material_of, write_recommender
from taglab.recommend.neural import FactorisationMachines, NetworkSettings
from taglab.runs import Run, RunWriter, create_run, layout, open_run
from taglab.runs.inputs import Input, InputKind, require_unchanged
from taglab.runs.status import Heartbeat
from taglab.settings import checked, flattened

KIND: Literal["recommender"] = "recommender"
_LEARNED_FROM: tuple[InputKind, ...] = ("plays",)


class RecommenderRun(BaseModel):
    """What a run of this kind is asked to do.

    Attributes:
        kind: Of the run.
        recommender: A network, and how it is trained.
        material: Of what it learns.
        seed: Of all that is drawn in learning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["recommender"] = KIND
    recommender: AnyRecommender = FactorisationMachines()
    material: RecommenderMaterial = RecommenderMaterial()
    seed: int = Field(0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _is_a_network(self) -> Self:
        if not isinstance(self.recommender, NetworkSettings):
            raise ValueError(
                f"recommender={self.recommender.__class__.__name__} is no network, and learned at once: only "
                "networks are trained as runs"
            )
        return self


def recommender_run(values: Mapping[str, Any]) -> RecommenderRun:
    """Make a configuration of what `config.json` holds; raises InvalidSetting naming each wrong field."""
    return checked(RecommenderRun, values)


def new_recommender_run(
    config: RecommenderRun, group: str = "", note: str = "", progress: Progress = silent
) -> Run:
    """Make a run, ready to be trained.

    Args:
        config: What it is asked to do.
        group: Name of the sweep or experiment it belongs to.
        note: Free text.
        progress: Told how far it is.

    Raises:
        NotFound: If the data are not there.
        InvalidSetting: If they have no plays.
        StorageError: If the disk is full.
    """
    plays, tags = material_of(config.material, progress)
    usual = flattened(RecommenderRun())
    differs = {name: value for name, value in flattened(config).items() if value != usual.get(name)}
    return create_run(
        config.model_dump(mode="json"), None, {"kind": KIND, **differs}, group, note,
        inputs=_inputs(config, plays, tags),
    )  # fmt: skip


def _inputs(config: RecommenderRun, plays: Interactions, tags: ItemTags) -> dict[InputKind, Input]:
    from taglab.cache import content_key

    fingerprint = content_key(plays.fingerprint, tags.fingerprint)
    return {"plays": Input(name=config.material.data, fingerprint=fingerprint)}


def train_recommender_run(run_name: str, progress: Progress = silent) -> Run:
    """Train a run to its end, or go on where its last checkpoint stands; a finished one is left alone.

    Args:
        run_name: As `new_recommender_run` named it.
        progress: Told after every step.

    Raises:
        NotFound: If there is no such run.
        Conflict: If another process trains it.
        InputsChanged: If plays or tags are others than when it was made.
        InvalidSetting: If the loss is no longer finite.
    """
    from taglab.recommend.learning import NetworkTraining

    run = open_run(run_name)
    if run.finished:
        return run
    config = recommender_run(run.config)
    with Heartbeat(run.folder):
        plays, tags = material_of(config.material, between(progress, 0, 0.05))
        require_unchanged(
            run.name, run.inputs, _inputs(config, plays, tags), _LEARNED_FROM, "cannot be trained"
        )
        held = hold_out(plays, config.material.held_out)
        path = run.checkpoints / LAST
        standing = read_standing(path) if path.is_file() else None
        training = NetworkTraining(
            config.recommender, held.train, tags, config.seed,
            progress=between(progress, 0.05, 0.15), standing=standing,
        )  # fmt: skip
        _train(run, training, between(progress, 0.15, 0.98))
        seconds = sum(row["seconds"] for row in training.standing.rows)
        settings: Any = config.recommender
        learned = settings.fitted(held.train, tags, training.learned(), seconds)
        # Last of all what was learned, which says that the run is finished.
        write_recommender(learned, run.folder / layout.RECOMMENDER, config.material)
    progress(1.0, "done")
    return run


def _train(run: Run, training: Any, progress: Progress) -> None:
    """Take epochs to the last, and keep every one's row and where it stands."""
    writer, epochs = RunWriter(run), training.settings.epochs
    rows = training.standing.rows
    if rows:
        writer.looks(rows, training.standing.best_epoch)  # what was stopped before its row was written has it
    else:
        parameters = sum(value.numel() for value in training.network.parameters())
        writer.summarise(parameters=parameters, device="cpu")
    while not training.done:
        began, at = time.perf_counter(), training.standing.epoch
        row = training.epoch(between(progress, at / epochs, (at + 1) / epochs, f"epoch {at + 1} of {epochs}"))
        row["seconds"] = time.perf_counter() - began
        save_standing(training.stand(), run.checkpoints / LAST)
        writer.looks(training.standing.rows, training.standing.best_epoch)
        losses = f"loss {row['loss']:.4f}, of plays held out {row['validation_loss']:.4f}"
        writer.log(f"epoch {at + 1}: {losses}")


def panels() -> dict[str, Panel]:
    """Return the panels of training curves by name."""
    return {
        "loss": Panel(
            "Negative sampling loss",
            "loss a play",
            {"loss": ("train", "dot"), "validation_loss": ("validation", "solid")},
        ),
        "rate": Panel(
            "Learning rate", "learning rate", {"learning_rate": ("", "solid")}, judged=False, folded=True
        ),
    }
