"""The command `taglab`: what the pages do, from a shell. Nothing heavy is imported before it is needed."""

from taglab.cli.dashboard import app_path
from taglab.cli.main import main

__all__ = ["app_path", "main"]
