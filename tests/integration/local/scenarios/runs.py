"""Runs that succeed: nested, parallel, grouped, mapped, traced, named, listed, repeated."""

# ruff: noqa: ASYNC240 - the tasks meet by means of small files

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import flyte
import harness
from flyte.remote import Action, ActionDetails, Run

env = flyte.TaskEnvironment(name="runs")


@env.task
async def double(x: int) -> int:
    print("doubling", x)
    return 2 * x


@env.task
def triple(x: int) -> int:
    return 3 * x


@env.task
async def branch(n: int) -> list[int]:
    return list(await asyncio.gather(*(double(i) for i in range(n))))


@env.task
async def tree(n: int) -> int:
    with flyte.group("left"):
        left = await branch(n)
    with flyte.group("right"):
        right = await branch(n + 1)
    return sum(left) + sum(right)


@env.task
async def chain(depth: int) -> int:
    return 1 + await chain(depth - 1) if depth else 0


@env.task
async def meet(directory: str, name: str, other: str) -> bool:
    Path(directory, name).touch()
    end = time.monotonic() + 30
    while not Path(directory, other).exists():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True


@env.task
async def meeting(directory: str) -> bool:
    return all(await asyncio.gather(meet(directory, "a", "b"), meet(directory, "b", "a")))


@env.task
def mapped(n: int) -> list[int]:
    return list(flyte.map(triple, range(n), group_name="all"))


@env.task
async def odd_fails(x: int) -> int:
    if x % 2:
        raise ValueError(f"{x} is odd")
    return x


@env.task
def mapped_with_failures(n: int) -> list[str]:
    return [str(result) for result in flyte.map(odd_fails, range(n), return_exceptions=True)]


@flyte.trace
async def add(a: int, b: int) -> int:
    return a + b


@flyte.trace
async def broken(text: str) -> str:
    raise RuntimeError(f"no {text}")


@env.task
async def traced(x: int) -> int:
    with flyte.group("sums"):
        first = await add(x, 1)
    try:
        await broken("luck")
    except Exception as error:
        print("caught", error)
    return await add(first, 1)


@env.task
async def starts_another(x: int) -> str:
    run = await flyte.run.aio(double, x)
    return run.name


@env.task
async def environment(name: str) -> str:
    return os.environ.get(name, "")


@env.task
async def nothing() -> None:
    return None


async def check_trivial_task() -> None:
    run = await flyte.run.aio(double, x=21)
    assert "localhost" in run.url
    assert await harness.outputs(run) == (42,)
    assert dict(await run.inputs.aio()) == {"x": 21}
    ended = await Run.get.aio(run.name)
    assert ended.done()
    details = await run.details.aio()
    assert details.task_name == "runs.double"
    assert details.action_details.attempts == 1


async def check_task_without_outputs() -> None:
    assert await harness.outputs(await flyte.run.aio(nothing)) in ((), (None,))


async def check_nested_actions_and_groups() -> None:
    run = await flyte.run.aio(tree, n=2)
    assert await harness.outputs(run) == (sum(2 * i for i in range(2)) + sum(2 * i for i in range(3)),)
    found = {action.name: action for action in await harness.actions(run)}
    assert len(found) == 1 + 2 + 5
    assert {action.phase for action in found.values()} == {"succeeded"}
    branches = [action for action in found.values() if action.parent_name == "a0"]
    assert sorted(action.pb2.metadata.group for action in branches) == ["left", "right"]
    leaves = [action for action in found.values() if action.parent_name in {branch.name for branch in branches}]
    assert len(leaves) == 5
    assert {action.task_name for action in leaves} == {"runs.double"}


async def check_deep_nesting_does_not_lock_up() -> None:
    assert await harness.outputs(await flyte.run.aio(chain, depth=8)) == (8,)


async def check_parallel_actions() -> None:
    directory = os.environ["SCENARIO_DIRECTORY"]
    assert await harness.outputs(await flyte.run.aio(meeting, directory=directory)) == (True,)


async def check_map() -> None:
    run = await flyte.run.aio(mapped, n=5)
    assert await harness.outputs(run) == ([0, 3, 6, 9, 12],)
    children = await harness.actions(run, parent_name="a0")
    assert len(children) == 5
    assert {bool(action.pb2.metadata.group) for action in children} == {True}


async def check_map_with_failures() -> None:
    (results,) = await harness.outputs(await flyte.run.aio(mapped_with_failures, n=4))
    assert (results[0], results[2]) == ("0", "2")
    assert "1 is odd" in results[1]
    assert "3 is odd" in results[3]


