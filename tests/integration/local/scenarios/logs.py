"""Logs, while a task runs and afterwards."""

# ruff: noqa: ASYNC110, ASYNC240 - a task is told by means of small files to go on

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import flyte
import harness
from flyte.remote import Action

env = flyte.TaskEnvironment(name="logs")


@env.task
async def prints_when_told(directory: str) -> int:
    for number in range(3):
        while not Path(directory, f"go-{number}").exists():
            await asyncio.sleep(0.02)
        print("line", number)
    return 3


@env.task
async def prints_a_megabyte() -> int:
    print("before")
    print("x" * (1 << 20))
    print("after")
    return 1


@env.task
async def prints_bytes() -> int:
    sys.stdout.flush()
    sys.stdout.buffer.write(b"good\nb\xff\xfed\nno end")
    sys.stdout.buffer.flush()
    return 1


@env.task
async def prints_on_both() -> int:
    for number in range(50):
        print("out", number)
        print("err", number, file=sys.stderr)
    return 50


@env.task
async def prints_much(n: int) -> int:
    for number in range(n):
        print("line", number)
    return n


@env.task
async def parent(n: int) -> int:
    print("parent speaking")
    return await prints_much(n)


async def check_live() -> None:
    directory = os.environ["SCENARIO_DIRECTORY"]
    run = await flyte.run.aio(prints_when_told, directory=directory)
    number, seen = 0, []
    Path(directory, "go-0").touch()
    async for line in run.get_logs.aio():
        seen.append(line)
        if line.strip() == f"line {number}":
            number += 1
            Path(directory, f"go-{number}").touch()  # the next line is only printed once this one was seen
    assert number == 3, (seen, await harness.error(run))
    assert await harness.outputs(run) == (3,)


async def check_past() -> None:
    run = await flyte.run.aio(parent, n=500)
    await harness.outputs(run)
    assert "parent speaking" in await harness.lines(run)
    (child,) = await harness.actions(run, parent_name="a0")
    action = await Action.get.aio(run_name=run.name, name=child.name)
    lines = [line for line in await harness.lines(action) if line.startswith("line ")]
    assert lines == [f"line {number}" for number in range(500)]


async def check_line_of_a_megabyte() -> None:
    run = await flyte.run.aio(prints_a_megabyte)
    assert await harness.outputs(run) == (1,)
    lines = await harness.lines(run)
    text = "\n".join(lines)
    assert text.index("before") < text.index("xxx") < text.index("after")
    assert sum(line.count("x") for line in lines if set(line) == {"x"}) == 1 << 20


async def check_invalid_utf8() -> None:
    run = await flyte.run.aio(prints_bytes)
    assert await harness.outputs(run) == (1,)
    lines = [line.strip() async for line in run.get_logs.aio()]
    assert "good" in lines, lines
    assert "b\ufffd\ufffdd" in lines, lines
    assert any(line.startswith("no end") for line in lines), lines


async def check_order_of_output_and_errors() -> None:
    run = await flyte.run.aio(prints_on_both)
    await harness.outputs(run)
    lines = [line for line in await harness.lines(run) if line.startswith(("out ", "err "))]
    assert lines == [line for number in range(50) for line in (f"out {number}", f"err {number}")]


async def check_timestamps() -> None:
    run = await flyte.run.aio(prints_much, n=1)
    await harness.outputs(run)
    (line,) = [line for line in await harness.lines(run, show_ts=True) if line.endswith("line 0")]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*\] line 0$", line), line


async def check_logs_are_said_to_be_available() -> None:
    run = await flyte.run.aio(prints_much, n=1)
    await harness.outputs(run)
    assert (await run.details.aio()).action_details.logs_available()


if __name__ == "__main__":
    harness.main()
