"""TriggerService: triggers are kept and shown, and never fire: the backend ends when nobody uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.common import identifier_pb2
from flyteidl2.task import task_definition_pb2
from flyteidl2.trigger import trigger_definition_pb2 as definition_pb2
from flyteidl2.trigger import trigger_service_connect as connect
from flyteidl2.trigger import trigger_service_pb2 as pb2

from flyte_jupyter.local._backend import Backend, identity
from flyte_jupyter.local._filters import TRIGGER_FIELDS, Page, order, where
from flyte_jupyter.local._model import now_us, timestamp
from flyte_jupyter.local._status import invalid, not_found, precondition
from flyte_jupyter.local._store import Store

Context = RequestContext[Any, Any]

_KEY = "project = ? AND domain = ? AND task_name = ? AND name = ?"


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [connect.TriggerServiceASGIApplication(TriggerService(backend))]


class Triggers:
    """The triggers in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, name: identifier_pb2.TriggerName) -> Any:
        """The row of a trigger, or None. Without a task name: the first of that name."""
        if name.task_name:
            return self._store.row(f"SELECT * FROM triggers WHERE {_KEY}", _key(name))  # noqa: S608
        return self._store.row(
            "SELECT * FROM triggers WHERE project = ? AND domain = ? AND name = ? ORDER BY task_name",
            (name.project, name.domain, name.name),
        )

    def put(self, details: definition_pb2.TriggerDetails, action: int) -> definition_pb2.TriggerDetails:
        """Write the next revision of a trigger."""
        name, now = details.id.name, now_us()
        before = self.find(name)
        created = before["created_at"] if before else now
        details.id.revision = (before["revision"] if before else 0) + 1
        details.status.deployed_at.CopyFrom(timestamp(created))
        details.status.updated_at.CopyFrom(timestamp(now))
        details.metadata.deployed_by.CopyFrom(identity())
        details.metadata.updated_by.CopyFrom(identity())
        data = details.SerializeToString()
        self._store.execute(
            "INSERT OR REPLACE INTO triggers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *_key(name), details.id.revision, details.spec.active, details.spec.task_version,
                details.automation_spec.type, created, now, data,
            ),
        )  # fmt: skip
        self._store.execute(
            "INSERT OR REPLACE INTO trigger_revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*_key(name), details.id.revision, action, now, data),
        )
        return details

    def delete(self, name: identifier_pb2.TriggerName) -> None:
        """Forget a trigger; its revisions stay."""
        row = self.find(name)
        if row is not None:
            details = definition_pb2.TriggerDetails.FromString(row["details"])
            self.put(details, definition_pb2.TRIGGER_REVISION_ACTION_DELETE)
            self._store.execute(f"DELETE FROM triggers WHERE {_KEY}", _key(details.id.name))  # noqa: S608

    def replace(
        self, task: task_definition_pb2.TaskIdentifier, triggers: Iterable[task_definition_pb2.TaskTrigger]
    ) -> None:
        """Make `triggers` all that a task has."""
        kept: set[str] = set()
        for trigger in triggers:
            kept.add(trigger.name)
            details = definition_pb2.TriggerDetails(automation_spec=trigger.automation_spec)
            details.id.name.CopyFrom(_name(task, trigger.name))
            spec = details.spec
            if trigger.spec.HasField("inputs"):
                spec.inputs.CopyFrom(trigger.spec.inputs)
            elif trigger.spec.HasField("offloaded_input_data"):
                spec.offloaded_input_data.CopyFrom(trigger.spec.offloaded_input_data)
            spec.run_spec.CopyFrom(trigger.spec.run_spec)
            spec.active, spec.task_version = trigger.spec.active, task.version
            spec.description = trigger.spec.description
            self.put(details, definition_pb2.TRIGGER_REVISION_ACTION_DEPLOY)
        for row in self._store.rows(
            "SELECT name FROM triggers WHERE project = ? AND domain = ? AND task_name = ?",
            (task.project, task.domain, task.name),
        ):
            if row["name"] not in kept:
                self.delete(_name(task, row["name"]))


