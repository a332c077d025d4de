"""Whoever reaches the port runs code: without the token there is nothing, on any wire."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from flyteidl2.common import identifier_pb2
from flyteidl2.core import tasks_pb2
from flyteidl2.dataproxy import dataproxy_service_pb2, dataproxy_service_pb2_grpc
from flyteidl2.task import task_definition_pb2
from flyteidl2.workflow import run_service_pb2, run_service_pb2_grpc

from tests.integration.support import Backend

PROJECT = identifier_pb2.ProjectIdentifier(name="project", domain="development")
WRONG = ["", "x" * 43, "Bearer"]


def post(backend: Backend, path: str, body: bytes = b"{}", method: str = "POST") -> tuple[int, bytes]:
    parts = urlsplit(backend.endpoint)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest_asyncio.fixture
async def channel(backend: Backend) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(urlsplit(backend.endpoint).netloc) as channel:
        yield channel


def bearer(backend: Backend) -> tuple[tuple[str, str]]:
    return (("authorization", f"Bearer {backend.endpoint.rpartition('/')[2]}"),)


LIST_RUNS = "/flyteidl2.workflow.RunService/ListRuns"


def test_connect_with_the_token(backend: Backend) -> None:
    token = backend.endpoint.rpartition("/")[2]
    body = b'{"projectId": {"name": "project", "domain": "development"}}'
    status, answer = post(backend, f"/{token}{LIST_RUNS}", body)
    assert status == 200, answer


@pytest.mark.parametrize("prefix", ["", "/", "/" + "x" * 43, "//"])
def test_connect_without_the_token(backend: Backend, prefix: str) -> None:
    status, answer = post(backend, f"{prefix}{LIST_RUNS}")
    assert status == 401
    assert b"unauthenticated" in answer


@pytest.mark.parametrize("metadata", [(), (("authorization", "Bearer " + "x" * 43),), (("authorization", ""),)])
async def test_grpc_without_the_token(channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
    stub = run_service_pb2_grpc.RunServiceStub(channel)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ListRuns(run_service_pb2.ListRunsRequest(project_id=PROJECT), metadata=metadata)
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
    watching = stub.WatchActions(run_service_pb2.WatchActionsRequest(), metadata=metadata)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await watching.read()
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED


async def test_grpc_with_the_token(backend: Backend, channel: grpc.aio.Channel) -> None:
    stub = run_service_pb2_grpc.RunServiceStub(channel)
    answer = await stub.ListRuns(run_service_pb2.ListRunsRequest(project_id=PROJECT), metadata=bearer(backend))
    assert isinstance(answer, run_service_pb2.ListRunsResponse)


async def test_upload_and_download_need_the_token(backend: Backend, channel: grpc.aio.Channel) -> None:
    stub = dataproxy_service_pb2_grpc.DataProxyServiceStub(channel)
    request = dataproxy_service_pb2.CreateUploadLocationRequest(
        project="project", domain="development", filename="data.bin", filename_root="root"
    )
    location = await stub.CreateUploadLocation(request, metadata=bearer(backend))
    url = urlsplit(location.signed_url)
    token = backend.endpoint.rpartition("/")[2]
    assert token in url.path
    query = f"?{url.query}" if url.query else ""
    for wrong in ("", "x" * 43):
        status, _ = await asyncio.to_thread(post, backend, url.path.replace(token, wrong) + query, b"evil", "PUT")
        assert status == 401
        assert not await asyncio.to_thread(Path(location.native_url).exists)
    status, _ = await asyncio.to_thread(post, backend, url.path + query, b"good", "PUT")
    assert status in (200, 201, 204)
    assert await asyncio.to_thread(Path(location.native_url).read_bytes) == b"good"


async def test_upload_stays_in_its_directory(backend: Backend, channel: grpc.aio.Channel) -> None:
    stub = dataproxy_service_pb2_grpc.DataProxyServiceStub(channel)
    for name in ("../../../evil", "/etc/evil", "..", "a/../../../../evil"):
        request = dataproxy_service_pb2.CreateUploadLocationRequest(
            project="..", domain="..", filename=name, filename_root=".."
        )
        call = stub.CreateUploadLocation(request, metadata=bearer(backend))
        if await call.code() == grpc.StatusCode.OK:
            resolved = await asyncio.to_thread(Path((await call).native_url).resolve)
            assert resolved.is_relative_to(backend.state_dir / "data")
        else:
            assert await call.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_pod_is_refused_with_a_sentence(backend: Backend, channel: grpc.aio.Channel) -> None:
    template = tasks_pb2.TaskTemplate(
        id=identifier_pb2_core("pod.task"), type="python", k8s_pod=tasks_pb2.K8sPod(primary_container_name="primary")
    )
    request = run_service_pb2.CreateRunRequest(
        project_id=PROJECT, task_spec=task_definition_pb2.TaskSpec(task_template=template)
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await run_service_pb2_grpc.RunServiceStub(channel).CreateRun(request, metadata=bearer(backend))
    message = refused.value.details() or ""
    assert refused.value.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.FAILED_PRECONDITION)
    assert "pod.task" in message
    assert "Kubernetes pod template" in message


def identifier_pb2_core(name: str):
    from flyteidl2.core import identifier_pb2 as core

    return core.Identifier(project="project", domain="development", name=name, version="v")


def test_sdk_with_a_wrong_token(backend: Backend, tmp_path: Path) -> None:
    code = """
import sys, flyte
env = flyte.TaskEnvironment(name="wrong")
@env.task
async def task() -> int:
    return 1
if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="project", domain="development")
    flyte.run(task)
"""
    origin = backend.endpoint.rpartition("/")[0]
    for endpoint in (origin, f"{origin}/{'x' * 43}"):
        done = backend.sdk.script(tmp_path / "wrong.py", code, endpoint)
        assert done.returncode != 0
        assert "wants its token" in done.out + done.err
