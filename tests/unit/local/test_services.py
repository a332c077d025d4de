"""The services that are little more than tables."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import grpc
import grpc.aio
import pytest
from flyteidl2.auth import identity_pb2, identity_pb2_grpc
from flyteidl2.common import identifier_pb2, list_pb2
from flyteidl2.imagebuilder import payload_pb2 as image_pb2
from flyteidl2.imagebuilder import service_pb2_grpc as image_pb2_grpc
from flyteidl2.project import project_service_pb2, project_service_pb2_grpc
from flyteidl2.secret import definition_pb2, payload_pb2, secret_pb2_grpc
from flyteidl2.task import task_definition_pb2, task_service_pb2, task_service_pb2_grpc
from flyteidl2.trigger import trigger_service_pb2, trigger_service_pb2_grpc
from flyteidl2.workflow import run_service_pb2

from flyte_jupyter.local._backend import Backend
from tests.unit.local.support import Caller, ScriptedLauncher, action_id, run_id, task_spec, until

PROJECT = identifier_pb2.ProjectIdentifier(name="p", domain="d")


@pytest.fixture
async def caller(backend: Backend) -> AsyncIterator[Caller]:
    async with Caller(backend) as caller:
        yield caller


async def code_of(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code()


async def test_projects(caller: Caller) -> None:
    stub: Any = project_service_pb2_grpc.ProjectServiceStub(caller.channel)
    token = caller.metadata
    project = project_service_pb2.Project(id="mine", name="Mine", description="of my own")
    create = project_service_pb2.CreateProjectRequest(project=project)
    await stub.CreateProject(create, metadata=token)
    assert await code_of(stub.CreateProject(create, metadata=token)) == grpc.StatusCode.ALREADY_EXISTS
    await caller.create("r1")

    async def names(**request: Any) -> list[str]:
        answer = await stub.ListProjects(project_service_pb2.ListProjectsRequest(**request), metadata=token)
        return [item.id for item in answer.projects.projects]

    assert sorted(await names()) == ["mine", "p"]
    assert await names(filters="eq(identifier,mine)") == ["mine"]
    assert await names(filters="contains(name,ine)+ne(identifier,x)") == ["mine"]
    assert len(await names(limit=1)) == 1
    first = list_pb2.Sort(key="created_at", direction=list_pb2.Sort.ASCENDING)
    assert await names(filters="eq(state, 0)", sort_by=first) == ["mine", "p"]
    project.state = project_service_pb2.PROJECT_STATE_ARCHIVED
    await stub.UpdateProject(project_service_pb2.UpdateProjectRequest(project=project), metadata=token)
    assert (await names(), await names(filters="eq(state,1)")) == (["p"], ["mine"])
    got = await stub.GetProject(project_service_pb2.GetProjectRequest(id="p"), metadata=token)
    assert "d" in [domain.id for domain in got.project.domains]
    missing = stub.GetProject(project_service_pb2.GetProjectRequest(id="nobody"), metadata=token)
    assert await code_of(missing) == grpc.StatusCode.NOT_FOUND
    bad = stub.ListProjects(project_service_pb2.ListProjectsRequest(filters="name=x"), metadata=token)
    assert await code_of(bad) == grpc.StatusCode.INVALID_ARGUMENT


async def test_secrets(backend: Backend, caller: Caller, launcher: ScriptedLauncher) -> None:
    stub: Any = secret_pb2_grpc.SecretServiceStub(caller.channel)
    token = caller.metadata
    secret = definition_pb2.SecretIdentifier(name="key", project="p", domain="d")
    spec = definition_pb2.SecretSpec(string_value="hush")
    create = payload_pb2.CreateSecretRequest(id=secret, secret_spec=spec)
    await stub.CreateSecret(create, metadata=token)
    assert await code_of(stub.CreateSecret(create, metadata=token)) == grpc.StatusCode.ALREADY_EXISTS
    everybody = definition_pb2.SecretIdentifier(name="key")
    await stub.CreateSecret(
        payload_pb2.CreateSecretRequest(id=everybody, secret_spec=definition_pb2.SecretSpec(string_value="general")),
        metadata=token,
    )
    listed = await stub.ListSecrets(payload_pb2.ListSecretsRequest(project="p", domain="d"), metadata=token)
    assert [item.id.name for item in listed.secrets] == ["key"]
    assert b"hush" not in listed.SerializeToString()

    task = task_spec()
    task.task_template.security_context.secrets.add(key="key", env_var="KEY")
    await caller.create("r1", task)
    process = await launcher.started("a0")
    assert process.spec.env["KEY"] == "hush"
    assert "hush" not in repr(process.spec)
    await stub.DeleteSecret(payload_pb2.DeleteSecretRequest(id=secret), metadata=token)
    launcher.processes.clear()
    await caller.create("r2", task)
    assert (await launcher.started("a0")).spec.env["KEY"] == "general"
    gone = stub.GetSecret(payload_pb2.GetSecretRequest(id=secret), metadata=token)
    assert await code_of(gone) == grpc.StatusCode.NOT_FOUND


async def test_images_and_identity(caller: Caller) -> None:
    stub: Any = image_pb2_grpc.ImageServiceStub(caller.channel)
    request = image_pb2.GetImageRequest()
    request.id.name = "flyte:abc"
    assert (await stub.GetImage(request, metadata=caller.metadata)).image.fqin == "local/flyte:abc"
    stub = identity_pb2_grpc.IdentityServiceStub(caller.channel)
    assert (await stub.UserInfo(identity_pb2.UserInfoRequest(), metadata=caller.metadata)).subject


class TestTasks:
    async def deploy(self, caller: Caller, version: str, *triggers: str) -> Any:
        stub: Any = task_service_pb2_grpc.TaskServiceStub(caller.channel)
        spec = task_spec()
        spec.environment.name = "env"
        request = task_service_pb2.DeployTaskRequest(spec=spec)
        request.task_id.CopyFrom(self.task(version))
        for name in triggers:
            trigger = request.triggers.add(name=name)
            trigger.spec.active = True
            trigger.automation_spec.schedule.cron.expression = "* * * * *"
        await stub.DeployTask(request, metadata=caller.metadata)
        return stub

    def task(self, version: str) -> task_definition_pb2.TaskIdentifier:
        return task_definition_pb2.TaskIdentifier(project="p", domain="d", name="env.main", version=version)

    async def test_versions(self, caller: Caller, launcher: ScriptedLauncher) -> None:
        for version in ("v1", "v2", "v3"):
            stub = await self.deploy(caller, version)
        listed = await stub.ListTasks(task_service_pb2.ListTasksRequest(project_id=PROJECT), metadata=caller.metadata)
        assert [(item.task_id.name, item.task_id.version) for item in listed.tasks] == [("env.main", "v3")]
        assert (listed.metadata.total, listed.metadata.filtered_total) == (1, 1)
        name = task_definition_pb2.TaskName(project="p", domain="d", name="env.main")
        page = list_pb2.ListRequest(limit=2)
        versions = await stub.ListVersions(
            task_service_pb2.ListVersionsRequest(task_name=name, request=page), metadata=caller.metadata
        )
        assert ([item.version for item in versions.versions], versions.token) == (["v3", "v2"], "2")
        missing = stub.GetTaskDetails(
            task_service_pb2.GetTaskDetailsRequest(task_id=self.task("v9")), metadata=caller.metadata
        )
        assert await code_of(missing) == grpc.StatusCode.NOT_FOUND
        await caller.runs.CreateRun(
            run_service_pb2.CreateRunRequest(run_id=run_id("r1"), task_id=self.task("v2")), metadata=caller.metadata
        )
        await launcher.started("a0")
        versions = await stub.ListVersions(
            task_service_pb2.ListVersionsRequest(task_name=name), metadata=caller.metadata
        )
        assert [item.latest_run.run_id.name for item in versions.versions] == ["", "r1", ""]

    async def test_triggers_are_kept_and_do_not_fire(self, backend: Backend, caller: Caller) -> None:
        await self.deploy(caller, "v1", "nightly", "hourly")
        stub: Any = trigger_service_pb2_grpc.TriggerServiceStub(caller.channel)

        async def listed(**scope: Any) -> dict[str, bool]:
            request = trigger_service_pb2.ListTriggersRequest(**scope)
            answer = await stub.ListTriggers(request, metadata=caller.metadata)
            return {item.id.name.name: item.active for item in answer.triggers}

        assert await listed(project_id=PROJECT) == {"nightly": True, "hourly": True}
        name = identifier_pb2.TriggerName(project="p", domain="d", task_name="env.main", name="nightly")
        await stub.UpdateTriggers(
            trigger_service_pb2.UpdateTriggersRequest(names=[name], active=False), metadata=caller.metadata
        )
        assert await listed(task_id=self.task("v1")) == {"nightly": False, "hourly": True}
        details = await stub.GetTriggerDetails(
            trigger_service_pb2.GetTriggerDetailsRequest(name=name), metadata=caller.metadata
        )
        assert (details.trigger.id.revision, details.trigger.spec.active) == (2, False)
        history = await stub.GetTriggerRevisionHistory(
            trigger_service_pb2.GetTriggerRevisionHistoryRequest(name=name), metadata=caller.metadata
        )
        assert [item.id.revision for item in history.triggers] == [2, 1]
        await self.deploy(caller, "v2", "hourly")
        assert await listed() == {"hourly": True}
        await stub.DeleteTriggers(
            trigger_service_pb2.DeleteTriggersRequest(
                names=[identifier_pb2.TriggerName(project="p", domain="d", task_name="env.main", name="hourly")]
            ),
            metadata=caller.metadata,
        )
        assert await listed() == {}
        assert backend.state.store.count_runs() == 0


class TestLists:
    async def runs(self, caller: Caller, launcher: ScriptedLauncher, count: int) -> None:
        for number in range(count):
            spec = task_spec()
            request = run_service_pb2.CreateRunRequest(run_id=run_id(f"r{number}"), task_spec=spec)
            request.run_spec.labels.values["parity"] = "even" if number % 2 == 0 else "odd"
            await caller.runs.CreateRun(request, metadata=caller.metadata)

    async def names(self, caller: Caller, *filters: list_pb2.Filter, **request: Any) -> tuple[list[str], str]:
        scope = {key: request.pop(key) for key in ("project_id", "paused_actions_only") if key in request}
        answer = await caller.runs.ListRuns(
            run_service_pb2.ListRunsRequest(request=list_pb2.ListRequest(filters=filters, **request), **scope),
            metadata=caller.metadata,
        )
        return [run.action.id.run.name for run in answer.runs], answer.token

    async def test_runs(self, backend: Backend, caller: Caller, launcher: ScriptedLauncher) -> None:
        await self.runs(caller, launcher, 5)
        (await launcher.started("a0")).end()
        first = backend.state.action(action_id("r0"))
        await until(lambda: first.terminal)
        newest = list_pb2.Sort(key="created_at", direction=list_pb2.Sort.DESCENDING)
        assert await self.names(caller, sort_by=newest, limit=2) == (["r4", "r3"], "2")
        assert await self.names(caller, sort_by=newest, limit=2, token="4") == (["r0"], "")
        assert (await self.names(caller))[0][-1] == "r0"  # the one that is over comes last
        odd = list_pb2.Filter(field="labels.parity", function=list_pb2.Filter.EQUAL, values=["odd"])
        assert sorted((await self.names(caller, odd))[0]) == ["r1", "r3"]
        over = list_pb2.Filter(field="phase", function=list_pb2.Filter.VALUE_IN, values=["5"])
        assert await self.names(caller, over, project_id=PROJECT) == (["r0"], "")
        other = identifier_pb2.ProjectIdentifier(name="other", domain="d")
        assert await self.names(caller, project_id=other) == ([], "")
        assert await self.names(caller, paused_actions_only=True) == ([], "")

    async def test_actions(self, caller: Caller, launcher: ScriptedLauncher) -> None:
        await self.runs(caller, launcher, 1)
        await launcher.started("a0")
        for name in ("c1", "c2"):
            await caller.enqueue("r0", name, group="mapped")
        by_parent = list_pb2.Filter(field="parent_name", function=list_pb2.Filter.EQUAL, values=["a0"])
        request = run_service_pb2.ListActionsRequest(
            run_id=run_id("r0"), request=list_pb2.ListRequest(filters=[by_parent])
        )
        answer = await caller.runs.ListActions(request, metadata=caller.metadata)
        assert sorted(action.id.name for action in answer.actions) == ["c1", "c2"]
        assert {action.metadata.group for action in answer.actions} == {"mapped"}
        request = run_service_pb2.ListActionsRequest(run_id=run_id("nobody"))
        assert not (await caller.runs.ListActions(request, metadata=caller.metadata)).actions

    async def test_groups(self, backend: Backend, caller: Caller, launcher: ScriptedLauncher) -> None:
        await self.runs(caller, launcher, 2)
        (await launcher.started("a0")).end()
        first = backend.state.action(action_id("r0"))
        await until(lambda: first.terminal)
        request = run_service_pb2.WatchGroupsRequest(project_id=PROJECT)
        request.start_date.FromDatetime(datetime.now(timezone.utc) - timedelta(days=1))
        request.end_date.FromDatetime(datetime.now(timezone.utc) + timedelta(days=1))
        messages = [message async for message in caller.runs.WatchGroups(request, metadata=caller.metadata)]
        assert len(messages) == 1
        (group,) = messages[0].task_groups
        assert (group.task_name, group.total_runs, group.average_failure_rate) == ("env.main", 2, 0.0)
        assert {item.run_name for item in group.recent_statuses} == {"r0", "r1"}

    async def test_cluster_events_end_with_the_attempt(self, caller: Caller, launcher: ScriptedLauncher) -> None:
        await self.runs(caller, launcher, 1)
        request = run_service_pb2.WatchClusterEventsRequest(id=action_id("r0"), attempt=1)
        call = caller.runs.WatchClusterEvents(request, metadata=caller.metadata)
        (await launcher.started("a0")).end()
        assert [message async for message in call] == []

    async def test_log_context(self, backend: Backend, caller: Caller, launcher: ScriptedLauncher) -> None:
        await self.runs(caller, launcher, 1)
        await launcher.started("a0")
        first = backend.state.action(action_id("r0"))
        await until(lambda: first.phase == 4)
        request = run_service_pb2.GetActionLogContextRequest(action_id=action_id("r0"), attempt=1)
        answer = await caller.runs.GetActionLogContext(request, metadata=caller.metadata)
        assert answer.log_context.primary_pod_name == "r0-a0-1"
        request.attempt = 2
        missing = caller.runs.GetActionLogContext(request, metadata=caller.metadata)
        assert await code_of(missing) == grpc.StatusCode.NOT_FOUND
