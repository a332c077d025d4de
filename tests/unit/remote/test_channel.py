from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from flyteidl2.common import identifier_pb2
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service
from flyteidl2.workflow.run_service_pb2_grpc import RunServiceStub

from flyte_jupyter.remote import InvalidArgumentError, NotConnectedError, create_channel
from flyte_jupyter.remote._config_api_key import ApiKey
from flyte_jupyter.remote._tls_relay import UncheckedTls
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details
from tests.unit.remote.http1_proxy import http1_proxy
from tests.unit.remote.tls import Authority, authority


@pytest.fixture(scope="module")
def ca(shared_backend: FakeBackend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    ports = {"grpc": shared_backend.grpc_port, "connect": shared_backend.connect_port}
    with authority(ports, tmp_path_factory.mktemp("ca")) as made:
        yield made


@pytest.fixture(autouse=True)
def scripts(backend: FakeBackend) -> None:
    async def watch(request: Any) -> Any:
        for _ in range(3):
            yield service.WatchActionDetailsResponse(details=action_details())

    backend.scripts["WatchActionDetails"] = watch
    backend.scripts["GetRunDetails"] = lambda _: service.GetRunDetailsResponse(
        details=definition.RunDetails(action=action_details())
    )


async def asked(channel: grpc.aio.Channel, name: str = "r1", **options: Any) -> str:
    request = service.GetRunDetailsRequest(run_id=identifier_pb2.RunIdentifier(name=name))
    answer = await RunServiceStub(channel).GetRunDetails(request, **options)
    return answer.details.action.id.name


async def watched(channel: grpc.aio.Channel) -> int:
    call = RunServiceStub(channel).WatchActionDetails(service.WatchActionDetailsRequest())
    return len([message async for message in call])


async def test_calls_on_the_loop_of_the_caller(backend: FakeBackend) -> None:
    for make in (create_channel, create_channel.aio):  # type: ignore[attr-defined]
        async with await make(f"dns:///localhost:{backend.grpc_port}") as channel:
            assert await asked(channel) == "a0"
            assert await watched(channel) == 3


async def test_credentials_go_along_and_are_renewed(backend: FakeBackend, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    for name in ("GetRunDetails", "WatchActionDetails"):
        backend.scripts[name] = _demanding(backend, backend.scripts[name])
    endpoint = f"localhost:{backend.grpc_port}"
    command = ["cat", str(token)]
    async with await create_channel(endpoint, auth_type="ExternalCommand", command=command) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asked(channel)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        token.write_text("new")
        assert await asked(channel) == "a0"
        assert backend.metadata[-1]["authorization"] == "Bearer new"
    token.write_text("old")
    async with await create_channel(endpoint, auth_type="ExternalCommand", command=command) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await watched(channel)
        token.write_text("new")
        assert await watched(channel) == 3


def _demanding(backend: FakeBackend, script: Any) -> Any:
    def unary(request: Any) -> Any:
        if backend.metadata[-1].get("authorization") != "Bearer new":
            raise StatusError("UNAUTHENTICATED", "expired")
        return script(request)

    async def stream(request: Any) -> Any:
        async for message in unary(request):
            yield message

    return stream if inspect.isasyncgenfunction(script) else unary


async def test_a_proxy_gets_its_token(backend: FakeBackend) -> None:
    endpoint = f"localhost:{backend.grpc_port}"
    async with await create_channel(endpoint, proxy_command=["echo", "proxy-token"]) as channel:
        assert await asked(channel) == "a0"
        assert await watched(channel) == 3
    assert [m["proxy-authorization"] for m in backend.metadata] == ["Bearer proxy-token"] * 2


async def test_a_backend_of_this_machine_gets_its_token(backend: FakeBackend) -> None:
    backend.token = "t" * 40
    async with await create_channel(f"http://localhost:{backend.grpc_port}/{backend.token}") as channel:
        assert await asked(channel) == "a0"
        assert await watched(channel) == 3


async def test_metadata_of_the_caller_is_kept(backend: FakeBackend) -> None:
    async with await create_channel(f"localhost:{backend.grpc_port}") as channel:
        await asked(channel, metadata=(("x-mine", "1"), ("x-request-id", "mine")))
        assert (backend.metadata[-1]["x-mine"], backend.metadata[-1]["x-request-id"]) == ("1", "mine")
        await asked(channel, metadata=grpc.aio.Metadata(("x-mine", "2")))
        assert backend.metadata[-1]["x-mine"] == "2"
        assert len(backend.metadata[-1]["x-request-id"]) == 36


@pytest.mark.parametrize("how", ["ca_cert_file_path", "insecure_skip_verify", "ssl_credentials"])
@pytest.mark.filterwarnings("ignore:The certificate of")
async def test_tls(ca: Authority, how: str) -> None:
    value: Any = {
        "ca_cert_file_path": str(ca.ca_file),
        "insecure_skip_verify": True,
        "ssl_credentials": grpc.ssl_channel_credentials(ca.ca_file.read_bytes()),
    }[how]
    async with await create_channel(ca.endpoint("grpc"), **{how: value}) as channel:
        assert await asked(channel) == "a0"


async def test_options_and_compression(backend: FakeBackend) -> None:
    sent: list[int] = []
    for compression in (None, grpc.Compression.Gzip):
        with http1_proxy(backend.grpc_port, forward_all=True) as proxy:
            channel = await create_channel(
                f"localhost:{proxy.port}",
                insecure=True,
                compression=compression,
                grpc_options=[("grpc.primary_user_agent", "mine/1.0")],
            )
            await asked(channel, name="n" * 100_000)
            await channel.close()
            sent.append(proxy.received)
        assert backend.metadata[-1]["user-agent"].startswith("mine/1.0")
    assert sent[1] < 10_000 < 100_000 < sent[0]


async def test_an_api_key_names_the_endpoint_and_the_client(backend: FakeBackend) -> None:
    key = ApiKey(f"localhost:{backend.grpc_port}", "me", "s3cret").encode()
    async with await create_channel(None, key) as channel:
        # The client of the key gets its token where the backend says, and this one does not say.
        assert await asked(channel) == "a0"
    assert [rpc for rpc, _ in backend.calls if rpc != "GetRunDetails"] != []


@pytest.mark.filterwarnings("ignore:The certificate of")
async def test_what_a_channel_holds_open_goes_with_it(ca: Authority) -> None:
    def listening() -> bool:
        relays = [each for each in gc.get_objects() if isinstance(each, UncheckedTls)]
        return any(each._server is not None and each._server.is_serving() for each in relays)

    gc.collect()
    channel = await create_channel(ca.endpoint("grpc"), insecure_skip_verify=True)
    assert await asked(channel) == "a0"
    assert listening()
    await channel.close()
    del channel
    for _ in range(1000):
        gc.collect()
        if not listening():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it still listens")


async def test_mistakes() -> None:
    with pytest.raises(InvalidArgumentError, match="no parameter 'clientid'"):
        await create_channel("localhost:1", clientid="me")
    with pytest.raises(NotConnectedError):
        await create_channel(None)
    with pytest.raises(InvalidArgumentError, match="no auth type"):
        await create_channel("localhost:1", auth_type="magic")
