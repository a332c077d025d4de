"""Deploys kinds.add and makes the runs that the examples speak of: `python example.py ENDPOINT`.

r1 to r6 are over, "waits" waits for an answer.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import flyte
import flyte.report
import pandas as pd
from flyte.io import DataFrame, Dir, File
from flyte.remote import Condition

kinds = flyte.TaskEnvironment(name="kinds")
env = flyte.TaskEnvironment(name="example", depends_on=[kinds])


@kinds.task
async def add(a: int, b: int) -> int:
    print("adding", a, "and", b)
    return a + b


@env.task
async def broken(n: int) -> int:
    raise ValueError(f"no {n} today")


@env.task
async def fails(n: int) -> int:
    return await broken(n)


@env.task
async def files() -> tuple[File, Dir, set[int]]:
    place = Path(tempfile.mkdtemp())
    (place / "a.txt").write_text("a")
    return await File.from_local(str(place / "a.txt")), await Dir.from_local(str(place)), {1, 2}


@env.task
async def tables() -> tuple[pd.DataFrame, DataFrame]:
    table = pd.DataFrame({"n": [1, 2, 3], "t": ["a", "b", "c"]})
    return table, DataFrame.from_df(table)


@env.task(report=True)
async def reports(word: str) -> str:
    await flyte.report.log.aio(f"<h1>{word}</h1>", do_flush=True)
    return word


@env.task
async def parent(n: int) -> int:
    with flyte.group("sums"):
        return sum([await add(i, i) for i in range(n)])


@env.task
async def asks() -> bool:
    condition = await flyte.new_condition.aio("go", prompt="Shall we?", data_type=bool)
    return await condition.wait.aio()


RUNS: dict[str, tuple[Any, dict[str, Any]]] = {
    "r1": (add, {"a": 1, "b": 41}),
    "r2": (fails, {"n": 7}),
    "r3": (files, {}),
    "r4": (tables, {}),
    "r5": (reports, {"word": "hello"}),
    "r6": (parent, {"n": 2}),
}

if __name__ == "__main__":
    flyte.init(
        endpoint=sys.argv[1],
        insecure=True,
        project="flytesnacks",
        domain="development",
        root_dir=Path(__file__).parent,
    )
    for version in ("v1", "v2"):
        flyte.deploy(kinds, version=version)
    runs = [flyte.with_runcontext(name=name).run(task, **inputs) for name, (task, inputs) in RUNS.items()]
    asking = flyte.with_runcontext(name="waits").run(asks)
    for run in runs:
        run.wait(quiet=True)
    while Condition.get("go", run_name=asking.name) is None:
        time.sleep(0.1)
    print(json.dumps({run.name: str(run.phase) for run in runs}))
