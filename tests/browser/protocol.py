"""A visitor of the dashboard without a browser: Streamlit's messages over a WebSocket of our own."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.browser.conftest import VISITOR_TOKEN

_PATIENCE_S = 300.0


def visitor_cookie(address: str) -> dict[str, str]:
    """Return the header of a visitor who has opened the printed address; `address` is without http://."""
    return {"Cookie": f"taglab-token-{urlsplit(f'//{address}').port}={VISITOR_TOKEN}"}


def open_stream(address: str, host: str | None = None, **headers: str) -> ClientConnection:
    """Open the WebSocket that pages come through.

    Args:
        address: Of the dashboard, without http://.
        host: The name that is asked for, where it is not the address's.
        headers: Further ones, such as Origin and Cookie.
    """
    place = urlsplit(f"//{address}")
    return connect(
        f"ws://{host or address}/_stcore/stream",
        sock=socket.create_connection((place.hostname or "", place.port or 80)),
        additional_headers=headers,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        compression=None,
    )


@dataclass
class Answer:
    """What came back for one wish.

    Attributes:
        elements: In the order they came.
        map_s: Seconds until the tag map was there; NaN if none came.
        total_s: Seconds until the page had nothing more to send.
        size_bytes: Of all messages.
    """

    elements: list[Element] = field(default_factory=list)
    map_s: float = float("nan")
    total_s: float = float("nan")
    size_bytes: int = 0

    @property
    def text(self) -> str:
        """What was shown as text, markup and all."""
        kinds = ("markdown", "alert", "text", "heading")
        return "\n".join(
            getattr(element, kind).body
            for element in self.elements
            for kind in kinds
            if element.HasField(kind)
        )

    @property
    def shows(self) -> str:
        """The state of the last tag map, such as "k=20 tsne cluster"."""
        states = [_shows(element) for element in self.elements]
        return next((state for state in reversed(states) if state), "")


class Session:
    """One visitor: opens a page, moves a slider, and remembers what a browser would.

    Args:
        connection: As of `open_stream`.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._page = ""
        self._query: dict[str, str] = {}
        self._page_hash = ""
        self._ids: dict[str, str] = {}
        self._moved: dict[str, str] = {}
        self._kept: dict[str, ForwardMsg] = {}

    def open(self, page: str = "", **query: str) -> Answer:
        """Open a page by its path, as a link with these parameters does."""
        self._page, self._query, self._page_hash = page, query, ""
        return self._ask()

    def move(self, key: str, value: str) -> Answer:
        """Move the slider with this key, which also stands in the link, to one of its values."""
        self._moved[key] = self._query[key] = value
        return self._ask()

    def _ask(self) -> Answer:
        message = BackMsg()
        wish = message.rerun_script
        wish.query_string = urlencode(self._query)
        wish.page_name, wish.page_script_hash = self._page, self._page_hash
        wish.cached_message_hashes.extend(self._kept)
        for key, value in self._moved.items():
            state = wish.widget_states.widgets.add(id=self._ids[key])
            state.string_array_value.data.append(value)
        begun = time.monotonic()
        self._connection.send(message.SerializeToString())
        return self._answer(begun)

    def _answer(self, begun: float) -> Answer:
        answer = Answer()
        for message in self._messages(answer):
            if message.HasField("new_session"):
                self._page_hash = message.new_session.page_script_hash
            if not message.HasField("delta"):
                continue
            element = message.delta.new_element
            answer.elements.append(element)
            if element.HasField("slider"):
                self._ids[element.slider.id.split("-", 3)[-1]] = element.slider.id
            if _shows(element):
                answer.map_s = time.monotonic() - begun
        answer.total_s = time.monotonic() - begun
        return answer

    def _messages(self, answer: Answer) -> Iterator[ForwardMsg]:
        """Yield messages until the script ends, those kept from before in the place of their hashes."""
        while True:
            payload = self._connection.recv(_PATIENCE_S)
            answer.size_bytes += len(payload)
            message = ForwardMsg.FromString(payload)  # type: ignore[arg-type]
            if message.HasField("ref_hash"):
                kept = ForwardMsg.FromString(self._kept[message.ref_hash].SerializeToString())
                kept.metadata.CopyFrom(message.metadata)
                message = kept
            elif message.metadata.cacheable:
                self._kept[message.hash] = message
            yield message
            if message.WhichOneof("type") == "script_finished" and (
                message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                return


def _shows(element: Element) -> str:
    """Return the state of a tag map; empty for anything else."""
    if not element.HasField("bidi_component"):
        return ""
    component = element.bidi_component
    data = json.loads(component.mixed.json if component.HasField("mixed") else component.json or "{}")
    return str(data.get("shows", ""))
