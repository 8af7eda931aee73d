"""Settings models become widgets and come back checked."""

from typing import Literal

import pydantic
import pytest
from streamlit.testing.v1 import AppTest

from taglab.errors import InvalidSetting
from taglab.settings import checked, described


class Options(pydantic.BaseModel):
    """Options.

    Attributes:
        size: How many, in words;
            goes on here.
        kind: Which.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")
    size: int = pydantic.Field(3, ge=1, le=9)
    kind: Literal["a", "b"] = "b"


def test_the_docstring_becomes_the_help() -> None:
    assert described(Options) == {"size": "How many, in words; goes on here.", "kind": "Which."}


def test_wrong_values_are_named() -> None:
    with pytest.raises(InvalidSetting, match="size=99"):
        checked(Options, {"size": 99})


def page_with_every_kind_of_setting() -> None:
    from typing import Literal

    import pydantic
    import streamlit as st

    from taglab.ui.forms import settings_widgets

    class Within(pydantic.BaseModel):
        deep: bool = False

    class Everything(pydantic.BaseModel):
        size: int = pydantic.Field(3, ge=1, lt=9)
        rate: float = pydantic.Field(0.5, gt=0)
        most: int | None = None
        column: str | None = None
        word: str = "here"
        kind: Literal["a", "b"] = "b"
        sure: bool = True
        quotes: bool | None = None
        order: tuple[str, ...] = ("x", "y")
        within: Within = Within()

    st.json(settings_widgets(Everything, "all").model_dump_json())


def test_every_kind_of_setting_comes_back_as_its_default() -> None:
    app = AppTest.from_function(page_with_every_kind_of_setting).run()
    assert not app.exception
    said = app.json[0].value
    assert (
        '"size":3,"rate":0.5,"most":null,"column":null,"word":"here","kind":"b","sure":true,"quotes":null'
        in said
    )
    assert '"order":["x","y"],"within":{"deep":false}' in said
    assert app.number_input(key="all size").max == 8


def test_what_is_chosen_comes_back() -> None:
    app = AppTest.from_function(page_with_every_kind_of_setting).run()
    app.number_input(key="all most").set_value(7)
    app.text_input(key="all column").set_value("artist")
    app.toggle(key="all within deep").set_value(True)
    app.run()
    assert '"most":7,"column":"artist"' in app.json[0].value
    assert '"within":{"deep":true}' in app.json[0].value


def test_a_tab_is_typed_as_it_is_written() -> None:
    app = AppTest.from_function(page_with_every_kind_of_setting).run()
    app.text_input(key="all word").set_value("\\t")
    app.selectbox(key="all quotes").select(False)
    app.run()
    assert '"word":"\\t"' in app.json[0].value
    assert '"quotes":false' in app.json[0].value


def test_a_form_begins_with_given_settings_and_keeps_what_it_does_not_show() -> None:
    def page() -> None:
        import streamlit as st

        from taglab.cleaning import Filters
        from taglab.ui.forms import settings_widgets

        given = Filters(min_count=7, drop=("a, b",), keep=("x",))
        st.text(repr(settings_widgets(Filters, "f", omit=("kind", "keep"), initial=given) == given))

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.number_input(key="f min_count").value == 7
    assert app.text[0].value == "True"
