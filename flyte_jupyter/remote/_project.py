"""Projects."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Literal

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import Connected, ToJson, check_name
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import AlreadyExistsError, InvalidArgumentError, NotFoundError
from flyte_jupyter.remote._launch import check_texts
from flyte_jupyter.remote._listing import check_limit, sorting

if TYPE_CHECKING:
    from flyteidl2.project.project_service_pb2 import Project as Message

    from flyte_jupyter.remote._listing import SortBy

State = Literal["active", "archived"]
_STATES: dict[str, int] = {"active": 0, "archived": 1}
_PAGE = 100


class Project(ToJson, Connected):
    """A project: a place for tasks and runs, with domains in it.

    Args:
        pb2: The message.
        client: The connection; the current one if not given.
    """

    pb2: Message

    def __init__(self, pb2: Message, *, client: Client | None = None) -> None:
        self.pb2 = pb2
        self._given_client = client

    @dual
    @classmethod
    async def get(cls, name: str, org: str | None = None, *, client: Client | None = None) -> Project:
        """Reads a project (ProjectService.GetProject).

        Args:
            name: Its id.
            org: Organization; the connection's if not given.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such project.

        Example:
            >>> "development" in Project.get("flytesnacks").domains
            True
        """
        client = client or current_client()
        return cls(await _fetch(client, name, org), client=client)

    @dual
    @classmethod
    async def listall(
        cls,
        filters: str | None = None,
        sort_by: SortBy | None = None,
        archived: bool = False,
        *,
        limit: int | None = None,
        client: Client | None = None,
    ) -> AsyncGenerator[Project, None]:
        """Lists the projects (ProjectService.ListProjects).

        Args:
            filters: Conditions as "eq(identifier,demo)", "ne(...)", "contains(name,x)" or "value_in(identifier,a;b)",
                joined by "+". Fields are identifier, name, description, labels, state, created_at and updated_at.
            sort_by: Field and "asc" or "desc"; ("created_at", "asc") if not given.
            archived: Those that are archived, instead of those that are not.
            limit: How many at most; None for all.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: A filter, order or limit that there is not.

        Example:
            >>> [project.id for project in Project.listall("eq(identifier,flytesnacks)")]
            ['flytesnacks']
        """
        client = client or current_client()
        check_limit(limit)
        state = f"eq(state,{_STATES['archived' if archived else 'active']})"
        request = pb.ListProjectsRequest(
            limit=_PAGE, filters=f"{filters}+{state}" if filters else state, sort_by=sorting(sort_by), org=client.org
        )
        count = 0
        while limit is None or count < limit:
            answer = await client.unary(methods.LIST_PROJECTS, request)
            for pb2 in answer.projects.projects:
                yield cls(pb2, client=client)
                count += 1
                if count == limit:
                    return
            # A full last page has a token too: the page after it is empty.
            if not answer.projects.token or answer.projects.token == request.token:
                return
            request.token = answer.projects.token

    @dual
    @classmethod
    async def create(
        cls,
        id: str,  # noqa: A002 - as in the SDK
        name: str,
        description: str = "",
        labels: Mapping[str, str] | None = None,
        *,
        client: Client | None = None,
    ) -> Project:
        """Creates a project (ProjectService.CreateProject).

        Args:
            id: What it is referred to by.
            name: What it is shown as.
            description: What it is for.
            labels: Its labels.
            client: The connection; the current one if not given.

        Raises:
            AlreadyExistsError: There is one with that id.
            InvalidArgumentError: The backend does not take such an id.

        Example:
            >>> Project.create("demo", "Demo", labels={"team": "red"})
            Project(demo)
        """
        client = client or current_client()
        check_texts("label", labels)
        project = pb.Project(id=id, name=name, description=description, org=client.org)
        project.labels.values.update(labels or {})
        try:
            await client.unary(methods.CREATE_PROJECT, pb.CreateProjectRequest(project=project))
        except AlreadyExistsError as error:
            raise AlreadyExistsError(
                f"There is a project {id!r} already in {client.endpoint.authority}.",
                "Project.update changes it.",
                error.code,
            ) from None
        return cls(project, client=client)

    @dual
    @classmethod
    async def update(
        cls,
        id: str,  # noqa: A002 - as in the SDK
        name: str | None = None,
        description: str | None = None,
        labels: Mapping[str, str] | None = None,
        state: State | None = None,
        *,
        client: Client | None = None,
    ) -> Project:
        """Changes a project (ProjectService.GetProject, then ProjectService.UpdateProject).

        What is None stays as it is.

        Args:
            id: The project.
            name: What it is shown as.
            description: What it is for.
            labels: All its labels.
            state: "active" or "archived".
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such project.
            InvalidArgumentError: A state that there is not.

        Example:
            >>> Project.update("demo", description="to try things").description
            'to try things'
        """
        client = client or current_client()
        if state is not None and state not in _STATES:
            raise InvalidArgumentError(f'A project is "active" or "archived", and not {state!r}.')
        check_texts("label", labels)
        project = await _fetch(client, id)
        # Backends refuse a project with its domains.
        del project.domains[:]
        if name is not None:
            project.name = name
        if description is not None:
            project.description = description
        if labels is not None:
            project.labels.values.clear()
            project.labels.values.update(labels)
        if state is not None:
            project.state = _STATES[state]  # pyright: ignore[reportAttributeAccessIssue]
        await client.unary(methods.UPDATE_PROJECT, pb.UpdateProjectRequest(project=project))
        return cls(project, client=client)

    @dual
    async def archive(self) -> Project:
        """Archives the project: it is listed no more, and keeps all it has (ProjectService.UpdateProject).

        Raises:
            NotFoundError: There is no such project any more.

        Example:
            >>> Project.get("demo").archive().state
            'archived'
        """
        return await Project.update.aio(self.id, state="archived", client=self._client)

    @dual
    async def unarchive(self) -> Project:
        """Makes an archived project active again (ProjectService.UpdateProject).

        Raises:
            NotFoundError: There is no such project any more.

        Example:
            >>> Project.get("demo").unarchive().state
            'active'
        """
        return await Project.update.aio(self.id, state="active", client=self._client)

    @property
    def id(self) -> str:
        """What the project is referred to by."""
        return self.pb2.id

    @property
    def name(self) -> str:
        """What the project is shown as."""
        return self.pb2.name

    @property
    def description(self) -> str:
        """What the project is for."""
        return self.pb2.description

    @property
    def state(self) -> State:
        """The state: "active" or "archived"."""
        return "archived" if int(self.pb2.state) in (1, 3) else "active"

    @property
    def labels(self) -> dict[str, str]:
        """The project's labels."""
        return dict(self.pb2.labels.values)

    @property
    def domains(self) -> list[str]:
        """The domains of the project, as far as this was read from the backend."""
        return [domain.id for domain in self.pb2.domains]

    def __repr__(self) -> str:
        return f"Project({self.id}{'' if self.state == 'active' else ', archived'})"


async def _fetch(client: Client, name: str, org: str | None = None) -> Message:
    check_name("A project", name)
    request = pb.GetProjectRequest(id=name, org=client.org if org is None else org)
    try:
        answer = await client.unary(methods.GET_PROJECT, request)
    except NotFoundError as error:
        raise NotFoundError(
            f"There is no project {name!r} in {client.endpoint.authority}.", "Project.listall() lists them.", error.code
        ) from None
    return answer.project
