from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import flyte
import pytest
from flyteidl2.dataproxy import dataproxy_service_pb2 as proxy
from flyteidl2.task import common_pb2
from flyteidl2.trigger import trigger_definition_pb2 as definition
from flyteidl2.trigger import trigger_service_pb2 as pb2

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, Trigger, TriggerDetails
from flyte_jupyter.remote._trigger_spec import describe, sdk_plan
from tests.unit.remote.fake_backend import FakeBackend
from tests.unit.remote.test_task import serve


@pytest.fixture
def deployed(backend: FakeBackend, client: Client) -> list[pb2.DeployTriggerRequest]:
    """What triggers were deployed with."""
    requests: list[pb2.DeployTriggerRequest] = []

    def deploy(request: pb2.DeployTriggerRequest) -> pb2.DeployTriggerResponse:
        requests.append(request)
        details = definition.TriggerDetails(spec=request.spec, automation_spec=request.automation_spec)
        details.id.name.CopyFrom(request.name)
        return pb2.DeployTriggerResponse(trigger=details)

    serve(backend)
    backend.scripts["DeployTrigger"] = deploy
    return requests


def inputs(request: pb2.DeployTriggerRequest) -> dict[str, int]:
    return {each.name: each.value.scalar.primitive.integer for each in request.spec.inputs.literals}


def test_a_trigger_of_our_own(deployed: list[Any]) -> None:
    made = Trigger.create("nightly", "env.add", cron="0 3 * * *", timezone="Europe/Berlin", inputs={"a": 1})
    assert repr(made) == "Trigger(env.add/nightly, cron 0 3 * * * (Europe/Berlin))"
    (request,) = deployed
    assert (request.name.name, request.name.task_name, request.spec.task_version) == ("nightly", "env.add", "v1")
    assert inputs(request) == {"a": 1, "b": 2}
    assert request.spec.active
    assert int(request.automation_spec.type) == common_pb2.TYPE_SCHEDULE
    assert made.details is not None
    assert made.get_details() is made.details


def test_inputs_are_uploaded_where_that_is_possible(backend: FakeBackend, deployed: list[Any]) -> None:
    answer = proxy.UploadInputsResponse()
    answer.offloaded_input_data.uri = "s3://in"
    backend.scripts["UploadInputs"] = lambda request: answer
    Trigger.create("t", "env.add", "v1", every=30, inputs={"a": 1})
    assert deployed[0].spec.offloaded_input_data.uri == "s3://in"
    (uploaded,) = [request for rpc, request in backend.calls if rpc == "UploadInputs"]
    assert (uploaded.task_id.version, uploaded.project_id.name) == ("v1", "flytesnacks")


def test_the_time_of_firing_is_an_input(deployed: list[Any]) -> None:
    Trigger.create("t", "env.add", cron="@daily", kickoff_time_input="a", active=False)
    Trigger.create(flyte.Trigger.daily(inputs={"a": flyte.TriggerTime}), "env.add")
    for request in deployed:
        assert inputs(request) == {"b": 2}
        assert request.automation_spec.schedule.kickoff_time_input_arg == "a"
        assert [pair.value for pair in request.spec.inputs.context] == ["a"]
    assert not deployed[0].spec.active


