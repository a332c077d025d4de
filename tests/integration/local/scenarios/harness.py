"""Runs the `check_*` functions of a scenario against a backend, and writes down how each ended.

A scenario is an ordinary script that uses nothing but the SDK: `python runs.py ENDPOINT RESULTS`. RESULTS becomes a
JSON object, check name to traceback ("" where it held).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import flyte
from flyte.remote import Action, Run

AT_ONCE = 4
PATIENCE = 60.0


def main(**init: Any) -> None:
    """Run the checks of the script that is being executed."""
    endpoint, results = sys.argv[1], Path(sys.argv[2])
    flyte.init(endpoint=endpoint, insecure=True, project="project", domain="development", **init)
    script = sys.modules["__main__"]
    checks = {name: check for name, check in vars(script).items() if name.startswith("check_")}
    results.write_text(json.dumps(asyncio.run(run_checks(checks))))


async def run_checks(checks: dict[str, Callable[[], Awaitable[None]]]) -> dict[str, str]:
    """Run all checks, some at once, and return their tracebacks."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(check: Callable[[], Awaitable[None]]) -> str:
        async with turn:
            try:
                await asyncio.wait_for(check(), PATIENCE)
            except BaseException:
                return traceback.format_exc()
            return ""

    return dict(zip(checks, await asyncio.gather(*map(one, checks.values())), strict=True))


async def until(condition: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Wait until `condition` returns something true, and return that."""
    end = time.monotonic() + PATIENCE / 2
    while not (found := await condition()):
        assert time.monotonic() < end, f"never came: {what}"
        await asyncio.sleep(0.05)
    return found


async def finished(run: Run) -> Run:
    """Wait for the end of `run` and return it as it is then."""
    await run.wait.aio(quiet=True)
    return await Run.get.aio(run.name)


async def refused(asked: Awaitable[Any], *words: str) -> None:
    """Check that what is asked fails, and that the message has these words."""
    try:
        await asked
    except Exception as error:
        message = str(error)
    else:
        raise AssertionError("it was not refused")
    for word in words:
        assert word in message, message


async def outputs(run: Run) -> tuple[Any, ...]:
    """The outputs of a run that must succeed."""
    ended = await finished(run)
    if ended.phase != "succeeded":
        raise AssertionError(f"{run.name} is {ended.phase}: {await error(run)}")
    return tuple(await run.outputs.aio())


async def error(run: Run) -> str:
    """What the run says went wrong."""
    details = (await run.details.aio()).action_details
    return details.error_info.message if details.error_info else ""


async def actions(run: Run, **filters: Any) -> list[Action]:
    """The actions of a run."""
    listed: Any = Action.listall.aio(for_run_name=run.name, **filters)
    return [action async for action in listed]


async def lines(of: Any, **options: Any) -> list[str]:
    """The log of a run or an action, without what the SDK itself says and the blank it puts before each line."""
    return [line[1:].rstrip("\n") async for line in of.get_logs.aio(filter_system=True, **options)]
