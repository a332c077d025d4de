"""The embedded backend behind an ingress that ends TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter.remote import ConnectionFailedError, Endpoint, Run, connect
from tests.integration.support import Backend
from tests.unit.remote.tls import authority


@pytest.mark.parametrize("wire", ["grpc", "connect"])
@pytest.mark.filterwarnings("ignore:The certificate of")
def test_a_backend_behind_tls(backend: Backend, runs: dict[str, str], tmp_path: Path, wire: str) -> None:
    address = Endpoint.parse(backend.endpoint)
    with authority({"grpc": address.port, "connect": address.port}, tmp_path) as ca:
        endpoint = f"{ca.endpoint(wire)}/{address.token}"
        ways: list[dict[str, Any]] = [{"ca_cert_file_path": ca.ca_file}, {"insecure_skip_verify": True}]
        for how in ways:
            client = connect(endpoint, **how)
            assert client.transport == wire
            run = Run.get(runs["values"], client=client)
            assert run.done()
            assert [change.phase for change in run.watch()][-1] == run.phase
            client.close()
        with pytest.raises(ConnectionFailedError, match="nobody that is trusted") as caught:
            connect(endpoint)
        assert address.token not in str(caught.value)
