from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import json
import struct
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import grpc.aio
import httpx
import pytest
from flyteidl2.dataproxy import dataproxy_service_pb2, dataproxy_service_pb2_grpc
from flyteidl2.settings import settings_service_pb2, settings_service_pb2_grpc
from flyteidl2.workflow import run_service_pb2

from flyte_jupyter.local._backend import Backend
from tests.unit.local.support import Caller, run_id, until

LIST_RUNS = "/flyteidl2.workflow.RunService/ListRuns"
WATCH_RUNS = "/flyteidl2.workflow.RunService/WatchRuns"


def read(path: str) -> bytes:
    return Path(path).read_bytes()


def origin(backend: Backend) -> str:
    return f"http://{backend.authority}"


async def post(url: str, content_type: str, body: bytes = b"", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, content=body, headers={"content-type": content_type, **headers})


@pytest.mark.parametrize("token", ["", "wrong", "ä"])
async def test_grpc_without_the_token(backend: Backend, token: str) -> None:
    async with grpc.aio.insecure_channel(backend.authority) as channel:
        for rpc, request in ((LIST_RUNS, run_service_pb2.ListRunsRequest()), ("/no.such.Service/Rpc", None)):
            call = channel.unary_unary(rpc)
            metadata = [("authorization", f"Bearer {token}".encode("ascii", "replace").decode())] if token else []
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(request.SerializeToString() if request else b"x" * 100_000, metadata=metadata)
            assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
            assert "token" in (caught.value.details() or "")
        stream = channel.unary_stream(WATCH_RUNS)(b"")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stream.read()
        assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


async def test_connect_without_the_token(backend: Backend) -> None:
    for path in (LIST_RUNS, "/wrong-token" + LIST_RUNS, "/" + backend.token[:-1] + LIST_RUNS):
        response = await post(origin(backend) + path, "application/proto")
        assert response.status_code == 401
        assert response.json()["code"] == "unauthenticated"


async def test_connect_stream_without_the_token(backend: Backend) -> None:
    response = await post(origin(backend) + WATCH_RUNS, "application/connect+proto", struct.pack(">BI", 0, 0))
    flag, length = struct.unpack(">BI", response.content[:5])
    assert flag == 2
    assert json.loads(response.content[5 : 5 + length])["error"]["code"] == "unauthenticated"


async def test_grpc_web_without_the_token(backend: Backend) -> None:
    response = await post(origin(backend) + LIST_RUNS, "application/grpc-web+proto", struct.pack(">BI", 0, 0))
    assert response.content[0] == 0x80
    assert b"grpc-status: 16" in response.content


async def test_with_the_token_in_the_path_or_as_metadata(backend: Backend) -> None:
    response = await post(backend.endpoint + LIST_RUNS, "application/json", b"{}")
    assert (response.status_code, response.json()) == (200, {})
    authorization = f"Bearer {backend.token}"
    response = await post(origin(backend) + LIST_RUNS, "application/json", b"{}", authorization=authorization)
    assert (response.status_code, response.json()) == (200, {})
    async with Caller(backend) as caller:
        assert not (await caller.runs.ListRuns(run_service_pb2.ListRunsRequest(), metadata=caller.metadata)).runs


async def test_administration_wants_the_token_too(backend: Backend) -> None:
    assert (await post(origin(backend) + "/flyte-jupyter/stop", "application/json", b"{}")).status_code == 401
    status = await post(backend.endpoint + "/flyte-jupyter/status", "application/json", b"{}")
    assert status.json()["runs"] == 0
    assert (await post(backend.endpoint + "/flyte-jupyter/dance", "application/json", b"{}")).status_code == 400
    assert (await post(backend.endpoint + "/flyte-jupyter/faults", "application/json", b"?")).status_code == 400


async def test_page_of_a_run_says_where_the_run_is_and_nothing_else(backend: Backend) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"{origin(backend)}/v2/domain/d/project/p/runs/secret-name")
    assert response.status_code == 200
    assert "notebook" in response.text
    assert "secret-name" not in response.text
    assert backend.token not in response.text


