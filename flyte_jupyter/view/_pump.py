"""Keeping clicks alive while a cell blocks the main thread in one of our waits.

On the main shell a kernel reads widgets' messages only between cells (ipykernel 6 always, ipykernel 7 where the front
end uses no subshells). The pump handles what has arrived for widgets meanwhile, and leaves every other request, in
order, for later. It stands on private parts of ipykernel: where they are not as expected it does nothing, and clicks
wait for the end of the cell.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import zmq

if TYPE_CHECKING:
    from ipykernel.kernelbase import Kernel

_log = logging.getLogger(__name__)

# A front end that reconnects during the wait asks for the last two before it shows any widget.
HANDLED = frozenset({"comm_open", "comm_msg", "comm_close", "kernel_info_request", "comm_info_request"})


def make_pump(kernel: Kernel) -> Callable[[], None]:
    """Return a function to be called every now and then on the main thread while a cell waits; it never raises.

    Args:
        kernel: the running ipykernel, of version 6 or 7.
    """
    pump = _pump7 if getattr(kernel, "_supports_kernel_subshells", False) else _pump6
    broken = False
    at_work = False

    def guarded() -> None:
        nonlocal broken, at_work
        if broken or at_work:
            return
        at_work = True
        try:
            pump(kernel)
        except Exception:
            broken = True
            _log.debug("this ipykernel cannot be pumped", exc_info=True)
        finally:
            at_work = False

    return guarded


def _pump6(kernel: Any) -> None:
    """Take the widgets' messages out of ipykernel 6's queue, which is only read between cells."""
    restore = _parent_restorer(kernel)
    kernel.shell_stream.flush(zmq.POLLIN)
    queue = kernel.msg_queue
    handled: list[Any] = []
    for _ in range(queue.qsize()):
        entry = queue.get_nowait()
        _, _, (frames, *_) = entry  # a counter, the kernel's dispatcher, and what it dispatches
        if _message_type(kernel, frames) in HANDLED:
            handled.append(frames)
        else:
            queue.put_nowait(entry)
    for frames in handled:
        _handle(kernel, kernel.shell_stream, frames, restore)
    # The stream sends replies in the kernel's loop, which stands still.
    kernel.shell_stream.flush(zmq.POLLOUT)


def _pump7(kernel: Any) -> None:
    """Take messages from the pipe that leads from ipykernel 7's shell thread to the main one; others go their way."""
    restore = _parent_restorer(kernel)
    manager = kernel.shell_channel_thread.manager
    pipe = manager.get_shell_channel_to_subshell_pair(None).to_stream.socket
    replies = manager.get_subshell_to_shell_channel_socket(None)
    while pipe.poll(0):
        frames = pipe.recv_multipart(copy=False)
        if _message_type(kernel, frames) in HANDLED:
            _handle(kernel, replies, frames, restore)
        else:
            # Tasks wait for the kernel's lock in the order in which they are made: cells stay in order.
            task = asyncio.ensure_future(kernel.shell_main(None, frames))
            _queued.add(task)
            task.add_done_callback(_queued.discard)


_queued: set[asyncio.Future[None]] = set()


def _message_type(kernel: Any, frames: list[Any]) -> str:
    try:
        _, rest = kernel.session.feed_identities(frames, copy=False)
        return kernel.session.deserialize(rest, content=False, copy=False)["header"]["msg_type"]
    except Exception:
        # Not a message of the protocol, such as the kernel's own "stop aborting" mark.
        return ""


def _parent_restorer(kernel: Any) -> Callable[[], None]:
    """Return a function that makes the request of the waiting cell the current one again."""
    parent = kernel.get_parent("shell")
    ident = kernel._parent_ident["shell"]
    return lambda: kernel.set_parent(ident, parent, channel="shell")


def _handle(kernel: Any, stream: Any, frames: list[Any], restore: Callable[[], None]) -> None:
    idents, rest = kernel.session.feed_identities(frames, copy=False)
    try:
        message = kernel.session.deserialize(rest, content=True, copy=False)
        kernel.set_parent(idents, message, channel="shell")
        kernel._publish_status("busy", "shell")
        result = kernel.shell_handlers[message["header"]["msg_type"]](stream, idents, message)
        if asyncio.iscoroutine(result):
            _finish(result)
        kernel._publish_status("idle", "shell")
    except Exception:
        _log.debug("a message that came during a wait could not be handled", exc_info=True)
    finally:
        restore()


def _finish(coroutine: Any) -> None:
    """Run a handler that is asynchronous in form only: it never suspends."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the handler suspended outside of its event loop")
