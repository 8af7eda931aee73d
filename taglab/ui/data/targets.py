"""What each track could be asked for, on the Data page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import streamlit as st
from pydantic import BaseModel

from taglab.factors import TARGETS, TargetMaker, make_targets
from taglab.factors.describe import factor_table, summary
from taglab.folksonomy import Folksonomy
from taglab.settings import checked
from taglab.targets import TARGET_KINDS, Targets
from taglab.ui.export import export_panel
from taglab.ui.forms import number_bounds, setting_widget
from taglab.ui.messages import guard, literal, working
from taglab.ui.pickers import bound_number
from taglab.verbs.targets import makers

_TERMS = 5  # told of each factor
_LARGEST = 10**9  # number that a link may ask for


def show_targets(data: Folksonomy) -> None:
    """Targets by any maker, made when they are asked for."""
    panel = st.expander(
        "Targets: what each track could be asked for",
        key="targets",
        on_change="rerun",
        bind="query-params",
        icon=":material/checklist:",
    )
    if not panel.open:
        return
    with panel, guard():
        name = st.selectbox(
            "From", list(TARGETS), format_func=lambda one: TARGETS[one].title, key="targets maker"
        )
        st.caption(literal(TARGETS[name].about))
        settings = maker_settings(TARGETS[name], f"targets {name}", data)
        asked = (data.fingerprint, name, settings.model_dump_json())
        if st.button("Make them", key="make targets", icon=":material/play_arrow:"):
            # Kept as they were made: a label space or features that settings name may change meanwhile.
            with working("Making targets") as progress:
                st.session_state["targets made"] = asked, make_targets(name, data, settings, progress)
        made_of, targets = st.session_state.get("targets made", (None, None))
        if made_of == asked:
            _show(data, name, settings, targets)


def maker_settings(
    maker: TargetMaker, key: str, data: Folksonomy, omit: Collection[str] = (), in_url: bool = False
) -> BaseModel:
    """Draw a widget for each setting of a maker of targets and return what they hold.

    Args:
        maker: The maker.
        key: Begins the widgets' keys.
        data: Says what some settings may be.
        omit: Fields that are not shown and keep their values.
        in_url: Whether they stand in the URL, under the key and the name of each field.

    Raises:
        InvalidSetting: If the values do not make settings.
    """
    choices = maker.choices(data)
    values: dict[str, Any] = {}
    with st.container(horizontal=True):
        for field in maker.settings.model_fields:
            if field in omit:
                continue
            more = _bound(maker.settings, field, f"{key}_{field}") if in_url else {}
            values |= setting_widget(maker.settings, field, key, choices=choices.get(field, ()), **more)
    return checked(maker.settings, values)


def _bound(settings: type[BaseModel], field: str, key: str) -> dict[str, Any]:
    """Return what lets a setting's widget stand in the URL; a number that does not fit is told of."""
    bounds = number_bounds(settings, field)
    if bounds is None:
        return {"key": key, "bind": "query-params"}
    low, high = (
        end if end is not None else usual for end, usual in zip(bounds, (-_LARGEST, _LARGEST), strict=True)
    )
    return {"key": key, "bind": bound_number(key, f"the {field.replace('_', ' ')}", low, high)}


def _show(data: Folksonomy, name: str, settings: BaseModel, targets: Targets) -> None:
    known = int(targets.known.sum())
    st.caption(
        f"{targets.kind}: {TARGET_KINDS[targets.kind].about}; {len(targets.columns):,} columns, known of "
        f"{known:,} of {len(targets):,} tracks ({targets.coverage:.0%})"
    )
    for note in targets.notes:
        st.caption(literal(note))
    if targets.kind == "distribution":
        about = summary(targets)
        st.caption(
            f"A track is spread over {about['perplexity']:.1f} columns (median perplexity; "
            f"{about['least_perplexity']:.1f} to {about['most_perplexity']:.1f}), all together over "
            f"{about['used_factors']:.1f}"
        )
    table = targets.table() if targets.factors is None else factor_table(targets, _TERMS)
    st.dataframe(table, hide_index=True, key="targets table", alt="Targets by column, over known tracks")
    _, question = makers()[name]
    terms = 0 if targets.factors is None else _TERMS
    asked = question.model_validate({"data": data.name, "settings": settings, "terms": terms})
    export_panel(f"{data.name} targets {name}", table, command=asked)
