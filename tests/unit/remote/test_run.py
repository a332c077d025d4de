from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from flyteidl2.common import run_pb2 as common_run
from flyteidl2.core import execution_pb2 as core_execution
from flyteidl2.core import interface_pb2, literals_pb2, types_pb2
from flyteidl2.dataproxy import dataproxy_service_pb2 as dataproxy
from flyteidl2.task import common_pb2
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import (
    Action,
    ActionDetails,
    ActionInputs,
    ActionOutputs,
    ActionPhase,
    Client,
    PhaseTransition,
    Run,
    RunDetails,
)
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details

FAILED, SUCCEEDED, RUNNING = ActionPhase.FAILED, ActionPhase.SUCCEEDED, ActionPhase.RUNNING


def integer(value: int) -> literals_pb2.Literal:
    return literals_pb2.Literal(scalar=literals_pb2.Scalar(primitive=literals_pb2.Primitive(integer=value)))


def serve(
    backend: FakeBackend, details: definition.ActionDetails, data: dataproxy.GetActionDataResponse | None = None
) -> None:
    """A backend with one run, r1, that has one action."""

    def check(name: str) -> None:
        if name != "r1":
            raise StatusError("NOT_FOUND", f"{name} not found")

    def run(request: service.GetRunDetailsRequest) -> service.GetRunDetailsResponse:
        check(request.run_id.name)
        return service.GetRunDetailsResponse(details=definition.RunDetails(action=details))

    def action(request: service.GetActionDetailsRequest) -> service.GetActionDetailsResponse:
        check(request.action_id.run.name)
        return service.GetActionDetailsResponse(details=details)

    backend.scripts.update(GetRunDetails=run, GetActionDetails=action)
    backend.scripts["AbortRun"] = lambda _: service.AbortRunResponse()
    backend.scripts["AbortAction"] = lambda _: service.AbortActionResponse()
    if data is not None:
        backend.scripts["GetActionData"] = lambda _: data


def with_interface(details: definition.ActionDetails) -> definition.ActionDetails:
    number = types_pb2.LiteralType(simple=types_pb2.INTEGER)
    interface = details.task.task_template.interface
    for side, names in ((interface.inputs, ("x", "y")), (interface.outputs, ("o0", "o1"))):
        for name in names:
            side.variables.add(key=name, value=interface_pb2.Variable(type=number))
    return details


def data() -> dataproxy.GetActionDataResponse:
    return dataproxy.GetActionDataResponse(
        inputs=common_pb2.Inputs(
            literals=[common_pb2.NamedLiteral(name=name, value=integer(n)) for n, name in enumerate("yx")]
        ),
        outputs=common_pb2.Outputs(
            literals=[common_pb2.NamedLiteral(name=f"o{n}", value=integer(n + 10)) for n in (1, 0)]
        ),
    )


def test_get(client: Client, backend: FakeBackend) -> None:
    details = action_details()
    details.metadata.task.id.name = "env.main"
    serve(backend, details)
    run = Run.get("r1")
    assert (run.name, run.project, run.domain, run.org) == ("r1", "flytesnacks", "development", "")
    assert (run.phase, run.raw_phase, run.done(), run.task_name) == ("running", 4, False, "env.main")
    assert run.start_time == datetime.fromtimestamp(1_700_000_000, timezone.utc)
    assert repr(run) == "Run(r1, running, env.main)"
    assert run.url.endswith("/v2/domain/development/project/flytesnacks/runs/r1")
    sent = backend.calls[0][1].run_id
    assert (sent.project, sent.domain) == ("flytesnacks", "development")


async def test_get_awaited(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details())
    assert (await Run.get.aio("r1")).name == "r1"


def test_a_run_that_does_not_exist(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details())
    with pytest.raises(remote.NotFoundError, match=r"There is no run 'r2' in .*project 'flytesnacks'"):
        Run.get("r2")
    assert backend.count("GetRunDetails") == 2, "a backend in trouble says NOT_FOUND too"


def test_an_action_that_does_not_exist(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details())
    with pytest.raises(remote.NotFoundError, match="There is no action 'x' of run 'r2'"):
        Action.get(run_name="r2", name="x")


