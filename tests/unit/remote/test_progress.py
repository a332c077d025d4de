from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flyteidl2.workflow import run_definition_pb2 as definition
from flyteidl2.workflow import run_service_pb2 as service

from flyte_jupyter import remote
from flyte_jupyter.remote import Action, ActionPhase, Client, background, set_wait_display
from flyte_jupyter.remote._progress_text import plain, seconds, shorten
from tests.unit.remote.fake_backend import FakeBackend, action_details
from tests.unit.remote.test_watch import QUEUED, RUNNING, SUCCEEDED, Streams, run_of


@pytest.fixture(autouse=True)
def no_display() -> Iterator[None]:
    yield
    set_wait_display(None)


def lines(text: str) -> list[str]:
    """The lines without what depends on the clock."""
    return [line.partition(" after ")[0] for line in text.splitlines()]


def failing(backend: FakeBackend, message: str) -> None:
    async def script(request: object) -> AsyncIterator[service.WatchActionDetailsResponse]:
        yield service.WatchActionDetailsResponse(details=action_details(phase=RUNNING))
        error = definition.ErrorInfo(message=message, code="ValueError")
        yield service.WatchActionDetailsResponse(details=action_details(phase=ActionPhase.FAILED, error_info=error))

    backend.scripts["WatchActionDetails"] = script


def test_a_line_for_each_phase(client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]) -> None:
    Streams(backend, [QUEUED, QUEUED, RUNNING, SUCCEEDED])
    run_of(client).wait()
    out, err = capsys.readouterr()
    assert lines(err) == ["r1 QUEUED", "r1 RUNNING", "r1 SUCCEEDED"]
    assert out == "", "a script's output is its own"


def test_quiet(client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]) -> None:
    Streams(backend, [QUEUED, SUCCEEDED])
    set_wait_display(lambda run: pytest.fail("shown"))
    run_of(client).wait(quiet=True)
    run_of(client).action.wait(True)
    assert capsys.readouterr() == ("", "")


async def test_awaited(client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]) -> None:
    Streams(backend, [RUNNING, SUCCEEDED])
    await run_of(client).wait.aio()
    assert lines(capsys.readouterr().err) == ["r1 RUNNING", "r1 SUCCEEDED"]


def test_an_error_is_shown(client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]) -> None:
    failing(backend, "\x1b[2Jdivision by zero")
    run_of(client).wait()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("r1 FAILED after")
    assert last.endswith("(ValueError): \N{REPLACEMENT CHARACTER}[2Jdivision by zero")


def test_what_is_over_is_one_line(client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]) -> None:
    run_of(client, SUCCEEDED).wait()
    assert lines(capsys.readouterr().err) == ["r1 SUCCEEDED"]
    assert backend.calls == []


