"""Classes made beside the dashboard: `python -m taglab.genres.class_process`.

It reads the name of a data set and `ClassSettings`, as JSON: `{"data": "demo", "settings": {"k": 20}}`. The
classes, and the category of each tag, go to the cache, where `kept_classes` and `kept_categories` find them.
"""

from __future__ import annotations

import json
import sys

from taglab.beside import run_beside
from taglab.genres.choosing import ClassSettings
from taglab.genres.kept import kept_categories, kept_classes
from taglab.progress import Progress, between
from taglab.sources import open_folksonomy


def make(given: str, progress: Progress) -> None:
    """Make the classes that are asked for."""
    asked = json.loads(given)
    data = open_folksonomy(asked["data"], between(progress, 0.0, 0.02))
    kept_categories(data, between(progress, 0.02, 0.2))
    kept_classes(data, ClassSettings.model_validate(asked["settings"]), between(progress, 0.2, 1.0))


if __name__ == "__main__":
    sys.exit(run_beside(make))
