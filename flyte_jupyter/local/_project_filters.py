"""The filter language of ListProjects: `eq(field,value)+contains(field,value)+...`."""

from __future__ import annotations

import re

from flyteidl2.project import project_service_pb2 as pb2

from flyte_jupyter.local._status import invalid

_TERM = re.compile(r"(eq|ne|contains|value_in)\(([a-z_]+),(.*)\)")
_FIELDS = {"identifier": "id", "name": "name", "description": "description", "state": "state"}


def matches(project: pb2.Project, filters: str) -> bool:
    """Whether a project is what `filters` asks for; all terms have to hold.

    Raises:
        ConnectError: INVALID_ARGUMENT, the filters are no such expression.
    """
    return all(_holds(project, term) for term in filters.split("+") if term)


def _holds(project: pb2.Project, term: str) -> bool:
    match = _TERM.fullmatch(term.strip())
    if match is None or match[2] not in _FIELDS:
        raise invalid(f"{term!r} is no filter on projects, as eq(name,demo) would be; fields are {', '.join(_FIELDS)}.")
    function, value = match[1], match[3].strip()
    actual = str(getattr(project, _FIELDS[match[2]]))
    if function == "eq":
        return actual == value
    if function == "ne":
        return actual != value
    if function == "contains":
        return value in actual
    return actual in value.split(";")
