from __future__ import annotations

from typing import Any

import pytest
from flyteidl2.common import run_pb2 as common_run_pb2
from flyteidl2.dataproxy import dataproxy_service_pb2 as proxy
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import ActionPhase, Client, Run, Task, rerun
from flyte_jupyter.remote._launch import check_run_name
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details
from tests.unit.remote.test_task import serve, task_details


@pytest.fixture
def launched(backend: FakeBackend, client: Client) -> list[service.CreateRunRequest]:
    """What runs were created with; inputs are uploaded before."""
    requests: list[service.CreateRunRequest] = []

    def create(request: service.CreateRunRequest) -> service.CreateRunResponse:
        requests.append(request)
        details = action_details(run=request.run_id.name or "made")
        return service.CreateRunResponse(run=definition.Run(action=definition.Action(id=details.id)))

    serve(backend)
    backend.scripts["CreateRun"] = create
    offloaded = common_run_pb2.OffloadedInputData(uri="s3://in", inputs_hash="h")
    backend.scripts["UploadInputs"] = lambda request: proxy.UploadInputsResponse(offloaded_input_data=offloaded)
    return requests


def literals(message: Any) -> dict[str, int]:
    return {each.name: each.value.scalar.primitive.integer for each in message.literals}


def test_inputs_are_uploaded_with_the_defaults(backend: FakeBackend, launched: list[Any]) -> None:
    run = Task.get("env.add", version="v1")(a=1)
    assert isinstance(run, Run)
    assert run.name == "made"
    (uploaded,) = [request for rpc, request in backend.calls if rpc == "UploadInputs"]
    assert literals(uploaded.inputs) == {"a": 1, "b": 2}
    assert (uploaded.task_id.name, uploaded.project_id.name) == ("env.add", "flytesnacks")
    (created,) = launched
    assert created.offloaded_input_data.uri == "s3://in"
    assert (created.task_id.version, created.project_id.domain) == ("v1", "development")
    assert created.WhichOneof("input_wrapper") == "offloaded_input_data"


def test_an_older_backend_gets_them_in_the_request(backend: FakeBackend, launched: list[Any]) -> None:
    del backend.scripts["UploadInputs"]
    Task.get("env.add", version="v1")(b=1, a=5)
    (created,) = launched
    assert [each.name for each in created.inputs.literals] == ["a", "b"], "in the order of the interface"
    assert literals(created.inputs) == {"a": 5, "b": 1}


def test_how_to_run(backend: FakeBackend, launched: list[Any]) -> None:
    task = Task.get("env.add", version="v1").override(queue="fast", short_name="sum")
    run = task.launch(
        {"a": 1},
        name="mine",
        labels={"l": "1"},
        annotations={"n": "2"},
        envs={"E": "3"},
        overwrite_cache=True,
        interruptible=False,
        project="p",
        domain="d",
    )
    assert run.labels == {"l": "1"}
    (created,) = launched
    assert (created.run_id.name, created.run_id.project, created.run_id.domain) == ("mine", "p", "d")
    assert created.task_spec.short_name == "sum", "what is overridden is not what is deployed"
    spec = created.run_spec
    assert (dict(spec.labels.values), dict(spec.annotations.values)) == ({"l": "1"}, {"n": "2"})
    assert [(pair.key, pair.value) for pair in spec.envs.values] == [("E", "3")]
    assert (spec.overwrite_cache, spec.queue) == (True, "fast")
    assert spec.HasField("interruptible")
    assert not spec.interruptible.value


@pytest.mark.parametrize("name", ["", "A", "1a", "a-", "a_b", "a" * 31, "ä", "a\n"])
def test_names_that_no_run_can_have(name: str) -> None:
    with pytest.raises(remote.InvalidArgumentError, match="A run cannot be named"):
        check_run_name(name)


def test_names_that_runs_have() -> None:
    for name in ("a", "a-1", "a" * 30):
        assert check_run_name(name) == name