async def test_what_is_not_offered_is_unimplemented(backend: Backend) -> None:
    async with Caller(backend) as caller:
        stub = settings_service_pb2_grpc.SettingsServiceStub(caller.channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetSettings(settings_service_pb2.GetSettingsRequest(), metadata=caller.metadata)
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert "cluster" in (caught.value.details() or "")


async def test_a_run_that_does_not_exist(backend: Backend) -> None:
    async with Caller(backend) as caller:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await caller.watch("nobody").read()
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND
        assert "'nobody'" in (caught.value.details() or "")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await caller.runs.AbortRun(run_service_pb2.AbortRunRequest(), metadata=caller.metadata)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_stream_that_its_client_left_is_let_go(backend: Backend) -> None:
    async with Caller(backend) as caller:
        await caller.create("r1")
        call = caller.watch("r1")
        await call.read()
        run = backend.state.run(run_id("r1"))
        assert len(run.topic.subscribers) == 1
        call.cancel()
        await _until_empty(run.topic.subscribers)
        call = caller.watch("r1")
        await call.read()
    await _until_empty(run.topic.subscribers)  # the connection was closed as a whole


async def _until_empty(things: set[Any]) -> None:
    await until(lambda: not things)


class TestFiles:
    async def location(
        self, backend: Backend, data: bytes, **more: str
    ) -> dataproxy_service_pb2.CreateUploadLocationResponse:
        async with Caller(backend) as caller:
            stub = dataproxy_service_pb2_grpc.DataProxyServiceStub(caller.channel)
            return await stub.CreateUploadLocation(
                dataproxy_service_pb2.CreateUploadLocationRequest(
                    project="p",
                    domain="d",
                    filename="a file.txt",
                    content_md5=hashlib.md5(data).digest(),
                    **more,  # pyright: ignore[reportArgumentType]
                ),
                metadata=caller.metadata,
            )

    @staticmethod
    def md5(data: bytes) -> str:
        return base64.b64encode(hashlib.md5(data).digest()).decode()

    async def test_up_and_down(self, backend: Backend) -> None:
        data = bytes(range(256)) * 8192
        location = await self.location(backend, data)
        async with httpx.AsyncClient(trust_env=False) as client:
            put = await client.put(location.signed_url, content=data, headers={"content-md5": self.md5(data)})
            assert put.status_code == 200
            assert read(location.native_url) == data
            got = await client.get(location.signed_url)
        assert got.content == data
        assert "sandbox" in got.headers["content-security-policy"]

    async def test_not_without_the_token(self, backend: Backend) -> None:
        location = await self.location(backend, b"x")
        url = location.signed_url.replace(f"/{backend.token}", "")
        assert url != location.signed_url
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.put(url, content=b"x")).status_code == 401
            assert (await client.get(url)).status_code == 401

    async def test_other_content_than_promised_is_refused(self, backend: Backend) -> None:
        location = await self.location(backend, b"right")
        async with httpx.AsyncClient(trust_env=False) as client:
            put = await client.put(location.signed_url, content=b"wrong", headers={"content-md5": self.md5(b"right")})
            assert put.status_code == 400
            assert (await client.get(location.signed_url)).status_code == 404

    async def test_who_leaves_in_the_middle_leaves_nothing(self, backend: Backend) -> None:
        data = bytes(range(256)) * 16384
        location = await self.location(backend, data)
        url = urlsplit(location.signed_url)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        head = f"PUT {url.path} HTTP/1.1\r\nhost: {url.netloc}\r\ncontent-length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data[: 3 << 20])
        await writer.drain()
        place = Path(location.native_url).parent
        await until(lambda: place.is_dir() and any(part.stat().st_size > 1 << 20 for part in place.glob("*.part")))
        writer.close()
        await until(lambda: not list(place.iterdir()))
        del reader

    async def test_a_name_is_taken_once(self, backend: Backend) -> None:
        location = await self.location(backend, b"one", filename_root="root")
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.put(location.signed_url, content=b"one")
        assert (await self.location(backend, b"one", filename_root="root")).native_url == location.native_url
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.location(backend, b"two", filename_root="root")
        assert caught.value.code() == grpc.StatusCode.ALREADY_EXISTS

    @pytest.mark.parametrize("path", ["../state.db", "uploads/../../backend.json", "%2e%2e/state.db", "/etc/passwd"])
    async def test_nothing_outside_of_the_data(self, backend: Backend, path: str) -> None:
        host, port = urlsplit(backend.endpoint).hostname, urlsplit(backend.endpoint).port

        def ask(method: str) -> int:
            connection = http.client.HTTPConnection(host or "", port)
            connection.request(method, f"/{backend.token}/files/{path}", b"x" if method == "PUT" else None)
            return connection.getresponse().status

        for method in ("GET", "PUT", "DELETE"):
            assert await asyncio.to_thread(ask, method) in (404, 405)

    async def test_names_stay_below_the_uploads(self, backend: Backend) -> None:
        location = await self.location(backend, b"x", filename_root="../../..")
        assert str(backend.paths.uploads) in location.native_url
        assert "/../" not in location.native_url
