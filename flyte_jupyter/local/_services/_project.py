"""ProjectService: any project is welcome; those seen or created are listed."""

from __future__ import annotations

from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.project import project_service_connect as connect
from flyteidl2.project import project_service_pb2 as pb2

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._model import now_us
from flyte_jupyter.local._project_filters import matches
from flyte_jupyter.local._status import exists, invalid, not_found

Context = RequestContext[Any, Any]

# A project that nobody created is as old as the first that is known of it.
_SEEN = (
    "SELECT id, min(created_at) FROM (SELECT id, created_at FROM projects "
    "UNION ALL SELECT project, created_at FROM runs UNION ALL SELECT project, created_at FROM tasks) "
    "GROUP BY id ORDER BY id"
)
_DOMAINS = ("development", "staging", "production")


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [connect.ProjectServiceASGIApplication(ProjectService(backend))]


class ProjectService(connect.ProjectService):
    """Projects are names here, nothing has to be created before it is used."""

    def __init__(self, backend: Backend) -> None:
        self._store = backend.state.store

    async def create_project(self, request: pb2.CreateProjectRequest, ctx: Context) -> pb2.CreateProjectResponse:
        """Put a project with name and description down."""
        if not request.project.id:
            raise invalid("The project has no id.")
        if self._stored(request.project.id) is not None:
            raise exists(f"Project {request.project.id!r} already exists.")
        self._write(request.project)
        return pb2.CreateProjectResponse()

    async def update_project(self, request: pb2.UpdateProjectRequest, ctx: Context) -> pb2.UpdateProjectResponse:
        """Change name, description, labels and state."""
        if self._find(request.project.id) is None:
            raise not_found(f"Project {request.project.id!r} not found.")
        self._write(request.project)
        return pb2.UpdateProjectResponse()

    async def get_project(self, request: pb2.GetProjectRequest, ctx: Context) -> pb2.GetProjectResponse:
        """One project."""
        if not request.id:
            raise invalid("The project has no id.")
        project = self._find(request.id)
        if project is None:
            raise not_found(f"Project {request.id!r} not found.")
        return pb2.GetProjectResponse(project=project)

    async def list_projects(self, request: pb2.ListProjectsRequest, ctx: Context) -> pb2.ListProjectsResponse:
        """All projects that were created or that have a run or a task."""
        created = {row[0]: row[1] for row in self._store.rows(_SEEN)}
        projects = [project for name in created if (project := self._find(name)) is not None]
        if request.filters:
            projects = [project for project in projects if matches(project, request.filters)]
        else:
            projects = [project for project in projects if project.state != pb2.PROJECT_STATE_ARCHIVED]
        if request.HasField("sort_by") and request.sort_by.key:
            key = {"identifier": "id"}.get(request.sort_by.key, request.sort_by.key)
            if key not in ("id", "name", "description", "state", "created_at"):
                raise invalid(f"Projects cannot be sorted by {request.sort_by.key!r}.")
            projects.sort(
                key=lambda project: created[project.id] if key == "created_at" else getattr(project, key),
                reverse=request.sort_by.direction == 0,
            )
        if request.token and not request.token.isdecimal():
            raise invalid(f"{request.token!r} is not a page token of this backend.")
        offset = int(request.token or 0)
        end = offset + request.limit if request.limit else len(projects)
        token = str(end) if end < len(projects) else ""
        return pb2.ListProjectsResponse(projects=pb2.Projects(projects=projects[offset:end], token=token))

    def _stored(self, name: str) -> pb2.Project | None:
        row = self._store.row("SELECT project FROM projects WHERE id = ?", (name,))
        return pb2.Project.FromString(row["project"]) if row else None

    def _find(self, name: str) -> pb2.Project | None:
        project = self._stored(name)
        domains = [
            row[0]
            for row in self._store.rows(
                "SELECT domain FROM runs WHERE project = ?1 UNION SELECT domain FROM tasks WHERE project = ?1", (name,)
            )
        ]
        if project is None:
            if not domains:
                return None
            project = pb2.Project(id=name, name=name)
        del project.domains[:]
        for domain in dict.fromkeys([*_DOMAINS, *domains]):
            project.domains.add(id=domain, name=domain)
        return project

    def _write(self, project: pb2.Project) -> None:
        self._store.execute(
            "INSERT INTO projects VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET project = excluded.project",
            (project.id, project.SerializeToString(), now_us()),
        )