def test_an_action_is_named_with_its_run(
    client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    details = action_details("c1", phase=SUCCEEDED)
    details.metadata.parent = "a0"
    Action(definition.Action(id=details.id, metadata=details.metadata, status=details.status), client=client).wait()
    assert lines(capsys.readouterr().err) == ["r1/c1 SUCCEEDED"]


def test_a_display_is_called_once_on_the_thread_that_waits(
    client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    Streams(backend, [RUNNING, SUCCEEDED])
    shown: list[tuple[Any, threading.Thread]] = []
    set_wait_display(lambda run: shown.append((run, threading.current_thread())) is None)
    run = run_of(client)
    run.wait()
    assert shown == [(run, threading.current_thread())]
    assert capsys.readouterr() == ("", "")
    set_wait_display(lambda run: False)
    run_of(client).wait()
    assert lines(capsys.readouterr().err) == ["r1 RUNNING", "r1 SUCCEEDED"]


def test_a_wait_on_our_own_loop_shows_nothing(
    client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    Streams(backend, [RUNNING, SUCCEEDED])
    set_wait_display(lambda run: pytest.fail("shown"))
    background().run(run_of(client).wait.aio())
    assert capsys.readouterr() == ("", "")


def test_an_error_of_the_wait_is_not_an_end(
    client: Client, backend: FakeBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(remote.UnimplementedError):
        run_of(client).wait()
    assert capsys.readouterr().err == ""


PROGRAM = """
import sys
if {without_rich}:
    sys.modules["rich"] = None
from flyteidl2.workflow import run_definition_pb2 as definition
from flyte_jupyter.remote import Run, connect
from tests.unit.remote.fake_backend import action_details

connect("localhost:{port}", transport="grpc")
details = action_details(run="r[red]1")
try:
    Run(definition.Run(action=definition.Action(id=details.id, status=details.status))).wait(wait_for="{wait_for}")
    print("went on")
except KeyboardInterrupt:
    print("interrupted")
"""


def in_a_terminal(
    backend: FakeBackend, *, without_rich: bool = False, wait_for: str = "terminal", interrupt_at: str = ""
) -> str:
    """What a terminal is sent by a program that waits, and is interrupted when it has said something."""
    program = PROGRAM.format(without_rich=without_rich, port=backend.grpc_port, wait_for=wait_for)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
    )
    os.close(theirs)
    sent = b""
    try:
        while chunk := os.read(ours, 65536):
            sent += chunk
            if interrupt_at and interrupt_at.encode() in sent:
                process.send_signal(signal.SIGINT)
                interrupt_at = ""
    except OSError:
        pass  # how Linux says that the other side is closed
    finally:
        os.close(ours)
        assert process.wait(20) == 0, sent.decode()
    return sent.decode()


def scripted(backend: FakeBackend, *phases: ActionPhase) -> None:
    async def script(request: object) -> AsyncIterator[service.WatchActionDetailsResponse]:
        for phase in phases:
            yield service.WatchActionDetailsResponse(details=action_details(phase=phase, run="r[red]1"))

    backend.scripts["WatchActionDetails"] = script


def test_a_panel_in_a_terminal(backend: FakeBackend) -> None:
    scripted(backend, QUEUED, RUNNING, SUCCEEDED)
    sent = in_a_terminal(backend)
    assert "╭─" in sent
    assert "r[red]1" in sent, "a name is not markup"
    last = sent.rstrip().splitlines()[-2:]
    assert "r[red]1 SUCCEEDED" in last[0]
    assert last[1].endswith("went on")
    assert sent.count("\x1b[?25l") == sent.count("\x1b[?25h") == 1, "the cursor is back"


def test_a_panel_that_waited_for_running_says_so(backend: FakeBackend) -> None:
    scripted(backend, QUEUED, RUNNING)
    assert "r[red]1 RUNNING after" in in_a_terminal(backend, wait_for="running").splitlines()[-2]


@pytest.mark.parametrize("without_rich", [False, True])
def test_an_interrupt_takes_the_panel_away(backend: FakeBackend, without_rich: bool) -> None:
    async def script(request: object) -> AsyncIterator[service.WatchActionDetailsResponse]:
        yield service.WatchActionDetailsResponse(details=action_details(run="r[red]1"))
        await backend.silence()

    backend.scripts["WatchActionDetails"] = script
    sent = in_a_terminal(backend, without_rich=without_rich, interrupt_at="RUNNING after")
    assert "Stopped waiting for r[red]1, which goes on (RUNNING)." in sent
    assert sent.rstrip().endswith("interrupted")
    assert sent.count("\x1b[?25l") == sent.count("\x1b[?25h"), "the cursor is back"
    assert backend.count("AbortRun") == 0


def test_lines_in_a_terminal_without_rich(backend: FakeBackend) -> None:
    scripted(backend, QUEUED, RUNNING, SUCCEEDED)
    sent = in_a_terminal(backend, without_rich=True)
    assert lines(sent) == ["r[red]1 QUEUED", "r[red]1 RUNNING", "r[red]1 SUCCEEDED", "went on"]


def test_words() -> None:
    said = [seconds(timedelta(seconds=each)) for each in (-1, 0.25, 12.4, 185, 7440)]
    assert said == ["0.0 s", "0.2 s", "12 s", "3 min 5 s", "2 h 4 min"]
    assert plain("a\tb\nc\x00\u202e") == "a\tb\nc\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    assert shorten("\n".join(map(str, range(100)))).splitlines()[:2] == ["...", "80"]
    assert shorten("short") == "short"
