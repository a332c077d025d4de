"""A notebook whose cells use the magics, executed by a real kernel of each interpreter against a real backend."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

INTERPRETERS = os.environ.get("FLYTE_JUPYTER_SDK_PYTHONS", sys.executable).split(os.pathsep)

TASKS = """
import asyncio
import flyte
import flyte.report

env = flyte.TaskEnvironment(name="magics")

@env.task
async def double(x: int) -> int:
    return 2 * x

@env.task
async def broken() -> int:
    raise ValueError("nothing works")

@env.task
async def sleepy() -> None:
    await asyncio.sleep(600)

@env.task
async def talks(word: str, numbers: list[int]) -> dict[str, int]:
    print("said", word)
    return {word: sum(numbers)}

@env.task(report=True)
async def reports() -> None:
    await flyte.report.replace.aio("<h1>all is well</h1>")
    await flyte.report.flush.aio()

@env.task
async def asks() -> bool:
    condition = await flyte.new_condition.aio("approve", prompt="Go on?", data_type=bool)
    return await condition.wait.aio()
"""

# Name of the cell -> its source, in the order in which they are executed.
CELLS = {
    "load": "import flyte_jupyter\n%load_ext flyte_jupyter",
    "reload": "%reload_ext flyte_jupyter",
    "not connected": "%flyte_runs",
    "local": "%flyte_local",
    "local again": "%flyte_local",
    "status": "%flyte_local status",
    "tasks": TASKS,
    "no runs": "%flyte_runs",
    "display": "first = flyte.run(double, x=4)\nfirst",
    "wait": "%%flyte_wait\nsecond = flyte.run(double, x=5)\nthird = flyte.run(double, x=6)",
    "wait shows the last expression once": "%%flyte_wait\nflyte.run(double, x=7)",
    "wait awaits": "%%flyte_wait\nfourth = await flyte.run.aio(double, x=8)\nawait asyncio.sleep(0, 'slept')",
    "wait fails": "%%flyte_wait\nfailed = flyte.run(broken)",
    "wait fails awaiting": "%%flyte_wait\nawait flyte.run.aio(broken)",
    "wait keeps quiet": "%%flyte_wait --no-raise\nflyte.run(broken)\nNone",
    "wait body fails": "%%flyte_wait\n1 / 0",
    "wait for running": "%%flyte_wait --for running\nlong = flyte.run(sleepy)",
    "wait times out": "%%flyte_wait --timeout 0.5\nlonger = flyte.run(sleepy)",
    "wait without a cell": "%flyte_wait",
    "abort": "%flyte_abort {long.name} --reason 'enough of it'",
    "abort an action": "%flyte_abort {longer.name} a0",
    "aborted": "%%flyte_wait --no-raise\nNone",
    "abort what is over": "%flyte_abort {second.name}",
    "abort nothing": "%flyte_abort rnothing",
    "run": "%flyte_run {second.name}",
    "run of another life": "%flyte_run rnothing",
    "runs": "%flyte_runs --phase failed --limit 2",
    "talk": "%%flyte_wait\ntalk = flyte.run(talks, word='<b>hello</b>', numbers=[1, 2])",
    "logs": "%flyte_logs {talk.name}",
    "io": "%flyte_io {talk.name} a0",
    "report": "%%flyte_wait\nreported = flyte.run(reports)",
    "report alone": "%flyte_report {reported.name} --height 300",
    "no report": "%flyte_report {talk.name}",
    "tab": "flyte_jupyter.show(talk, tab='outputs', height=300)",
    "rerun": "%flyte_rerun {talk.name} word=again",
    "ask": "asked = flyte.run(asks)\nasked.wait(wait_for='running')\nimport time\nfor _ in range(100):\n"
    "    if any(True for _ in flyte_jupyter.remote.Condition.listall(asked.name)): break\n    time.sleep(0.1)",
    "signal wrongly": "%flyte_signal {asked.name} perhaps",
    "signal": "%flyte_signal {asked.name} yes",
    "signal nothing": "%flyte_signal {talk.name} yes",
    "signalled": "flyte_jupyter.wait(asked, timeout=60)",
    "freeze": "%flyte_freeze {second.name}",
    "projects": "%flyte_projects",
    "tasks of the project": "%flyte_tasks",
    "triggers": "%flyte_triggers",
    "secrets": "%flyte_secrets",
    "runs by text": "%flyte_runs talks hello --limit 5",
    "wrong tab": "%flyte_run {talk.name} --tab everything",
    "wrong height": "flyte_jupyter.show(talk, height=3)",
    "help": "%flyte_runs --help",
    "wrong option": "%flyte_runs --phase lost",
    "connect to nobody": "%flyte_connect localhost:1",
    "wrong token": "%flyte_connect {address}/" + "x" * 43,
    "show": "flyte_jupyter.show(second.name)",
    "python wait": "flyte_jupyter.wait(second, third, timeout=30)",
    "stop": "%flyte_local stop",
    "stopped": "%flyte_local status",
}
BEFORE = {
    "wrong token": "from flyte_jupyter import remote\naddress = f'http://{remote.current_client().endpoint.authority}'\n"
}

Output = Callable[[str], str]


@pytest.fixture(scope="module", params=INTERPRETERS, ids=lambda path: Path(path).parts[-3])
def outputs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Any]]]:
    home = tmp_path_factory.mktemp("magics")
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "IPYTHONDIR": str(home / "ip"),
    }
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(BEFORE.get(name, "") + source) for name, source in CELLS.items()]
    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec.argv[0] = request.param  # type: ignore[union-attr]
    client = NotebookClient(
        notebook, km=manager, timeout=120, allow_errors=True, resources={"metadata": {"path": str(home)}}
    )
    try:
        client.execute(env=environment)
        yield {name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)}
    finally:
        subprocess.run(
            [request.param, "-m", "flyte_jupyter.cli", "local", "stop"],
            env=environment,
            check=False,
            capture_output=True,
        )


@pytest.fixture
def text(outputs: dict[str, list[Any]]) -> Output:
    """All text of a cell's outputs: printed, shown or raised."""

    def text_(name: str) -> str:
        parts: list[str] = []
        for output in outputs[name]:
            parts.append(output.get("text", "") or "\n".join(output.get("traceback", [])))
            parts.append(output.get("data", {}).get("text/plain", ""))
        return "\n".join(part for part in parts if part)

    return text_
