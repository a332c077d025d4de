from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.core.literals_pb2 import Literal
from flyteidl2.dataproxy.dataproxy_service_pb2 import GetActionDataResponse, TailLogsResponse
from flyteidl2.logs.dataplane.payload_pb2 import LogLine
from flyteidl2.workflow.run_definition_pb2 import ActionDetails
from fsspec.implementations.memory import MemoryFileSystem

from flyte_jupyter.live import Look, Looks, _report
from flyte_jupyter.live._logs import LogTopic
from flyte_jupyter.remote import InvalidArgumentError, PermissionDeniedError, UnavailableError
from tests.unit.live.messages import FAILED, RUNNING, START, SUCCEEDED, action, feed, run_state
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.virtual import until, virtual

RUN = RunIdentifier(project="p", domain="development", name="r1")
pytestmark = pytest.mark.usefixtures("own_loop")


def details(phase: int, attempt: int = 1, name: str = "a0") -> ActionDetails:
    one = action(name, phase)
    made = ActionDetails(id=one.id, metadata=one.metadata, status=one.status)
    made.attempts.add(attempt=attempt, phase=phase)  # pyright: ignore[reportArgumentType]
    return made


def look(looks: Looks, client: Any, topic: str, **params: Any) -> Look:
    return looks.look(client, RUN, "a0", topic, params)


async def leave(one: Look) -> None:
    """Close, and let what it held end."""
    one.close()
    await asyncio.sleep(1)


async def seen(one: Look) -> Any:
    """The next value."""
    got: list[Any] = []

    def ready() -> bool:
        sight = one.next()
        if sight is not None:
            got.append(sight)
        return bool(got)

    await until(ready)
    return got[0]


@virtual
async def test_details_come_as_they_change_and_end_with_the_action():
    client = ScriptedClient(action("a0", RUNNING))
    looks = Looks()
    one = look(looks, client, "details")
    first = await seen(one)
    assert (first.value["name"], first.value["phase"], first.end) == ("a0", RUNNING, False)
    assert one.next() is None
    client.tell(details(SUCCEEDED, 2))
    sight = await seen(one)
    assert [attempt["attempt"] for attempt in sight.value["attempts"]] == [2]
    if not sight.end:
        assert (await seen(one)) == (None, "", True, ())
    await leave(one)
    assert len(looks) == 0


@virtual
async def test_who_looks_at_the_same_shares_one_stream():
    client = ScriptedClient(action("a0", RUNNING))
    looks = Looks()
    several = [look(looks, client, topic) for topic in ("details", "details", "events", "spec")]
    for one in several:
        await seen(one)
    assert len(client.watching) == 1
    for one in several[:-1]:
        one.close()
    assert len(client.watching) == 1
    several[-1].close()
    await until(lambda: not client.watching)
    assert len(looks) == 0


@virtual
async def test_a_backend_that_comes_back_is_seen_again():
    client = ScriptedClient(action("a0", RUNNING))
    client.down = UnavailableError("gone.", "", "UNAVAILABLE")
    looks = Looks()
    one = look(looks, client, "details")
    assert "gone" in (await seen(one)).error
    client.down = None
    sight = await seen(one)
    assert (sight.value["phase"], sight.error) == (RUNNING, "")
    await leave(one)


@virtual
async def test_an_action_that_is_not_there_is_told_in_a_sentence():
    looks = Looks()
    one = looks.look(ScriptedClient(action("a0")), RUN, "gone", "details")  # pyright: ignore[reportArgumentType]
    sight = await seen(one)
    assert "not found" in sight.error
    await leave(one)


@virtual
async def test_an_action_that_failed_and_is_tried_again_is_followed_again():
    client = ScriptedClient(action("a0", FAILED))
    client.errors["a0"] = "bad"
    looks = Looks()
    one = look(looks, client, "details")
    assert (await seen(one)).value["error"]["message"] == "bad"
    await until(lambda: one.topic.ended)
    one.next()
    client.actions["a0"] = action("a0", RUNNING, attempts=2)
    state = run_state()
    feed(state, client.actions["a0"])
    looks.changed(state)
    sight = await seen(one)
    while sight.value is None:
        sight = await seen(one)
    assert (sight.value["phase"], sight.value["error"]) == (RUNNING, None)
    await leave(one)


@virtual
async def test_an_error_that_is_told_late_is_waited_for():
    client = ScriptedClient(action("a0", FAILED))
    looks = Looks()
    one = look(looks, client, "details")
    assert (await seen(one)).value["error"] is None
    client.errors["a0"] = "late"
    assert (await seen(one)).value["error"]["message"] == "late"
    await leave(one)


def data(**literals: int) -> GetActionDataResponse:
    response = GetActionDataResponse()
    for name, number in literals.items():
        side = response.outputs if name.startswith("o") else response.inputs
        literal = Literal()
        literal.scalar.primitive.integer = number
        side.literals.add(name=name, value=literal)
    return response


