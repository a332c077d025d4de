"""Finding the task that a request means."""

from __future__ import annotations

from typing import Any

from flyteidl2.task import task_definition_pb2

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._status import not_found


def task_spec(backend: Backend, request: Any) -> task_definition_pb2.TaskSpec | None:
    """The spec that a request names by `task_spec`, `task_id` or `trigger_name`; None where it names none.

    Raises:
        ConnectError: NOT_FOUND, there is no such task or trigger.
    """
    fields = request.DESCRIPTOR.fields_by_name
    if "task_spec" in fields and request.HasField("task_spec"):
        return request.task_spec
    if "task_id" in fields and request.HasField("task_id"):
        return deployed(backend, request.task_id)
    if "trigger_name" in fields and request.HasField("trigger_name"):
        trigger = request.trigger_name
        row = backend.state.store.row(
            "SELECT task_version FROM triggers WHERE project = ? AND domain = ? AND task_name = ? AND name = ?",
            (trigger.project, trigger.domain, trigger.task_name, trigger.name),
        )
        if row is None:
            raise not_found(f"Trigger {trigger.name!r} of task {trigger.task_name!r} not found.")
        return deployed(
            backend,
            task_definition_pb2.TaskIdentifier(
                project=trigger.project, domain=trigger.domain, name=trigger.task_name, version=row["task_version"]
            ),
        )
    return None


def deployed(backend: Backend, task_id: task_definition_pb2.TaskIdentifier) -> task_definition_pb2.TaskSpec:
    """The spec of a deployed task.

    Raises:
        ConnectError: NOT_FOUND.
    """
    row = backend.state.store.row(
        "SELECT spec FROM tasks WHERE project = ? AND domain = ? AND name = ? AND version = ?",
        (task_id.project, task_id.domain, task_id.name, task_id.version),
    )
    if row is None:
        raise not_found(f"Task {task_id.name!r} in version {task_id.version!r} is not deployed here.")
    return task_definition_pb2.TaskSpec.FromString(row["spec"])
