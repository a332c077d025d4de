"""A shell with a kernel around it that is not there, and a backend that is in the test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from flyte_jupyter.remote import background
from tests.unit.live.scripted import ScriptedClient


class FakeKernel:
    """As much of a kernel as display looks at: who sent the running cell."""

    def __init__(self) -> None:
        self.allow_stdin = True

    def get_parent(self, channel: str | None = None) -> dict[str, Any]:
        return {"content": {"allow_stdin": self.allow_stdin}}


class Outputs(CapturingDisplayPublisher):
    """What the shell displays, in order; updates are applied as a notebook does."""

    @property
    def notebook(self) -> list[dict[str, Any]]:
        """The data of each output as the file would hold it."""
        shown: dict[str, dict[str, Any]] = {}
        for number, output in enumerate(self.outputs):
            key = (output.get("transient") or {}).get("display_id", f"#{number}")
            if output["update"] and key not in shown:
                continue
            shown[key] = output["data"]
        return list(shown.values())


def kernel_shell() -> tuple[InteractiveShell, FakeKernel, Outputs]:
    """A shell that believes to be in a kernel."""
    shell: Any = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.kernel = FakeKernel()
    shell.display_pub = Outputs()
    return shell, shell.kernel, shell.display_pub


def put(client: ScriptedClient, *actions: Any) -> None:
    """Change what is true at the backend; on the loop where its streams are."""
    for action in actions:
        background().call(client.put, action)


def eventually(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true value of the condition."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
    return value
