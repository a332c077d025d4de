"""A service of its own for each test, on a real backend; and runs of tasks that act."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flyte_jupyter import actions
from flyte_jupyter.actions import _hub, _registry, _service, _store
from flyte_jupyter.actions._db import DIRECTORY
from flyte_jupyter.remote import Client, background, connect, set_current_client
from tests.integration.conftest import newest_sdk
from tests.integration.support import Backend, Sdk

SCRIPT = Path(__file__).with_name("acting_runs.py")

Start = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def sdk() -> Sdk:
    """The newest SDK alone: nothing here depends on what tasks are written with."""
    return newest_sdk()


@pytest.fixture(scope="session")
def start(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts runs of `acting_runs` by their names, and returns the runs' names; the tasks are deployed."""
    place = tmp_path_factory.mktemp("acting")
    (place / "script.py").write_text(SCRIPT.read_text())

    def start_(*names: str) -> dict[str, str]:
        return backend.script(place / "script.py", SCRIPT.read_text(), *names)

    start_("deploy")
    return start_


@pytest.fixture
def client(backend: Backend) -> Iterator[Client]:
    client = connect(backend.endpoint)
    yield client
    client.close()
    set_current_client(None)


@pytest.fixture
def service(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[actions.Service]:
    """The service of this process, which stands on a file of the test's."""
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "actions"))
    for module, name in ((_hub, "_hub"), (_registry, "_registry"), (_service, "_service"), (_store, "_store")):
        monkeypatch.setattr(module, name, None)
    here = actions.service()
    yield here
    background().run(here.close())
    here.store.close()
