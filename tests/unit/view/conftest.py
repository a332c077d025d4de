"""Everything that a kernel has one of, anew for each test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flyte_jupyter.live import Watcher
from flyte_jupyter.remote import background, set_current_client
from flyte_jupyter.view import _hub, _listening, _session, _views, uninstall
from tests.unit.live.messages import RUNNING, action
from tests.unit.live.scripted import ScriptedClient
from tests.unit.view.kernels import kernel_shell
from tests.unit.view.pages import FakeComm, fake_comms


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeComm]]:
    """The comms of the widgets that the test makes."""
    monkeypatch.setattr(_hub, "bundle", lambda part="index": f"export default {part!r}")
    with fake_comms() as opened:
        yield opened


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedClient]:
    """The current connection: a backend with a run r1 that goes on."""
    watcher = Watcher()
    client: Any = ScriptedClient(action("a0", RUNNING))
    monkeypatch.setattr(_views, "watcher", lambda: watcher)
    _session.session.cache_clear()
    set_current_client(client)
    yield client
    set_current_client(None)
    background().run(watcher.close())
    background().call(_end, _session.session())
    _session.session.cache_clear()


def _end(session: _session.Session) -> None:
    for task in (session._publishing, session._patience):
        if task is not None:
            task.cancel()


class Notebook:
    """A shell in a kernel, and what it displays."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        self.ip, self.kernel, self.outputs = kernel_shell()

    def run(self, cell: str) -> Any:
        """Run a cell and return the value of its last expression."""
        result = self.ip.run_cell(cell)
        result.raise_error()
        return result.result

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The outputs as the file would hold them."""
        return self.outputs.notebook


@pytest.fixture
def notebook(comms: list[FakeComm], monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """A notebook in which nothing is installed."""
    monkeypatch.delenv("FLYTE_JUPYTER_DISPLAY", raising=False)
    notebook = Notebook()
    yield notebook
    uninstall(notebook.ip)
    _listening.cell_ends()
    InteractiveShell.clear_instance()
