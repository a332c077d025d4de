from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from typing import Any

import pytest
from flyteidl2.common import list_pb2
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import Action, ActionPhase, Client, Run, TimeFilter
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details

Filter = list_pb2.Filter


def short(name: str) -> definition.Action:
    details = action_details(name, run=name)
    return definition.Action(id=details.id, status=details.status)


def paged(count: int, make: Callable[[int], Any], answer: Callable[[list[Any], str], Any]) -> Callable[[Any], Any]:
    def script(request: Any) -> Any:
        offset = int(request.request.token or 0)
        end = min(offset + request.request.limit, count)
        return answer([make(n) for n in range(offset, end)], str(end) if end < count else "")

    return script


def runs(count: int) -> Callable[[Any], Any]:
    return paged(
        count,
        lambda n: definition.Run(action=short(f"r{n}"), labels={"team": "red" if n % 2 else "blue"}),
        lambda items, token: service.ListRunsResponse(runs=items, token=token),
    )


def actions(count: int) -> Callable[[Any], Any]:
    def make(n: int) -> definition.Action:
        action = short(f"a{n}")
        action.metadata.parent = "a0" if n % 2 else "a1"
        return action

    return paged(count, make, lambda items, token: service.ListActionsResponse(actions=items, token=token))


@pytest.mark.parametrize(
    ("there", "limit"), [(250, 100), (250, 250), (250, 130), (5, 100), (100, 100), (3, 0), (0, 10)]
)
def test_limits_are_exact_and_cost_no_extra_page(client: Client, backend: FakeBackend, there: int, limit: int) -> None:
    backend.scripts["ListRuns"] = runs(there)
    names = [run.name for run in Run.listall(limit=limit)]
    assert names == [f"r{n}" for n in range(min(there, limit))]
    assert backend.count("ListRuns") == (0 if limit == 0 else max(1, -(-min(there, limit) // 100)))


def test_all_of_them(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListActions"] = actions(230)
    assert sum(1 for _ in Action.listall("r1")) == 230
    assert all(call.request.limit <= 100 for _, call in backend.calls)
    assert backend.calls[0][1].run_id.name == "r1"


async def test_listing_awaited(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListRuns"] = runs(3)
    assert [run.name async for run in Run.listall.aio()] == ["r0", "r1", "r2"]


def test_filters(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListRuns"] = runs(1)
    moment = datetime(2026, 1, 2, tzinfo=timezone.utc)
    list(
        Run.listall(
            in_phase=(ActionPhase.RUNNING, "FAILED"),
            task_name="env.main",
            task_version="v1",
            created_by_subject="me",
            created_at=TimeFilter(after=moment),
            updated_at=TimeFilter(before=moment),
            sort_by=("ended_at", "desc"),
            project="p",
            domain="d",
            paused_actions_only=True,
        )
    )
    request = backend.calls[0][1]
    sent = [(each.field, each.function, list(each.values)) for each in request.request.filters]
    text = "2026-01-02T00:00:00+00:00"
    assert sent == [
        ("phase", Filter.VALUE_IN, ["4", "6"]),
        ("task_name", Filter.EQUAL, ["env.main"]),
        ("task_version", Filter.EQUAL, ["v1"]),
        ("created_by_subject", Filter.EQUAL, ["me"]),
        ("created_at", Filter.GREATER_THAN_OR_EQUAL, [text]),
        ("updated_at", Filter.LESS_THAN, [text]),
    ]
    assert (request.request.sort_by.key, request.request.sort_by.direction) == ("ended_at", list_pb2.Sort.DESCENDING)
    assert (request.project_id.name, request.project_id.domain) == ("p", "d")
    assert request.paused_actions_only


def test_one_phase_is_not_value_in(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListRuns"] = runs(1)
    list(Run.listall(in_phase=("running",)))
    assert backend.calls[0][1].request.filters[0].function == Filter.EQUAL
    list(Run.listall(in_phase="running"))
    assert list(backend.calls[1][1].request.filters[0].values) == ["4"]


def test_the_order_is_by_creation_if_none_is_given(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListRuns"] = runs(1)
    list(Run.listall())
    sort = backend.calls[0][1].request.sort_by
    assert (sort.key, sort.direction) == ("created_at", list_pb2.Sort.ASCENDING)


def test_filters_as_text(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListActions"] = actions(1)
    text = "eq(task_name, env.main)+gte(created_at,2026-01-02T00:00:00+00:00) + value_in(phase,failed;5)"
    list(Action.listall("r1", filters=text))
    sent = [(each.field, each.function, list(each.values)) for each in backend.calls[0][1].request.filters]
    assert sent == [
        ("task_name", Filter.EQUAL, ["env.main"]),
        ("created_at", Filter.GREATER_THAN_OR_EQUAL, ["2026-01-02T00:00:00+00:00"]),
        ("phase", Filter.VALUE_IN, ["6", "5"]),
    ]
    list(Action.listall("r1", filters="value_in(function_name,f)"))
    assert backend.calls[1][1].request.filters[0].function == Filter.EQUAL
    for wrong in ("task_name=x", "like(a,b)", "eq(phase,done)", "eq(a)"):
        with pytest.raises(remote.InvalidArgumentError):
            list(Action.listall("r1", filters=wrong))
    assert len(backend.calls) == 2


def test_what_the_server_cannot_filter_we_do(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListRuns"] = runs(250)
    assert [run.name for run in Run.listall(with_labels={"team": "red"}, limit=60)][-1] == "r119"
    assert list(Run.listall(with_label_keys=["nobody-has-this"])) == []
    backend.scripts["ListActions"] = actions(20)
    assert {action.parent_name for action in Action.listall("r1", parent_name="a0")} == {"a0"}


def test_labels_that_a_listing_leaves_out_are_asked_for(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListRuns"] = paged(
        3,
        lambda n: definition.Run(action=short(f"r{n}")),
        lambda items, token: service.ListRunsResponse(runs=items, token=token),
    )

    def details(request: service.GetRunDetailsRequest) -> service.GetRunDetailsResponse:
        if request.run_id.name == "r0":
            raise StatusError("NOT_FOUND", "gone meanwhile")
        found = definition.RunDetails()
        found.run_spec.labels.values["team"] = {"r1": "blue", "r2": "red"}[request.run_id.name]
        return service.GetRunDetailsResponse(details=found)

    backend.scripts["GetRunDetails"] = details
    (red,) = Run.listall(with_labels={"team": "red"})
    assert (red.name, red.labels) == ("r2", {"team": "red"})
    assert [run.name for run in Run.listall(with_label_keys=["team"])] == ["r1", "r2"]
    assert [run.name for run in Run.listall(with_label_keys="team")] == ["r1", "r2"]
    calls = backend.count("GetRunDetails")
    assert len(list(Run.listall())) == 3
    assert backend.count("GetRunDetails") == calls, "nobody asked for labels"


@pytest.mark.parametrize(
    "wrong",
    [
        {"in_phase": ("done",)},
        {"in_phase": (5,)},
        {"in_phase": 5},
        {"limit": -1},
        {"limit": "many"},
        {"limit": 1.5},
        {"sort_by": ("name", "up")},
        {"sort_by": ("name",)},
        {"sort_by": (1, "asc")},
        {"task_name": 3},
        {"created_at": datetime(2026, 1, 1, tzinfo=timezone.utc)},
    ],
    ids=str,
)
def test_wrong_arguments(client: Client, backend: FakeBackend, wrong: dict[str, Any]) -> None:
    backend.scripts["ListRuns"] = runs(1)
    with pytest.raises(remote.InvalidArgumentError):
        list(Run.listall(**wrong))
    assert backend.calls == []


def test_a_span_is_made_of_datetimes() -> None:
    for bound in ("2026-01-01", date(2026, 1, 1), 5):
        with pytest.raises(remote.InvalidArgumentError, match="made of datetimes"):
            TimeFilter(after=bound)  # type: ignore[arg-type]


def test_pages_that_repeat_themselves_end(client: Client, backend: FakeBackend) -> None:
    backend.scripts["ListRuns"] = lambda _: service.ListRunsResponse(
        runs=[definition.Run(action=short("r"))], token="1"
    )
    assert len(list(Run.listall(limit=None))) == 2
