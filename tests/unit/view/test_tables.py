from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from flyteidl2.task.task_definition_pb2 import Task, TaskIdentifier
from flyteidl2.task.task_service_pb2 import ListTasksResponse
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow.run_service_pb2 import ListRunsResponse

from flyte_jupyter.remote import BackgroundLoop, InvalidArgumentError, Method, UnavailableError, methods
from flyte_jupyter.view._tables import Query, Runs
from tests.unit.live.messages import FAILED, PAUSED, RUNNING, START, SUCCEEDED, action
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.virtual import virtual


class Listing(ScriptedClient):
    """Lists runs r0, r1, ... and notes how it was asked."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self.paused: set[str] = set()
        self.tasks: list[str] | None = []
        self.runs: list[definition.Run] = []
        for number in range(count):
            phase = (RUNNING, SUCCEEDED, FAILED)[number % 3]
            root = action("a0", phase, short="train", task="env.train", ended=START + 5 if phase != RUNNING else None)
            root.id.run.name = f"r{number}"
            root.metadata.executed_by.user.spec.email = "ada@example.com" if number == 7 else "bob@example.com"
            self.runs.append(definition.Run(action=root))

    async def unary(self, method: Method, request: Any, *, timeout: float | None = 30.0) -> Any:
        if method is methods.LIST_RUNS:
            self.asked.append(request)
            runs = self.runs
            if request.paused_actions_only:
                runs = [run for run in runs if run.action.id.run.name in self.paused]
            for one in request.request.filters:
                if one.field == "phase":
                    runs = [run for run in runs if str(run.action.status.phase) in one.values]
            if request.request.sort_by.key == "duration_ms":
                # A run that goes on has none, which sorts before or behind all others.
                runs = sorted(runs, key=_duration, reverse=not request.request.sort_by.direction)
            if request.request.sort_by.key == "created_at" and request.request.sort_by.direction:
                runs = runs[::-1]
            start, limit = int(request.request.token or 0), request.request.limit
            token = str(start + limit) if len(runs) > start + limit else ""
            return ListRunsResponse(runs=runs[start : start + limit], token=token)
        if method is methods.LIST_TASKS:
            self.calls.append(method.rpc)
            if self.tasks is None:
                raise UnavailableError("gone.")
            return ListTasksResponse(tasks=[Task(task_id=TaskIdentifier(name=name)) for name in self.tasks])
        return await super().unary(method, request, timeout=timeout)


def _duration(run: definition.Run) -> int:
    status = run.action.status
    return status.end_time.ToMilliseconds() - status.start_time.ToMilliseconds() if status.HasField("end_time") else -1


@pytest.fixture(autouse=True)
def own_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BackgroundLoop, "is_current", True)


def runs(count: int) -> tuple[Any, Runs]:
    client: Any = Listing(count)
    return client, Runs(client)


@virtual
async def test_pages_of_runs():
    _, table = runs(60)
    first = await table.read(Query(size=25))
    assert [row.id for row in first.rows][:2] == ["r0", "r1"]
    assert (len(first.rows), first.more, first.total) == (25, True, None)
    third = await table.read(Query(size=25, page=2))
    assert (third.rows[0].id, len(third.rows), third.more, third.total) == ("r50", 10, False, 60)


@virtual
async def test_a_row_tells_what_a_person_looks_for():
    _, table = runs(2)
    running, succeeded = (await table.read(Query())).rows
    assert running.cells["phase"] == RUNNING
    assert running.cells["task"] == "env.train"
    assert running.cells["who"] == "bob@example.com"
    assert running.cells["duration"] == [START, None]
    assert succeeded.cells["duration"] == [START, START + 5]
    assert (running.acts, succeeded.acts) == (("abort",), ())


@virtual
async def test_phases_tasks_and_order_are_the_backend_s_business():
    client, table = runs(3)
    await table.read(Query({"phase": "6,7", "task": "env.train"}, ("duration", "asc")))
    asked = client.asked[0].request
    assert [(one.field, list(one.values)) for one in asked.filters] == [
        ("phase", ["6", "7"]),
        ("task_name", ["env.train"]),
    ]
    assert (asked.sort_by.key, asked.sort_by.direction) == ("duration_ms", 1)


@virtual
async def test_a_page_says_what_it_answers_and_which_tasks_there_are_to_choose_from():
    _, table = runs(3)
    query = Query({"phase": "6"}, ("started", "desc"), 0, 20, "train")
    page = table.page(query, await table.read(query))
    assert page["asked"] == {
        "filters": {"phase": "6"},
        "sort": ["started", "desc"],
        "page": 0,
        "size": 20,
        "text": "train",
    }
    assert {one["key"]: one["options"] for one in page["filters"]}["task"] == [["env.train", "env.train"]]


@virtual
async def test_tasks_to_choose_from_are_also_those_that_are_deployed_where_they_can_be_read():
    client, table = runs(3)
    client.tasks = ["env.other", "env.train"]
    told: list[None] = []
    table.changes.add(lambda: told.append(None))
    for _ in range(3):
        await table.read(Query())
        await asyncio.sleep(1)
    assert table.filters[1][2] == [("env.other", "env.other"), ("env.train", "env.train")]
    assert (client.calls.count(methods.LIST_TASKS.rpc), len(told)) == (1, 1)
    client, table = runs(3)
    client.tasks = None
    await table.read(Query())
    await asyncio.sleep(1)
    assert len((await table.read(Query())).rows) == 3
    assert table.filters[1][2] == [("env.train", "env.train")]


@virtual
async def test_a_run_that_waits_for_an_answer_is_paused_whatever_its_root_says():
    client, table = runs(9)
    client.paused = {"r3", "r4"}  # r4 is over: what it waited for is not waited for any longer
    shown = {row.id: row.cells["phase"] for row in (await table.read(Query())).rows}
    assert (shown["r0"], shown["r3"], shown["r4"]) == (RUNNING, PAUSED, SUCCEEDED)


@virtual
async def test_paused_runs_can_be_filtered_for():
    client, table = runs(9)
    client.paused = {"r3"}

    async def found(*phases: int) -> list[str]:
        query = Query({"phase": ",".join(map(str, phases))}, ("started", "desc"))
        return [row.id for row in (await table.read(query)).rows]

    assert await found(PAUSED) == ["r3"]
    assert await found(PAUSED, FAILED) == ["r2", "r3", "r5", "r8"]
    assert await found(PAUSED, RUNNING) == await found(RUNNING) == ["r0", "r3", "r6"]


@virtual
@pytest.mark.parametrize("size", [2, 50])
async def test_by_duration_runs_that_go_on_stand_where_their_time_so_far_belongs(size: int):
    client, table = runs(9)
    now = time.time() * 1000
    began = {"r0": now - 5_000, "r3": now - 60_000, "r6": now - 900_000}
    for number, run in enumerate(client.runs):
        name, status = run.action.id.run.name, run.action.status
        start = began.get(name, now - 1_000_000)
        status.start_time.FromMilliseconds(int(start))
        if name not in began:
            status.end_time.FromMilliseconds(int(start) + 10_000 * number)
    client.runs.sort(key=lambda run: run.action.status.start_time.ToMilliseconds(), reverse=True)

    async def found(way: str) -> list[str]:
        pages = [await table.read(Query(sort=("duration", way), size=size, page=page)) for page in range(9 // size + 1)]
        return [row.id for read in pages for row in read.rows]

    longest = ["r6", "r8", "r7", "r3", "r5", "r4", "r2", "r1", "r0"]
    assert await found("desc") == longest
    assert await found("asc") == longest[::-1]


def test_no_runs_of_yours_are_not_no_runs():
    client: Any = Listing(0)
    assert Runs(client).nothing(Query()) == "There are no runs."
    assert Runs(client, created_by_subject="ada").nothing(Query()) == "There are no runs of yours."


@virtual
async def test_text_is_looked_for_in_what_is_read():
    _, table = runs(60)
    found = await table.read(Query(text="ADA train"))
    assert [row.id for row in found.rows] == ["r7"]
    assert found.note == ""
    _, many = runs(1500)
    assert "latest 1,000 runs" in (await many.read(Query(text="ada"))).note


@virtual
async def test_runs_are_aborted_together_and_each_failure_is_told(monkeypatch: pytest.MonkeyPatch):
    _, table = runs(3)
    aborted: list[str] = []

    class Aborting:
        def __init__(self, name: str) -> None:
            self.abort, self.name = self, name

        async def aio(self, reason: str) -> None:
            if self.name == "r1":
                raise InvalidArgumentError("Run r1 is over.")
            aborted.append(f"{self.name}: {reason}")

    monkeypatch.setattr(Runs, "target", lambda _, row: type("Target", (), {"as_run": lambda _: Aborting(row)})())
    assert await table.perform_all("abort", ["r0", "r1", "r0"], "enough") == {"r1": "Run r1 is over."}
    assert aborted == ["r0: enough"]
    with pytest.raises(InvalidArgumentError, match="no act"):
        await table.perform_all("delete", ["r0"], "")


@pytest.mark.parametrize(
    "params",
    [{"filters": {"color": "red"}}, {"sort": ["who", "asc"]}, {"page": -1}, {"size": 0}, {"text": 7}, {"filters": 3}],
)
def test_what_cannot_be_asked_for(params: dict[str, Any]):
    with pytest.raises(InvalidArgumentError):
        Query.of(runs(0)[1], params)


def test_a_page_that_asks_for_nothing_gets_what_the_table_begins_with():
    client: Any = Listing(0)
    first = Query({"phase": "6"}, ("started", "desc"), 0, 20, "train")
    assert Query.of(Runs(client, first), {}) == first
    assert Query.of(Runs(client, first), {"filters": {}, "text": "", "size": 9999}).size == 200
