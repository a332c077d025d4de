from __future__ import annotations

from collections.abc import Iterator

import pytest

from flyte_jupyter.remote import Client, connect, set_current_client
from tests.unit.remote.fake_backend import FakeBackend, fake_backend
from tests.unit.remote.http1_proxy import http1_proxy


@pytest.fixture(scope="session")
def shared_backend() -> Iterator[FakeBackend]:
    with fake_backend() as backend:
        yield backend


@pytest.fixture
def backend(shared_backend: FakeBackend) -> Iterator[FakeBackend]:
    """A fake backend without scripts."""
    shared_backend.reset()
    yield shared_backend
    set_current_client(None)
    shared_backend.reset()


@pytest.fixture(params=["grpc", "connect"])
def client(request: pytest.FixtureRequest, backend: FakeBackend) -> Iterator[Client]:
    """A current client, once over each wire; Connect through a proxy that shows which connections are open."""
    if request.param == "grpc":
        client = connect(f"localhost:{backend.grpc_port}", transport="grpc")
        yield client
        client.close()
        return
    with http1_proxy(backend.connect_port) as proxy:
        client = connect(f"localhost:{proxy.port}", transport="connect")
        # The server's side of a stream does not notice a lost connection before it writes again.
        backend.open_calls = lambda: proxy.open
        yield client
        client.close()
