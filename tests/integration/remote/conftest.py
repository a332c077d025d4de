from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flyte_jupyter.remote import Client, Endpoint, connect, set_current_client
from tests.integration.support import Backend, Sdk
from tests.unit.remote.http1_proxy import http1_proxy

SCRIPT = Path(__file__).with_name("runs_of_the_sdk.py")
EXAMPLE = Path(__file__).with_name("example.py")
WIRES = ["grpc", "connect"]


@contextlib.contextmanager
def connected(endpoint: str, wire: str) -> Iterator[Client]:
    """A client that was left to find out its wire: directly, or through an ingress that knows HTTP/1.1 only."""
    with contextlib.ExitStack() as stack:
        if wire == "connect":
            address = Endpoint.parse(endpoint)
            proxy = stack.enter_context(http1_proxy(address.port))
            endpoint = f"http://localhost:{proxy.port}/{address.token}"
        client = connect(endpoint)
        assert client.transport == wire
        try:
            yield client
        finally:
            client.close()
            set_current_client(None)


def start_runs(backend: Backend, place: Path, *names: str) -> dict[str, str]:
    """Starts runs with the SDK from a directory of their own, and returns their names."""
    return backend.script(place / "script.py", SCRIPT.read_text(), *names)


@pytest.fixture(params=WIRES)
def client(request: pytest.FixtureRequest, backend: Backend) -> Iterator[Client]:
    """A current client of the shared backend, once over each wire."""
    with connected(backend.endpoint, request.param) as client:
        yield client


@pytest.fixture(scope="session")
def runs(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The names of runs that are the same for every test and wire."""
    return start_runs(
        backend, tmp_path_factory.mktemp("runs"), "values", "files", "tree", "fails", "speaks", "reports", "nap"
    )


@pytest.fixture
def start(backend: Backend, tmp_path: Path) -> Callable[[str], str]:
    """Starts a run of a test's own, and returns its name."""
    return lambda name: start_runs(backend, tmp_path, name)[name]


@pytest.fixture(scope="session")
def documented_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A backend with the runs of `example.py` and nothing else."""
    place = tmp_path_factory.mktemp("documented")
    backend = Backend(Sdk(sys.executable, "", ""), place / "state")
    backend.start()
    (place / "code").mkdir()
    backend.script(place / "code" / EXAMPLE.name, EXAMPLE.read_text())
    yield backend.endpoint
    backend.stop()


@pytest.fixture
def documented(documented_endpoint: str) -> Iterator[Client]:
    """A current client of it."""
    with connected(documented_endpoint, "grpc") as client:
        yield client
