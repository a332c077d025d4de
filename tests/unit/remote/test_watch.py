from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator

import pytest
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import ActionPhase, Client, Run, _watch, background
from tests.unit.remote.fake_backend import FakeBackend, StatusError, action_details

RUNNING, SUCCEEDED, QUEUED = ActionPhase.RUNNING, ActionPhase.SUCCEEDED, ActionPhase.QUEUED


def message(phase: ActionPhase) -> service.WatchActionDetailsResponse:
    return service.WatchActionDetailsResponse(details=action_details(phase=phase))


class Streams:
    """Plays one script after the other for each time the stream is opened; the last one again and again."""

    def __init__(self, backend: FakeBackend, *steps: list[ActionPhase | StatusError | None]) -> None:
        self._backend = backend
        self._steps = list(steps)
        backend.scripts["WatchActionDetails"] = self

    async def __call__(self, request: object) -> AsyncIterator[service.WatchActionDetailsResponse]:
        steps = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        for step in steps:
            if step is None:
                await self._backend.silence()
            elif isinstance(step, StatusError):
                raise step
            else:
                yield message(step)


def details_answer(phase: ActionPhase) -> service.GetActionDetailsResponse:
    return service.GetActionDetailsResponse(details=action_details(phase=phase))


def run_of(client: Client, phase: ActionPhase = QUEUED) -> Run:
    details = action_details(phase=phase)
    action = definition.Action(id=details.id, metadata=details.metadata, status=details.status)
    return Run(definition.Run(action=action), client=client)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(_watch, "_LONGEST_PAUSE_SECONDS", 0.05)


def phases(run: Run) -> list[ActionPhase]:
    return [details.phase for details in run.watch()]


def test_ends_at_the_terminal_phase_without_asking_more(client: Client, backend: FakeBackend) -> None:
    Streams(backend, [QUEUED, RUNNING, SUCCEEDED, None])
    assert phases(run_of(client)) == [QUEUED, RUNNING, SUCCEEDED]
    assert backend.count("WatchActionDetails") == 1


def test_an_early_clean_end_is_not_the_end(client: Client, backend: FakeBackend) -> None:
    Streams(backend, [QUEUED, RUNNING], [RUNNING], [SUCCEEDED])
    assert phases(run_of(client)) == [QUEUED, RUNNING, SUCCEEDED]
    assert backend.count("WatchActionDetails") == 3


def test_duplicates_are_left_out(client: Client, backend: FakeBackend) -> None:
    Streams(backend, [RUNNING, RUNNING, RUNNING, SUCCEEDED])
    assert phases(run_of(client)) == [RUNNING, SUCCEEDED]


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "CANCELLED", "DEADLINE_EXCEEDED"])
def test_a_broken_stream_is_opened_again(client: Client, backend: FakeBackend, code: str) -> None:
    broken = StatusError(code, "RST_STREAM")
    Streams(backend, [QUEUED, broken], [broken], [RUNNING, broken], [SUCCEEDED])
    assert phases(run_of(client)) == [QUEUED, RUNNING, SUCCEEDED]


def test_five_failures_in_a_row_are_borne_and_not_six(client: Client, backend: FakeBackend) -> None:
    broken: list[ActionPhase | StatusError | None] = [StatusError("UNAVAILABLE", "away")]
    Streams(backend, *[broken] * 5, [SUCCEEDED])
    assert phases(run_of(client)) == [SUCCEEDED]
    Streams(backend, broken)
    with pytest.raises(remote.UnavailableError):
        phases(run_of(client))


def test_not_found_counts_when_said_twice(client: Client, backend: FakeBackend) -> None:
    missing = StatusError("NOT_FOUND", "no such action")
    Streams(backend, [missing], [SUCCEEDED])
    assert phases(run_of(client)) == [SUCCEEDED]
    Streams(backend, [missing])
    with pytest.raises(remote.NotFoundError):
        phases(run_of(client))


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "INVALID_ARGUMENT", "UNIMPLEMENTED", "PERMISSION_DENIED"])
def test_what_does_not_heal_is_raised_at_once(client: Client, backend: FakeBackend, code: str) -> None:
    Streams(backend, [StatusError(code, "no")])
    with pytest.raises(remote.FlyteError):
        phases(run_of(client))
    assert backend.count("WatchActionDetails") == 1


def test_a_silent_stream_that_missed_the_end(
    client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watch, "SILENCE_SECONDS", 0.3)
    Streams(backend, [RUNNING, None])
    backend.scripts["GetActionDetails"] = lambda _: details_answer(
        SUCCEEDED if backend.count("GetActionDetails") == 3 else RUNNING
    )
    assert phases(run_of(client)) == [RUNNING, SUCCEEDED]
    assert backend.count("WatchActionDetails") == 1, "a stream is kept while nothing was missed"


