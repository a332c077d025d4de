"""Starts one run with the SDK and prints its name in JSON: `python watched_runs.py ENDPOINT NAME`."""

from __future__ import annotations

import asyncio
import json
import sys

import flyte

env = flyte.TaskEnvironment(name="watched")


@flyte.trace
async def remembered(n: int) -> int:
    return n + 1


@env.task
async def leaf(n: int) -> int:
    await asyncio.sleep(0.05 * (n % 3))
    return await remembered(n)


@env.task
async def branch(n: int) -> int:
    return sum(await asyncio.gather(*(leaf(i) for i in range(n))))


@env.task
async def broken(n: int) -> int:
    raise ValueError(f"no {n} today")


@env.task
async def tree() -> int:
    with flyte.group("branches"):
        found = await asyncio.gather(*(branch(i) for i in (2, 3)))
    try:
        await broken(7)
    except Exception as error:
        print("caught", type(error).__name__)
    return sum(found)


@env.task
async def fails() -> int:
    return await broken(13)


@env.task
async def sleeper() -> None:
    await asyncio.sleep(600)


@env.task
async def sleepers() -> None:
    await asyncio.gather(sleeper(), sleeper())


if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="flytesnacks", domain="development")
    print(json.dumps(flyte.run({"tree": tree, "fails": fails, "sleepers": sleepers}[sys.argv[2]]).name))