@virtual
async def test_inputs_first_outputs_when_it_is_over():
    client = ScriptedClient(action("a0", RUNNING))
    client.data["a0"] = data(x=7, o0=49)
    looks = Looks()
    one = look(looks, client, "io")
    sight = await seen(one)
    while sight.value["inputs"] is None:
        sight = await seen(one)
    assert [node["text"] for node in sight.value["inputs"]] == ["7"]
    assert sight.value["outputs"] is None
    assert sight.value["note"] == "There are no outputs yet."
    client.tell(details(SUCCEEDED))
    sight = await seen(one)
    assert [(node["name"], node["text"]) for node in sight.value["outputs"]] == [("o0", "49")]
    code = "import flyte_jupyter\nflyte_jupyter.remote.Run.get('r1').outputs().o0"
    assert sight.value["outputs"][0]["code"] == code
    await leave(one)


async def test_files_and_tables_on_this_machine_are_looked_at(tmp_path: Path):
    picture, table = tmp_path / "dot.png", tmp_path / "table.parquet"
    picture.write_bytes(b"dot")
    pd.DataFrame({"n": [1, 2]}).to_parquet(table)
    response = GetActionDataResponse()
    literal = Literal()
    literal.scalar.blob.uri = str(picture)
    response.outputs.literals.add(name="o0", value=literal)
    literal = Literal()
    literal.scalar.structured_dataset.uri = str(table)
    response.outputs.literals.add(name="o1", value=literal)
    client = ScriptedClient(action("a0", SUCCEEDED))
    client.data["a0"] = response
    client.tell(details(SUCCEEDED))
    one = look(Looks(), client, "io")
    sight = await seen(one)
    while not sight.value["outputs"] or "bytes" not in sight.value["outputs"][0]:
        sight = await seen(one)
    file, frame = sight.value["outputs"]
    assert (file["bytes"], file["image"]) == (3, "data:image/png;base64,ZG90")
    assert (frame["columns"], frame["rows"], frame["size"]) == (["n"], [["1"], ["2"]], 2)
    one.close()


@virtual
async def test_data_that_is_not_there_is_told_in_a_sentence():
    client = ScriptedClient(action("a0", SUCCEEDED))
    looks = Looks()
    one = look(looks, client, "io")
    await until(lambda: one.topic.ended)
    sight = one.next()
    assert sight is not None
    assert sight.value is not None
    assert sight.value["note"] == "The backend has no data of this action."
    await leave(one)


