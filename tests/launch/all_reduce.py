"""Stands in for training by several processes: they add their ranks up, as DDP adds gradients.

`python all_reduce.py FOLDER PROCESSES`
"""

import sys
from pathlib import Path

import torch
from lightning_fabric import Fabric

from taglab.runs.status import Heartbeat

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with Heartbeat(folder):
        fabric = Fabric(accelerator="cpu", devices=int(sys.argv[2]), strategy="ddp")
        fabric.launch()
        total = fabric.all_reduce(torch.tensor(float(fabric.global_rank + 1)), reduce_op="sum")
        (folder / f"rank-{fabric.global_rank}.txt").write_text(f"{float(total):g} of {fabric.world_size}")
        fabric.barrier()
