"""A list of settings on the command line: a flag that begins an entry, and flags for the entry begun last."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from taglab.verbs.question import Argument

Entry = dict[str, Any]


class BeginEntry(argparse.Action):
    """Begins an entry of the kind that is named.

    Args:
        argument: What says which kind.
        more: As of any action.
    """

    def __init__(self, *, argument: Argument, **more: Any) -> None:
        super().__init__(**more)
        self._argument = argument

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        entry = {self._argument.place[-1]: values}
        setattr(namespace, self.dest, [*getattr(namespace, self.dest, []), entry])


class SetOfEntry(argparse.Action):
    """Sets a field of the entry begun last: once, or by one value, or one name with its value, more.

    Args:
        argument: The field.
        choice: What says which kind an entry is of.
        more: As of any action.
    """

    def __init__(self, *, argument: Argument, choice: Argument, **more: Any) -> None:
        super().__init__(**more)
        self._argument, self._choice = argument, choice

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        entries: list[Entry] = getattr(namespace, self.dest, [])
        if not entries:
            raise argparse.ArgumentError(self, f"comes after the {self._choice.flag} it is for")
        entry, name = entries[-1], self._argument.place[-1]
        kind = entry[self._choice.place[-1]]
        if kind not in self._argument.entries:
            raise argparse.ArgumentError(self, f"is no flag of {self._choice.flag} {kind}")
        entry[name] = self._with(entry.get(name), values, option_string or "")

    def _with(self, before: Any, given: Any, flag: str) -> Any:
        """Return the field's value, once one more flag was given."""
        if self._argument.field.annotation is bool:
            return not flag.startswith("--no-")
        if isinstance(self._argument.default, Mapping):
            name, value = given
            there = self._argument.default if before is None else before
            _, kind = get_args(self._argument.field.annotation)
            return {**there, name: value if kind is str else (*there.get(name, ()), value)}
        if self._argument.ask.reads is not None:
            return self._argument.ask.reads(given)
        return (*(before or ()), given) if self._argument.ask.several else given
