from __future__ import annotations

import asyncio
import copy
from datetime import timedelta
from typing import Any

import flyte
import pytest
from flyteidl2.core import interface_pb2, literals_pb2, types_pb2
from flyteidl2.task import common_pb2, task_definition_pb2, task_service_pb2
from google.protobuf import json_format

from flyte_jupyter import remote
from flyte_jupyter.remote import Cache, Client, Task, TaskDetails
from tests.unit.remote.fake_backend import FakeBackend, StatusError


def entry(name: str, simple: int) -> interface_pb2.VariableEntry:
    type_ = types_pb2.LiteralType(simple=simple)  # type: ignore[arg-type]
    return interface_pb2.VariableEntry(key=name, value=interface_pb2.Variable(type=type_, description=f"the {name}"))


def task_details(name: str = "env.add", version: str = "v1") -> task_definition_pb2.TaskDetails:
    """A task of two ints, the second with a default, in a container."""
    details = task_definition_pb2.TaskDetails()
    details.task_id.project, details.task_id.domain = "flytesnacks", "development"
    details.task_id.name, details.task_id.version = name, version
    template = details.spec.task_template
    template.type, template.id.name = "python", name
    template.interface.inputs.variables.extend([entry("a", 1), entry("b", 1)])
    template.interface.outputs.variables.append(entry("o0", 2))
    default = literals_pb2.Literal(scalar=literals_pb2.Scalar(primitive=literals_pb2.Primitive(integer=2)))
    details.spec.default_inputs.append(
        common_pb2.NamedParameter(name="b", parameter=interface_pb2.Parameter(default=default))
    )
    template.container.image = "auto"
    template.container.env.add(key="OLD", value="1")
    return details


def serve(backend: FakeBackend, details: task_definition_pb2.TaskDetails | None = None) -> None:
    found = details or task_details()
    backend.scripts["GetTaskDetails"] = lambda request: task_service_pb2.GetTaskDetailsResponse(details=found)
    listed = task_definition_pb2.Task(task_id=found.task_id)
    backend.scripts["ListTasks"] = lambda request: task_service_pb2.ListTasksResponse(tasks=[listed])


def test_a_version_must_be_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"Which version of task env.add\? Give version="):
        Task.get("env.add")
    with pytest.raises(remote.InvalidArgumentError, match='must be "latest" or "current", and is \'newest\''):
        Task.get("env.add", auto_version="newest")  # type: ignore[arg-type]
    with pytest.raises(remote.InvalidArgumentError, match="that is empty"):
        Task.get("", version="v1")
    assert repr(Task.get("env.add", version="v1")) == "Future for task with name env.add"


def test_nothing_is_sent_before_it_is_needed(client: Client, backend: FakeBackend) -> None:
    serve(backend)
    task = Task.get("env.add", version="v1")
    assert task.name == "env.add"
    assert backend.calls == []
    assert task.fetch() is task.fetch()
    assert [rpc for rpc, _ in backend.calls] == ["GetTaskDetails"]
    assert task.override(short_name="s").fetch().overridden
    assert backend.count("GetTaskDetails") == 1


async def test_many_who_ask_at_once_fetch_once(client: Client, backend: FakeBackend) -> None:
    serve(backend)
    task = Task.get("env.add", auto_version="latest")
    found = await asyncio.gather(*(task.fetch.aio() for _ in range(20)))
    assert len(set(map(id, found))) == 1
    assert (backend.count("ListTasks"), backend.count("GetTaskDetails")) == (1, 1)


def test_the_latest_version(client: Client, backend: FakeBackend) -> None:
    serve(backend, task_details(version="v7"))
    assert Task.get("env.add", project="p", domain="d", auto_version="latest").fetch().version == "v7"
    (_, listed), (_, got) = backend.calls
    assert (listed.project_id.name, listed.project_id.domain, listed.request.limit) == ("p", "d", 1)
    assert (listed.request.sort_by.key, int(listed.request.sort_by.direction)) == ("created_at", 0)
    assert (got.task_id.project, got.task_id.version) == ("p", "v7")
    backend.scripts["ListTasks"] = lambda request: task_service_pb2.ListTasksResponse()
    with pytest.raises(remote.NotFoundError, match=r"There is no task 'no\.task' in localhost"):
        Task.get("no.task", auto_version="latest").fetch()
    with pytest.raises(remote.InvalidArgumentError, match="none is running here"):
        Task.get("env.add", auto_version="current").fetch()


