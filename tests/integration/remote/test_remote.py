"""Our client against the embedded backend, on both wires, with runs of the real SDK."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter import remote
from flyte_jupyter.remote import Action, ActionPhase, Client, Endpoint, FileRef, OpaqueValue, Run, RunDetails, connect
from tests.integration.remote.conftest import WIRES, connected, start_runs
from tests.integration.support import Backend

Runs = dict[str, str]
Start = Callable[[str], str]


def finished(name: str) -> Run:
    run = Run.get(name)
    run.wait()
    return run


def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.05)
    return found


def test_values(client: Client, runs: Runs) -> None:
    run = finished(runs["values"])
    assert run.phase == "succeeded"
    assert dict(run.inputs()) == {
        "number": 7,
        "text": "hé",
        "flags": [True, False],
        "table": {"a": 1.0},
        "point": {"x": 3, "name": "p"},
        "nothing": None,
    }
    outputs = run.outputs()
    assert outputs[:6] == (7, "hé", [True, False], {"a": 1.0}, {"x": 3, "name": "p"}, None)
    assert outputs[6:9] == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), timedelta(hours=1), "RED")
    assert isinstance(outputs[9], OpaqueValue), "a set travels as a pickle, and stays closed"
    assert outputs[10] == outputs.o10 == 1.5
    assert list(outputs.named_outputs) == [f"o{n}" for n in range(11)]


def test_files_are_references(client: Client, runs: Runs) -> None:
    file, directory = finished(runs["files"]).outputs()
    assert isinstance(file, FileRef)
    assert file.uri.endswith(".txt")
    assert directory.is_dir


def test_facts_of_a_run(client: Client, runs: Runs) -> None:
    run = finished(runs["tree"])
    assert (run.name, run.project, run.domain) == (runs["tree"], "flytesnacks", "development")
    assert (run.phase, run.raw_phase, run.done(), run.url) == ("succeeded", 5, True, "")
    assert run.task_name == "kinds.tree"
    assert run.start_time is not None
    assert run.start_time.tzinfo is not None
    assert run.duration is not None
    assert timedelta() < run.duration < timedelta(minutes=2)
    assert run.details().name == RunDetails.get(run.name).name == run.name
    run.raise_for_status()
    token = client.endpoint.token
    assert token
    assert token not in f"{run!r} {client!r} {run.action!r} {run.details()!r}"


def test_actions_of_a_run(client: Client, runs: Runs) -> None:
    finished(runs["tree"])
    actions = list(Action.listall(runs["tree"]))
    assert len(actions) == 7
    assert actions[0].name == "a0", "in order of creation"
    assert {action.parent_name for action in actions[1:]} == {"a0"}
    assert len(list(Action.listall(runs["tree"], parent_name="a0"))) == 6
    (failed,) = Action.listall(runs["tree"], in_phase=("failed",))
    details = failed.details()
    assert details.task_name == "kinds.broken"
    assert "no 5 today" in details.error_message
    with pytest.raises(remote.RunFailedError, match="no 5 today"):
        failed.raise_for_status()
    leaves = [action for action in actions if action.pb2.metadata.group == "leaves"]
    assert sorted(leaf.outputs()[0] for leaf in leaves) == [0, 1, 2, 3, 4]
    assert [action.name for action in Action.listall(runs["tree"], limit=3)] == [a.name for a in actions[:3]]
    assert list(Action.listall("no-such-run")) == []


def test_a_failed_run(client: Client, runs: Runs) -> None:
    run = finished(runs["fails"])
    assert run.phase == "failed"
    with pytest.raises(remote.RunFailedError, match="no 7 today") as caught:
        run.raise_for_status()
    assert caught.value.phase == "failed"
    assert run.error_info is not None
    assert run.outputs() == ()


def test_listing(client: Client, runs: Runs) -> None:
    for name in ("values", "fails", "tree"):
        finished(runs[name])
    listed = [run.name for run in Run.listall(limit=None)]
    assert set(runs.values()) <= set(listed)
    assert [run.name for run in Run.listall(limit=None, sort_by=("created_at", "desc"))] == listed[::-1]
    assert runs["fails"] in {run.name for run in Run.listall(in_phase=("failed",), limit=None)}
    assert {run.phase for run in Run.listall(in_phase=("failed", "succeeded"))} == {"failed", "succeeded"}
    assert [run.name for run in Run.listall(task_name="kinds.values")] == [runs["values"]]
    assert len(list(Run.listall(limit=2))) == 2
    assert list(Run.listall(project="another")) == []
    moment = Run.get(runs["fails"]).start_time
    since = [run.name for run in Run.listall(created_at=remote.TimeFilter(after=moment), limit=None)]
    assert runs["fails"] in since
    assert runs["values"] not in since


def test_logs(client: Client, runs: Runs) -> None:
    run = finished(runs["speaks"])
    lines = [line for line in run.get_logs(filter_system=True) if line.startswith("line ")]
    assert lines == [f"line {n}" for n in range(1000)]


def test_logs_are_followed(client: Client, start: Start) -> None:
    run = Run.get(start("sleeps"))
    for line in run.get_logs():
        if line == "sleeping":
            break
    run.sync()
    assert run.phase == "running"
    run.abort("seen enough")


def test_report(client: Client, runs: Runs) -> None:
    assert "<h1>hello</h1>" in finished(runs["reports"]).get_report()
    with pytest.raises(remote.NotFoundError, match="has no report"):
        finished(runs["fails"]).get_report()


def test_watch_and_wait(client: Client, start: Start) -> None:
    name = start("nap")
    phases = [details.phase for details in Run.get(name).watch(cache_data_on_done=True)]
    assert phases[-1] == "succeeded"
    assert "running" in phases
    run = Run.get(name)
    run.wait()
    assert run.outputs() == ("rested",)


def test_wait_until_it_runs(client: Client, start: Start) -> None:
    run = Run.get(start("sleeps"))
    run.wait(wait_for="running")
    assert run.phase == "running"
    with pytest.raises(remote.NotFinishedError):
        run.outputs()
    run.abort("only wanted to see it start")


def test_abort(client: Client, start: Start) -> None:
    run = Run.get(start("nap_tree"))
    run.wait(wait_for="running")
    child = until(lambda: next(iter(Action.listall(run.name, parent_name="a0")), None), "the child")
    run.abort("enough of it")
    run.wait()
    assert run.phase == "aborted"
    with pytest.raises(remote.RunAbortedError, match="enough of it"):
        run.raise_for_status()
    child.wait()
    assert child.phase == "aborted"
    with pytest.raises(remote.AlreadyFinishedError, match="ABORTED"):
        run.abort("again")
    with pytest.raises(remote.AlreadyFinishedError):
        child.abort("again")
    details = run.details().action_details
    assert details.error_message == "enough of it", "a second abort changed nothing"


def test_abort_of_an_action(client: Client, start: Start) -> None:
    run = Run.get(start("nap_tree"))
    child = until(lambda: next(iter(Action.listall(run.name, parent_name="a0")), None), "the child")
    child.wait(wait_for="running")
    child.abort("this one only")
    child.wait()
    assert child.phase == "aborted"
    run.wait()
    assert run.done()


def test_what_does_not_exist(client: Client) -> None:
    with pytest.raises(remote.NotFoundError, match="There is no run 'nobody'"):
        Run.get("nobody")
    with pytest.raises(remote.NotFoundError, match="There is no action 'a0' of run 'nobody'"):
        Action.get(run_name="nobody", name="a0")


def test_ctrl_c_leaves_the_wait_and_not_the_run(client: Client, start: Start) -> None:
    run = Run.get(start("sleeps"))
    run.wait(wait_for="running")
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        run.wait()
    assert run.sync().phase == "running"
    run.abort("done with it")


async def test_awaited_on_another_loop(client: Client, runs: Runs) -> None:
    names = ("values", "tree", "fails")
    found = await asyncio.gather(*(Run.get.aio(runs[name]) for name in names))
    await asyncio.gather(*(run.wait.aio() for run in found))
    assert [run.phase for run in found] == ["succeeded", "succeeded", "failed"]
    assert (await found[1].outputs.aio()) == (10,)
    assert len([action async for action in Action.listall.aio(runs["tree"])]) == 7


def everything(name: str) -> dict[str, Any]:
    run = Run.get(name)
    details = run.details()
    actions = [action.to_dict() for action in Action.listall(name)]
    inputs, outputs = run.inputs(), run.outputs()
    failure = run.first_failure()
    return {
        "phases": run.details().action_details.get_phase_transitions(),
        "code": run.code_bundle(),
        "failure": failure and (failure.name, failure.error_message),
        "literals": (run.input_literals(), run.output_literals()),
        "run": run.to_dict(),
        "details": details.to_dict(),
        "actions": actions,
        "inputs": (dict(inputs), inputs.to_dict()),
        "outputs": (outputs.named_outputs, outputs.to_dict()),
        "logs": list(run.get_logs()),
    }


@pytest.mark.parametrize("name", ["values", "files", "tree", "fails"])
def test_both_wires_say_the_same(backend: Backend, runs: Runs, name: str) -> None:
    said: list[dict[str, Any]] = []
    for wire in WIRES:
        with connected(backend.endpoint, wire):
            finished(runs[name])
            said.append(everything(runs[name]))
    assert said[0] == said[1]


def ask(endpoint: str, transport: Any) -> None:
    connect(endpoint, transport=transport)
    Run.get("x")


def test_a_wrong_token(backend: Backend) -> None:
    address = Endpoint.parse(backend.endpoint)
    wrong = "w" * len(address.token)
    for transport in ("auto", "grpc", "connect"):
        with pytest.raises(remote.UnauthenticatedError) as caught:
            ask(f"http://localhost:{address.port}/{wrong}", transport)
        assert wrong not in str(caught.value)


def test_no_token(backend: Backend) -> None:
    with pytest.raises(remote.UnauthenticatedError):
        connect(f"localhost:{Endpoint.parse(backend.endpoint).port}")


@pytest.mark.parametrize("wire", WIRES)
def test_a_backend_that_dies_and_comes_back(own_backend: Backend, tmp_path: Path, wire: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    own_backend.start("--port", str(port))
    names = start_runs(own_backend, tmp_path, "nap", "sleeps")
    with connected(own_backend.endpoint, wire) as client:
        assert finished(names["nap"]).outputs() == ("rested",)
        assert [run.name for run in Run.listall(in_phase=("succeeded",))] == [names["nap"]]
        run = Run.get(names["sleeps"])
        run.wait(wait_for="running")
        waiting = threading.Thread(target=run.wait, daemon=True)
        waiting.start()
        os.kill(own_backend.pid, signal.SIGKILL)
        with pytest.raises(remote.UnavailableError, match="cannot be reached"):
            until(lambda: not Run.get(names["nap"]), "the end of the backend")
        before = own_backend.endpoint
        own_backend.start("--port", str(port))
        assert own_backend.endpoint == before, "the same token: whoever was connected goes on"
        waiting.join(60)
        assert not waiting.is_alive(), "the wait heals, and ends"
        assert run.done()
        assert Run.get(names["nap"]).phase == "succeeded"
        assert client.transport == wire


def test_a_dead_backend(own_backend: Backend) -> None:
    own_backend.start()
    endpoint = own_backend.endpoint
    own_backend.stop()
    with pytest.raises(remote.ConnectionFailedError, match="Nothing listens"):
        connect(endpoint)


def test_phases_are_the_wire_s(client: Client, runs: Runs) -> None:
    assert finished(runs["values"]).phase is ActionPhase.SUCCEEDED
