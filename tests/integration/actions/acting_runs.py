"""Starts runs with the SDK and prints their names in JSON: `python acting_runs.py ENDPOINT NAME...`."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import flyte

env = flyte.TaskEnvironment(name="acting")


@env.task
async def train(x: int) -> int:
    return x + 1


@env.task
async def score(model: int, bonus: int = 0) -> int:
    return model * 10 + bonus


@env.task
async def broken() -> int:
    raise ValueError("nothing works")


@env.task
async def sleepy() -> None:
    await asyncio.sleep(600)


@env.task
async def diverges() -> None:
    print("loss=0.5", flush=True)
    for _ in range(600):
        print("loss=nan", flush=True)
        await asyncio.sleep(0.5)


@env.task
async def asks() -> bool:
    condition = await flyte.new_condition.aio("approve", prompt="Go on?", data_type=bool)
    return await condition.wait.aio()


@env.task
async def fails_when_told() -> None:
    condition = await flyte.new_condition.aio("fail", prompt="Fail?", data_type=bool)
    await condition.wait.aio()
    raise ValueError("as told")


RUNS = {
    "fails_when_told": lambda: flyte.run(fails_when_told),
    "train": lambda: flyte.run(train, x=4),
    "broken": lambda: flyte.run(broken),
    "sleepy": lambda: flyte.run(sleepy),
    "diverges": lambda: flyte.run(diverges),
    "asks": lambda: flyte.run(asks),
}

if __name__ == "__main__":
    endpoint, *names = sys.argv[1:]
    flyte.init(endpoint=endpoint, project="flytesnacks", domain="development", insecure=True, image_builder="remote")
    started: dict[str, str] = {}
    for name in names:
        if name == "deploy":
            flyte.deploy(env)
        else:
            started[name] = RUNS[name]().name
    sys.stdout.flush()
    print(json.dumps(started), flush=True)
    os._exit(0)