def test_a_failed_fetch_is_tried_again(client: Client, backend: FakeBackend) -> None:
    def refuse(request: Any) -> Any:
        raise StatusError("NOT_FOUND", "no")

    backend.scripts["GetTaskDetails"] = refuse
    task = Task.get("env.add", version="v1")
    with pytest.raises(remote.NotFoundError, match=r"There is no task 'env\.add' in version 'v1'"):
        task.fetch()
    serve(backend)
    assert task.fetch().version == "v1"


def test_what_details_say(client: Client) -> None:
    details = TaskDetails(task_details())
    assert (details.name, details.version, details.task_type, details.queue) == ("env.add", "v1", "python", None)
    assert (details.required_args, details.default_input_args) == (("a",), ("b",))
    assert str(details.interface) == "(a: int, b: int = 2) -> float"
    assert details.interface.inputs["a"].description == "the a"
    assert (details.secrets, details.entrypoint) == ([], False)
    assert repr(details) == "TaskDetails(env.add(a: int, b: int = 2) -> float, version v1)"
    assert details.to_dict()["taskId"]["name"] == "env.add"


def test_overrides(client: Client) -> None:
    before = task_details()
    details = TaskDetails(copy.deepcopy(before))
    changed = details.override(
        short_name="sum",
        resources={"cpu": ("500m", 1), "memory": "1Gi", "gpu": 2, "shm": "64Mi"},
        retries=3,
        timeout=timedelta(minutes=5),
        env_vars={"NEW": "2"},
        secrets=["my-key"],
        service_account="robot",
        max_inline_io_bytes=5,
        cache=Cache("override", "v9", serialize=True, ignored_inputs=("a",), max_age=timedelta(days=1)),
        queue="q",
        produces_artifacts=True,
    )
    assert details.pb2 == before, "the original stays as it is"
    template = changed.pb2.spec.task_template
    assert changed.pb2.spec.short_name == "sum"
    requests = {int(each.name): each.value for each in template.container.resources.requests}
    assert requests == {1: "500m", 3: "1Gi", 2: "2"}
    assert [(int(each.name), each.value) for each in template.container.resources.limits] == [(1, "1")]
    assert changed.resources[0][0].value == "500m"
    assert template.extended_resources.shared_memory.size_limit == "64Mi"
    assert template.metadata.retries.retries == 3
    assert template.metadata.timeout.ToTimedelta() == timedelta(minutes=5)
    assert [(pair.key, pair.value) for pair in template.container.env] == [("NEW", "2")]
    assert [(secret.key, secret.env_var) for secret in template.security_context.secrets] == [("my-key", "MY_KEY")]
    assert template.security_context.run_as.k8s_service_account == "robot"
    assert (changed.max_inline_io_bytes, changed.queue, changed.overridden) == (5, "q", True)
    assert changed.cache == Cache("override", "v9", True, ("a",), timedelta(days=1))
    assert template.metadata.produces_artifacts
    assert changed.override(cache="disable").cache.behavior == "disable"
    assert changed.override(short_name="again").queue == "q"


def test_overrides_by_objects_of_the_sdk(client: Client) -> None:
    changed = TaskDetails(task_details()).override(
        resources=flyte.Resources(cpu=2, memory=("1Gi", "2Gi"), gpu="T4:1"),
        retries=flyte.RetryStrategy(count=2),
        timeout=flyte.Timeout(max_runtime=timedelta(hours=1)),
        secrets=[flyte.Secret(key="k", group="g", as_env_var="K")],
        cache=flyte.Cache("override", version_override="v3"),
    )
    template = changed.pb2.spec.task_template
    assert template.extended_resources.gpu_accelerator.device == "nvidia-tesla-t4"
    assert template.metadata.retries.retries == 2
    assert template.metadata.timeout.ToTimedelta() == timedelta(hours=1)
    assert [(secret.group, secret.env_var) for secret in template.security_context.secrets] == [("g", "K")]
    assert (changed.cache.behavior, changed.cache.version_override) == ("override", "v3")


