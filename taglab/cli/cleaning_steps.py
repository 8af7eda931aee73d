"""`--step KIND` and the flags that follow it: a list of cleaning steps on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin

from taglab.cli.options import Parser, UsageError, checked, reading

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from taglab.cleaning import Item, Step

Given = tuple[str, dict[str, Any]]
_APART = ("kind", "rejected", "entries")


def add_steps(parser: Parser) -> None:
    """Add `--step KIND`, which may be given again and again, and the flags of all kinds of steps."""
    from taglab.cleaning import CLEANING_STEPS

    group = parser.add_argument_group(
        "steps", "Each --step begins a step; the flags up to the next --step are for that one."
    )
    group.add_argument(
        "--step",
        action=_Begin,
        choices=list(CLEANING_STEPS),
        metavar="KIND",
        help=f"add a step: {', '.join(CLEANING_STEPS)}",
    )
    group.add_argument("--reject", action=_Gather, field="rejected", metavar="TAG", help="leave a tag alone")
    _add_fields(parser)
    special = parser.add_argument_group("flags that may be given several times")
    for flag, field, metavar, about in (
        ("--assign", "assigned", ("TAG", "CATEGORY"), "categories: put a tag into a category by hand"),
        ("--add-word", "added", ("LIST", "WORD"), "categories: add a word or phrase to a list"),
        ("--synonym", "synonyms", ("TARGET", "WORD"), "collapse-words: another word for a target"),
    ):
        special.add_argument(flag, action=_Pair, field=field, nargs=2, metavar=metavar, help=about)
    special.add_argument(
        "--map", action=_ReadMap, field="entries", metavar="FILE", help="map: do as this table says (TSV)"
    )


def _add_fields(parser: Parser) -> None:
    """Add a flag for each plain setting, once, however many kinds of steps have it."""
    from taglab.cleaning import CLEANING_STEPS
    from taglab.settings import described

    said: dict[str, list[tuple[str, str]]] = {}
    settings: dict[str, FieldInfo] = {}
    for kind, model in CLEANING_STEPS.items():
        for name, field in model.model_fields.items():
            if name not in _APART and not _is_mapping(field.annotation):
                about = described(model).get(name, "").rstrip(".").replace("`", "")
                said.setdefault(name, []).append((kind, about))
                settings.setdefault(name, field)
    group = parser.add_argument_group("flags of steps")
    for name, field in settings.items():
        flag = f"--{name.replace('_', '-')}"
        about = "; ".join(f"{kind}: {what}" for kind, what in said[name]).replace("%", "%%")
        if field.annotation is bool:
            group.add_argument(flag, f"--no-{flag[2:]}", action=_Switch, field=name, nargs=0, help=about)
        else:
            group.add_argument(flag, action=_Set, field=name, help=about, **reading(field))


def _is_mapping(annotation: Any) -> bool:
    return isinstance(get_origin(annotation), type) and issubclass(get_origin(annotation), Mapping)


def given_items(args: argparse.Namespace) -> tuple[Item, ...]:
    """Return the steps that were asked for, all on.

    Raises:
        UsageError: If a value is outside what it may be.
        DataError: If a map cannot be read.
    """
    from taglab.cleaning import Item

    return tuple(Item(step=_made(kind, values)) for kind, values in given_steps(args))


def given_steps(args: argparse.Namespace) -> list[Given]:
    """Return kind and fields of each step, as given."""
    return getattr(args, "steps", None) or []


def _made(kind: str, values: dict[str, Any]) -> Step:
    from taglab.cleaning import CLEANING_STEPS, ExplicitMap, parse_tsv
    from taglab.cleaning.collapse_words import SYNONYMS
    from taglab.errors import InvalidSetting
    from taglab.labels.importing import read_bytes

    values = dict(values)
    if "entries" in values:
        path: Path = values["entries"]
        values["entries"] = ExplicitMap.of(parse_tsv(read_bytes(path), str(path))).entries
    if "synonyms" in values:
        values["synonyms"] = {
            target: (*SYNONYMS.get(target, ()), *values["synonyms"].get(target, ()))
            for target in {**SYNONYMS, **values["synonyms"]}
        }
    try:
        return checked(CLEANING_STEPS[kind], values)
    except InvalidSetting as error:
        raise UsageError(str(error)) from error


class _Begin(argparse.Action):
    """Begins a step."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        namespace.steps = [*(getattr(namespace, "steps", None) or []), (str(values), {})]


class _OfStep(argparse.Action):
    """Sets a field of the step begun last.

    Args:
        field: Name of the field.
        more: As of any action.
    """

    def __init__(self, *, field: str, **more: Any) -> None:
        super().__init__(**{**more, "dest": f"step field {field}", "default": argparse.SUPPRESS})
        self._field = field

    def _values(self, namespace: Any, option: str | None) -> dict[str, Any]:
        from taglab.cleaning import CLEANING_STEPS

        steps: list[Given] = getattr(namespace, "steps", None) or []
        if not steps:
            raise argparse.ArgumentError(self, "comes after the --step it is for")
        kind, values = steps[-1]
        if self._field not in CLEANING_STEPS[kind].model_fields:
            raise argparse.ArgumentError(self, f"is no flag of the step {kind}")
        return values

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        own = self._values(namespace, option_string)
        own[self._field] = self.merged(own.get(self._field), values, option_string or "")

    def merged(self, before: Any, given: Any, option: str) -> Any:
        """Return the field's value, once one more flag was given."""
        return given


class _Set(_OfStep):
    """A value."""


class _Switch(_OfStep):
    """Yes or no."""

    def merged(self, before: Any, given: Any, option: str) -> Any:
        return not option.startswith("--no-")


class _Gather(_OfStep):
    """One text more."""

    def merged(self, before: Any, given: Any, option: str) -> Any:
        return (*(before or ()), given)


class _ReadMap(_OfStep):
    """The path of a map."""

    def merged(self, before: Any, given: Any, option: str) -> Any:
        return Path(given)


class _Pair(_OfStep):
    """One entry more of a mapping: of one text, or of several."""

    def merged(self, before: Any, given: Any, option: str) -> Any:
        key, value = given
        if option == "--assign":
            return {**(before or {}), key: value}
        return {**(before or {}), key: (*(before or {}).get(key, ()), value)}
