"""Settings as widgets: one for each field of a settings model, and the model back, checked."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import pydantic
import pydantic_core
import streamlit as st
from pydantic.fields import FieldInfo

from taglab.settings import Flag, as_list, checked, described, listed, numbers

Settings = TypeVar("Settings", bound=pydantic.BaseModel)

_UNITS = {"_s": "s", "_hz": "Hz", "_gb": "GB", "_minutes": "minutes"}


def settings_widgets(
    model: type[Settings],
    key: str,
    omit: Collection[str] = (),
    in_url: bool = False,
    initial: Settings | None = None,
) -> Settings:
    """Draw a widget for each setting of a model and return what they hold.

    Args:
        model: A frozen settings model; its docstring's `Attributes` become the help of the widgets.
        key: Begins the widgets' keys.
        omit: Fields that are not shown and keep their values.
        in_url: Whether they stand in the URL, under the name of each field.
        initial: What the widgets hold to begin with; the model's defaults where None.

    Raises:
        InvalidSetting: If the values do not make a model; nothing to mend is hidden in `omit`.
    """
    shown = [name for name in model.model_fields if name not in omit]
    values: dict[str, Any] = {}
    if initial is not None:
        values = {name: getattr(initial, name) for name in model.model_fields}
    for name in shown:
        more: dict[str, Any] = {"key": name, "bind": "query-params"} if in_url else {}
        if initial is not None:
            more["start"] = values[name]
        values |= setting_widget(model, name, key, **more)
    return checked(model, values)


def setting_widget(
    model: type[pydantic.BaseModel],
    name: str,
    key: str,
    /,
    start: Any = pydantic_core.PydanticUndefined,
    choices: Collection[str] = (),
    label: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Draw the widget of one setting and return its name with what it holds.

    Args:
        model: The settings model; its docstring's `Attributes` become the widget's help.
        name: Of the field.
        key: Begins the widget's key.
        start: What it holds to begin with, in place of the model's default.
        choices: What it may be, where the model does not say.
        label: In place of one made from the name.
        more: Further arguments of the widget.
    """
    field = model.model_fields[name]
    help_text = field.description or described(model).get(name)
    common: dict[str, Any] = {"key": f"{key} {name}", "help": help_text, **more}
    default = field.get_default(call_default_factory=True)
    if start is not pydantic_core.PydanticUndefined:
        default = start
    within = field.annotation
    if isinstance(within, type) and issubclass(within, pydantic.BaseModel):
        with st.popover(label or label_of(name, field)):
            return {name: settings_widgets(within, f"{key} {name}", initial=field.get_default())}
    asked = next((mark for mark in field.metadata if isinstance(mark, Flag)), Flag())
    options = list(choices or asked.options)
    if options:
        at = options.index(default) if default in options else 0
        return {name: st.selectbox(label or label_of(name, field), options, index=at, **common)}
    return {name: _widget(label or label_of(name, field), field, default, common)}


def in_columns(
    names: Sequence[str], draw: Callable[[str], dict[str, Any]], columns: int = 3
) -> dict[str, Any]:
    """Draw settings side by side, in rows, and return what they hold by name.

    Args:
        names: Of the settings.
        draw: Draws one and returns its name with what it holds.
        columns: How many stand in a row.
    """
    values: dict[str, Any] = {}
    for start in range(0, len(names), columns):
        row = st.columns(columns, vertical_alignment="bottom")
        for column, name in zip(row, names[start : start + columns], strict=False):
            with column:
                values |= draw(name)
    return values


def number_bounds(model: type[pydantic.BaseModel], name: str) -> tuple[Any, Any] | None:
    """Return the least and the greatest value of a setting, None where it is unbounded; None if no number."""
    field = model.model_fields[name]
    kinds = _kinds(field.annotation)
    if bool in kinds or not {int, float} & set(kinds):
        return None
    return _bounds(field, float if float in kinds else int)


def label_of(name: str, field: FieldInfo) -> str:
    """Return what a setting is called beside its widget."""
    if field.title:
        return field.title
    for suffix, unit in _UNITS.items():
        if name.endswith(suffix):
            return f"{name.removesuffix(suffix).replace('_', ' ').capitalize()} ({unit})"
    return name.replace("_", " ").capitalize()


def _widget(label: str, field: FieldInfo, default: Any, common: Mapping[str, Any]) -> Any:
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
        if default is not None and kinds != [field.annotation]:
            # A number field can be emptied only if it began empty.
            st.session_state.setdefault(common["key"], number(default))
            default = None
        return st.number_input(
            label,
            min_value=low,
            max_value=high,
            value=None if default is None else number(default),
            step=1 if number is int else _step(default),
            format="%g" if number is float else None,
            placeholder="not set",
            **common,
        )
    if kinds == [str]:
        # A tab cannot be typed into a browser's field; people write it as in Python.
        return st.text_input(label, value=default or "", **common).replace("\\t", "\t") or default
    text = st.text_input(f"{label} (comma-separated)", value=as_list(default or ()), **common)
    return listed(text) if items[0] is not int else numbers(text) if text.strip() else ()


def _kinds(annotation: Any) -> list[Any]:
    """Return the types a field takes, without None."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [kind for kind in get_args(annotation) if kind is not type(None)]
    return [annotation]


def _step(default: float | None) -> float | None:
    """Return what a click on + adds: one of the default's first digit."""
    return float(f"1e{math.floor(math.log10(abs(default)))}") if default else None


def _bounds(field: FieldInfo, number: type[int] | type[float]) -> tuple[Any, Any]:
    """Return the least and the greatest value a number field takes, as far as it says."""
    low = high = None
    for rule in field.metadata:
        if getattr(rule, "ge", None) is not None:
            low = number(rule.ge)
        elif getattr(rule, "gt", None) is not None:
            low = int(rule.gt) + 1 if number is int else float(rule.gt)
        elif getattr(rule, "le", None) is not None:
            high = number(rule.le)
        elif getattr(rule, "lt", None) is not None:
            high = int(rule.lt) - 1 if number is int else float(rule.lt)
    return low, high