def test_errors_of_a_start(backend: FakeBackend, launched: list[Any]) -> None:
    task = Task.get("env.add", version="v1")
    with pytest.raises(remote.InvalidArgumentError, match="takes its inputs by name only"):
        task(1, 2)
    with pytest.raises(remote.InvalidArgumentError, match="The label 'n' must be text, and is the int 1"):
        task.launch({"a": 1}, labels={"n": 1})  # type: ignore[dict-item]
    assert launched == []

    def refuse(code: str, text: str) -> Any:
        def script(request: Any) -> Any:
            raise StatusError(code, text)

        return script

    backend.scripts["CreateRun"] = refuse("ALREADY_EXISTS", "exists")
    with pytest.raises(remote.AlreadyExistsError, match="There is a run 'mine' already in project 'flytesnacks'"):
        task.launch({"a": 1}, name="mine")
    backend.scripts["UploadInputs"] = refuse("NOT_FOUND", 'project "x" not found')
    with pytest.raises(remote.NotFoundError, match='The inputs cannot be uploaded: project "x" not found'):
        task(a=1)
    del backend.scripts["UploadInputs"]
    backend.scripts["CreateRun"] = lambda request: service.CreateRunResponse()
    with pytest.raises(remote.ServerError, match="has started a run and does not say which"):
        task(a=1)


def test_a_start_is_not_repeated_by_itself(backend: FakeBackend, launched: list[Any]) -> None:
    def lost(request: Any) -> Any:
        raise StatusError("UNAVAILABLE", "gone")

    backend.scripts["CreateRun"] = lost
    with pytest.raises(remote.UnavailableError):
        Task.get("env.add", version="v1")(a=1)
    assert backend.count("CreateRun") == 1


@pytest.fixture
def source(backend: FakeBackend, launched: list[Any]) -> FakeBackend:
    """A run r1 of the task, with everything that a rerun takes over or must not."""
    details = action_details(phase=ActionPhase.FAILED)
    details.task.CopyFrom(task_details().spec)
    run = definition.RunDetails(action=details)
    run.run_spec.labels.values["kept"] = "yes"
    run.run_spec.envs.values.add(key="KEPT", value="1")
    run.run_spec.relation.related_to.name = "r0"
    run.run_spec.recover.force_rerun_actions.append("x")
    run.run_spec.run_start_time.FromSeconds(1)
    data = proxy.GetActionDataResponse()
    for name, value in (("b", 20), ("a", 10)):
        data.inputs.literals.add(name=name).value.scalar.primitive.integer = value
    backend.scripts["GetRunDetails"] = lambda request: service.GetRunDetailsResponse(details=run)
    backend.scripts["GetActionDetails"] = lambda request: service.GetActionDetailsResponse(details=action_details("c1"))
    backend.scripts["GetActionData"] = lambda request: data
    return backend


def test_a_rerun_takes_over_what_it_may(source: FakeBackend, launched: list[Any]) -> None:
    run = rerun("r1", b=5, inputs={"a": 7}, labels={"more": "1"}, envs={"MORE": "2"}, name="again")
    assert run.name == "again"
    assert source.count("GetActionData") == 0, "all inputs are new"
    (created,) = launched
    assert created.task_spec.task_template.id.name == "env.add"
    spec = created.run_spec
    assert dict(spec.labels.values) == {"kept": "yes", "more": "1"}
    assert {pair.key: pair.value for pair in spec.envs.values} == {"KEPT": "1", "MORE": "2"}
    assert (spec.relation.related_to.name, int(spec.relation.relation_type)) == ("r1", 1)
    assert not spec.HasField("recover")
    assert not spec.HasField("run_start_time")


def test_a_recovery_says_so(source: FakeBackend, launched: list[Any]) -> None:
    Run.get("r1").rerun(recover=True, force_rerun_actions=["c1"], a=11)
    (created,) = launched
    (uploaded,) = [request for rpc, request in source.calls if rpc == "UploadInputs"]
    assert literals(uploaded.inputs) == {"a": 11, "b": 20}
    assert int(created.run_spec.relation.relation_type) == 2
    assert list(created.run_spec.recover.force_rerun_actions) == ["c1"]


def test_what_cannot_be_run_again(source: FakeBackend, launched: list[Any]) -> None:
    with pytest.raises(remote.InvalidArgumentError, match="Only a whole run can be recovered, and c1 is one action"):
        rerun("r1", "c1", recover=True)
    with pytest.raises(remote.InvalidArgumentError, match="nothing is kept without recover"):
        rerun("r1", force_rerun_actions=["c1"])
    with pytest.raises(remote.InvalidArgumentError, match="r1/c1 is no task"):
        rerun("r1", "c1")
    with pytest.raises(remote.InvalidArgumentError, match="r1/a0 has no input 'c'; its inputs are a, b"):
        rerun("r1", c=1)

    def gone(request: Any) -> Any:
        raise StatusError("NOT_FOUND", "no such object")

    source.scripts["GetActionData"] = gone
    with pytest.raises(remote.NotFoundError, match=r"The inputs of r1/a0 are gone: .* Give all of them anew"):
        rerun("r1")
    assert launched == []
