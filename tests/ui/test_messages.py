"""Errors as one sentence; text from data stays text."""

import logging
import re

import pytest
from streamlit.testing.v1 import AppTest

from taglab.ui.messages import literal


def page_that_fails(kind: str) -> None:
    from taglab.errors import Cancelled, NotFound
    from taglab.ui import guard

    with guard():
        if kind == "foreseen":
            raise NotFound("no tag '<img src=x>' in demo")
        if kind == "cancelled":
            raise Cancelled("stopped")
        raise RuntimeError("a secret detail")


def test_foreseen_errors_are_said_in_their_own_words() -> None:
    app = AppTest.from_function(page_that_fails, args=("foreseen",)).run()
    assert not app.exception
    assert app.error[0].value == literal("no tag '<img src=x>' in demo")


def test_a_stopped_computation_is_no_error() -> None:
    app = AppTest.from_function(page_that_fails, args=("cancelled",)).run()
    assert not app.error
    assert "Stopped" in app.info[0].value


def test_unforeseen_errors_are_told_to_the_log_and_apologised_for(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="taglab.ui.messages"):
        app = AppTest.from_function(page_that_fails, args=("unforeseen",)).run()
    assert not app.exception
    said = app.error[0].value
    number = re.search(r"number (\w{8})", said)
    assert number is not None
    assert "secret" not in said
    assert number.group(1) in caplog.text
    assert "a secret detail" in caplog.text


@pytest.mark.parametrize(
    "text", ["<b>", "![x](http://y)", "*a*", ":smile:", ":red[x]", "$x$", "www.x.org", "a@b.c"]
)
def test_markup_is_escaped(text: str) -> None:
    shown = literal(text)
    unescaped = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown)
    assert unescaped.replace("\u2060", "") == text
    assert re.search(r"(?<!\\)[<>\[\]*_$!`]", shown) is None


def test_control_and_direction_characters_are_shown_as_such() -> None:
    assert literal("a\x00\u202eb\n") == "a\ufffd\ufffdb\ufffd"


@pytest.mark.parametrize("text", [":smile:", ":material/sell:", "http://x.org", "www.x.org", "a@b.c"])
def test_icons_and_addresses_are_broken_up(text: str) -> None:
    assert "\u2060" in literal(text)


@pytest.mark.parametrize("text", ["START:STOP:STEP", "file, line 3: 5:2", "k=3: must be 1 or more"])
def test_ordinary_colons_are_left_alone(text: str) -> None:
    assert "\u2060" not in literal(text)
