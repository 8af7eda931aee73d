"""A data set's own vectors are trained beside the server where that takes long."""

from __future__ import annotations

from taglab import embeddings
from taglab.folksonomy import Folksonomy
from taglab.ui.long_work import LongWork, await_work
from taglab.ui.remembered import remembered


def await_own_vectors(data: Folksonomy) -> None:
    """Return once a data set's own vectors are there or soon trained; else show the way to them, and stop.

    Args:
        data: Whole, as it is kept under its name.
    """
    if embeddings.own_vectors_are_kept(data):
        return
    await_work(
        LongWork(
            key=f"own vectors {data.fingerprint}",
            module="taglab.embeddings.own_process",
            given=data.name,
            title=f"Vectors of {data.name}",
            lacking=f"{data.name} has no vectors of its own yet. Training them on its "
            f"{data.n_assignments:,} assignments",
            verb="Train them",
            meanwhile="Other word vectors can be chosen meanwhile.",
            seconds=_seconds(data),
        )
    )


@remembered("tiny")
def _seconds(data: Folksonomy) -> float:
    return embeddings.training_seconds(data)