@pytest.mark.parametrize("names", [{}, {"run_name": "r1"}, {"name": "a0"}, {"run_name": "", "name": "a0"}])
def test_an_action_needs_both_names(client: Client, names: dict[str, Any]) -> None:
    with pytest.raises(remote.InvalidArgumentError, match="its run and its own name"):
        Action.get(**names)
    with pytest.raises(remote.InvalidArgumentError):
        ActionDetails.get(**names)
    with pytest.raises(remote.InvalidArgumentError):
        Run.get("")


def test_action_facts(client: Client, backend: FakeBackend) -> None:
    details = action_details("c1")
    details.metadata.parent = "a0"
    serve(backend, details)
    action = Action.get(run_name="r1", name="c1")
    assert (action.name, action.run_name, action.parent_name, action.task_name) == ("c1", "r1", "a0", None)
    assert action.url.endswith("runs/r1?i=c1")
    assert repr(action) == "Action(r1/c1, running)"
    assert repr(ActionDetails.get(run_name="r1", name="c1")) == "ActionDetails(r1/c1, running)"
    assert repr(RunDetails.get("r1")) == "RunDetails(r1, running)"


def test_unknown_phases_do_not_crash(client: Client, backend: FakeBackend) -> None:
    details = action_details()
    details.status.phase = 77  # type: ignore[assignment]
    serve(backend, details)
    run = Run.get("r1")
    assert (run.phase, run.raw_phase, run.done()) == ("unspecified", 77, False)


def test_end_and_duration_count_only_when_over() -> None:
    details = action_details(phase=RUNNING)
    details.status.end_time.FromSeconds(1_700_000_005)
    details.status.duration_ms = 5000
    running = ActionDetails(details)
    assert running.end_time is None
    assert running.duration is not None
    assert running.duration > timedelta(days=1)
    details.status.phase = SUCCEEDED.number  # type: ignore[assignment]
    over = ActionDetails(details)
    assert over.duration == over.runtime == timedelta(seconds=5)


def test_attempts_survive_a_status_that_lags() -> None:
    details = action_details()
    details.status.attempts = 0
    assert ActionDetails(details).attempts == 1
    details.attempts.add(attempt=3, logs_available=True)
    assert ActionDetails(details).attempts == 3
    assert ActionDetails(details).logs_available()
    assert not ActionDetails(details).logs_available(2)


def test_phase_transitions() -> None:
    details = action_details()
    attempt = details.attempts.add(attempt=1)
    for phase, start, end in ((1, 10, 12), (3, 12, 15), (4, 15, 16), (5, 16, 0)):
        transition = attempt.phase_transitions.add(phase=phase)
        transition.start_time.FromSeconds(start)
        if end:
            transition.end_time.FromSeconds(end)
    transitions = ActionDetails(details).get_phase_transitions()
    assert [(each.phase.value, each.duration.total_seconds()) for each in transitions] == [
        ("queued", 2),
        ("initializing", 3),
        ("running", 1),
        ("succeeded", 0),
    ]
    found = ActionDetails(details)
    assert found.get_phase_transitions(2) == []
    assert found.phase_durations[ActionPhase.QUEUED] == found.queued_time == timedelta(seconds=2)
    assert found.initializing_time == timedelta(seconds=3)
    assert found.running_time == timedelta(seconds=1)
    assert found.waiting_for_resources_time is None


def test_a_phase_that_goes_on_lasts_until_now() -> None:
    transition = PhaseTransition(RUNNING, datetime.fromtimestamp(1_700_000_000, timezone.utc), None)
    assert transition.duration > timedelta(days=1)


def test_inputs_and_outputs(client: Client, backend: FakeBackend) -> None:
    serve(backend, with_interface(action_details(phase=SUCCEEDED)), data())
    run = Run.get("r1")
    inputs, outputs = run.inputs(), run.outputs()
    assert inputs == {"x": 1, "y": 0}
    assert list(inputs) == ["x", "y"], "the order of the interface"
    assert outputs == (10, 11)
    assert outputs.named_outputs == {"o0": 10, "o1": 11}
    assert (outputs.o0, outputs.o1) == (10, 11)
    assert repr(outputs) == "ActionOutputs(o0=10, o1=11)"
    assert repr(inputs) == "ActionInputs(x=1, y=0)"
    with pytest.raises(AttributeError):
        outputs.o2  # noqa: B018
    run.inputs()
    assert backend.count("GetActionData") == 1, "both come in one call, and are kept"
    assert json.loads(outputs.to_json())["literals"][0]["name"] == "o1"


