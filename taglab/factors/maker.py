"""`TargetMaker`: one way to say what each track should be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from taglab.folksonomy import Folksonomy
from taglab.targets import Targets


@dataclass(frozen=True)
class TargetMaker:
    """One way to make targets.

    Attributes:
        title: What people call it.
        about: What it makes, one sentence.
        example: A command that makes them, shown in its help.
        settings: Options of `make`, all with defaults.
        others: Of a folksonomy and settings, what else targets are made of: fingerprints by name.
        choices: Of a folksonomy, what its settings may be where that depends on what is there, by field.
        make: `make(folksonomy, settings, progress)` gives the targets of all tracks of the folksonomy, in its
            order.
    """

    title: str
    about: str
    example: str
    settings: type[BaseModel]
    make: Callable[..., Targets]
    others: Callable[[Folksonomy, Any], Mapping[str, str]] = lambda folksonomy, settings: {}
    choices: Callable[[Folksonomy], Mapping[str, Sequence[str]]] = lambda folksonomy: {}
