"""Runs that are run again, and runs that are recovered, by the SDK's own means."""

from __future__ import annotations

import os
from pathlib import Path

import flyte
import harness

env = flyte.TaskEnvironment(name="again")


def _note(place: str, word: str) -> None:
    with Path(place).open("a") as file:
        file.write(word + "\n")


@env.task
async def step(place: str, n: int) -> int:
    _note(place, f"step {n}")
    return n


@flyte.trace
async def look(place: str) -> int:
    _note(place, "look")
    return 10


@env.task
async def blocked(place: str) -> int:
    if not Path(place + ".open").exists():  # noqa: ASYNC240
        raise ValueError("blocked")
    return 100


@env.task
async def asking(place: str) -> int:
    condition = await flyte.new_condition.aio("go", data_type=int)
    answer = await condition.wait.aio()
    return answer + await step(place, 1) + await look(place) + await blocked(place)


async def check_recovery_keeps_what_succeeded() -> None:
    place = str(Path(os.environ["SCENARIO_DIRECTORY"], "noted"))
    run = await flyte.run.aio(asking, place=place)

    async def find() -> flyte.remote.Condition | None:
        return await flyte.remote.Condition.get.aio("go", run_name=run.name)

    await (await harness.until(find, "the condition")).signal.aio(1000)
    assert (await harness.finished(run)).phase == "failed"
    Path(place + ".open").touch()  # noqa: ASYNC240
    again = await flyte.rerun.aio(run.name, recover=True)
    assert await harness.outputs(again) == (1111,)
    assert Path(place).read_text() == "step 1\nlook\n"  # noqa: ASYNC240
    phases = sorted(str(action.phase).rpartition(".")[2].lower() for action in await harness.actions(again))
    assert phases == ["recovered", "recovered", "recovered", "succeeded", "succeeded"], phases


async def check_rerun_executes_everything() -> None:
    place = str(Path(os.environ["SCENARIO_DIRECTORY"], "counted"))
    run = await flyte.run.aio(step, place=place, n=3)
    assert await harness.outputs(run) == (3,)
    again = await flyte.rerun.aio(run.name, n=4)
    assert await harness.outputs(again) == (4,)
    assert Path(place).read_text() == "step 3\nstep 4\n"  # noqa: ASYNC240


if __name__ == "__main__":
    harness.main()
