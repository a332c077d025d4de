"""Our client beside the SDK's on one backend: `python -m tests.bench.bench_remote [--quick]`.

The backend is a process of its own, and so is each client. Runs that are over, their 10,000 actions and the log of
1,000,000 lines are put into the backend's database and files by its own classes while it does not run; what is watched
is a run that the SDK starts. The clients do the same task in turns, every second round the other way round, and the
best of several rounds is compared.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.task.run_pb2 import RunSpec
from flyteidl2.task.task_definition_pb2 import TaskSpec

from flyte_jupyter.local._describe import describe_task
from flyte_jupyter.local._model import RUNNING, SUCCEEDED, Action, Run, now_us, timestamp
from flyte_jupyter.local._notify import Topic
from flyte_jupyter.local._paths import StateDir
from flyte_jupyter.local._store import Store
from tests.integration.support import REPOSITORY, Backend, Sdk

PEERS = ("sdk", "grpc", "connect")
ACTIONS = 10_000
HUGE = 100_000
RUNS = 200
LINES = 1_000_000
WATCHED = 200
WATCHES = 3
FILES = 1_000
BINARY = 20
MEGABYTE = 1_000_000
GIGABYTE = 1000 * MEGABYTE
PROJECT, DOMAIN = "bench", "development"

BY_OFFSET = (
    "The limit is the backend, which counts to the beginning of each page. The budget of the view: to be painted ten",
    "times as fast as the SDK lists it (see below: from the cell's start to the painted tree).",
)
IN_SEQUENCE = (
    "The limit is the wire and the backend: without them is what is left of ours where each get is answered at once.",
    "Over gRPC the backend needs a third more of the processor than over Connect, as HTTP/2 costs it more.",
)
AT_ONCE = (
    "The limit is the backend, whose one thread is busy for nearly all of that time. Over gRPC it needs half as much",
    "again: its HTTP server, hypercorn, sorts all streams of a connection anew whenever one of them ends.",
)
CARRIERS = (
    "The limit is the backend, for half of that time, and what carries the streams: gRPC's library, or over Connect",
    "the generated client and the HTTP library that are the SDK's, too. The watching itself is a tenth of it.",
)
LONG_LINES = (
    "The limit is the MD5 of the client, before the upload, and that of the backend, with it. The SDK sends a file",
    "line by line; this one has lines of 1 MB, which suits it best.",
)

WAITING = """
import asyncio, json, sys
import flyte
from flyte.remote import Action

env = flyte.TaskEnvironment(name="bench")

@env.task
async def ask(n: int) -> None:
    conditions = [await flyte.new_condition.aio(f"c{number}") for number in range(n)]
    await asyncio.gather(*(condition.wait.aio() for condition in conditions))

async def main(names, count):
    for name in names:
        await flyte.with_runcontext(name=name).run.aio(ask, n=count)
    for name in names:
        while len([one async for one in Action.listall.aio(for_run_name=name, in_phase=("paused",))]) < count:
            await asyncio.sleep(0.2)
    print(json.dumps(True))

if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="bench", domain="development")
    asyncio.run(main(sys.argv[3:], int(sys.argv[2])))