def test_a_deaf_stream_is_opened_again(client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than a busy machine needs to open a stream.
    monkeypatch.setattr(_watch, "SILENCE_SECONDS", 0.5)
    Streams(backend, [QUEUED, None], [RUNNING, SUCCEEDED])
    backend.scripts["GetActionDetails"] = lambda _: details_answer(RUNNING)
    assert phases(run_of(client)) == [QUEUED, RUNNING, SUCCEEDED]
    assert backend.count("WatchActionDetails") == 2


def test_any_message_gives_the_stream_new_credit(client: Client, backend: FakeBackend) -> None:
    broken = StatusError("UNAVAILABLE", "away")
    Streams(backend, *[[RUNNING, broken], [broken]] * 8, [SUCCEEDED])
    assert phases(run_of(client)) == [RUNNING, SUCCEEDED]
    missing = StatusError("NOT_FOUND", "trouble with the database")
    Streams(backend, *[[RUNNING], [missing]] * 3, [SUCCEEDED])
    assert phases(run_of(client)) == [RUNNING, SUCCEEDED]


def test_an_attempt_that_is_over_is_not_yet_the_action(client: Client, backend: FakeBackend) -> None:
    late = message(RUNNING)
    late.details.attempts.add(attempt=1, phase=SUCCEEDED.number)
    said = [late, message(SUCCEEDED)]

    async def script(request: object) -> AsyncIterator[service.WatchActionDetailsResponse]:
        yield said.pop(0)

    backend.scripts["WatchActionDetails"] = script
    assert phases(run_of(client)) == [RUNNING, SUCCEEDED]


def test_an_action_that_is_tried_again_goes_on(client: Client, backend: FakeBackend) -> None:
    attempts = [(1, RUNNING), (1, QUEUED), (2, QUEUED), (2, RUNNING), (2, SUCCEEDED)]

    async def script(request: object) -> AsyncIterator[service.WatchActionDetailsResponse]:
        for number, phase in attempts:
            each = message(phase)
            each.details.status.attempts = number
            yield each

    backend.scripts["WatchActionDetails"] = script
    assert [(each.attempts, each.phase) for each in run_of(client).watch()] == attempts


def test_a_silence_in_which_nobody_answers_is_borne(
    client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_watch, "SILENCE_SECONDS", 0.05)
    Streams(backend, [RUNNING, None], [RUNNING, SUCCEEDED])

    def away(_: object) -> service.GetActionDetailsResponse:
        raise StatusError("INTERNAL", "trouble")

    backend.scripts["GetActionDetails"] = away
    assert phases(run_of(client)) == [RUNNING, SUCCEEDED]


def test_leaving_the_watch_ends_the_call(client: Client, backend: FakeBackend) -> None:
    Streams(backend, [RUNNING, None])
    for _ in run_of(client).watch():
        break
    for _ in range(500):
        if backend.open_calls() == 0:
            break
        background().run(asyncio.sleep(0.01))
    assert backend.open_calls() == 0


def test_wait_returns_when_it_is_over_and_brings_the_run_up_to_date(client: Client, backend: FakeBackend) -> None:
    Streams(backend, [QUEUED], [RUNNING], [SUCCEEDED])
    run = run_of(client)
    run.wait()
    assert run.done()
    assert run.phase == run.action.phase == "succeeded"


def test_wait_for_running(client: Client, backend: FakeBackend) -> None:
    Streams(backend, [QUEUED, RUNNING, None])
    run = run_of(client)
    run.wait(wait_for="running")
    assert run.phase == "running"


def test_wait_for_running_of_what_is_over_already(client: Client, backend: FakeBackend) -> None:
    Streams(backend, [SUCCEEDED])
    run = run_of(client)
    run.wait(wait_for="running")
    assert run.phase == "succeeded"
    calls = len(backend.calls)
    run.wait()
    assert len(backend.calls) == calls, "what is over needs no call"


def test_wait_for_logs(client: Client, backend: FakeBackend) -> None:
    ready = message(RUNNING)
    ready.details.attempts.add(attempt=1, logs_available=True)

    async def script(request: object) -> AsyncIterator[service.WatchActionDetailsResponse]:
        yield message(QUEUED)
        yield ready
        await backend.silence()

    backend.scripts["WatchActionDetails"] = script
    run_of(client).action.wait(wait_for="logs-ready")


def test_wait_for_nonsense(client: Client) -> None:
    with pytest.raises(remote.InvalidArgumentError, match="cannot wait for 'godot'"):
        run_of(client).wait(wait_for="godot")  # type: ignore[arg-type]


async def test_cancelling_a_wait_stays_a_cancellation(client: Client, backend: FakeBackend) -> None:
    Streams(backend, [RUNNING, None])
    task = asyncio.ensure_future(run_of(client).wait.aio())
    for _ in range(500):
        if backend.open_calls():
            break
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("wire", ["grpc", "connect"])
def test_ctrl_c_leaves_the_wait_and_not_the_run(backend: FakeBackend, wire: str) -> None:
    Streams(backend, [RUNNING, None])
    port = backend.grpc_port if wire == "grpc" else backend.connect_port
    program = textwrap.dedent(f"""
        from flyte_jupyter.remote import Run, connect
        from tests.unit.remote.fake_backend import action_details
        from flyteidl2.workflow import run_definition_pb2 as definition

        client = connect("localhost:{port}", transport="{wire}")
        details = action_details()
        run = Run(definition.Run(action=definition.Action(id=details.id, status=details.status)))
        print("waiting", flush=True)
        try:
            run.wait()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    for _ in range(1000):
        if backend.open_streams:
            break
        background().run(asyncio.sleep(0.01))
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert out == "interrupted\n"
    assert "Stopped waiting for r1, which goes on (RUNNING)." in err
    assert backend.count("AbortRun") == 0
