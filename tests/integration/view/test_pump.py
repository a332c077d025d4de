"""Messages of widgets while a cell waits, in real kernels of each ipykernel that is tested."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from tests.integration.support import Sdk

SET_UP = """
import asyncio, time
from flyte_jupyter.remote import background
from flyte_jupyter.view import install
install(get_ipython())
heard = []
def opened(comm, message):
    comm.on_msg(lambda message: heard.append(message["content"]["data"]))
get_ipython().kernel.comm_manager.register_target("probe", opened)
async def until_heard(number):
    while len(heard) < number:
        await asyncio.sleep(0.01)
"""
PATCHED = {
    "plain": "",
    "nest_asyncio": "import nest_asyncio\nnest_asyncio.apply()\n",
    "nest_asyncio2": "import nest_asyncio2\nnest_asyncio2.apply()\n",
}
SECONDS = 30.0


class Kernel:
    """A kernel with a probe comm open, spoken to over the main shell as the simplest front end does."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    def comm(self, kind: str, **content: Any) -> None:
        content = {"comm_id": "probe-1", "data": {}, **content}
        self.client.shell_channel.send(self.client.session.msg(kind, content))

    def execute(self, code: str) -> str:
        return self.client.execute(code, stop_on_error=False)

    def reply(self, request: str) -> dict[str, Any]:
        """The content of the reply to a request."""
        end = time.monotonic() + SECONDS
        while True:
            message = self.client.get_shell_msg(timeout=max(end - time.monotonic(), 0))
            if message["parent_header"].get("msg_id") == request:
                return message["content"]

    def run(self, code: str) -> None:
        """Run a cell that succeeds."""
        content = self.reply(self.execute(code))
        assert content["status"] == "ok", content

    def value(self, expression: str) -> str:
        """The repr of an expression."""
        request = self.client.execute("", user_expressions={"it": expression})
        return self.reply(request)["user_expressions"]["it"]["data"]["text/plain"]

    def until_busy(self, request: str) -> None:
        """Wait until the kernel executes the request."""
        self.until(request, "execute_input")

    def until(self, request: str, kind: str) -> dict[str, Any]:
        """The content of the first message of that kind that the request caused."""
        end = time.monotonic() + SECONDS
        while True:
            message = self.client.get_iopub_msg(timeout=max(end - time.monotonic(), 0))
            if message["msg_type"] == kind and message["parent_header"].get("msg_id") == request:
                return message["content"]


@pytest.fixture(scope="module", params=PATCHED)
def started(sdk: Sdk, request: pytest.FixtureRequest) -> Iterator[KernelManager]:
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[sdk.python, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    )
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=SECONDS)
    Kernel(manager, client).run(PATCHED[request.param] or "pass")
    client.stop_channels()
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(started: KernelManager) -> Iterator[Kernel]:
    client = started.client()
    client.start_channels()
    client.wait_for_ready(timeout=SECONDS)
    kernel = Kernel(started, client)
    kernel.run("%reset -f")
    kernel.run(SET_UP)
    kernel.comm("comm_open", target_name="probe")
    yield kernel
    kernel.comm("comm_close")
    client.stop_channels()


def test_messages_are_handled_while_a_cell_waits_and_cells_keep_their_order(kernel: Kernel) -> None:
    kernel.run("order = []")
    waiting = kernel.execute("background().run(until_heard(2)); order.append(('waited', list(heard)))")
    kernel.until_busy(waiting)
    first = kernel.execute("order.append('first')")
    kernel.comm("comm_msg", data={"click": 1})
    second = kernel.execute("order.append('second')")
    kernel.comm("comm_msg", data={"click": 2})
    third = kernel.execute("order.append('third')")
    for request in (waiting, first, second, third):
        assert kernel.reply(request)["status"] == "ok"
    assert kernel.value("order") == "[('waited', [{'click': 1}, {'click': 2}]), 'first', 'second', 'third']"


def test_a_page_that_reconnects_is_answered_while_a_cell_waits(kernel: Kernel) -> None:
    waiting = kernel.execute("background().run(until_heard(1))")
    kernel.until_busy(waiting)
    assert kernel.reply(kernel.client.kernel_info())["status"] == "ok"
    assert "probe-1" in kernel.reply(kernel.client.comm_info("probe"))["comms"]
    kernel.comm("comm_msg", data={"click": 1})
    assert kernel.reply(waiting)["status"] == "ok"


def test_what_the_cell_prints_stays_the_cells(kernel: Kernel) -> None:
    waiting = kernel.execute("background().run(until_heard(1)); print('after', 'the click')")
    kernel.until_busy(waiting)
    kernel.comm("comm_msg", data={"click": 1})
    assert kernel.reply(waiting)["status"] == "ok"
    assert kernel.until(waiting, "stream")["text"] == "after the click\n"


def test_an_awaiting_cell_hears_nothing_worse_than_late(kernel: Kernel) -> None:
    waiting = kernel.execute("await asyncio.sleep(0.3)")
    kernel.until_busy(waiting)
    kernel.comm("comm_msg", data={"click": 1})
    assert kernel.reply(waiting)["status"] == "ok"
    kernel.run("background().run(until_heard(1))")


def test_an_interrupt_ends_the_wait_and_nothing_else(kernel: Kernel) -> None:
    waiting = kernel.execute("print('here', flush=True); background().run(until_heard(1))")
    kernel.until(waiting, "stream")  # before its own code begins, an interrupt is nobody's
    kernel.manager.interrupt_kernel()
    reply = kernel.reply(waiting)
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    kernel.comm("comm_msg", data={"click": 1})
    kernel.run("background().run(until_heard(1))")
