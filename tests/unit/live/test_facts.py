"""What is made of an action's details is what the golden messages promise the page."""

from __future__ import annotations

import json
from typing import Any

from flyteidl2.workflow.run_definition_pb2 import ActionDetails

from flyte_jupyter.live._facts import details_of, events_of, identity
from flyte_jupyter.live._spec import spec_of
from tests.golden.make_messages import HERE, T0
from tests.unit.live.messages import FAILED, INITIALIZING, PAUSED, QUEUED, RUNNING


def golden(lid: str) -> Any:
    """The value of the first sight of a look in the golden messages."""
    messages = json.loads((HERE / "messages.json").read_text(encoding="utf-8"))["kernel"]
    return next(one["content"]["value"] for one in messages if one["content"].get("lid") == lid)


def stamp(message: Any, field: str, ms: float | None) -> None:
    if ms is not None:
        getattr(message, field).FromMilliseconds(int(ms))


def attempt(details: ActionDetails, number: int, phase: int, *transitions: tuple[int, int, int | None]) -> Any:
    one = details.attempts.add(attempt=number, phase=phase, logs_available=True, cluster="c")  # type: ignore[arg-type]
    for which, begin, end in transitions:
        transition = one.phase_transitions.add(phase=which)  # type: ignore[arg-type]
        stamp(transition, "start_time", begin)
        stamp(transition, "end_time", end)
    stamp(one, "start_time", transitions[0][1])
    return one


def failed() -> ActionDetails:
    details = ActionDetails()
    details.id.name, details.id.run.name = "c1", "r1"
    metadata = details.metadata
    metadata.parent, metadata.group, metadata.environment_name = "a0", "map", "env"
    metadata.task.id.name, metadata.task.id.version = "env.square", "v1"
    metadata.source = 2  # type: ignore[assignment]
    user = metadata.executed_by.user.spec
    user.first_name, user.last_name, user.email = "Ada", "Lovelace", "ada@example.com"
    metadata.relation.related_to.name, metadata.relation.relation_type = "r0", 1  # type: ignore[assignment]
    details.status.phase = FAILED  # type: ignore[assignment]
    details.task.short_name = "square"
    attempt(
        details, 1, RUNNING, (QUEUED, T0, T0 + 500), (INITIALIZING, T0 + 500, T0 + 2000), (RUNNING, T0 + 2000, None)
    )
    last = attempt(
        details,
        2,
        FAILED,
        (QUEUED, T0 + 5000, T0 + 6000),
        (RUNNING, T0 + 6000, T0 + 9000),
        (FAILED, T0 + 9000, T0 + 9000),
    )
    stamp(last, "end_time", T0 + 9000)
    last.error_info.kind, last.error_info.code = 1, "ValueError"
    last.error_info.message = "Traceback …\nValueError: no <b>7</b> today"
    last.outputs.report_uri = "s3://bucket/report.html"
    last.log_info.add(name="Kubernetes logs", uri="https://logs.example.com/c1")
    last.log_info.add(name="evil", uri="javascript:alert(1)")
    return details


def test_the_details_of_a_task_that_was_retried_and_failed():
    assert json.loads(json.dumps(details_of(failed()))) == golden("l1")


def test_the_details_of_a_condition_that_waits():
    details = failed()
    del details.attempts[:]
    details.id.name = "c2"
    details.status.phase = PAUSED  # type: ignore[assignment]
    stamp(details.status, "start_time", T0)
    for field in ("group", "environment_name", "relation"):
        details.metadata.ClearField(field)  # type: ignore[arg-type]
    details.metadata.condition.name = "approve"
    condition = details.condition
    condition.name, condition.prompt, condition.prompt_type = "approve", "Deploy **model** 7?", 2  # type: ignore[assignment]
    condition.type.simple = 4  # type: ignore[assignment]
    condition.timeout.FromSeconds(3600)
    assert json.loads(json.dumps(details_of(details))) == golden("l4")
    details.signal_info.output.scalar.primitive.boolean = True
    details.signal_info.signalled_by.user.id.subject = "ada"
    stamp(details.status, "end_time", T0 + 5)
    answered = details_of(details)["condition"]
    assert (answered["answered"], answered["answer"], answered["by"], answered["at"]) == (True, "True", "ada", T0 + 5)


def test_cluster_events():
    details = ActionDetails()
    event = details.attempts.add(attempt=1).cluster_events.add(message="Pulled image")
    stamp(event, "occurred_at", T0)
    assert json.loads(json.dumps(events_of(details))) == golden("l6")


def test_who_a_message_names():
    details = ActionDetails()
    who = details.metadata.executed_by
    assert identity(who) == ""
    who.user.id.subject = "s"
    assert identity(who) == "s"
    who.user.spec.email = "a@b"
    assert identity(who) == "a@b"
    who.user.spec.email, who.user.spec.first_name, who.user.spec.user_handle = "", "root", "root"
    assert identity(who) == "root"
    who.application.spec.name = "bot"
    assert identity(who) == "bot"


def rows(details: ActionDetails) -> dict[str, dict[str, str]]:
    return {section["title"]: dict(section["rows"]) for section in spec_of(details)["sections"]}


def test_the_specification_without_secrets():
    details = failed()
    template = details.task.task_template
    template.id.name, template.id.version = "env.square", "v1"
    container = template.container
    container.image = "registry.example.com/image:1"
    container.args.extend(["--token", "hunter2", "--n=3", "--password=hunter3", "plain"])
    container.resources.requests.add(name=1, value="2")  # type: ignore[arg-type]
    container.resources.limits.add(name=1, value="4")  # type: ignore[arg-type]
    for key, value in {
        "MODE": "fast",
        "API_TOKEN": "hunter4",
        "DATABASE": "postgres://me:hunter5@db/x",
        "PLAIN": "AKIAABCDEFGHIJKLMNOP",
    }.items():
        container.env.add(key=key, value=value)
    secret = template.security_context.secrets.add(key="openai", group="keys")
    secret.env_var = "OPENAI"
    found = rows(details)
    assert found["Task"]["Name"] == "env.square"
    assert found["Container"]["Arguments"] == "--token hidden --n=3 --password=hidden plain"
    assert found["Resources"] == {"CPU": "2 to 4"}
    assert found["Variables"] == {"MODE": "fast", "API_TOKEN": "hidden", "DATABASE": "hidden", "PLAIN": "hidden"}
    assert found["Secrets"] == {"keys/openai as OPENAI": "hidden"}
    assert "hunter" not in json.dumps(spec_of(details))
