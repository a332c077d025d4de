"""One client of `bench_remote`: `python -m tests.bench.remote_client PEER ENDPOINT`.

PEER is "sdk", "grpc" or "connect". Each line of its input is a task with its arguments in JSON; it does the task and
answers with a line of figures. The code of the tasks is the same for all, since the names are.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flyteidl2.workflow.run_service_pb2 import GetRunDetailsResponse

Figures = dict[str, float]


class Tasks:
    """What is measured, on one client's module.

    Args:
        remote: `flyte.remote` or `flyte_jupyter.remote`, connected.
    """

    def __init__(self, remote: Any) -> None:
        self._remote = remote

    def list_actions(self, run: str, count: int) -> Figures:
        """List all actions of a run, and look at each."""
        begin = time.perf_counter()
        found = [(action.name, action.phase) for action in self._remote.Action.listall(for_run_name=run)]
        took = time.perf_counter() - begin
        check(len(set(found)), count)
        return {"seconds": took}

    def get_runs(self, names: list[str], count: int) -> Figures:
        """Get runs, one after the other."""

        def get(**how: Any) -> float:
            begin = time.perf_counter()
            for number in range(count):
                check(self._remote.Run.get(names[number % len(names)], **how).done(), True)
            return time.perf_counter() - begin

        before = time.process_time()
        figures = {"seconds": get(), "own CPU": time.process_time() - before}
        if not hasattr(self._remote, "Client"):
            return figures
        answer = GetRunDetailsResponse(details=self._remote.Run.get(names[0]).details().pb2)
        alone = self._remote.Client(self._remote.Endpoint.parse("localhost:1"), AnswersAtOnce(answer))
        return {**figures, "without wire and backend": get(client=alone)}

    def get_runs_at_once(self, names: list[str], count: int) -> Figures:
        """Get runs, all at the same time."""

        async def all_of_them() -> list[Any]:
            return await asyncio.gather(*(self._remote.Run.get.aio(names[n % len(names)]) for n in range(count)))

        begin = time.perf_counter()
        runs = asyncio.run(all_of_them())
        took = time.perf_counter() - begin
        check(sum(run.done() for run in runs), count)
        return {"seconds": took}

    def watch_actions(self, run: str, count: int) -> Figures:
        """Watch the actions of a run until each is over; it is aborted when each watch has said something."""

        async def all_of_them() -> Figures:
            listed = self._remote.Action.listall.aio(for_run_name=run, in_phase=("paused",))
            actions = [action async for action in listed]
            check(len(actions), count)
            root = await self._remote.Run.get.aio(run)
            heard, everybody = 0, asyncio.Event()

            async def watch(action: Any) -> str:
                nonlocal heard
                phases: list[str] = []
                async for details in self._remote.ActionDetails.watch.aio(action.action_id):
                    if not phases:
                        heard += 1
                        if heard == count:
                            everybody.set()
                    phases.append(str(details.phase.value))
                return phases[-1]

            begin = time.perf_counter()
            watches = [asyncio.ensure_future(watch(action)) for action in actions]
            await everybody.wait()
            opened = time.perf_counter() - begin
            await root.abort.aio(reason="seen enough")
            last = await asyncio.gather(*watches)
            took = time.perf_counter() - begin
            check(set(last), {"aborted"})
            return {"seconds": took, "opened after": opened}

        return asyncio.run(all_of_them())

    def tail_log(self, run: str, count: int) -> Figures:
        """Read a log to its end, line by line."""
        begin = time.perf_counter()
        lines = characters = 0
        for line in self._remote.Run.get(run).get_logs():
            lines += 1
            characters += len(line)
        took = time.perf_counter() - begin
        check((lines, characters > 10 * lines), (count, True))
        return {"seconds": took}

    def upload_directory(self, path: str) -> Figures:
        """Upload a directory."""
        begin = time.perf_counter()
        uri = self._remote.upload_dir(Path(path))
        took = time.perf_counter() - begin
        check(bool(asyncio.run(awaited(uri))), True)
        return {"seconds": took}

    def upload_file(self, path: str) -> Figures:
        """Upload one file."""
        with tempfile.TemporaryDirectory(dir=Path(path).parent) as place:
            # The SDK remembers the MD5 of a path, and a file that is there already takes longer to write.
            file = Path(place) / Path(place).name
            file.hardlink_to(path)
            begin = time.perf_counter()
            digest, uri = self._remote.upload_file(file)
            took = time.perf_counter() - begin
        check(bool(digest), True)
        Path(uri).unlink()
        return {"seconds": took}


class AnswersAtOnce:
    """A fake of a wire with a backend behind it: it has the answer already."""

    name = "fake"

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def unary(self, method: Any, request: Any, timeout: float | None, headers: Any = ()) -> Any:
        """The answer."""
        return self._answer


async def awaited(value: Any) -> Any:
    """A value, also of a coroutine."""
    return await value if inspect.isawaitable(value) else value


def forget_peak() -> None:
    """Have the system count anew what this process holds at most."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> dict[str, float]:
    """What this process held at most since then, in MB; nothing where that cannot be told."""
    if sys.platform != "linux":
        return {}
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {"MB at most": int(status["VmHWM"].split()[0]) / 1024}


def check(found: Any, expected: Any) -> None:
    """Refuse figures of work that was not done."""
    if found != expected:
        raise AssertionError(f"{found!r} and not {expected!r}")


def connect(peer: str, endpoint: str) -> Any:
    """The client's module, connected."""
    if peer == "sdk":
        import flyte
        import flyte.remote

        flyte.init(endpoint=endpoint, insecure=True, project="bench", domain="development")
        return flyte.remote
    from flyte_jupyter import remote

    wire: Any = peer
    remote.connect(endpoint, project="bench", domain="development", transport=wire)
    return remote


def main(peer: str, endpoint: str) -> None:
    """Do what is asked for, line by line."""
    remote = connect(peer, endpoint)
    # What is loaded for the first upload is not what is measured.
    with tempfile.NamedTemporaryFile() as file:
        remote.upload_file(Path(file.name))
    tasks = Tasks(remote)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        task: Callable[..., Figures] = getattr(tasks, name)
        forget_peak()
        begin = time.process_time()
        figures = task(**arguments)
        print(json.dumps({"own CPU": time.process_time() - begin, **figures, **peak()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
