"""The widgets that carry the protocol's messages: the kernel's one hidden hub, and the fall-back view."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any, Protocol

import anywidget
import traitlets

from flyte_jupyter.remote import background


class Channel(Protocol):
    """A comm to the page, as the publisher and the dispatcher see it."""

    def post(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send one message of the protocol, from any thread."""
        ...


# Called on the background loop's thread with each message of the page.
Receive = Callable[[Channel, Any], None]


@functools.cache
def bundle(part: str = "index") -> str:
    """Return the text of a part of the page side's bundle: "index", or "more" that the page asks for when it needs it.

    Raises:
        RuntimeError: It has not been built.
    """
    try:
        return (resources.files("flyte_jupyter") / "static" / f"{part}.js").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RuntimeError(
            "The views' JavaScript has not been built."
            " Install flyte-jupyter from a wheel, or run tools/hatch_build.py in the clone."
        ) from None


class PageWidget(anywidget.AnyWidget):
    """A widget of the bundle whose traits carry no state: everything goes as custom messages.

    Args:
        receive: called with this widget and the content of each message, on the background loop's thread.
        traits: the synced traits.
    """

    _esm = traitlets.Unicode().tag(sync=True)

    def __init__(self, receive: Receive, **traits: Any) -> None:
        super().__init__(**traits)
        self._receive = receive
        _leave_routing_to_the_page(self.comm)
        self.on_msg(self._enqueue)

    @traitlets.default("_esm")
    def _default_esm(self) -> str:
        # The text, not its path: anywidget would watch a path for changes.
        return bundle()

    def post(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send one message of the protocol, from any thread; without a page it goes nowhere."""
        self.send(content, list(buffers))

    def _enqueue(self, _widget: object, content: Any, _buffers: object) -> None:
        # Runs on whatever thread the kernel reads comms: the main one, or that of a subshell.
        with contextlib.suppress(RuntimeError):  # the loop has ended: the kernel is going down
            background().loop.call_soon_threadsafe(self._receive, self, content)


class Hub(PageWidget):
    """The hidden model whose `initialize` adopts the placeholders of this kernel in the page."""

    hub_id = traitlets.Unicode().tag(sync=True)


class FallbackView(PageWidget):
    """A view of one run as an ordinary widget, for front ends that make no model without a view."""

    view_id = traitlets.Unicode().tag(sync=True)

    def mime(self) -> dict[str, Any]:
        """Return the mimebundle entry that displays the widget."""
        return {
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.model_id,
            }
        }


def _leave_routing_to_the_page(comm: Any) -> None:
    """Let a message of the page go to the shell that the page chose.

    ipykernel 7.4 sends it to the shell that published on the comm last, which is the main one: a click would wait for
    the end of the running cell although the page sent it to a subshell.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default
