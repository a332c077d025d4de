"""A real kernel, whose outputs are told apart by the cell that they belong to."""

from __future__ import annotations

import os
import queue
import re
import time
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Kernel:
    """A kernel of an interpreter.

    Args:
        python: The interpreter.
        home: Its home directory.
        answers: What it is told when it asks, by a word of the question.
    """

    def __init__(self, python: str, home: Path, answers: dict[str, str] | None = None) -> None:
        environment = {
            **os.environ,
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "IPYTHONDIR": str(home / "ipython"),
            "DO_NOT_TRACK": "1",
        }
        self._manager = KernelManager(kernel_name="python3")
        assert self._manager.kernel_spec is not None
        self._manager.kernel_spec.argv[0] = python
        self._manager.start_kernel(env=environment, cwd=str(home))
        self._client: BlockingKernelClient = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)
        self._answers = answers or {}
        self._texts: dict[str, str] = {}
        self.asked: list[str] = []

    def run(self, source: str, seconds: float = 60) -> str:
        """Run a cell until it ends; its name."""
        cell = self._client.execute(source, allow_stdin=True)
        end = time.monotonic() + seconds
        while True:
            self._answer()
            try:
                reply: Any = self._client.get_shell_msg(timeout=0.05)
            except queue.Empty:
                assert time.monotonic() < end, f"still runs: {source}"
                continue
            if reply["parent_header"].get("msg_id") == cell:
                break
        while self._take(5) != (cell, "idle"):
            pass
        return cell

    def text(self, cell: str) -> str:
        """What was written below a cell."""
        self.drain()
        return _COLOURS.sub("", self._texts.get(cell, ""))

    def tell(self, source: str) -> str:
        """Run a cell, and return what was written below it."""
        return self.text(self.run(source))

    def until(self, cell: str, text: str, seconds: float = 30) -> str:
        """Wait until a text stands below a cell."""
        end = time.monotonic() + seconds
        while text not in self.text(cell):
            assert time.monotonic() < end, f"never came below: {text}; there is: {self._texts.get(cell)}"
            time.sleep(0.02)
        return self.text(cell)

    def drain(self) -> None:
        """Take in the outputs that have come."""
        while self._take(0) is not None:
            pass

    def kill(self) -> None:
        """End it as if by kill -9."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def _answer(self) -> None:
        try:
            request: Any = self._client.get_stdin_msg(timeout=0)
        except queue.Empty:
            return
        question = request["content"]["prompt"]
        self.asked.append(question)
        self._client.input(next((answer for word, answer in self._answers.items() if word in question), ""))

    def _take(self, seconds: float) -> tuple[str, str] | None:
        try:
            message: Any = self._client.get_iopub_msg(timeout=seconds)
        except queue.Empty:
            return None
        content, kind = message["content"], message["msg_type"]
        cell = message["parent_header"].get("msg_id", "")
        text = {
            "stream": lambda: content["text"],
            "error": lambda: "\n".join(content["traceback"]),
            "display_data": lambda: content["data"].get("text/plain", "") + "\n",
            "execute_result": lambda: content["data"].get("text/plain", "") + "\n",
        }.get(kind, lambda: "")()
        self._texts[cell] = self._texts.get(cell, "") + text
        return cell, content.get("execution_state", "")
