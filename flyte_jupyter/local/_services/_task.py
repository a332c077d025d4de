"""TaskService: deployed tasks."""

from __future__ import annotations

from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.common import identifier_pb2
from flyteidl2.task import task_definition_pb2
from flyteidl2.task import task_service_connect as connect
from flyteidl2.task import task_service_pb2 as pb2
from flyteidl2.trigger import trigger_definition_pb2

from flyte_jupyter.local._backend import Backend, identity, user_name
from flyte_jupyter.local._filters import TASK_FIELDS, Page, order, where
from flyte_jupyter.local._model import now_us, timestamp
from flyte_jupyter.local._services._trigger import Triggers
from flyte_jupyter.local._status import invalid, not_found

Context = RequestContext[Any, Any]

_LATEST = (
    "SELECT t.* FROM tasks t WHERE t.created_at = (SELECT max(created_at) FROM tasks o "
    "WHERE o.project = t.project AND o.domain = t.domain AND o.name = t.name)"
)


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [connect.TaskServiceASGIApplication(TaskService(backend))]


class TaskService(connect.TaskService):
    """Tasks by name and version."""

    def __init__(self, backend: Backend) -> None:
        self._store = backend.state.store
        self._triggers = Triggers(self._store)

    async def deploy_task(self, request: pb2.DeployTaskRequest, ctx: Context) -> pb2.DeployTaskResponse:
        """Keep a task; the same version again replaces it. Triggers, if there are any, replace those of the task."""
        task, spec = request.task_id, request.spec
        if not all((task.project, task.domain, task.name, task.version)):
            raise invalid("A task is named by project, domain, name and version; one of them is empty.")
        now = now_us()
        self._store.execute(
            "INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (project, domain, name, version) DO UPDATE SET "
            "spec = excluded.spec, environment = excluded.environment, short_name = excluded.short_name, "
            "function_name = excluded.function_name, short_description = excluded.short_description, "
            "env_description = excluded.env_description, updated_at = excluded.updated_at",
            (
                task.project, task.domain, task.name, task.version, spec.environment.name, spec.short_name,
                task.name.rpartition(".")[2], spec.documentation.short_description, spec.environment.description,
                user_name(), now, now, spec.SerializeToString(),
            ),
        )  # fmt: skip
        if request.triggers:
            self._triggers.replace(task, request.triggers)
        return pb2.DeployTaskResponse()

    async def get_task_details(self, request: pb2.GetTaskDetailsRequest, ctx: Context) -> pb2.GetTaskDetailsResponse:
        """One version of a task."""
        task = request.task_id
        row = self._store.row(
            "SELECT * FROM tasks WHERE project = ? AND domain = ? AND name = ? AND version = ?",
            (task.project, task.domain, task.name, task.version),
        )
        if row is None:
            raise not_found(f"Task {task.name!r} in version {task.version!r} is not deployed here.")
        return pb2.GetTaskDetailsResponse(
            details=task_definition_pb2.TaskDetails(
                task_id=_task_id(row, task.org),
                metadata=self._metadata(row),
                spec=task_definition_pb2.TaskSpec.FromString(row["spec"]),
            )
        )

    async def list_tasks(self, request: pb2.ListTasksRequest, ctx: Context) -> pb2.ListTasksResponse:
        """The latest version of each task, the newest first."""
        page = Page.of(request.request)
        conditions, values = where(request.request.filters, TASK_FIELDS)
        if request.WhichOneof("scope_by") == "project_id":
            scope, more = _scope(request.project_id)
            conditions += scope
            values += more
        for known in request.known_filters:
            if known.WhichOneof("filter_by") == "deployed_by":
                conditions.append("t.deployed_by = ?")
                values.append(known.deployed_by)
        ordering = order(request.request, TASK_FIELDS, "t.created_at DESC", "t.name")
        condition = " AND ".join(conditions) or "TRUE"
        total = self._store.rows(f"SELECT count(*) FROM ({_LATEST}) t")[0][0]  # noqa: S608
        filtered = self._store.rows(f"SELECT count(*) FROM ({_LATEST}) t WHERE {condition}", values)[0][0]  # noqa: S608
        rows, token = page.cut(
            self._store.rows(f"SELECT * FROM ({_LATEST}) t WHERE {condition} {ordering} {page.sql}", values)  # noqa: S608
        )
        return pb2.ListTasksResponse(
            tasks=[
                task_definition_pb2.Task(
                    task_id=_task_id(row), metadata=self._metadata(row), task_summary=self._summary(row)
                )
                for row in rows
            ],
            token=token,
            metadata=pb2.ListTasksResponse.ListTasksMetadata(total=total, filtered_total=filtered),
        )

    async def list_versions(self, request: pb2.ListVersionsRequest, ctx: Context) -> pb2.ListVersionsResponse:
        """The versions of a task, the newest first."""
        page = Page.of(request.request)
        task = request.task_name
        conditions, values = where(request.request.filters, TASK_FIELDS)
        conditions += ["t.project = ?", "t.domain = ?", "t.name = ?"]
        ordering = order(request.request, TASK_FIELDS, "t.created_at DESC", "t.version")
        rows, token = page.cut(
            self._store.rows(
                f"SELECT * FROM tasks t WHERE {' AND '.join(conditions)} {ordering} {page.sql}",  # noqa: S608
                [*values, task.project, task.domain, task.name],
            )
        )
        return pb2.ListVersionsResponse(
            versions=[
                pb2.ListVersionsResponse.VersionResponse(
                    version=row["version"],
                    deployed_at=timestamp(row["updated_at"]),
                    deployed_by=identity(),
                    latest_run=summary.latest_run if (summary := self._summary(row, row["version"])) else None,
                )
                for row in rows
            ],
            token=token,
        )

    def _metadata(self, row: Any) -> task_definition_pb2.TaskMetadata:
        metadata = task_definition_pb2.TaskMetadata(
            deployed_by=identity(),
            short_name=row["short_name"] or row["function_name"],
            deployed_at=timestamp(row["updated_at"]),
            environment_name=row["environment"],
            short_description=row["short_description"],
        )
        triggers = self._store.rows(
            "SELECT * FROM triggers WHERE project = ? AND domain = ? AND task_name = ?",
            (row["project"], row["domain"], row["name"]),
        )
        if len(triggers) == 1:
            details = trigger_definition_pb2.TriggerDetails.FromString(triggers[0]["details"])
            metadata.triggers_summary.details.name = triggers[0]["name"]
            metadata.triggers_summary.details.active = bool(triggers[0]["active"])
            metadata.triggers_summary.details.automation_spec.CopyFrom(details.automation_spec)
        elif triggers:
            metadata.triggers_summary.stats.total = len(triggers)
            metadata.triggers_summary.stats.active = sum(trigger["active"] for trigger in triggers)
        return metadata

    def _summary(self, row: Any, version: str | None = None) -> task_definition_pb2.TaskSummary | None:
        latest = self._store.row(
            "SELECT run, phase, created_at FROM actions WHERE parent IS NULL AND task_project = ?1 "
            "AND task_domain = ?2 AND task_name = ?3 AND (?4 IS NULL OR task_version = ?4) "
            "ORDER BY created_at DESC LIMIT 1",
            (row["project"], row["domain"], row["name"], version),
        )
        if latest is None:
            return None
        return task_definition_pb2.TaskSummary(
            latest_run=task_definition_pb2.LatestRunSummary(
                run_id=identifier_pb2.RunIdentifier(project=row["project"], domain=row["domain"], name=latest["run"]),
                run_time=timestamp(latest["created_at"]),
                phase=latest["phase"],
                root_task_name=row["name"],
            )
        )


def _task_id(row: Any, org: str = "") -> task_definition_pb2.TaskIdentifier:
    return task_definition_pb2.TaskIdentifier(
        org=org, project=row["project"], domain=row["domain"], name=row["name"], version=row["version"]
    )


def _scope(project: identifier_pb2.ProjectIdentifier) -> tuple[list[str], list[str]]:
    given = [("t.project = ?", project.name), ("t.domain = ?", project.domain)]
    return [condition for condition, value in given if value], [value for _, value in given if value]
