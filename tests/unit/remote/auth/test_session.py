"""A channel that logs in with the caller's own HTTP client."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest
from flyteidl2.workflow.run_service_pb2 import GetRunDetailsRequest
from flyteidl2.workflow.run_service_pb2_grpc import RunServiceStub

from flyte_jupyter.remote import UnavailableError, create_channel
from tests.unit.remote.auth.conftest import Protected

ROBOT: Any = {"auth_type": "ClientSecret", "client_id": "robot", "client_secret": "se/c r+et:ü"}


async def test_the_login_goes_through_it_on_the_loop_of_the_caller(protected: Protected) -> None:
    asked: list[tuple[str, str, threading.Thread]] = []

    async def note(request: httpx.Request) -> None:
        asked.append((request.url.path, request.headers["user-agent"], threading.current_thread()))

    session = httpx.AsyncClient(headers={"user-agent": "mine"}, event_hooks={"request": [note]}, trust_env=False)
    async with (
        session,
        await create_channel(protected.endpoint.authority, insecure=True, http_session=session, **ROBOT) as channel,
    ):
        stub = RunServiceStub(channel)
        await stub.GetRunDetails(GetRunDetailsRequest())
        protected.idp.revoke()
        await stub.GetRunDetails(GetRunDetailsRequest())
    assert asked == [("/token", "mine", threading.current_thread())] * 2


async def test_what_it_cannot_reach_is_said(protected: Protected) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("the net is down")

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(refuse)) as session,
        await create_channel(protected.endpoint.authority, insecure=True, http_session=session, **ROBOT) as channel,
    ):
        with pytest.raises(UnavailableError, match="cannot be reached for the login: the net is down"):
            await RunServiceStub(channel).GetRunDetails(GetRunDetailsRequest())
