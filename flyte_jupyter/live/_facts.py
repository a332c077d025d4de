"""What a view shows of an action's details: plain data of the topics `details` and `events` of docs/protocol.md."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flyteidl2.common.identity_pb2 import EnrichedIdentity
from flyteidl2.core.literals_pb2 import Literal
from flyteidl2.workflow.run_definition_pb2 import ActionAttempt, ActionDetails, ConditionAction, ErrorInfo
from google.protobuf.timestamp_pb2 import Timestamp

from flyte_jupyter.live._details import error_of
from flyte_jupyter.live._phases import TERMINAL
from flyte_jupyter.live._state import kind_and_label

_SOURCES = {1: "console", 2: "command line", 3: "schedule", 4: "tracked", 5: "artifact trigger"}
_RELATIONS = {1: "rerun", 2: "recover", 3: "spawn", 4: "triggered", 5: "artifact"}
_EVENTS = {1: "normal", 2: "warning"}
_CONDITIONS = {1: "int", 2: "float", 3: "str", 4: "bool"}  # by SimpleType; backends take no others
_KINDS = {"task": "task", "trace": "trace", "condition": "condition"}


def details_of(details: ActionDetails) -> dict[str, Any]:
    """The value of the topic `details`."""
    metadata, status = details.metadata, details.status
    error = error_of(details) if int(status.phase) not in (5, 10) else None
    related = metadata.relation if metadata.HasField("relation") else None
    recovered = metadata.recovered_from if metadata.HasField("recovered_from") else None
    abort = details.abort_info if details.HasField("abort_info") else None
    numbers = [attempt.attempt for attempt in details.attempts]
    return {
        "name": details.id.name,
        "kind": _KINDS.get(details.WhichOneof("spec") or metadata.WhichOneof("spec") or "", ""),
        "phase": int(status.phase),
        "task": metadata.task.id.name or kind_and_label(metadata)[1],
        "version": metadata.task.id.version,
        "environment": metadata.environment_name or details.task.environment.name,
        "parent": metadata.parent,
        "group": metadata.group,
        "who": identity(metadata.executed_by),
        "source": metadata.trigger_name or _SOURCES.get(int(metadata.source), ""),
        "cache": int(details.attempts[-1].cache_status if details.attempts else status.cache_status),
        "relation": related
        and {"kind": _RELATIONS.get(int(related.relation_type), ""), "run": related.related_to.name},
        "recovered_from": f"{recovered.run.name}/{recovered.name}" if recovered else "",
        "abort": abort and {"reason": abort.reason, "by": identity(abort.aborted_by)},
        "error": error and error._asdict(),
        "attempts": [_attempt(attempt, attempt.attempt < max(numbers)) for attempt in details.attempts],
        "condition": _condition(details) if details.WhichOneof("spec") == "condition" else None,
    }


def events_of(details: ActionDetails) -> dict[str, Any]:
    """The value of the topic `events`."""
    return {
        "attempts": {
            str(attempt.attempt): [
                {
                    "time": moment(event, "occurred_at"),
                    "kind": _EVENTS.get(int(event.type), ""),
                    "reason": event.reason,
                    "source": event.source_component,
                    "message": event.message,
                    "count": event.count,
                }
                for event in attempt.cluster_events
            ]
            for attempt in details.attempts
        }
    }


def identity(who: EnrichedIdentity) -> str:
    """Who a message names, "" for nobody."""
    if who.HasField("application"):
        return who.application.spec.name or who.application.id.subject
    spec = who.user.spec
    name = " ".join(part for part in (spec.first_name, spec.last_name) if part)
    email = spec.email or spec.user_handle
    return f"{name} <{email}>" if name and email not in ("", name) else name or email or who.user.id.subject


def moment(message: Any, field: str) -> float | None:
    """A time of a message in ms since 1970, None where it is not set."""
    if not message.HasField(field):
        return None
    time: Timestamp = getattr(message, field)
    return time.seconds * 1000.0 + time.nanos / 1e6


def is_link(url: str) -> bool:
    """Whether a link may be offered."""
    return urlsplit(url).scheme in ("http", "https")


def latest_attempt(details: ActionDetails) -> int:
    """The number of the latest attempt, at least 1."""
    return max([1, details.status.attempts, *(attempt.attempt for attempt in details.attempts)])


def condition_type(condition: ConditionAction) -> str:
    """The type of what a condition can be signalled: "bool", "int", "float", "str", or "" where it cannot from here."""
    kind = condition.type.WhichOneof("type")
    return _CONDITIONS.get(int(condition.type.simple), "") if kind == "simple" else ""


def _attempt(attempt: ActionAttempt, retried: bool) -> dict[str, Any]:
    error: ErrorInfo | None = attempt.error_info if attempt.HasField("error_info") else None
    return {
        "attempt": attempt.attempt,
        "phase": int(attempt.phase),
        "started": moment(attempt, "start_time"),
        "ended": moment(attempt, "end_time"),
        "retried": retried,
        "phases": [
            [int(one.phase), moment(one, "start_time"), moment(one, "end_time")] for one in attempt.phase_transitions
        ],
        "error": error
        and {
            "kind": {1: "USER", 2: "SYSTEM"}.get(int(error.kind), ""),
            "code": error.code,
            "message": error.message,
        },
        "cache": int(attempt.cache_status),
        "logs": attempt.logs_available,
        "report": bool(attempt.outputs.report_uri),
        "cluster": attempt.cluster,
        "links": [
            {"name": link.name, "url": link.uri, "ready": link.ready or int(attempt.phase) in TERMINAL}
            for link in attempt.log_info
            if is_link(link.uri)
        ],
    }


def _condition(details: ActionDetails) -> dict[str, Any]:
    condition = details.condition
    signal = details.signal_info if details.HasField("signal_info") else None
    started = moment(details.status, "start_time")
    timeout = condition.timeout.ToMilliseconds() if condition.HasField("timeout") else 0
    return {
        "prompt": condition.prompt,
        "format": "markdown" if int(condition.prompt_type) == 2 else "text",
        "description": condition.description,
        "type": condition_type(condition),
        "deadline": started + timeout if started is not None and timeout else None,
        "answered": signal is not None,
        "answer": _answer(signal.output) if signal is not None else "",
        "by": identity(signal.signalled_by) if signal is not None else "",
        "at": moment(details.status, "end_time") if signal is not None else None,
    }


def _answer(literal: Literal) -> str:
    primitive = literal.scalar.primitive
    kind = primitive.WhichOneof("value")
    return "" if kind is None else str(getattr(primitive, kind))
