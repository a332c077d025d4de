"""Values that conditions are given, and hashes of inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from flyteidl2.core import literals_pb2, types_pb2
from flyteidl2.task import common_pb2, task_definition_pb2
from flyteidl2.workflow import run_service_pb2

from flyte_jupyter.local._model import CONDITION, SUCCEEDED, Action
from flyte_jupyter.local._status import invalid, precondition

_SIMPLE = {
    "boolean": types_pb2.BOOLEAN,
    "integer": types_pb2.INTEGER,
    "float_value": types_pb2.FLOAT,
    "string_value": types_pb2.STRING,
}


def payload_literal(payload: run_service_pb2.EventPayload) -> literals_pb2.Literal:
    """What SignalEvent carries, as a literal.

    Raises:
        ConnectError: INVALID_ARGUMENT, it carries nothing.
    """
    which = payload.WhichOneof("value")
    primitive = literals_pb2.Primitive()
    if which == "bool_value":
        primitive.boolean = payload.bool_value
    elif which == "int_value":
        primitive.integer = payload.int_value
    elif which == "float_value":
        primitive.float_value = payload.float_value
    elif which == "string_value":
        primitive.string_value = payload.string_value
    else:
        raise invalid("The signal carries no value.")
    return literals_pb2.Literal(scalar=literals_pb2.Scalar(primitive=primitive))


def check_signal(action: Action, value: literals_pb2.Literal) -> bool:
    """Whether `value` is news to the condition `action`.

    Returns:
        False if it was signalled with that very value already.

    Raises:
        ConnectError: FAILED_PRECONDITION (not a condition, over already), INVALID_ARGUMENT (a value of another type).
    """
    if action.kind != CONDITION:
        raise precondition(f"Action {action.name!r} is not a condition.")
    if action.phase == SUCCEEDED and action.value == value:
        return False
    if action.terminal:
        raise precondition(f"Condition {action.name!r} is over already.")
    given = value.scalar.primitive.WhichOneof("value") or ""
    declared = action.details.condition.type.simple
    if given not in _SIMPLE:
        raise invalid("The signal carries no simple value (bool, int, float or str).")
    if _SIMPLE[given] != declared:
        name = types_pb2.SimpleType.Name(declared)
        raise invalid(
            f"Condition {action.name!r} wants {name}, and the signal carries {given.partition('_')[0].upper()}."
        )
    return True


def inputs_hash(inputs: common_pb2.Inputs, ignored: Collection[str] = ()) -> str:
    """A hash of the inputs' values, without those in `ignored`."""
    kept = common_pb2.Inputs(literals=[literal for literal in inputs.literals if literal.name not in ignored])
    return hashlib.sha256(kept.SerializeToString(deterministic=True)).hexdigest()


def cache_key(spec: task_definition_pb2.TaskSpec, hash_of_inputs: str) -> str:
    """The key under which a root action's outputs are cached, or an empty string if its task is not cached."""
    template = spec.task_template
    if not template.metadata.discoverable:
        return ""
    parts = [
        hash_of_inputs.encode(),
        template.id.name.encode(),
        template.interface.SerializeToString(deterministic=True),
        template.metadata.discovery_version.encode(),
    ]
    return "root:" + hashlib.sha256(b"\0".join(parts)).hexdigest()
