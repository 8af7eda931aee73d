"""What a network is trained on, and what is said when that fails."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from taglab.errors import InvalidSetting, TaglabError, Unavailable
from taglab.runs.status import Status
from taglab.training.config import TrainConfig

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_GIB = 2**30
_GPU_GONE = ("CUDA error", "CUDA driver", "NCCL", "cuDNN error", "CUBLAS_STATUS")
_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


@dataclass(frozen=True)
class DeviceReport:
    """What a network would be trained on here.

    Attributes:
        kind: "GPU" or "CPU".
        name: Of the model.
        count: GPUs there are; 0 on a CPU.
        memory_gib: Of the GPU, or of the machine.
        cores: Of the CPU that this process may use.
    """

    kind: str
    name: str
    count: int
    memory_gib: float
    cores: int

    @property
    def short(self) -> str:
        """What tells how fast it is: the model, and of a CPU the cores."""
        return self.name if self.kind == "GPU" else f"{self.name}, {self.cores} cores"

    @property
    def sentence(self) -> str:
        """Say it to a person."""
        if self.kind == "GPU":
            more = f", the first of {self.count}" if self.count > 1 else ""
            return f"{self.name}, {self.memory_gib:.0f} GiB{more}"
        return f"CPU: {self.short}, {self.memory_gib:.0f} GiB of memory; no GPU is seen"


def device_report() -> DeviceReport:
    """Return what "auto" would train on."""
    if not torch.cuda.is_available():
        return cpu_report()
    found = torch.cuda.get_device_properties(0)
    return DeviceReport("GPU", found.name, torch.cuda.device_count(), found.total_memory / _GIB, _cores())


def cpu_report() -> DeviceReport:
    """Return this machine's CPU."""
    import psutil

    return DeviceReport("CPU", _cpu_name(), 0, psutil.virtual_memory().total / _GIB, _cores())


def trained_on(device: torch.device) -> str:
    """Return what a device is called in a run's summary, as `DeviceReport.short` calls it."""
    return (device_report() if device.type == "cuda" else cpu_report()).short


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu_name() -> str:
    told = Path("/proc/cpuinfo")
    if told.is_file():
        for line in told.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def make_fabric(config: TrainConfig) -> Fabric:
    """Return the devices, the precision and the processes a configuration asks for.

    On a GPU, cuDNN is let try its ways to convolve and keep the fastest: clips are all of one length. Which
    it finds may differ between processes, and with it the last bits.

    Raises:
        Unavailable: If there is no GPU, or not so many.
        InvalidSetting: If the precision cannot be had on the device.
    """
    on_gpu = config.accelerator == "cuda" or (config.accelerator == "auto" and torch.cuda.is_available())
    if on_gpu:
        devices: list[int] | int = _gpus(config.devices)
        torch.backends.cudnn.benchmark = True
    elif config.precision == "16-mixed":
        raise InvalidSetting("precision='16-mixed' must be had on a GPU; on a CPU take 'bf16-mixed'")
    else:
        devices = max(len(config.devices), 1)
    from lightning_fabric import Fabric

    several = config.nodes * max(len(config.devices), 1) > 1
    with warnings.catch_warnings():
        # Said on every machine that has SLURM, also of training that has nothing to do with it.
        warnings.filterwarnings("ignore", message="The `srun` command is available")
        return Fabric(
            accelerator="cuda" if on_gpu else "cpu",
            devices=devices,
            num_nodes=config.nodes,
            strategy="ddp" if several else "auto",
            precision=config.precision,
        )


def as_launched(config: TrainConfig, status: Status | None) -> TrainConfig:
    """Return a configuration with the devices its launcher gave, where one did.

    A launcher chooses among the GPUs that are free and lets PyTorch see only those, numbered from 0; which
    ones the configuration names is for training in the foreground.

    Args:
        config: As the run was made.
        status: Of the run; None where nobody launched it.
    """
    if status is None:
        return config
    if status.launcher == "slurm" and "SLURM_NTASKS" in os.environ:
        nodes = int(os.environ.get("SLURM_NNODES", "1"))
        tasks = int(os.environ["SLURM_NTASKS"]) // nodes
        return config.model_copy(update={"devices": tuple(range(tasks)), "nodes": nodes})
    if status.launcher == "local" and status.state == "running" and status.devices:
        return config.model_copy(update={"devices": tuple(range(len(status.devices))), "nodes": 1})
    return config


def _gpus(asked: tuple[int, ...]) -> list[int]:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        raise Unavailable("accelerator='cuda' needs a GPU, and PyTorch sees none; take 'auto' or 'cpu'")
    missing = [number for number in asked if number >= count]
    if missing:
        seen = "only GPU 0" if count == 1 else f"GPUs 0 to {count - 1}"
        raise Unavailable(
            f"devices={','.join(map(str, asked))} names GPU {missing[0]}, and PyTorch sees {seen}"
        )
    return list(asked) or [0]


def memory_gib(device: torch.device) -> float:
    """Return the most memory PyTorch held on a GPU, or what this process holds on a CPU, in GiB."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / _GIB
    import psutil

    return float(psutil.Process().memory_info().rss / _GIB)


@contextlib.contextmanager
def failures_told(device: torch.device, batch_size: int, where: Callable[[], str]) -> Iterator[None]:
    """Turn what PyTorch raises when memory or a GPU fails into a sentence.

    Args:
        device: It is trained on.
        batch_size: Clips a step on it.
        where: Says how far training was.
    """
    try:
        yield
    except TaglabError:
        raise
    except MemoryError as error:
        raise _too_large(device, batch_size, where()) from error
    except RuntimeError as error:
        if _out_of_memory(error):
            raise _too_large(device, batch_size, where()) from error
        if _gpu_gone(error):
            said = str(error)
            first = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
            raise Unavailable(
                f"the GPU failed in {where()} ({first}); once it is back, training goes on from the last "
                "checkpoint"
            ) from error
        raise


def machine_failed(error: RuntimeError) -> bool:
    """Return whether PyTorch says by this that memory or a GPU failed, and not what was asked of it."""
    return _out_of_memory(error) or _gpu_gone(error)


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _NO_MEMORY)


def _gpu_gone(error: RuntimeError) -> bool:
    return isinstance(error, torch.AcceleratorError) or any(sign in str(error) for sign in _GPU_GONE)


def _too_large(device: torch.device, batch_size: int, where: str) -> TaglabError:
    holder = "this machine's memory"
    if device.type == "cuda":
        found = torch.cuda.get_device_properties(device)
        holder = f"the {found.total_memory / _GIB:.0f} GiB of {found.name}"
    if batch_size < 2:
        return InvalidSetting(
            f"batch_size={batch_size} must need less than {holder} ({where}); take a shorter window_s or a "
            "smaller width"
        )
    smaller = 2 ** math.floor(math.log2(batch_size - 1))
    return InvalidSetting(
        f"batch_size={batch_size} must fit into {holder}, and did not in {where}; try batch_size={smaller}"
    )