def lines(*texts: str, second: int = 1) -> TailLogsResponse:
    made = []
    for text in texts:
        line = LogLine(message=text)
        line.timestamp.FromSeconds(START // 1000 + second)
        made.append(line)
    return TailLogsResponse(logs=[TailLogsResponse.Logs(lines=made)])


@virtual
async def test_a_log_comes_in_pieces_and_says_where_it_may_have_a_gap():
    client = ScriptedClient(action("a0", RUNNING))
    client.logs = [[lines("a", "b")], [lines("f", second=5)]]
    looks = Looks()
    one = look(looks, client, "logs")
    first = await seen(one)
    while not first.buffers:
        first = await seen(one)
    assert first.value == {"attempt": 1, "first": 0, "count": 2, "marks": [], "note": ""}
    assert first.buffers[2] == b"a\nb\n"
    second = await seen(one)
    assert second.value == {
        "attempt": 1,
        "first": 2,
        "count": 1,
        "marks": [{"line": 2, "kind": "gap"}],
        "note": "",
    }
    client.tell(details(SUCCEEDED))
    client.actions["a0"] = action("a0", SUCCEEDED)
    sight = await seen(one)
    while not sight.end:
        sight = await seen(one)
    again = look(looks, client, "logs", **{"from": 2})
    piece = again.next()
    assert piece is not None
    assert piece.buffers[2] == b"f\n"
    again.close()
    await leave(one)
    assert len(looks) == 0


async def log_of(one: Look) -> list[tuple[int, list[str]]]:
    """The lines by attempt as a page keeps them, until the end."""
    kept: list[tuple[int, list[str]]] = []
    while not (sight := await seen(one)).end or sight.buffers:
        if sight.value is None:
            continue
        assert sight.value["first"] == (len(kept[-1][1]) if kept and not sight.value.get("restart") else 0)
        if not kept or sight.value.get("restart"):
            kept.append((sight.value["attempt"], []))
        if sight.buffers:
            kept[-1][1].extend(sight.buffers[2].decode().split("\n")[:-1])
    return kept


@virtual
async def test_the_log_of_the_latest_attempt_is_that_of_the_next_one_when_it_begins():
    client = ScriptedClient(action("a0", RUNNING))
    client.logs = [[lines("one", "two")], [lines("three")]]
    looks = Looks()
    one = look(looks, client, "logs")
    got = asyncio.create_task(log_of(one))
    await until(lambda: isinstance(one.topic, LogTopic) and one.topic.buffer.end == 2)
    client.tell(details(RUNNING, 2))
    await until(lambda: isinstance(one.topic, LogTopic) and one.topic.attempt == 2 and one.topic.buffer.end)
    late = look(looks, client, "logs")
    missed = look(looks, client, "logs", **{"from": 2, "of": 1})
    kept = look(looks, client, "logs", **{"from": 1, "of": 2})
    client.actions["a0"] = action("a0", SUCCEEDED, attempts=2)
    client.tell(details(SUCCEEDED, 2))
    assert await got == [(1, ["one", "two"]), (2, ["three"])]
    assert await log_of(late) == [(2, ["three"])]
    sight = missed.next()
    assert sight is not None
    assert (sight.value, sight.buffers[2]) == (
        {"attempt": 2, "first": 0, "count": 1, "marks": [], "note": "", "restart": True},
        b"three\n",
    )
    sight = kept.next()
    assert sight is not None
    assert (sight.buffers, sight.end) == ((), True)
    for other in (late, missed, kept):
        other.close()
    await leave(one)
    assert len(looks) == 0


@virtual
async def test_the_log_of_an_earlier_attempt_stays_and_comes_once_when_the_action_goes_on():
    client = ScriptedClient(action("a0", FAILED))
    client.errors["a0"] = "bad"
    client.logs = [[lines("one")], [lines("one")]]
    looks = Looks()
    one = look(looks, client, "logs", attempt=1)
    feeding = look(looks, client, "details")
    await until(lambda: one.topic.ended and feeding.topic.ended)
    client.actions["a0"] = action("a0", RUNNING, attempts=2)
    client.tell(details(RUNNING, 2))
    state = run_state()
    feed(state, client.actions["a0"])
    looks.changed(state)
    assert not one.topic.ended
    await until(lambda: one.topic.ended)
    assert isinstance(one.topic, LogTopic)
    assert (one.topic.attempt, one.topic.buffer.last(9)) == (1, ["one"])
    feeding.close()
    await leave(one)


@virtual
async def test_a_log_that_may_not_be_read_says_so_while_the_action_goes_on():
    client = ScriptedClient(action("a0", RUNNING))
    client.logs = [[PermissionDeniedError("no.", "", "PERMISSION_DENIED")]]
    one = look(Looks(), client, "logs")
    await until(lambda: one.topic.ended)
    sight = one.next()
    assert sight is not None
    assert (sight.error, sight.end) == ("no.", True)
    await leave(one)


@virtual
async def test_an_attempt_without_a_log_says_so():
    client = ScriptedClient(action("a0", SUCCEEDED))
    looks = Looks()
    one = look(looks, client, "logs", attempt=2)
    await until(lambda: one.topic.ended)
    sight = one.next()
    assert sight is not None
    assert sight.value is not None
    assert (sight.value["attempt"], sight.value["note"], sight.end) == (2, "The log is empty.", True)
    await leave(one)


async def test_the_report_of_an_action_that_goes_on_is_read_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_report, "EVERY", 0.01)
    monkeypatch.setattr(_report.ReportTopic, "every", 0.01)
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    store = MemoryFileSystem()
    client = ScriptedClient(action("a0", RUNNING))
    running = details(RUNNING)
    running.attempts[0].outputs.report_uri = "memory://of-1.html"
    client.tell(running)
    one, same = look(looks := Looks(), client, "report"), look(looks, client, "report")
    assert (await seen(one)).value == {"attempt": 1, "none": True}
    client.links[1] = "memory://of-1.html"
    for step in ("<h1>step 0</h1>", "<h1>step 1</h1>"):
        store.pipe("/of-1.html", step.encode())
        assert (await seen(one)).value == {"attempt": 1, "html": step}
    client.links[1] = "nothing-reads-this://of-1.html"
    assert "nothing-reads-this" in (await seen(one)).error
    store.pipe("/of-1.html", b"<h1>step 2</h1>")
    client.links[1] = "memory://of-1.html"
    sight = await seen(one)
    assert (sight.value, sight.error, sight.end) == ({"attempt": 1, "html": "<h1>step 2</h1>"}, "", False)
    client.actions["a0"] = action("a0", SUCCEEDED)
    client.tell(details(SUCCEEDED))
    while not sight.end:
        sight = await seen(one)
    sight = same.next()
    assert sight is not None
    assert (sight.value, sight.end) == ({"attempt": 1, "html": "<h1>step 2</h1>"}, True)
    same.close()
    one.close()


@pytest.mark.parametrize(
    ("topic", "params"),
    [
        ("nonsense", {}),
        ("logs", {"attempt": 0}),
        ("logs", {"from": -1}),
        ("logs", {"of": 0}),
        ("report", {"attempt": True}),
    ],
)
def test_what_cannot_be_looked_at(topic: str, params: dict[str, Any]):
    with pytest.raises(InvalidArgumentError):
        Looks().look(ScriptedClient(), RUN, "a0", topic, params)  # pyright: ignore[reportArgumentType]
