"""A run that is started once, against a backend that would start it again: Flyte's own does not refuse a name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from flyteidl2.workflow.run_service_pb2 import GetRunDetailsResponse

from flyte_jupyter.actions import TriggerExecutionResponse
from flyte_jupyter.actions._launch import launch_once
from flyte_jupyter.remote import AlreadyExistsError, Client, Run, connect, set_current_client
from tests.unit.actions.conftest import failed
from tests.unit.remote.fake_backend import FakeBackend, StatusError, fake_backend


class Flyte:
    """Knows the runs that were started, and how often."""

    def __init__(self, backend: FakeBackend) -> None:
        self.started: list[str] = []
        self.runs: set[str] = set()
        backend.scripts["GetRunDetails"] = self._details
        self.client: Client = connect(f"localhost:{backend.grpc_port}", project="p", domain="d", transport="grpc")

    async def start(self, name: str) -> Run:
        self.started.append(name)
        self.runs.add(name)
        return await Run.get.aio(name, client=self.client)

    async def refuse(self, name: str) -> Run:
        raise AlreadyExistsError(f"There is a run {name} already.")

    def _details(self, request: Any) -> GetRunDetailsResponse:
        name = request.run_id.name
        if name not in self.runs:
            raise StatusError("NOT_FOUND", "no such run")
        made = GetRunDetailsResponse()
        made.details.action.id.run.name, made.details.action.id.name = name, "a0"
        return made


@pytest.fixture
def flyte() -> Iterator[Flyte]:
    with fake_backend() as backend:
        flyte = Flyte(backend)
        yield flyte
        flyte.client.close()
        set_current_client(None)


def execution(**changes: object) -> TriggerExecutionResponse:
    return TriggerExecutionResponse.model_validate(
        {"id": 1, "trigger": 1, "event": failed(), "run_name": "fja1", **changes}
    )


def test_what_an_attempt_may_have_started_is_looked_for_first(flyte: Flyte) -> None:
    first = asyncio.run(launch_once(flyte.client, execution(), flyte.start))
    again = asyncio.run(launch_once(flyte.client, execution(attempt=2, repeated=True), flyte.start))
    assert (first.name, again.name, flyte.started) == ("fja1", "fja1", ["fja1"])


def test_what_an_attempt_did_not_start_is_started(flyte: Flyte) -> None:
    asyncio.run(launch_once(flyte.client, execution(attempt=2, repeated=True), flyte.start))
    assert flyte.started == ["fja1"]


def test_a_backend_that_refuses_the_name_has_the_run(flyte: Flyte) -> None:
    flyte.runs.add("fja1")
    assert asyncio.run(launch_once(flyte.client, execution(), flyte.refuse)).name == "fja1"
