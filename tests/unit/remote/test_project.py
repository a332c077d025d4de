from __future__ import annotations

from typing import Any

import pytest
from flyteidl2.auth import identity_pb2
from flyteidl2.project import project_service_pb2 as pb2

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, Project, User
from tests.unit.remote.fake_backend import FakeBackend, StatusError


def test_lists_have_filters_and_exact_limits(client: Client, backend: FakeBackend) -> None:
    def answer(request: pb2.ListProjectsRequest) -> pb2.ListProjectsResponse:
        # A full last page has a token too, and an empty page follows.
        start = int(request.token or 0)
        found = [pb2.Project(id=f"p{n}") for n in range(start, min(start + 3, 6))]
        token = str(start + 3) if len(found) == 3 else ""
        return pb2.ListProjectsResponse(projects=pb2.Projects(projects=found, token=token))

    backend.scripts["ListProjects"] = answer
    assert [project.id for project in Project.listall("contains(name,x)", ("name", "desc"))] == [
        f"p{n}" for n in range(6)
    ]
    assert len(list(Project.listall(archived=True, limit=4))) == 4
    assert list(Project.listall(limit=0)) == []
    requests = [request for _, request in backend.calls]
    assert (requests[0].filters, requests[0].sort_by.key) == ("contains(name,x)+eq(state,0)", "name")
    assert requests[3].filters == "eq(state,1)"
    assert len(requests) == 5
    with pytest.raises(remote.InvalidArgumentError):
        list(Project.listall(limit=-1))


def test_an_update_keeps_what_is_not_named(client: Client, backend: FakeBackend) -> None:
    there = pb2.Project(id="p", name="P", description="old")
    there.domains.add(id="development")
    there.labels.values["a"] = "b"
    backend.scripts["GetProject"] = lambda request: pb2.GetProjectResponse(project=there)
    backend.scripts["UpdateProject"] = lambda request: pb2.UpdateProjectResponse()
    changed = Project.update("p", description="new", state="archived")
    sent = backend.calls[-1][1].project
    assert (sent.name, sent.description, dict(sent.labels.values), int(sent.state)) == ("P", "new", {"a": "b"}, 1)
    assert list(sent.domains) == [], "backends refuse a project with its domains"
    assert (changed.state, repr(changed)) == ("archived", "Project(p, archived)")
    Project.update("p", labels={})
    assert dict(backend.calls[-1][1].project.labels.values) == {}
    with pytest.raises(remote.InvalidArgumentError, match="The label 'a' must be text"):
        Project.update("p", labels={"a": 1})  # type: ignore[dict-item]


def test_who_nobody_knows(client: Client, backend: FakeBackend) -> None:
    def refuse(request: Any) -> Any:
        raise StatusError("UNAUTHENTICATED", "no identity")

    backend.scripts["UserInfo"] = refuse
    with pytest.raises(remote.UnauthenticatedError, match="does not know who you are"):
        User.get()
    backend.scripts["UserInfo"] = lambda request: identity_pb2.UserInfoResponse(subject="s-1", name="Ada")
    user = User.get()
    assert (user.subject(), user.name(), repr(user)) == ("s-1", "Ada", "User(Ada)")
    assert user.to_dict() == {"subject": "s-1", "name": "Ada"}
