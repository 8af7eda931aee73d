"""Settings as widgets: one for each field of a settings model, and the model back, checked."""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import pydantic
import streamlit as st
from pydantic.fields import FieldInfo

from taglab.settings import checked, described

Settings = TypeVar("Settings", bound=pydantic.BaseModel)


def settings_widgets(
    model: type[Settings], key: str, omit: Collection[str] = (), in_url: bool = False
) -> Settings:
    """Draw a widget for each setting of a model and return what they hold.

    Args:
        model: A frozen settings model; its docstring's `Attributes` become the help of the widgets.
        key: Begins the widgets' keys.
        omit: Fields that are not shown and keep their defaults.
        in_url: Whether they stand in the URL, under the name of each field.

    Raises:
        InvalidSetting: If the values do not make a model; nothing to mend is hidden in `omit`.
    """
    help_of = described(model)
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name not in omit:
            common: dict[str, Any] = {"key": f"{key} {name}", "help": field.description or help_of.get(name)}
            if in_url:
                common |= {"key": name, "bind": "query-params"}
            values[name] = _widget(name, field, common)
    return checked(model, values)


def settings_flags(settings: pydantic.BaseModel) -> list[str]:
    """Return the command's flags for what differs from the defaults."""
    flags: list[str] = []
    for name, field in type(settings).model_fields.items():
        value, flag = getattr(settings, name), name.replace("_", "-")
        if value == field.get_default(call_default_factory=True):
            continue
        if isinstance(value, bool):
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value).replace("\t", "\\t")
            flags.append(f"--{flag}={text}")
    return flags


def _widget(name: str, field: FieldInfo, common: Mapping[str, Any]) -> Any:
    label = (field.title or name.replace("_", " ")).capitalize()
    default = field.get_default(call_default_factory=True)
    kinds = _kinds(field.annotation)
    choices = [choice for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
    if choices:
        return st.selectbox(label, choices, index=choices.index(default), **common)
    items = [item for kind in kinds if get_origin(kind) is tuple for item in get_args(kind)]
    if items and get_origin(items[0]) is Literal:
        return tuple(st.multiselect(label, get_args(items[0]), default=default, **common))
    if bool in kinds and default is None:
        answers = {None: "as found", True: "yes", False: "no"}
        return st.selectbox(label, list(answers), format_func=answers.__getitem__, **common)
    if bool in kinds:
        return st.toggle(label, value=bool(default), **common)
    if int in kinds or float in kinds:
        number: type[int] | type[float] = float if float in kinds else int
        low, high = _bounds(field, number)
        return st.number_input(
            label,
            min_value=low,
            max_value=high,
            value=None if default is None else number(default),
            step=1 if number is int else None,
            format="%g" if number is float else None,
            **common,
        )
    if kinds == [str]:
        # A tab cannot be typed into a browser's field; people write it as in Python.
        return st.text_input(label, value=default or "", **common).replace("\\t", "\t") or default
    text = st.text_input(f"{label} (comma-separated)", value=", ".join(map(str, default or ())), **common)
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _kinds(annotation: Any) -> list[Any]:
    """Return the types a field takes, without None."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [kind for kind in get_args(annotation) if kind is not type(None)]
    return [annotation]


def _bounds(field: FieldInfo, number: type[int] | type[float]) -> tuple[Any, Any]:
    """Return the least and the greatest value a number field takes, as far as it says."""
    low = high = None
    for rule in field.metadata:
        if getattr(rule, "ge", None) is not None:
            low = number(rule.ge)
        elif getattr(rule, "gt", None) is not None and number is int:
            low = int(rule.gt) + 1
        elif getattr(rule, "le", None) is not None:
            high = number(rule.le)
        elif getattr(rule, "lt", None) is not None and number is int:
            high = int(rule.lt) - 1
    return low, high
