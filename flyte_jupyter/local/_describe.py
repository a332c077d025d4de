"""Filling an action's description from what it is to execute."""

from __future__ import annotations

from flyteidl2.task import task_definition_pb2
from flyteidl2.workflow import run_definition_pb2

from flyte_jupyter.local._model import CONDITION, TASK, TRACE, Action
from flyte_jupyter.local._status import invalid
from flyte_jupyter.local._store import Store


def describe_task(
    store: Store,
    action: Action,
    spec: task_definition_pb2.TaskSpec,
    task_id: task_definition_pb2.TaskIdentifier | None = None,
) -> None:
    """Make `action` an execution of the task `spec`.

    Raises:
        ConnectError: INVALID_ARGUMENT, the spec is empty.
    """
    if not spec.HasField("task_template"):
        raise invalid("The task spec has no task template.")
    action.spec_digest, action.spec = store.intern(spec)
    template, metadata = spec.task_template, action.details.metadata
    name = template.id.name
    metadata.action_type = TASK
    metadata.funtion_name = name
    metadata.environment_name = spec.environment.name or name.rpartition(".")[0]
    metadata.task.task_type = template.type
    metadata.task.short_name = spec.short_name or name.rpartition(".")[2]
    if task_id is not None and task_id.name:
        metadata.task.id.CopyFrom(task_id)
    else:
        metadata.task.id.org = template.id.org
        metadata.task.id.project = template.id.project
        metadata.task.id.domain = template.id.domain
        metadata.task.id.name = name
        metadata.task.id.version = template.id.version


def describe_trace(action: Action, trace: run_definition_pb2.TraceAction) -> None:
    """Make `action` a trace."""
    metadata = action.details.metadata
    metadata.action_type = TRACE
    metadata.funtion_name = metadata.trace.name = trace.name
    action.details.trace.CopyFrom(trace.spec)
    action.output_uri = trace.outputs.output_uri


def describe_condition(action: Action, condition: run_definition_pb2.ConditionAction) -> None:
    """Make `action` a condition that waits for a signal."""
    metadata = action.details.metadata
    metadata.action_type = CONDITION
    metadata.funtion_name = metadata.condition.name = condition.name
    metadata.condition.type.CopyFrom(condition.type)
    action.details.condition.CopyFrom(condition)
