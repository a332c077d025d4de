"""The cells that the tests' notebooks are made of.

Tasks wait for a file instead of sleeping, so that a test decides when a run goes on.
"""

from __future__ import annotations

LOAD = """
%load_ext flyte_jupyter
%flyte_local
"""

TASKS = """
import asyncio, pathlib
import flyte

env = flyte.TaskEnvironment(name="e2e")

@env.task
async def leaf(x: int, gate: str) -> int:
    while not pathlib.Path(gate).exists():
        await asyncio.sleep(0.05)
    return x * x

@env.task
async def fan(n: int, gate: str) -> int:
    return sum(await asyncio.gather(*(leaf(x, gate) for x in range(n))))

@env.task
async def broken(word: str) -> int:
    raise ValueError(f"no such {word}")

@env.task
async def parent_of_broken(word: str) -> int:
    return await broken(word)
"""
