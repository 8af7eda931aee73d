"""Run the command as `python -m taglab`."""

from taglab.cli import main

raise SystemExit(main())