def test_overrides_of_a_pod(client: Client) -> None:
    details = task_details()
    pod = {"containers": [{"name": "side"}, {"name": "main", "image": "x", "env": [{"name": "OLD", "value": "1"}]}]}
    json_format.ParseDict(pod, details.spec.task_template.k8s_pod.pod_spec)
    details.spec.task_template.k8s_pod.primary_container_name = "main"
    changed = TaskDetails(details).override(resources={"cpu": 1, "gpu": "1"}, env_vars={"NEW": "2"})
    spec: Any = json_format.MessageToDict(changed.pb2.spec.task_template.k8s_pod.pod_spec)
    assert spec["containers"][0] == {"name": "side"}
    assert spec["containers"][1] == {
        "name": "main",
        "image": "x",
        "env": [{"name": "NEW", "value": "2"}],
        "resources": {"requests": {"cpu": "1", "nvidia.com/gpu": "1"}},
    }
    details.spec.task_template.k8s_pod.primary_container_name = "other"
    with pytest.raises(remote.InvalidArgumentError, match="has no container whose environment"):
        TaskDetails(details).override(env_vars={"A": "b"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"colour": "red"}, "'colour' of task env.add cannot be overridden"),
        ({"resources": {"ram": "1Gi"}}, "There is no resource 'ram'"),
        ({"resources": {"gpu": "T4:1"}}, "To ask for a kind of device give flyte.Resources"),
        ({"resources": 3}, "Resources cannot be given as a int"),
        ({"retries": -1}, "Retries are a number from 0 on, and not -1"),
        ({"timeout": "long"}, "A timeout is seconds or a timedelta, and not 'long'"),
        ({"timeout": -5}, "A timeout cannot be negative"),
        ({"cache": Cache()}, '"disable" or "override", and not \'auto\''),
        ({"cache": Cache("override")}, "To override the cache give a version"),
        ({"secrets": [3]}, "A secret is given by its name, and not by a int"),
        ({"env_vars": {"A": 1}}, "The environment variable 'A' must be text, and is the int 1"),
    ],
)
def test_what_cannot_be_overridden(client: Client, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(remote.InvalidArgumentError) as caught:
        TaskDetails(task_details()).override(**changes)
    assert sentence in str(caught.value)


def test_lists_are_filtered_and_limited(client: Client, backend: FakeBackend) -> None:
    names = ["env.a", "other_env.b", "env.c", "env.d"]

    def tasks(request: Any) -> Any:
        found = [task_definition_pb2.Task(task_id=task_definition_pb2.TaskIdentifier(name=name)) for name in names]
        return task_service_pb2.ListTasksResponse(tasks=found, token="" if request.request.token else "4")

    backend.scripts["ListTasks"] = tasks
    assert [task.name for task in Task.listall(by_task_env="env", limit=4)] == ["env.a", "env.c", "env.d", "env.a"]
    assert [task.name for task in Task.listall(by_task_name="x", entrypoint=True, limit=2)] == names[:2]
    first, *_, last = [request for _, request in backend.calls]
    (contains,) = first.request.filters
    assert (contains.field, list(contains.values), int(contains.function)) == ("name", ["env."], 6)
    assert (last.known_filters[0].is_entrypoint, last.request.limit) == (True, 2)


def test_versions(client: Client, backend: FakeBackend) -> None:
    version = task_service_pb2.ListVersionsResponse.VersionResponse(version="v1")
    version.deployed_at.FromSeconds(1_700_000_000)
    backend.scripts["ListVersions"] = lambda request: task_service_pb2.ListVersionsResponse(versions=[version])
    (found,) = Task.versions("env.add", project="p")
    assert repr(found) == "TaskVersion(v1, 2023-11-14 22:13 UTC)"
    ((_, request),) = backend.calls
    assert (request.task_name.project, request.task_name.name) == ("p", "env.add")
    with pytest.raises(remote.InvalidArgumentError, match="that is empty"):
        list(Task.versions(""))


def test_the_console(backend: FakeBackend, client: Client) -> None:
    listed = Task(task_definition_pb2.Task(task_id=task_details().task_id))
    assert listed.url.endswith("/v2/domain/development/project/flytesnacks/tasks/env.add")
    assert (repr(listed), listed.entrypoint) == ("Task(env.add, version v1)", False)
