"""Where and with what a run is trained."""

from __future__ import annotations

from typing import Literal

import pydantic


class LaunchSettings(pydantic.BaseModel):
    """How a run is launched.

    Attributes:
        where: "local", in a process of this machine that outlives the dashboard, or "slurm", as a job of
            the cluster this machine belongs to.
        gpus: GPUs, on each node. On a machine without any, 1 means its CPU.
        nodes: Machines of the cluster that train it together; 1 locally.
        tasks_per_node: Processes on each node; as many as GPUs, at least one, where not given (SLURM).
        partition: SLURM's partition; the cluster's default where empty.
        account: SLURM's account; the cluster's default where empty.
        time_minutes: After which SLURM ends the job; resuming goes on where the last checkpoint stands.
        cpus_per_task: CPU cores of each process; the cluster's default where not given (SLURM).
        memory_gb: Memory on each node in GB; the cluster's default where not given (SLURM).
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    where: Literal["local", "slurm"] = "local"
    gpus: int = pydantic.Field(default=1, ge=0, le=1024)
    nodes: int = pydantic.Field(default=1, ge=1, le=10_000)
    tasks_per_node: int | None = pydantic.Field(default=None, ge=1, le=1024)
    # What goes into a job's script stays on its line.
    partition: str = pydantic.Field(default="", max_length=200, pattern=r"^[\w.,+-]*$")
    account: str = pydantic.Field(default="", max_length=200, pattern=r"^[\w.,+-]*$")
    time_minutes: int = pydantic.Field(default=24 * 60, ge=1, le=366 * 24 * 60)
    cpus_per_task: int | None = pydantic.Field(default=None, ge=1, le=4096)
    memory_gb: float | None = pydantic.Field(default=None, gt=0, le=100_000)

    @pydantic.model_validator(mode="after")
    def _one_node_locally(self) -> LaunchSettings:
        if self.where == "local" and self.nodes > 1:
            raise ValueError('several nodes need where="slurm"')
        return self

    @property
    def tasks(self) -> int:
        """Processes on each node."""
        return self.tasks_per_node if self.tasks_per_node is not None else max(1, self.gpus)
