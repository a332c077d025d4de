"""The embedded backend against its budgets: `python -m tests.bench.bench_local [--sdk PYTHON]`.

Prints each figure beside its budget. The client is a fresh interpreter that uses the SDK as any user does.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.integration.support import Backend, Sdk, descendants

TRIVIAL_RUNS = 20
CHILDREN = 200
BUDGET_RUN = 0.3
BUDGET_CHILDREN = 16.0
BUDGET_MEMORY = 120.0

CLIENT = """
import asyncio, json, sys, time
import flyte

env = flyte.TaskEnvironment(name="bench")

@env.task
async def trivial(x: int) -> int:
    return x

@env.task
async def main(n: int) -> int:
    return sum(await asyncio.gather(*(trivial(i) for i in range(n))))

def timed(task, **inputs):
    start = time.perf_counter()
    run = flyte.run(task, **inputs)
    run.wait(quiet=True)
    seconds = time.perf_counter() - start
    run.raise_for_status()
    return seconds

if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="bench", domain="development")
    runs, children = int(sys.argv[2]), int(sys.argv[3])
    for i in range(3):
        timed(trivial, x=i)
    trivials = [timed(trivial, x=i) for i in range(runs)]
    print(json.dumps({"trivial": trivials, "children": timed(main, n=children)}))
"""


def memory(pid: int, field: str) -> float:
    """What a process holds, in MB: `Rss`, or `Pss`, which counts shared pages by their share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"/proc/{pid}/smaps_rollup has no {field}")


def measure(sdk: Sdk) -> dict[str, Any]:
    """Start a backend and measure it: idle, then at work."""
    with tempfile.TemporaryDirectory() as directory:
        backend = Backend(sdk, Path(directory) / "state")
        backend.start()
        try:
            figures = backend.script(Path(directory) / "client.py", CLIENT, str(TRIVIAL_RUNS), str(CHILDREN))
            if sys.platform == "linux":
                helpers = descendants(backend.pid)
                for field in ("Rss", "Pss"):
                    figures[f"backend {field}"] = memory(backend.pid, field)
                    figures[f"warm server {field}"] = sum(memory(pid, field) for pid in helpers)
        finally:
            backend.stop()
    return figures


def report(figures: dict[str, Any]) -> list[str]:
    """One line per figure, its budget beside it."""
    trivial = statistics.median(figures["trivial"])
    lines = [
        f"run + wait of a trivial task, p50   {trivial:8.3f} s   budget {BUDGET_RUN} s",
        f"  slowest of {len(figures['trivial'])}                     {max(figures['trivial']):8.3f} s",
        f"main with {CHILDREN} children             {figures['children']:8.2f} s   budget {BUDGET_CHILDREN:.0f} s",
    ]
    if "backend Rss" in figures:
        for field in ("Rss", "Pss"):
            backend, helper = figures[f"backend {field}"], figures[f"warm server {field}"]
            parts = f"backend {backend:.1f}, warm server {helper:.1f}"
            total = f"{backend + helper:8.1f} MB  budget {BUDGET_MEMORY:.0f} MB"
            lines.append(f"idle backend, {field.upper()}                   {total}  ({parts})")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdk", default=sys.executable, help="the interpreter whose SDK is used")
    parser.add_argument("--json", action="store_true", help="print the raw figures")
    options = parser.parse_args()
    figures = measure(Sdk(os.path.abspath(options.sdk), "", ""))  # noqa: PTH100
    print(json.dumps(figures) if options.json else "\n".join(report(figures)))


if __name__ == "__main__":
    main()
