"""Deployed tasks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from flyte_jupyter.remote import _listing
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import Connected, ToJson, check_name, to_datetime
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._task_details import AutoVersioning, TaskDetails
from flyte_jupyter.remote._task_lazy import LazyEntity

if TYPE_CHECKING:
    import flyteidl2.task.task_definition_pb2 as definition
    from flyteidl2.common.list_pb2 import ListRequest
    from flyteidl2.task.task_service_pb2 import ListVersionsResponse

    from flyte_jupyter.remote._listing import SortBy


class TaskVersion(ToJson):
    """One version of a deployed task.

    Args:
        pb2: The message.
    """

    pb2: ListVersionsResponse.VersionResponse

    def __init__(self, pb2: ListVersionsResponse.VersionResponse) -> None:
        self.pb2 = pb2

    @property
    def version(self) -> str:
        """The version."""
        return self.pb2.version

    @property
    def deployed_at(self) -> datetime | None:
        """When it was deployed, in UTC."""
        return to_datetime(self.pb2.deployed_at) if self.pb2.HasField("deployed_at") else None

    def __repr__(self) -> str:
        when = self.deployed_at
        return f"TaskVersion({self.version}{f', {when:%Y-%m-%d %H:%M} UTC' if when else ''})"


class Task(ToJson, Connected):
    """A deployed task as a list shows it. `Task.get` is for running one.

    Args:
        pb2: The message.
        client: The connection; the current one if not given.

    Example:
        >>> [task.name for task in Task.listall(by_task_env="kinds", limit=1)]
        ['kinds.add']
    """

    pb2: definition.Task

    def __init__(self, pb2: definition.Task, *, client: Client | None = None) -> None:
        self.pb2 = pb2
        self._given_client = client

    @classmethod
    def get(
        cls,
        name: str,
        project: str | None = None,
        domain: str | None = None,
        version: str | None = None,
        auto_version: AutoVersioning | None = None,
        *,
        client: Client | None = None,
    ) -> LazyEntity:
        """A task to be fetched when it is needed. Nothing is sent yet.

        Args:
            name: The task's full name ("environment.function").
            project: Project; the connection's if not given.
            domain: Domain; the connection's if not given.
            version: The version. Either this or `auto_version` must be given; if both are, this counts.
            auto_version: "latest" for the one deployed last; "current", inside of a task, for that task's own.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: Neither a version nor how to find one.

        Example:
            >>> Task.get("kinds.add", auto_version="latest").fetch().required_args
            ('a', 'b')
        """
        return TaskDetails.get(name, project, domain, version, auto_version, client=client)

    @dual
    @classmethod
    async def listall(
        cls,
        by_task_name: str | None = None,
        by_task_env: str | None = None,
        project: str | None = None,
        domain: str | None = None,
        sort_by: SortBy | None = None,
        limit: int | None = 100,
        entrypoint: bool | None = None,
        *,
        client: Client | None = None,
    ) -> AsyncGenerator[Task, None]:
        """Lists the tasks of a project and domain, each in its latest version (TaskService.ListTasks).

        Args:
            by_task_name: Only the one with this full name.
            by_task_env: Only those of this environment. The backend finds names that contain it; we those that begin
                with it.
            project: Project; the connection's if not given.
            domain: Domain; the connection's if not given.
            sort_by: Field and "asc" or "desc"; ("created_at", "asc") if not given.
            limit: How many at most; None for all.
            entrypoint: Only those marked as entrypoints, or only the others. Backends may not heed it.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: An order or limit that there is not.

        Example:
            >>> [task.version for task in Task.listall(by_task_name="kinds.add")]
            ['v2']
        """
        client = client or current_client()
        scope = pb.ProjectIdentifier(
            organization=client.org, name=project or client.project, domain=domain or client.domain
        )
        known = [] if entrypoint is None else [pb.ListTasksRequest.KnownFilter(is_entrypoint=entrypoint)]
        filters = _listing.equal_filters(name=by_task_name or None)
        if by_task_env:
            prefix = f"{by_task_env}."
            filters.append(pb.Filter(function=pb.Filter.CONTAINS, field="name", values=[prefix]))

        def request(page: ListRequest) -> pb.ListTasksRequest:
            return pb.ListTasksRequest(project_id=scope, request=page, known_filters=known)

        listed = _listing.pages(
            client,
            methods.LIST_TASKS,
            request,
            lambda answer: answer.tasks,
            filters=filters,
            sort_by=sort_by,
            limit=limit,
            keep=(lambda task: task.task_id.name.startswith(f"{by_task_env}.")) if by_task_env else None,
        )
        async for pb2 in listed:
            yield cls(pb2, client=client)

    @dual
    @classmethod
    async def versions(
        cls,
        name: str,
        project: str | None = None,
        domain: str | None = None,
        limit: int | None = 100,
        *,
        client: Client | None = None,
    ) -> AsyncGenerator[TaskVersion, None]:
        """Lists the versions of a task, the newest first (TaskService.ListVersions).

        Args:
            name: The task's full name.
            project: Project; the connection's if not given.
            domain: Domain; the connection's if not given.
            limit: How many at most; None for all.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: A limit that there is not.

        Example:
            >>> [each.version for each in Task.versions("kinds.add", limit=1)]
            ['v2']
        """
        client = client or current_client()
        check_name("A task", name)
        task = pb.TaskName(org=client.org, project=project or client.project, domain=domain or client.domain, name=name)
        listed = _listing.pages(
            client,
            methods.LIST_VERSIONS,
            lambda page: pb.ListVersionsRequest(task_name=task, request=page),
            lambda answer: answer.versions,
            filters=[],
            sort_by=("created_at", "desc"),
            limit=limit,
        )
        async for pb2 in listed:
            yield TaskVersion(pb2)

    @property
    def name(self) -> str:
        """The task's full name ("environment.function")."""
        return self.pb2.task_id.name

    @property
    def version(self) -> str:
        """The version."""
        return self.pb2.task_id.version

    @property
    def entrypoint(self) -> bool:
        """False: lists do not tell. `TaskDetails.entrypoint` does."""
        return False

    @property
    def url(self) -> str:
        """The task's page in the web console, "" if there is none."""
        console = self._client.endpoint.console
        task = self.pb2.task_id
        place = ("v2", "domain", task.domain, "project", task.project, "tasks", task.name)
        return f"{console}/{'/'.join(quote(part, safe='') for part in place)}" if console else ""

    def __repr__(self) -> str:
        return f"Task({self.name}, version {self.version})"
