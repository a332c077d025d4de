"""Channels that end in the test instead of in a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ipywidgets.widgets import widget as ipywidgets_widget


class PostBox:
    """A channel that keeps what is posted.

    Attributes:
        sent: the messages, oldest first.
        broken: while True every post fails.
    """

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.broken = False

    def post(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        if self.broken:
            raise OSError("no page")
        self.sent.append(content)

    def kinds(self) -> list[str]:
        """What was sent, briefly, and forgets it."""
        kinds = [message.get("kind") or message["type"] for message in self.sent]
        self.sent = []
        return kinds


class FakeComm:
    """Stands in for a comm to a page: keeps what is published, and lets the test speak as the page."""

    def __init__(self, **opened: Any) -> None:
        self.comm_id = f"comm-{id(self)}"
        self.opened = opened
        self.published: list[tuple[dict[str, Any], list[bytes]]] = []
        self.closed = False
        self.kernel = "a kernel"
        self._on_msg: Any = None

    def _reply_subshell_for(self, data: Any, default: Any) -> Any:
        return "the main shell"

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        self.published.append((data, buffers or []))

    def close(self, *_: Any, **__: Any) -> None:
        self.closed = True

    def on_msg(self, callback: Any) -> None:
        self._on_msg = callback

    def on_close(self, callback: Any) -> None: ...

    def say(self, content: Any) -> None:
        """A custom message comes from the page."""
        data = {"method": "custom", "content": content}
        self._on_msg({"content": {"data": data}, "buffers": []})

    def custom(self) -> list[dict[str, Any]]:
        """The custom messages that were published."""
        return [data["content"] for data, _ in self.published if data.get("method") == "custom"]


@contextmanager
def fake_comms() -> Iterator[list[FakeComm]]:
    """Widgets made in the block open their comms here."""
    opened: list[FakeComm] = []

    def create_comm(**kwargs: Any) -> FakeComm:
        opened.append(FakeComm(**kwargs))
        return opened[-1]

    original = ipywidgets_widget.comm.create_comm
    ipywidgets_widget.comm.create_comm = create_comm
    try:
        yield opened
    finally:
        ipywidgets_widget.comm.create_comm = original
