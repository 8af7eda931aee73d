"""How a page speaks: errors as one sentence, text from data shown as it is, progress."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import re
import secrets
from collections.abc import Iterator

import streamlit as st

from taglab.cache import why_not_kept
from taglab.errors import Cancelled, TaglabError, out_of_memory
from taglab.figures.theme import visible
from taglab.progress import Progress

_LOG = logging.getLogger(__name__)
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit looks for :emoji:, :material/icons: and addresses in the text after escapes are undone; an
# invisible word joiner keeps it from finding any.
_FOUND_LATER = re.compile(r"(?<=:)(?=[a-z0-9_+/-]+:|//)|(?<=@)(?=\S)|(?<=[wW]{3})(?=\.)")
_WORD_JOINER = "\u2060"
_SENTENCE = 2000


def literal(text: str) -> str:
    """Return Markdown that shows a text as it is: no markup, no icons, no links, no turned direction."""
    line = visible(text, _SENTENCE)
    return _MARKUP.sub(r"\\\1", _FOUND_LATER.sub(_WORD_JOINER, line))


@contextlib.contextmanager
def guard() -> Iterator[None]:
    """Show what goes wrong as one sentence on the page; also a decorator, for fragments and callbacks.

    What is the user's to mend is said in taglab's own words. Anything else is a fault of the program: the
    page apologises with a number, and the server's log has the traceback under the same number.
    """
    try:
        yield
    except Cancelled:
        st.info("Stopped; nothing of it was kept.", icon=":material/stop_circle:")
    except TaglabError as error:
        st.error(literal(str(error)), icon=":material/error:")
    except MemoryError as error:
        st.error(literal(out_of_memory(error)), icon=":material/error:")
    except Exception:  # noqa: BLE001  # the outermost boundary: logged whole, told in a sentence
        number = secrets.token_hex(4)
        _LOG.exception("unforeseen error %s", number)
        st.error(
            f"Sorry, that should not have happened. Nothing you saved was lost. The program's log tells "
            f"more under the number {number}; please report it with that.",
            icon=":material/report:",
        )


def tell_what_is_not_kept() -> None:
    """Say beside the page that results could not be written and are held in the server's memory."""
    why = why_not_kept()
    if why:
        st.sidebar.warning(
            literal(f"What was computed is not kept, and will be computed again one day: {why}"),
            icon=":material/save:",
        )


@contextlib.contextmanager
def working(text: str) -> Iterator[Progress]:
    """Show a progress bar with its share in words while the body runs and give it the function to report to.

    A click anywhere on the page meanwhile interrupts the body at its next report, as with any Streamlit
    script: whoever computes leaves nothing half-written.
    """
    heading = text
    slot = st.empty()
    # A report may come from inside a cached function, which must not record it to be replayed later.
    outside = contextvars.copy_context()

    def report(fraction: float, text: str) -> None:
        share = min(max(fraction, 0.0), 1.0)
        outside.run(slot.progress, share, literal(f"{text or heading} ({share:.0%})"))

    try:
        yield report
    finally:
        slot.empty()