def test_values_without_an_interface(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=SUCCEEDED), data())
    assert Run.get("r1").inputs() == {"y": 0, "x": 1}


def test_an_older_backend_s_data(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=SUCCEEDED))

    def script(request: Any) -> Any:
        if isinstance(request, dataproxy.GetActionDataRequest):
            raise StatusError("UNIMPLEMENTED", "new-fangled")
        return service.GetActionDataResponse(inputs=data().inputs)

    backend.scripts["GetActionData"] = script
    assert Run.get("r1").inputs() == {"y": 0, "x": 1}


def test_no_outputs_before_the_end(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=RUNNING), dataproxy.GetActionDataResponse(inputs=data().inputs))
    run = Run.get("r1")
    assert run.inputs() == {"y": 0, "x": 1}
    with pytest.raises(remote.NotFinishedError, match="RUNNING"):
        run.outputs()
    with pytest.raises(RuntimeError):
        run.action.outputs()


def test_a_failed_run_has_no_outputs(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=FAILED), dataproxy.GetActionDataResponse())
    assert Run.get("r1").outputs() == ()


def test_a_condition_s_output_is_its_signal(client: Client, backend: FakeBackend) -> None:
    details = action_details(phase=SUCCEEDED, condition=definition.ConditionAction(name="ok"))
    details.signal_info.output.CopyFrom(integer(3))
    serve(backend, details)
    assert Action.get(run_name="r1", name="a0").outputs() == (3,)


def test_abort(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details("c1"))
    Run.get("r1").abort("enough")
    assert backend.calls[-1][0] == "AbortRun"
    assert backend.calls[-1][1].reason == "enough"
    Action.get(run_name="r1", name="c1").abort("no more")
    assert backend.calls[-1][0] == "AbortAction"
    assert (backend.calls[-1][1].action_id.name, backend.calls[-1][1].reason) == ("c1", "no more")


@pytest.mark.parametrize("phase", sorted(remote.TERMINAL_PHASES))
def test_abort_is_never_sent_when_it_is_over(client: Client, backend: FakeBackend, phase: ActionPhase) -> None:
    serve(backend, action_details(phase=RUNNING))
    run = Run.get("r1")
    serve(backend, action_details(phase=phase))
    with pytest.raises(remote.AlreadyFinishedError, match="nothing to abort"):
        run.abort()
    with pytest.raises(remote.AlreadyFinishedError):
        run.action.abort()
    assert backend.count("AbortRun") == backend.count("AbortAction") == 0


def test_raise_for_status(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=SUCCEEDED))
    Run.get("r1").raise_for_status()
    serve(backend, action_details(phase=ActionPhase.RECOVERED))
    Run.get("r1").raise_for_status()
    serve(backend, action_details(phase=RUNNING))
    with pytest.raises(remote.NotFinishedError, match="RUNNING"):
        Run.get("r1").raise_for_status()

    error = definition.ErrorInfo(
        message="division by zero", kind=definition.ErrorInfo.KIND_USER, code="ZeroDivisionError"
    )
    serve(backend, action_details(phase=FAILED, error_info=error))
    with pytest.raises(
        remote.RunFailedError, match=r"r1 ended as FAILED .ZeroDivisionError.: division by zero"
    ) as caught:
        Run.get("r1").raise_for_status()
    assert (caught.value.code, caught.value.kind, caught.value.phase) == ("ZeroDivisionError", "USER", "failed")

    abort = definition.AbortInfo(reason="enough")
    serve(backend, action_details(phase=ActionPhase.ABORTED, abort_info=abort))
    with pytest.raises(remote.RunAbortedError, match="enough"):
        Run.get("r1").raise_for_status()
    serve(backend, action_details(phase=ActionPhase.TIMED_OUT))
    with pytest.raises(remote.RunTimedOutError, match="TIMED_OUT"):
        Run.get("r1").raise_for_status()


