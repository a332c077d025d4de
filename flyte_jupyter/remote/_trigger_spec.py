"""What a trigger is to do, from our own arguments or from the SDK's object."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote._common import to_datetime
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._launch import run_spec

if TYPE_CHECKING:
    from flyteidl2.task.common_pb2 import TriggerAutomationSpec
    from flyteidl2.task.run_pb2 import RunSpec

KICKOFF_KEY = "_u_kickoff_time_input_arg"
"""Where the context of a trigger's inputs says which of them is the time that the trigger fires."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """A trigger before it is deployed.

    Attributes:
        name: Its name.
        automation: What fires it.
        run_spec: How its runs are run.
        inputs: Inputs for its runs.
        context: Context of those inputs.
        without: Inputs that are given when it fires.
        active: Whether it fires from now on.
        description: What it is for.
    """

    name: str
    automation: TriggerAutomationSpec
    run_spec: RunSpec
    inputs: Mapping[str, Any]
    context: Mapping[str, str]
    without: tuple[str, ...]
    active: bool
    description: str


def own_plan(
    name: str,
    *,
    cron: str | None,
    every: timedelta | int | None,
    timezone_name: str,
    start_time: datetime | None,
    kickoff_time_input: str | None,
    inputs: Mapping[str, Any] | None,
    active: bool,
    description: str,
    run: Mapping[str, Any],
) -> Plan:
    """A trigger of our own arguments; see `Trigger.create`."""
    if not name:
        raise InvalidArgumentError("A trigger needs a name.")
    if cron is not None and every is not None:
        raise InvalidArgumentError("A trigger fires by a cron expression or at a fixed rate, not both.")
    if cron is not None:
        automation = _cron(cron, timezone_name)
    elif every is not None:
        automation = _rate(every, start_time)
    else:
        automation = pb.TriggerAutomationSpec(type="TYPE_NONE")
    context: dict[str, str] = {}
    if kickoff_time_input:
        if not automation.HasField("schedule"):
            raise InvalidArgumentError("Only a schedule gives the time at which it fires.", "Give cron= or every=.")
        automation.schedule.kickoff_time_input_arg = context[KICKOFF_KEY] = kickoff_time_input
    without = (kickoff_time_input,) if kickoff_time_input else ()
    return Plan(name, automation, run_spec(**run), inputs or {}, context, without, active, description)


def sdk_plan(trigger: Any) -> Plan:
    """The trigger that an object of the SDK's `flyte.Trigger` describes.

    Raises:
        InvalidArgumentError: It is no such object, or wants what only the SDK can do.
    """
    module, kind = str(type(trigger).__module__), str(type(trigger).__name__)
    if not module.startswith("flyte.") or kind != "Trigger":
        raise InvalidArgumentError(
            f"A trigger is a flyte.Trigger or a name, and not a {kind}.",
            'Give Trigger.create("nightly", "env.task", cron="0 3 * * *").',
        )
    if getattr(trigger, "notifications", None):
        raise InvalidArgumentError("A trigger with notifications can only be deployed by the flyte SDK.")
    kickoff, artifact, partitions, inputs = _sort_inputs(trigger.inputs or {})
    automation = _sdk_automation(trigger.automation, artifact, partitions)
    context: dict[str, str] = dict(getattr(trigger, "custom_context", None) or {})
    if kickoff and automation.HasField("schedule"):
        automation.schedule.kickoff_time_input_arg = kickoff
    if kickoff:
        context[KICKOFF_KEY] = kickoff
    run = run_spec(
        labels=getattr(trigger, "labels", None),
        annotations=getattr(trigger, "annotations", None),
        envs=trigger.env_vars,
        overwrite_cache=trigger.overwrite_cache,
        interruptible=trigger.interruptible,
        queue=trigger.queue,
    )
    run.max_action_concurrency = getattr(trigger, "max_action_concurrency", None) or 0
    without = tuple(name for name in (kickoff, artifact, *partitions) if name)
    return Plan(trigger.name, automation, run, inputs, context, without, trigger.auto_activate, trigger.description)


def _sort_inputs(inputs: Mapping[str, Any]) -> tuple[str, str, dict[str, str], dict[str, Any]]:
    """The names of the inputs that a trigger of the SDK gives by itself, and the values of the others."""
    kickoff, artifact, partitions, values = "", "", dict[str, str](), dict[str, Any]()
    for name, value in inputs.items():
        kind = type(value).__name__ if type(value).__module__ == "flyte._trigger" else ""
        if kind == "_trigger_time":
            kickoff = name
        elif kind == "_triggered_artifact":
            artifact = name
        elif kind == "TriggeredPartition":
            partitions[name] = value.key
        else:
            values[name] = value
    return kickoff, artifact, partitions, values


def _sdk_automation(automation: Any, artifact: str, partitions: Mapping[str, str]) -> TriggerAutomationSpec:
    if automation is None:
        return pb.TriggerAutomationSpec(type="TYPE_NONE")
    if hasattr(automation, "expression"):
        return _cron(automation.expression, automation.timezone)
    if hasattr(automation, "interval_minutes"):
        start: datetime | None = automation.start_time
        # The SDK's own reading of a time without a zone.
        utc = start.replace(tzinfo=timezone.utc) if start is not None and start.tzinfo is None else start
        return _rate(automation.interval_minutes, utc)
    try:
        spec = pb.TriggerAutomationSpec(type="TYPE_ARTIFACT")
        spec.artifact.artifact_name = automation.name
        spec.artifact.version = automation.version or ""
        spec.artifact.input_arg = artifact
        spec.artifact.partitions.update(automation.partitions or {})
        spec.artifact.partition_input_args.update(partitions)
    except (AttributeError, ValueError):
        kind = type(automation).__name__
        raise InvalidArgumentError(f"A trigger that fires by {kind} cannot be deployed from here.") from None
    return spec


def _cron(expression: str, timezone_name: str) -> TriggerAutomationSpec:
    if len(expression.split()) != 5 and not expression.startswith("@"):
        raise InvalidArgumentError(
            f"{expression!r} is not a cron expression.", 'It has five fields, as "0 3 * * 1" for Mondays at 3.'
        )
    cron = pb.Cron(expression=expression, timezone=timezone_name)
    return pb.TriggerAutomationSpec(type="TYPE_SCHEDULE", schedule=pb.Schedule(cron=cron))


def _rate(every: timedelta | int, start_time: datetime | None) -> TriggerAutomationSpec:
    span = every if isinstance(every, timedelta) else timedelta(minutes=every)
    minutes, rest = divmod(span, timedelta(minutes=1))
    if minutes < 1 or rest:
        raise InvalidArgumentError(f"A fixed rate is a whole number of minutes, and not {span}.")
    rate = pb.FixedRate(value=minutes, unit="FIXED_RATE_UNIT_MINUTE")
    if start_time is not None:
        rate.start_time.FromDatetime(start_time.astimezone(timezone.utc))
    return pb.TriggerAutomationSpec(type="TYPE_SCHEDULE", schedule=pb.Schedule(rate=rate))


def describe(automation: TriggerAutomationSpec) -> str:
    """What fires a trigger, in a line."""
    kind = automation.WhichOneof("automation")
    if kind == "artifact":
        version = automation.artifact.version
        return f"artifact {automation.artifact.artifact_name}{f' {version}' if version else ''}"
    if kind != "schedule":
        return "on demand"
    schedule = automation.schedule
    which = schedule.WhichOneof("expression")
    if which == "cron":
        return f"cron {schedule.cron.expression} ({schedule.cron.timezone or 'UTC'})"
    if which == "cron_expression":
        return f"cron {schedule.cron_expression} (UTC)"
    if which != "rate":
        return "no schedule"
    rate = schedule.rate
    units: dict[int, str] = {number: name for name, number in pb.FixedRateUnit.items()}
    unit = units.get(int(rate.unit), "unknown unit").removeprefix("FIXED_RATE_UNIT_").lower()
    text = f"every {rate.value} {unit}s" if rate.value != 1 else f"every {unit}"
    return f"{text} from {to_datetime(rate.start_time):%Y-%m-%d %H:%M} UTC" if rate.HasField("start_time") else text