def test_what_the_sdk_says_of_a_trigger() -> None:
    start = datetime(2026, 1, 2, tzinfo=timezone.utc)
    trigger = flyte.Trigger(
        "t",
        automation=flyte.FixedRate(90, start_time=start),
        description="why",
        auto_activate=False,
        inputs={"a": 1},
        env_vars={"E": "1"},
        interruptible=True,
        overwrite_cache=True,
        queue="q",
        labels={"l": "1"},
        annotations={"n": "1"},
        max_action_concurrency=4,
        custom_context={"c": "1"},
    )
    plan = sdk_plan(trigger)
    assert (plan.name, plan.description, plan.active, plan.inputs) == ("t", "why", False, {"a": 1})
    assert describe(plan.automation) == "every 90 minutes from 2026-01-02 00:00 UTC"
    spec = plan.run_spec
    assert (spec.interruptible.value, spec.overwrite_cache, spec.queue, spec.max_action_concurrency) == (
        True,
        True,
        "q",
        4,
    )
    assert (dict(spec.labels.values), dict(spec.annotations.values), plan.context) == (
        {"l": "1"},
        {"n": "1"},
        {"c": "1"},
    )
    on_artifact = sdk_plan(
        flyte.Trigger("t", automation=flyte.OnArtifact("model", version="1"), inputs={"a": flyte.TriggeredArtifact})
    )
    assert (describe(on_artifact.automation), on_artifact.without) == ("artifact model 1", ("a",))
    assert describe(sdk_plan(flyte.Trigger("t")).automation) == "on demand"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"cron": "daily"}, "'daily' is not a cron expression. It has five fields"),
        ({"every": 0}, "A fixed rate is a whole number of minutes, and not 0:00:00"),
        ({"every": timedelta(seconds=90)}, "A fixed rate is a whole number of minutes, and not 0:01:30"),
        ({"cron": "0 * * * *", "every": 5}, "by a cron expression or at a fixed rate, not both"),
        ({"kickoff_time_input": "a"}, "Only a schedule gives the time at which it fires"),
        ({"cron": "0 * * * *", "kickoff_time_input": "x"}, "has no input 'x'; its inputs are a, b"),
        ({"cron": "0 * * * *", "inputs": {"a": "x"}}, "Input 'a' must be an int, and is the str 'x'"),
        ({"cron": "0 * * * *"}, "needs the input 'a'"),
        ({"trigger": 3}, "A trigger is a flyte.Trigger or a name, and not a int"),
        ({"trigger": ""}, "A trigger needs a name"),
    ],
)
def test_what_cannot_be(deployed: list[Any], arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(remote.InvalidArgumentError) as caught:
        Trigger.create(**{"trigger": "t", "task_name": "env.add", **arguments})
    assert sentence in str(caught.value)
    assert deployed == []


def test_lists(client: Client, backend: FakeBackend) -> None:
    def answer(request: pb2.ListTriggersRequest) -> pb2.ListTriggersResponse:
        found = [definition.Trigger(active=True) for _ in range(request.request.limit)]
        return pb2.ListTriggersResponse(triggers=found, token="more")

    backend.scripts["ListTriggers"] = answer
    assert len(list(Trigger.listall(limit=130))) == 130
    assert len(list(Trigger.listall("env.add", limit=1))) == 1
    assert len(list(Trigger.listall("env.add", "v1", limit=1))) == 1
    requests = [request for _, request in backend.calls]
    assert [request.WhichOneof("scope_by") for request in requests] == ["project_id"] * 2 + ["task_name", "task_id"]
    assert not any(request.request.HasField("sort_by") for request in requests), "not all backends sort triggers"
    with pytest.raises(remote.InvalidArgumentError, match="A version is that of a task"):
        list(Trigger.listall(task_version="v1"))


def test_details(client: Client, backend: FakeBackend) -> None:
    details = definition.TriggerDetails()
    details.id.name.name, details.id.name.task_name, details.id.revision = "t", "env.add", 3
    details.automation_spec.type = common_pb2.TYPE_NONE
    backend.scripts["GetTriggerDetails"] = lambda request: pb2.GetTriggerDetailsResponse(trigger=details)
    found = TriggerDetails.get(name="t", task_name="env.add")
    assert (found.name, found.task_name, found.id.revision, found.is_active) == ("t", "env.add", 3, False)
    assert repr(found) == "TriggerDetails(env.add/t, on demand, paused)"
    listed = Trigger(found.trigger)
    assert (listed.id, listed.automation_spec, listed.is_active) == (found.id, found.automation_spec, False)
    assert listed.get_details().name == "t"
    assert listed.url.endswith("/v2/domain//project//triggers/env.add/t")
    assert (found.metadata, found.status, found.description) == (details.metadata, details.status, "")
    with pytest.raises(remote.InvalidArgumentError, match="one of them is empty"):
        Trigger.get(name="t", task_name="")


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (common_pb2.Schedule(cron_expression="0 * * * *"), "cron 0 * * * * (UTC)"),
        (common_pb2.Schedule(rate=common_pb2.FixedRate(value=1, unit="FIXED_RATE_UNIT_HOUR")), "every hour"),
        (common_pb2.Schedule(), "no schedule"),
    ],
)
def test_schedules_in_words(schedule: common_pb2.Schedule, text: str) -> None:
    assert describe(common_pb2.TriggerAutomationSpec(schedule=schedule)) == text
