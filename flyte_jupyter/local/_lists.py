"""Lists of runs and actions."""

from __future__ import annotations

import json
from typing import Any

from flyteidl2.common import identifier_pb2
from flyteidl2.workflow import run_definition_pb2
from flyteidl2.workflow import run_service_pb2 as pb2

from flyte_jupyter.local._filters import ACTION_FIELDS, Page, order, where
from flyte_jupyter.local._model import PAUSED, RunKey
from flyte_jupyter.local._state import State
from flyte_jupyter.local._status import invalid

_PAUSED = (
    "EXISTS (SELECT 1 FROM actions p "  # noqa: S608
    f"WHERE p.project = a.project AND p.domain = a.domain AND p.run = a.run AND p.phase = {PAUSED})"
)
_DEFAULT_ORDER = "a.phase ASC, a.created_at DESC"


def list_runs(state: State, request: pb2.ListRunsRequest) -> pb2.ListRunsResponse:
    """The page of runs that a request asks for."""
    page = Page.of(request.request)
    conditions, parameters = where(request.request.filters, ACTION_FIELDS, "r.labels")
    scope, values = _scope(request)
    conditions += ["a.parent IS NULL", *scope]
    if request.paused_actions_only:
        conditions.append(_PAUSED)
    ordering = order(request.request, ACTION_FIELDS, _DEFAULT_ORDER, "a.run, a.name")
    rows, token = page.cut(
        state.store.rows(
            "SELECT a.*, r.labels, r.org FROM actions a JOIN runs r USING (project, domain, run) "  # noqa: S608
            f"WHERE {' AND '.join(conditions)} {ordering} {page.sql}",
            [*parameters, *values],
        )
    )
    return pb2.ListRunsResponse(runs=[_run(row) for row in rows], token=token)


def _scope(request: pb2.ListRunsRequest) -> tuple[list[str], list[Any]]:
    which = request.WhichOneof("scope_by")
    if which == "project_id":
        return _equal({"a.project": request.project_id.name, "a.domain": request.project_id.domain})
    if which == "trigger_name":
        trigger = request.trigger_name
        return _equal(
            {
                "a.project": trigger.project,
                "a.domain": trigger.domain,
                "a.trigger_task_name": trigger.task_name,
                "a.trigger_name": trigger.name,
            }
        )
    if which in ("task_name", "task_id"):
        task = request.task_name if which == "task_name" else request.task_id
        wanted = {"a.task_project": task.project, "a.task_domain": task.domain, "a.task_name": task.name}
        if which == "task_id":
            wanted["a.task_version"] = request.task_id.version
        return _equal(wanted)
    return [], []


def _equal(wanted: dict[str, str]) -> tuple[list[str], list[Any]]:
    given = {expression: value for expression, value in wanted.items() if value}
    return [f"{expression} = ?" for expression in given], list(given.values())


def list_actions(state: State, request: pb2.ListActionsRequest) -> pb2.ListActionsResponse:
    """The page of actions that a request asks for; none for a run that does not exist."""
    run_id = request.run_id
    key = RunKey(run_id.project, run_id.domain, run_id.name)
    if not all(key):
        raise invalid("A run is named by project, domain and name; one of them is empty.")
    page = Page.of(request.request)
    conditions, parameters = where(request.request.filters, ACTION_FIELDS)
    ordering = order(request.request, ACTION_FIELDS, _DEFAULT_ORDER, "a.run, a.name")
    conditions = ["a.project = ?", "a.domain = ?", "a.run = ?", *conditions]
    rows, token = page.cut(
        state.store.rows(
            f"SELECT a.details FROM actions a WHERE {' AND '.join(conditions)} {ordering} {page.sql}",  # noqa: S608
            [*key, *parameters],
        )
    )
    return pb2.ListActionsResponse(actions=[_action(row) for row in rows], token=token)


def newest_runs(
    state: State, limit: int, project: identifier_pb2.ProjectIdentifier | None
) -> list[run_definition_pb2.Run]:
    """The newest runs of a project, or of all."""
    conditions, parameters = _equal({"a.project": project.name, "a.domain": project.domain}) if project else ([], [])
    rows = state.store.rows(
        "SELECT a.*, r.labels, r.org FROM actions a JOIN runs r USING (project, domain, run) "  # noqa: S608
        f"WHERE {' AND '.join(['a.parent IS NULL', *conditions])} ORDER BY {_DEFAULT_ORDER}, a.run LIMIT {limit}",
        parameters,
    )
    return [_run(row) for row in rows]


def _action(row: Any) -> run_definition_pb2.Action:
    # An Action is the first three fields of an ActionDetails.
    action = run_definition_pb2.Action.FromString(row["details"])
    action.DiscardUnknownFields()
    return action


def _run(row: Any) -> run_definition_pb2.Run:
    return run_definition_pb2.Run(action=_action(row), labels=json.loads(row["labels"]))