class TriggerService(connect.TriggerService):
    """Triggers by task and name."""

    def __init__(self, backend: Backend) -> None:
        self._store = backend.state.store
        self._triggers = Triggers(self._store)

    async def deploy_trigger(self, request: pb2.DeployTriggerRequest, ctx: Context) -> pb2.DeployTriggerResponse:
        """Keep a trigger; it is not fired here."""
        if not all((request.name.project, request.name.domain, request.name.name)):
            raise invalid("A trigger is named by project, domain, task and name; one of them is empty.")
        before = self._triggers.find(request.name)
        if request.revision and before is not None and request.revision != before["revision"]:
            raise precondition(
                f"Trigger {request.name.name!r} is at revision {before['revision']}, not {request.revision}."
            )
        details = definition_pb2.TriggerDetails(spec=request.spec, automation_spec=request.automation_spec)
        details.id.name.CopyFrom(request.name)
        return pb2.DeployTriggerResponse(
            trigger=self._triggers.put(details, definition_pb2.TRIGGER_REVISION_ACTION_DEPLOY)
        )

    async def get_trigger_details(
        self, request: pb2.GetTriggerDetailsRequest, ctx: Context
    ) -> pb2.GetTriggerDetailsResponse:
        """The latest revision of a trigger."""
        row = self._triggers.find(request.name)
        if row is None:
            raise not_found(f"Trigger {request.name.name!r} not found.")
        return pb2.GetTriggerDetailsResponse(trigger=definition_pb2.TriggerDetails.FromString(row["details"]))

    async def get_trigger_revision_details(
        self, request: pb2.GetTriggerRevisionDetailsRequest, ctx: Context
    ) -> pb2.GetTriggerRevisionDetailsResponse:
        """One revision of a trigger."""
        row = self._store.row(
            f"SELECT details FROM trigger_revisions WHERE {_KEY} AND revision = ?",  # noqa: S608
            (*_key(request.id.name), request.id.revision),
        )
        if row is None:
            raise not_found(f"Trigger {request.id.name.name!r} has no revision {request.id.revision}.")
        return pb2.GetTriggerRevisionDetailsResponse(trigger=definition_pb2.TriggerDetails.FromString(row["details"]))

    async def get_trigger_revision_history(
        self, request: pb2.GetTriggerRevisionHistoryRequest, ctx: Context
    ) -> pb2.GetTriggerRevisionHistoryResponse:
        """The revisions of a trigger, the newest first."""
        page = Page.of(request.request)
        rows, token = page.cut(
            self._store.rows(
                f"SELECT * FROM trigger_revisions WHERE {_KEY} ORDER BY revision DESC {page.sql}",  # noqa: S608
                _key(request.name),
            )
        )
        revisions: list[definition_pb2.TriggerRevision] = []
        for row in rows:
            details = definition_pb2.TriggerDetails.FromString(row["details"])
            revisions.append(
                definition_pb2.TriggerRevision(
                    id=details.id,
                    metadata=details.metadata,
                    status=details.status,
                    action=row["action"],
                    created_at=timestamp(row["created_at"]),
                )
            )
        return pb2.GetTriggerRevisionHistoryResponse(triggers=revisions, token=token)

    async def list_triggers(self, request: pb2.ListTriggersRequest, ctx: Context) -> pb2.ListTriggersResponse:
        """Triggers, the active ones first."""
        page = Page.of(request.request)
        conditions, values = where(request.request.filters, TRIGGER_FIELDS)
        which = request.WhichOneof("scope_by")
        if which == "project_id":
            scope = [("g.project", request.project_id.name), ("g.domain", request.project_id.domain)]
        elif which in ("task_id", "task_name"):
            task = request.task_id if which == "task_id" else request.task_name
            scope = [("g.project", task.project), ("g.domain", task.domain), ("g.task_name", task.name)]
            if which == "task_id":
                scope.append(("g.task_version", request.task_id.version))
        else:
            scope = []
        for expression, value in scope:
            if value:
                conditions.append(f"{expression} = ?")
                values.append(value)
        ordering = order(request.request, TRIGGER_FIELDS, "g.active DESC, g.updated_at DESC", "g.name")
        rows, token = page.cut(
            self._store.rows(
                f"SELECT * FROM triggers g WHERE {' AND '.join(conditions) or 'TRUE'} {ordering} {page.sql}",  # noqa: S608
                values,
            )
        )
        return pb2.ListTriggersResponse(triggers=[_summary(row) for row in rows], token=token)

    async def update_triggers(self, request: pb2.UpdateTriggersRequest, ctx: Context) -> pb2.UpdateTriggersResponse:
        """Activate or deactivate; unknown names and those that are so already are passed over."""
        action = (
            definition_pb2.TRIGGER_REVISION_ACTION_ACTIVATE
            if request.active
            else definition_pb2.TRIGGER_REVISION_ACTION_DEACTIVATE
        )
        for name in request.names:
            row = self._triggers.find(name)
            if row is not None and bool(row["active"]) != request.active:
                details = definition_pb2.TriggerDetails.FromString(row["details"])
                details.spec.active = request.active
                self._triggers.put(details, action)
        return pb2.UpdateTriggersResponse()

    async def delete_triggers(self, request: pb2.DeleteTriggersRequest, ctx: Context) -> pb2.DeleteTriggersResponse:
        """Forget triggers; unknown names are passed over."""
        for name in request.names:
            self._triggers.delete(name)
        return pb2.DeleteTriggersResponse()


def _key(name: identifier_pb2.TriggerName) -> tuple[str, str, str, str]:
    return name.project, name.domain, name.task_name, name.name


def _name(task: task_definition_pb2.TaskIdentifier, name: str) -> identifier_pb2.TriggerName:
    return identifier_pb2.TriggerName(
        org=task.org, project=task.project, domain=task.domain, task_name=task.name, name=name
    )


def _summary(row: Any) -> definition_pb2.Trigger:
    details = definition_pb2.TriggerDetails.FromString(row["details"])
    return definition_pb2.Trigger(
        id=details.id,
        metadata=details.metadata,
        status=details.status,
        active=bool(row["active"]),
        automation_spec=details.automation_spec,
    )
