from __future__ import annotations

from typing import Any

import pytest
from flyteidl2.dataproxy import dataproxy_service_pb2 as dataproxy
from flyteidl2.logs.dataplane import payload_pb2
from flyteidl2.workflow import run_logs_service_pb2, run_service_pb2

from flyte_jupyter import remote
from flyte_jupyter.remote import Action, ActionPhase, Client, _logs
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details

RUNNING, SUCCEEDED = ActionPhase.RUNNING, ActionPhase.SUCCEEDED


def line(second: int, text: str, originator: int = 1) -> payload_pb2.LogLine:
    line = payload_pb2.LogLine(message=text, originator=originator)  # type: ignore[arg-type]
    line.timestamp.FromSeconds(1_700_000_000 + second)
    return line


def answer(*lines: payload_pb2.LogLine) -> dataproxy.TailLogsResponse:
    return dataproxy.TailLogsResponse(logs=[dataproxy.TailLogsResponse.Logs(lines=lines)])


def play(backend: FakeBackend, *streams: list[Any], phases: tuple[ActionPhase, ...] = (SUCCEEDED,)) -> None:
    """Each stream is a list of answers, an error or None for silence; the phases are told one by one."""
    left, states = list(streams), list(phases)

    async def tail(_: Any) -> Any:
        for step in left.pop(0) if len(left) > 1 else left[0]:
            if step is None:
                await backend.silence()
            elif isinstance(step, StatusError):
                raise step
            else:
                yield step

    def details(_: Any) -> Any:
        phase = states.pop(0) if len(states) > 1 else states[0]
        return run_service_pb2.GetActionDetailsResponse(details=action_details(phase=phase))

    backend.scripts.update(TailLogs=tail, GetActionDetails=details)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_logs, "_PAUSE_SECONDS", 0.01)


def lines(**options: Any) -> list[str]:
    return list(Action(short()).get_logs(1, **options))


def short() -> Any:
    from flyteidl2.workflow import run_definition_pb2

    details = action_details()
    return run_definition_pb2.Action(id=details.id, status=details.status)


def test_the_log_of_what_is_over(client: Client, backend: FakeBackend) -> None:
    play(backend, [answer(line(1, "a\n"), line(1, "b")), answer(line(2, "c\r\n"))])
    assert lines() == ["a", "b", "c"]


def test_following_repeats_nothing(client: Client, backend: FakeBackend) -> None:
    first = [line(1, "a"), line(1, "b")]
    play(
        backend,
        [answer(*first)],
        [answer(*first), answer(line(1, "c"), line(2, "d"))],
        [answer(*first), answer(line(1, "c"), line(2, "d")), answer(line(2, "e"))],
        phases=(RUNNING, RUNNING, SUCCEEDED),
    )
    assert lines() == ["a", "b", "c", "d", "e"]


def test_a_broken_stream_goes_on(client: Client, backend: FakeBackend) -> None:
    play(
        backend,
        [answer(line(1, "a")), StatusError("UNAVAILABLE", "gone")],
        [answer(line(1, "a"), line(2, "b"))],
        phases=(RUNNING, SUCCEEDED),
    )
    assert lines() == ["a", "b"]


def test_no_log_yet(client: Client, backend: FakeBackend) -> None:
    missing = StatusError("NOT_FOUND", "no pod")
    play(
        backend,
        [missing],
        [StatusError("INTERNAL", "creating")],
        [answer(line(1, "a"))],
        phases=(RUNNING, RUNNING, SUCCEEDED),
    )
    assert lines() == ["a"]


def test_no_log_at_all(client: Client, backend: FakeBackend) -> None:
    play(backend, [StatusError("NOT_FOUND", "no pod")])
    with pytest.raises(remote.NotFoundError, match="no log of attempt 1 of r1/a0"):
        lines()


def test_a_stream_that_never_ends(client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_logs, "_IDLE_SECONDS", 0.05)
    play(backend, [answer(line(1, "a")), None], phases=(RUNNING, RUNNING, SUCCEEDED))
    assert lines() == ["a"]


def test_an_older_backend(client: Client, backend: FakeBackend) -> None:
    play(backend, [])

    async def tail(request: Any) -> Any:
        if isinstance(request, dataproxy.TailLogsRequest):
            raise StatusError("UNIMPLEMENTED", "new-fangled")
        logs = run_logs_service_pb2.TailLogsResponse.Logs(lines=[line(1, "old")])
        yield run_logs_service_pb2.TailLogsResponse(logs=[logs])

    backend.scripts["TailLogs"] = tail
    assert lines() == ["old"]


def test_system_lines_and_times(client: Client, backend: FakeBackend) -> None:
    play(
        backend,
        [answer(line(0, "mine"), line(0, "its", 2), line(1, "[flyte] also"), line(2, "[flyte] flyte.errors.X"))],
    )
    assert lines(filter_system=True) == ["mine", "[flyte] flyte.errors.X"]
    assert lines(show_ts=True)[0] == "[2023-11-14T22:13:20.000+00:00] mine"


def test_clocks_that_step_back_lose_nothing(client: Client, backend: FakeBackend) -> None:
    back = [line(5, "a"), line(3, "b"), line(4, "c")]
    play(backend, [answer(*back)], [answer(*back, line(6, "d"))], phases=(RUNNING, SUCCEEDED))
    assert lines() == ["a", "b", "c", "d"]


def test_show_logs(client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]) -> None:
    play(backend, [answer(*(line(n, f"line {n}") for n in range(5)))])
    action = Action.get(run_name="r1", name="a0")
    action.show_logs(max_lines=2)
    assert capsys.readouterr().out == "line 3\nline 4\n"
    action.show_logs(max_lines=2, raw=True)
    assert capsys.readouterr().out.count("\n") == 5


def test_attempts_are_counted_from_one(client: Client, backend: FakeBackend) -> None:
    play(backend, [])
    with pytest.raises(remote.InvalidArgumentError):
        list(Action(short()).get_logs(0))


def test_a_place_tells_what_is_new_and_where_some_may_be_missing() -> None:
    place = _logs.LogPlace()
    place.rewind()
    assert place.advance([line(1, "a"), line(1, "b")]) == ([line(1, "a"), line(1, "b")], False)
    place.rewind()
    assert place.advance([line(1, "a"), line(1, "b")]) == ([], False)
    assert place.advance([line(2, "c")]) == ([line(2, "c")], False)
    place.rewind()
    assert place.advance([line(2, "c"), line(3, "d")]) == ([line(3, "d")], False)
    place.rewind()
    assert place.advance([line(5, "f")]) == ([line(5, "f")], True)
    assert place.lines == 5