def test_an_error_that_only_the_attempt_has() -> None:
    details = action_details(phase=FAILED)
    details.attempts.add(attempt=1).error_info.message = "boom"
    assert ActionDetails(details).error_message == "boom"


def test_details_are_read_again_until_it_is_over(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=RUNNING))
    run = Run.get("r1")
    serve(backend, action_details(phase=SUCCEEDED))
    assert run.details().done()
    assert run.phase == "succeeded"
    calls = len(backend.calls)
    run.details()
    assert len(backend.calls) == calls


def test_sync(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=RUNNING))
    run = Run.get("r1")
    serve(backend, action_details(phase=SUCCEEDED))
    assert run.sync() is run
    assert run.phase == "succeeded"


def test_watch_updates_caches_the_data_first(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=SUCCEEDED), data())

    async def script(_: Any) -> Any:
        yield service.WatchActionDetailsResponse(details=action_details(phase=SUCCEEDED))

    backend.scripts["WatchActionDetails"] = script
    for details in ActionDetails.get(run_name="r1", name="a0").watch_updates(cache_data_on_done=True):
        calls = len(backend.calls)
        assert details.outputs() == (10, 11)
        assert len(backend.calls) == calls
    assert [each.phase for each in ActionDetails.watch(action_details().id)] == ["succeeded"]


def test_to_dict(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=SUCCEEDED))
    run = Run.get("r1")
    assert run.to_dict()["action"]["status"]["phase"] == "ACTION_PHASE_SUCCEEDED"
    assert json.loads(run.to_json()) == run.to_dict()
    assert run.action.to_dict()["id"]["run"]["name"] == "r1"


def test_report(client: Client, backend: FakeBackend) -> None:
    serve(backend, action_details(phase=SUCCEEDED))

    def none(_: Any) -> Any:
        raise StatusError("NOT_FOUND", "report")

    backend.scripts["CreateDownloadLink"] = none
    with pytest.raises(remote.NotFoundError, match="has no report"):
        Run.get("r1").get_report()


def test_from_sdk_needs_the_sdk_s_connection() -> None:
    class SdkRun:
        pb2 = definition.Run()

    with pytest.raises(remote.NotConnectedError):
        Run.from_sdk(SdkRun())


@pytest.mark.parametrize(
    ("uri", "project", "action"),
    [
        ("https://f.example.com/v2/domain/development/project/my%20p/runs/r1?i=c1", "my p", "c1"),
        ("https://f.example.com/v2/domain/development/project/p/runs/r1", "p", "a0"),
    ],
)
def test_an_action_by_its_page(client: Client, backend: FakeBackend, uri: str, project: str, action: str) -> None:
    serve(backend, action_details("c1"))
    assert Action.get(uri, run_name="another", name="a7").run_name == "r1"
    sent = backend.calls[-1][1].action_id
    assert (sent.run.project, sent.run.domain, sent.run.name, sent.name) == (project, "development", "r1", action)
    ActionDetails.get(Action.get(uri).url)
    assert backend.calls[-1][1].action_id.name == "c1"


def test_what_is_no_page(client: Client) -> None:
    for uri in ("s3://b/k", "https://f.example.com/", "r1"):
        with pytest.raises(remote.InvalidArgumentError, match="not the page of a run or action"):
            Action.get(uri, run_name="r1", name="a0")


def listed(backend: FakeBackend, *actions: definition.ActionDetails) -> None:
    def script(request: service.ListActionsRequest) -> service.ListActionsResponse:
        assert [(each.field, list(each.values)) for each in request.request.filters] == [("phase", ["6"])]
        assert request.run_id.project == "elsewhere"
        found = [definition.Action(id=each.id, metadata=each.metadata, status=each.status) for each in actions]
        return service.ListActionsResponse(actions=found)

    def details(request: service.GetActionDetailsRequest) -> service.GetActionDetailsResponse:
        found = next(each for each in actions if each.id.name == request.action_id.name)
        return service.GetActionDetailsResponse(details=found)

    backend.scripts.update(ListActions=script, GetActionDetails=details)


