"""Run the queue's runner: `python -m taglab.launch LOCK`, as `taglab.launch.runner` does."""

import sys

from taglab.launch.runner import run_queue

run_queue(int(sys.argv[1]))
