"""Results that others published, as runs that cannot be changed."""

from __future__ import annotations

from taglab.errors import NotFound
from taglab.runs.run import Run


def published_names() -> list[str]:
    """Return the names of the published runs, in the order of their source."""
    return []


def open_published(name: str) -> Run:
    """Return a published run; raises NotFound."""
    raise NotFound(f"no published run named {name!r}")