def failed(name: str, parent: str, message: str) -> definition.ActionDetails:
    details = action_details(name, phase=FAILED, error_info=definition.ErrorInfo(message=message))
    details.metadata.parent = parent
    return details


def test_the_first_failure_is_below_the_root(client: Client, backend: FakeBackend) -> None:
    root = failed("a0", "", "something below failed")
    run = Run(definition.Run(action=definition.Action(id=root.id)), client=client)
    run.pb2.action.id.run.project = "elsewhere"
    listed(backend, root, failed("c1", "a0", "boom"), failed("c2", "c1", "later"))
    failure = run.first_failure()
    assert failure is not None
    assert (failure.name, failure.error_message) == ("c1", "boom")
    listed(backend, root)
    failure = run.first_failure()
    assert failure is not None
    assert failure.name == "a0"
    listed(backend)
    assert run.first_failure() is None


def test_a_debugger_is_waited_for(client: Client, backend: FakeBackend) -> None:
    async def script(_: Any) -> Any:
        starting = action_details()
        log = starting.attempts.add(attempt=1).log_info.add(uri="/debug/x", link_type=core_execution.TaskLog.IDE)
        yield service.WatchActionDetailsResponse(details=starting)
        log.ready = True
        yield service.WatchActionDetailsResponse(details=starting)
        await backend.silence()

    backend.scripts["WatchActionDetails"] = script
    details = action_details()
    run = Run(definition.Run(action=definition.Action(id=details.id)), client=client)
    assert run.get_debug_url() == f"{client.endpoint.console}/debug/x"

    async def without(_: Any) -> Any:
        yield service.WatchActionDetailsResponse(details=action_details(phase=SUCCEEDED))

    backend.scripts["WatchActionDetails"] = without
    assert run.get_debug_url() is None


def test_what_a_run_was_made_from() -> None:
    details = action_details()
    assert ActionDetails(details).relation is None
    run = RunDetails(definition.RunDetails(action=details))
    assert run.relation is None
    details.metadata.relation.related_to.name = "r0"
    relation = RunDetails(definition.RunDetails(action=details)).relation
    assert relation is not None
    assert relation.related_to.name == "r0"
    spec = definition.RunDetails(action=action_details())
    spec.run_spec.relation.relation_type = common_run.RELATION_TYPE_RERUN
    relation = RunDetails(spec).relation
    assert relation is not None
    assert relation.relation_type == common_run.RELATION_TYPE_RERUN


def test_inputs_are_a_mapping_of_one_s_own(client: Client, backend: FakeBackend) -> None:
    serve(backend, with_interface(action_details(phase=SUCCEEDED)), data())
    inputs = Run.get("r1").inputs()
    copied = inputs.copy()
    copied.update({"x": 5}, z=6)
    assert (copied.pop("y"), copied.pop("none", 1), copied.setdefault("w", 7)) == (0, 1, 7)
    assert copied == {"x": 5, "z": 6, "w": 7}
    assert isinstance(copied, ActionInputs)
    assert inputs == {"x": 1, "y": 0}, "the copy is another"
    assert dict(ActionInputs.fromkeys("ab", 1)) == {"a": 1, "b": 1}
    assert ActionInputs(data={"a": 1}).to_dict() == {}, "no message, nothing of it"
    assert [each["name"] for each in inputs.to_dict()["literals"]] == ["y", "x"]
    while copied:
        copied.popitem()
    assert "x" in inputs
    inputs.clear()
    assert len(inputs) == 0


def test_outputs_by_their_names() -> None:
    outputs = ActionOutputs(common_pb2.Outputs(), (1, 2), ("a", "count"))
    assert outputs.named_outputs == {"a": 1, "count": 2}
    assert outputs.a == 1
    assert outputs.count(2) == 1, "a name of every tuple stays that"
    assert ActionOutputs(common_pb2.Outputs(), (1, 2)).o1 == 2
    assert repr(outputs) == "ActionOutputs(a=1, count=2)"
    for copied in (copy.copy(outputs), copy.deepcopy(outputs), pickle.loads(pickle.dumps(outputs))):
        assert (type(copied), copied, copied.named_outputs) == (ActionOutputs, outputs, outputs.named_outputs)
