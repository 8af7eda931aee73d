"""Run the queue's keeper: `python -m taglab.launch LOCK`, as `taglab.launch.keeper` does."""

import sys

from taglab.launch.keeper import keep

keep(int(sys.argv[1]))