async def check_traces() -> None:
    run = await flyte.run.aio(traced, x=1)
    assert await harness.outputs(run) == (3,)
    children = await harness.actions(run, parent_name="a0")
    assert sorted(action.pb2.metadata.trace.name for action in children) == ["add", "add", "broken"]
    by_name = {action.pb2.metadata.trace.name: action for action in children}
    assert by_name["add"].phase == "succeeded"
    assert {a.pb2.metadata.group for a in children if a.pb2.metadata.trace.name == "add"} == {"sums", ""}
    assert by_name["broken"].phase == "failed"
    details = await ActionDetails.get.aio(run_name=run.name, name=by_name["broken"].name)
    assert details.error_info is not None
    assert "no luck" in details.error_info.message
    added = [await ActionDetails.get.aio(run_name=run.name, name=a.name) for a in children if a.phase == "succeeded"]
    assert sorted([tuple(await one.outputs()) for one in added]) == [(2,), (3,)]
    assert {"a": 1, "b": 1} in [dict(await one.inputs()) for one in added]


async def check_run_started_inside_a_task() -> None:
    (name,) = await harness.outputs(await flyte.run.aio(starts_another, x=8))
    assert await harness.outputs(await Run.get.aio(name)) == (16,)


async def check_rerun() -> None:
    run = await flyte.run.aio(double, x=4)
    assert await harness.outputs(run) == (8,)
    again = await flyte.rerun.aio(run.name)
    assert again.name != run.name
    assert await harness.outputs(again) == (8,)
    changed = await flyte.rerun.aio(run.name, x=5)
    assert await harness.outputs(changed) == (10,)


async def check_named_run_and_a_name_that_is_taken() -> None:
    run = await flyte.with_runcontext(name="by-name").run.aio(double, x=1)
    assert run.name == "by-name"
    await harness.refused(flyte.with_runcontext(name="by-name").run.aio(double, x=1), "by-name", "already exists")
    assert await harness.outputs(run) == (2,)


async def check_run_that_does_not_exist() -> None:
    await harness.refused(Run.get.aio("no-such-run"), "no-such-run")


async def check_list_and_filter_runs_and_actions() -> None:
    labelled = flyte.with_runcontext(labels={"kind": "listed"})
    runs = [await labelled.run.aio(double, x=i) for i in range(3)]
    parent = await labelled.run.aio(branch, n=3)
    for run in (*runs, parent):
        await harness.outputs(run)

    async def names(**filters: object) -> set[str]:
        return {run.name async for run in Run.listall.aio(with_labels={"kind": "listed"}, **filters)}

    everything = {run.name for run in (*runs, parent)}
    assert await names() == everything
    assert await names(limit=1) <= everything
    assert await names(in_phase=("succeeded",)) == everything
    assert await names(in_phase=("failed", "aborted")) == set()
    assert await names(task_name="runs.branch") == {parent.name}
    recent = [run.name async for run in Run.listall.aio(sort_by=("created_at", "asc"), with_labels={"kind": "listed"})]
    assert recent == [run.name for run in (*runs, parent)]
    assert len(await harness.actions(parent, in_phase=("succeeded",))) == 4
    assert await harness.actions(parent, in_phase=("failed",)) == []
    assert len(await harness.actions(parent, parent_name="a0")) == 3
    assert (await Action.get.aio(run_name=parent.name, name="a0")).name == "a0"


async def check_watch_sees_phases_in_order() -> None:
    run = await flyte.run.aio(tree, n=1)
    order = ["queued", "waiting_for_resources", "initializing", "running", "succeeded"]
    seen = [details.phase async for details in run.watch()]
    assert seen[-1] == "succeeded", (seen, await harness.error(run))
    assert [order.index(phase) for phase in seen] == sorted(order.index(phase) for phase in seen)


async def check_environment_variables_of_a_run() -> None:
    context = flyte.with_runcontext(env_vars={"GREETING": "hello", "PYTHONHASHSEED": "11"})
    assert await harness.outputs(await context.run.aio(environment, name="GREETING")) == ("hello",)
    assert await harness.outputs(await context.run.aio(environment, name="PYTHONHASHSEED")) == ("11",)
    assert await harness.outputs(await flyte.run.aio(environment, name="GREETING")) == ("",)


if __name__ == "__main__":
    harness.main()
