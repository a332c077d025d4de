"""The tasks of actions.ipynb: what is to be deployed from a notebook stands in a module beside it."""

import asyncio

import flyte

env = flyte.TaskEnvironment(name="examples")


@env.task
async def fit(epochs: int) -> float:
    for epoch in range(epochs):
        print(f"epoch {epoch}: loss={1 / (epoch + 1):.2f}", flush=True)
        await asyncio.sleep(0.2)
    return 1 / epochs


@env.task
async def score(model: float) -> str:
    return f"scored {model:.2f}"


@env.task
async def diverge() -> None:
    while True:
        print("loss=nan", flush=True)
        await asyncio.sleep(0.2)


@env.task
async def fail() -> None:
    raise ValueError("no such data")


@env.task
async def ask() -> str:
    condition = await flyte.new_condition.aio("publish", prompt="Publish the model?", data_type=bool)
    return "published" if await condition.wait.aio() else "kept"
