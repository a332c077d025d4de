"""The tables of tasks, projects, triggers, and names of secrets."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flyte_jupyter import remote
from flyte_jupyter.live import moment
from flyte_jupyter.view._tables._table import Act, Column, Row, WholeTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flyte_jupyter.remote import Client
    from flyte_jupyter.view._tables._table import Query


class _OfProject(WholeTable):
    """A table of what is in a project and domain, the connection's unless others are given."""

    what = ""

    def __init__(
        self, client: Client, first: Query | None = None, *, project: str | None = None, domain: str | None = None
    ) -> None:
        super().__init__(client, first)
        self._project, self._domain = project or client.project, domain or client.domain

    @property
    def title(self) -> str:
        """What the table is of."""
        return f"{self.what} of {self._project}/{self._domain}"

    @property
    def _place(self) -> dict[str, Any]:
        return {"project": self._project, "domain": self._domain, "client": self.client}


class Tasks(_OfProject):
    """Deployed tasks, each in its latest version."""

    what = "Tasks"
    columns = (
        Column("task", "Task"),
        Column("version", "Version"),
        Column("environment", "Environment"),
        Column("deployed", "Deployed", "time"),
        Column("description", "Description", sortable=False),
    )
    things = "tasks"
    empty = "No tasks are deployed."
    order = ("task", "asc")

    async def rows(self) -> list[Row]:
        """Read the tasks."""
        listed = remote.Task.listall.aio(limit=self.most, **self._place)
        return [_task(task) async for task in listed]


class Projects(WholeTable):
    """The projects of the backend."""

    columns = (
        Column("project", "Project"),
        Column("name", "Name"),
        Column("domains", "Domains", sortable=False),
        Column("description", "Description", sortable=False),
        Column("labels", "Labels", "labels", sortable=False),
    )
    things = "projects"
    empty = "There are no projects."
    order = ("project", "asc")

    @property
    def title(self) -> str:
        """What the table is of."""
        return f"Projects of {self.client.endpoint.authority}"

    async def rows(self) -> list[Row]:
        """Read the projects that are not archived."""
        return [_project(one) async for one in remote.Project.listall.aio(limit=self.most, client=self.client)]


class Triggers(WholeTable):
    """Triggers of tasks in the connection's project and domain, which can be activated and deactivated."""

    columns = (
        Column("active", "Active", "flag"),
        Column("trigger", "Trigger"),
        Column("task", "Task"),
        Column("automation", "When", sortable=False),
        Column("updated", "Changed", "time"),
    )
    acts = (Act("activate", "Activate"), Act("deactivate", "Deactivate", confirm=True))
    things = "triggers"
    empty = "There are no triggers."
    order = ("trigger", "asc")

    @property
    def title(self) -> str:
        """What the table is of."""
        return f"Triggers of {self.client.project}/{self.client.domain}"

    @property
    def filters(self) -> Sequence[tuple[str, str, Sequence[tuple[str, str]]]]:
        """Filter by whether they are active."""
        return (("active", "Active", (("True", "active"), ("False", "not active"))),)

    async def rows(self) -> list[Row]:
        """Read the triggers."""
        listed = remote.Trigger.listall.aio(limit=self.most, client=self.client)
        return [_trigger(one) async for one in listed]

    async def perform(self, act: str, row: str, reason: str) -> None:
        """Activate or deactivate a trigger."""
        task, _, name = row.partition("/")
        await remote.Trigger.update.aio(name, task, act == "activate", client=self.client)


class Secrets(_OfProject):
    """Names of secrets; their values are not told to anybody."""

    what = "Secrets"
    columns = (
        Column("secret", "Secret"),
        Column("kind", "Kind"),
        Column("created", "Created", "time"),
    )
    things = "secrets"
    empty = "There are no secrets."
    order = ("secret", "asc")

    async def rows(self) -> list[Row]:
        """Read the names of the secrets."""
        listed = remote.Secret.listall.aio(limit=100, **self._place)
        return [_secret(one) async for one in listed]


def _task(task: Any) -> Row:
    metadata = task.pb2.metadata
    cells = {
        "task": task.name,
        "version": task.version,
        "environment": metadata.environment_name,
        "deployed": moment(metadata, "deployed_at"),
        "description": metadata.short_description,
    }
    return Row(task.name, cells)


def _project(project: Any) -> Row:
    cells = {
        "project": project.id,
        "name": project.name,
        "domains": ", ".join(project.domains),
        "description": project.description,
        "labels": project.labels,
    }
    return Row(project.id, cells)


def _trigger(trigger: Any) -> Row:
    cells = {
        "active": trigger.is_active,
        "trigger": trigger.name,
        "task": trigger.task_name,
        "automation": trigger.automation,
        "updated": moment(trigger.pb2.status, "updated_at"),
    }
    return Row(f"{trigger.task_name}/{trigger.name}", cells, ("deactivate" if trigger.is_active else "activate",))


def _secret(secret: Any) -> Row:
    cells = {"secret": secret.name, "kind": secret.type, "created": _ms(secret.created_at)}
    return Row(secret.name, cells)


def _ms(time: datetime | None) -> float | None:
    return None if time is None else time.timestamp() * 1000