"""


@dataclass(frozen=True)
class Case:
    """One thing that is measured.

    Attributes:
        title: What it is called.
        task: The method of `remote_client.Tasks`.
        arguments: What it is given; {peer} and {round} are filled in.
        rounds: How often each client does it.
        note: What to know for reading the ratio.
    """

    title: str
    task: str
    arguments: dict[str, Any]
    rounds: int = 3
    note: tuple[str, ...] = ()


def put(paths: StateDir, lines: int) -> None:
    """Write the runs that are over, the large one and the long log."""
    spec = TaskSpec()
    spec.task_template.id.name, spec.task_template.id.project = "bench.work", PROJECT
    spec.task_template.id.domain, spec.task_template.id.version = DOMAIN, "v1"
    spec.task_template.type = "python"
    spec.environment.name, spec.short_name = "bench", "work"
    store = Store(paths.prepare().database)
    for number in range(RUNS):
        store.add_run(run_of(store, spec, f"small-{number}", 1))
    store.add_run(run_of(store, spec, "large", ACTIONS))
    store.add_run(run_of(store, spec, "huge", HUGE))
    store.close()
    log = paths.log_file(PROJECT, DOMAIN, "large", "a0", 1)
    log.parent.mkdir(parents=True)
    with log.open("w") as file:
        file.writelines(f"step {number}: loss 0.{number % 1000:03d}, all is well\n" for number in range(lines))


def run_of(store: Store, spec: TaskSpec, name: str, actions: int) -> Run:
    """A run that succeeded, its actions below the root."""
    run = Run(RunIdentifier(project=PROJECT, domain=DOMAIN, name=name), RunSpec(), "", Topic())
    begin = now_us()
    for number in range(actions):
        action = Action(run, f"n{number}" if number else "a0", run.root if number else None, begin + number)
        describe_task(store, action, spec)
        status, end = action.details.status, timestamp(begin + number + 1_500_000)
        status.phase, status.duration_ms = SUCCEEDED, 1500
        status.end_time.CopyFrom(end)
        attempt = action.details.attempts.add(attempt=1, phase=SUCCEEDED, logs_available=True)
        attempt.start_time.CopyFrom(status.start_time)
        attempt.end_time.CopyFrom(end)
        attempt.phase_transitions.add(phase=RUNNING, start_time=status.start_time, end_time=end)
        run.attach(action)
    return run


@contextlib.contextmanager
def clients(endpoint: str) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """A process for each client."""
    started = {
        peer: subprocess.Popen(
            [sys.executable, "-m", "tests.bench.remote_client", peer, endpoint],
            cwd=REPOSITORY,
            env={**os.environ, "DO_NOT_TRACK": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for peer in PEERS
    }
    try:
        yield started
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def ask(process: subprocess.Popen[str], case: Case, peer: str, turn: int, backend: int) -> dict[str, float]:
    """Have a client do a task; what its backend took of the processor for it is told, too."""
    before = processor(backend)
    filled = {
        name: value.format(peer=peer, round=turn) if isinstance(value, str) else value
        for name, value in case.arguments.items()
    }
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([case.task, filled]) + "\n")
    process.stdin.flush()
    while line := process.stdout.readline():
        if line.startswith("{"):
            figures = json.loads(line)
            return {**figures, "backend's CPU": processor(backend) - before} if before else figures
    raise RuntimeError(f"{peer} failed at {case.title}")


def processor(pid: int) -> float:
    """Seconds of the processor that a process has had; 0 where that cannot be told."""
    if sys.platform != "linux":
        return 0.0
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def cases(place: Path, lines: int, size: int, rounds: int) -> list[Case]:
    """What is measured."""
    names = [f"small-{number}" for number in range(RUNS)]
    waiting = {"run": "w-{peer}-{round}", "count": WATCHED}
    directory, large, binary = place / "directory", place / "large", place / "binary"
    directory.mkdir()
    for number in range(FILES):
        (directory / f"{number}.txt").write_text(f"file {number}\n" * 50)
    with large.open("wb") as file:
        line = os.urandom(MEGABYTE - 1).replace(b"\n", b"-") + b"\n"
        for _ in range(size // len(line)):
            file.write(line)
    binary.write_bytes(os.urandom(BINARY * MEGABYTE))
    return [
        Case(f"listing {ACTIONS:,} actions", "list_actions", {"run": "large", "count": ACTIONS}, rounds),
        Case(f"listing {HUGE:,} actions", "list_actions", {"run": "huge", "count": HUGE}, 1, BY_OFFSET),
        Case("1,000 gets in sequence", "get_runs", {"names": names, "count": 1000}, rounds, IN_SEQUENCE),
        Case("200 gets at once", "get_runs_at_once", {"names": names, "count": 200}, rounds, AT_ONCE),
        Case(f"watching {WATCHED} actions to their end", "watch_actions", waiting, WATCHES, CARRIERS),
        Case(f"tailing {lines:,} log lines", "tail_log", {"run": "large", "count": lines}, 1),
        Case(f"uploading {size / 1e9:g} GB of text", "upload_file", {"path": str(large)}, min(rounds, 2), LONG_LINES),
        Case(f"uploading {BINARY / 1e3:g} GB of random bytes", "upload_file", {"path": str(binary)}, 1),
        Case(f"uploading {FILES:,} small files", "upload_directory", {"path": str(directory)}, 1),
    ]  # fmt: skip


def report(case: Case, best: dict[str, dict[str, float]]) -> list[str]:
    """The lines of one case."""
    sdk = best["sdk"]["seconds"]
    lines: list[str] = []
    for peer in PEERS:
        figures = dict(best[peer])
        seconds = figures.pop("seconds")
        name = "SDK, Connect" if peer == "sdk" else f"ours, {'gRPC' if peer == 'grpc' else 'Connect'}"
        ratio = "" if peer == "sdk" else f"{sdk / seconds:5.2f} x as fast"
        rest = "".join(f"   {key} {value:.2f}" for key, value in figures.items())
        lines.append(f"  {name:<14} {seconds:8.2f} s   {ratio:<15}{rest}")
    return [case.title, *lines, *(f"  {line}" for line in case.note)]


def measure(names: list[str], quick: bool) -> None:
    """Make the backend, ask the clients, and print."""
    lines, size = (LINES // 20, GIGABYTE // 10) if quick else (LINES, GIGABYTE)
    with tempfile.TemporaryDirectory() as text:
        place = Path(text)
        put(StateDir.of(place / "state"), lines)
        backend = Backend(Sdk(sys.executable, "", ""), place / "state")
        backend.start()
        try:
            wanted = [
                case
                for case in cases(place, lines, size, 1 if quick else 5)
                if not names or any(name in case.title for name in names)
            ]
            if any(case.task == "watch_actions" for case in wanted):
                waiting = [f"w-{peer}-{turn}" for peer in PEERS for turn in range(WATCHES)]
                backend.script(place / "script.py", WAITING, str(WATCHED), *waiting)
            with clients(backend.endpoint) as started:
                for case in wanted:
                    found: dict[str, list[dict[str, float]]] = {peer: [] for peer in PEERS}
                    for turn in range(case.rounds):
                        for peer in PEERS if turn % 2 == 0 else reversed(PEERS):
                            found[peer].append(ask(started[peer], case, peer, turn, backend.pid))
                    best = {peer: min(rounds, key=lambda one: one["seconds"]) for peer, rounds in found.items()}
                    print("\n".join(report(case, best)), flush=True)
        finally:
            backend.stop()


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of what is measured; all if none is given")
    parser.add_argument("--quick", action="store_true", help="less of everything, one round")
    options = parser.parse_args(arguments or [])
    measure(options.names, options.quick)


if __name__ == "__main__":
    main(sys.argv[1:])
