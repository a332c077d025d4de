"""Runs from a notebook, in a real kernel of the interpreter that is tested."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from tests.integration.support import Backend

CELLS = [
    """
import flyte, flyte_jupyter.local
backend = flyte_jupyter.local.start({state_dir!r})
assert backend.endpoint == {endpoint!r}, "the running backend is handed back"
flyte.init(endpoint=backend.endpoint, insecure=True, project="project", domain="development")
""",
    """
import asyncio
import beside_the_notebook

OFFSET = 100
env = flyte.TaskEnvironment(name="notebook")

@env.task
async def add(left: int, right: int) -> int:
    print("adding in a notebook's task")
    return left + right + OFFSET + beside_the_notebook.VALUE

@env.task
async def main(n: int) -> list[int]:
    with flyte.group("sums"):
        return list(await asyncio.gather(*(add(i, i) for i in range(n))))
""",
    """
run = flyte.run(main, n=3)
run.wait(quiet=True)
run.raise_for_status()
print(run.outputs()[0])
""",
    """
again = await flyte.run.aio(main, n=1)
await again.wait.aio(quiet=True)
print((await again.outputs.aio())[0])
""",
    """
OFFSET = 200
changed = flyte.run(add, left=1, right=2)
changed.wait(quiet=True)
print(changed.outputs()[0])
print(any("adding in a notebook's task" in line for line in changed.get_logs()))
""",
]


def test_notebook(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "beside_the_notebook.py").write_text("VALUE = 1000\n")
    kernel = tmp_path / "kernels" / "sdk"
    kernel.mkdir(parents=True)
    argv = [backend.sdk.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "sdk", "language": "python"}))
    place = {"state_dir": str(backend.state_dir), "endpoint": backend.endpoint}
    first, *others = CELLS
    cells = [nbformat.v4.new_code_cell(source) for source in (first.format(**place), *others)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    manager = AsyncKernelManager(
        kernel_name="sdk", kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(kernel.parent)])
    )
    client = NotebookClient(notebook, km=manager, timeout=100, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    printed = [
        "".join(output.get("text", "") for output in cell.outputs if output.get("name") == "stdout")
        for cell in notebook.cells
    ]
    assert "[1100, 1102, 1104]" in printed[2]
    assert "[1100]" in printed[3]
    assert "1203\nTrue" in printed[4]
