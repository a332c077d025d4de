"""Makes with the current SDK what the clients are asked about: `python world.py ENDPOINT PEER...`."""

# ruff: noqa: ASYNC110 - waiting for phases

from __future__ import annotations

import asyncio
import enum
import os
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import flyte
import flyte.remote
import flyte.report
from flyte.io import Dir, File
from flyte.remote import Action, Condition, Run
from pydantic import BaseModel

env = flyte.TaskEnvironment(name="world", resources=flyte.Resources(cpu=1, memory="64Mi"))


class Color(enum.Enum):
    RED = "r"


@dataclass
class Point:
    x: int
    names: list[str] = field(default_factory=list)


class Size(BaseModel):
    width: int
    depth: float | None = None


class Pair(NamedTuple):
    left: int
    right: str


@env.task
async def plain(
    number: int, negative: int, zero: int, real: float, text: str, empty: str, yes: bool, no: bool, maybe: int | None
) -> tuple[int, int, int, float, str, str, bool, bool, int | None, str | None]:
    return number, negative, zero, real, text, empty, yes, no, maybe, None


@env.task
async def nested(
    numbers: list[int], table: dict[str, float], deep: dict[str, list[int]], union: int | str, loose: dict
) -> tuple[list[int], dict[str, float], dict[str, list[int]], list[list[str]], list[int], int | str, dict]:
    return numbers, table, deep, [["a"], [], ["b", "c"]], [], union, loose


@env.task
async def times(moment: datetime, day: date, span: timedelta) -> tuple[datetime, timedelta, timedelta, date]:
    return moment, span, timedelta(days=-1, microseconds=7), day


@env.task
async def records(point: Point, size: Size) -> tuple[Point, Size, list[Point], Pair]:
    return point, size, [point, Point(x=0)], Pair(1, "r")


@env.task
async def choices(color: Color) -> tuple[Color, list[Color]]:
    return color, [color]


@env.task
async def pickles() -> tuple[set[int], complex]:
    return {1, 2}, 1j


@env.task
async def files() -> tuple[File, Dir]:
    place = Path(tempfile.mkdtemp())
    (place / "a.txt").write_text("a")
    return await File.from_local(str(place / "a.txt")), await Dir.from_local(str(place))


@env.task
async def leaf(n: int) -> int:
    print("leaf", n)
    return n


@env.task
def double(n: int) -> int:
    return 2 * n


@flyte.trace
async def noted(n: int) -> int:
    return n + 1


@env.task
async def broken(n: int) -> int:
    raise ValueError(f"no {n} today")


@env.task
async def tree(n: int) -> int:
    with flyte.group("leaves"):
        found = await asyncio.gather(*(leaf(i) for i in range(n)))
    mapped: list[Any] = [x async for x in flyte.map.aio(double, range(n))]
    try:
        await broken(n)
    except Exception as error:
        print("caught", type(error).__name__)
    return await noted(sum(found) + sum(mapped))


@env.task
async def fails() -> int:
    return await broken(7)


@env.task(retries=2)
async def third_time() -> int:
    number = int(os.environ["FLYTE_ATTEMPT_NUMBER"])
    for line in range(300):
        print(f"attempt {number} line {line}", flush=line % 100 == 0)
    if number < 2:
        raise ValueError(f"attempt {number} fails")
    return number


@env.task(timeout=timedelta(seconds=1))
async def too_slow() -> int:
    await asyncio.sleep(600)
    return 1


@env.task
async def sleeps() -> None:
    await asyncio.sleep(600)


@env.task
async def sleeping_parent() -> None:
    await sleeps()


@env.task(report=True)
async def reports(word: str) -> str:
    await flyte.report.log.aio(f"<h1>{word}</h1>", do_flush=True)
    return word


@env.task
async def asks() -> list[str]:
    found: list[str] = []
    for kind in (bool, int, float, str):
        condition = await flyte.new_condition.aio(f"is_{kind.__name__}", prompt="Well?", data_type=kind)
        found.append(repr(await condition.wait.aio()))
    return found


@env.task
async def asks_for_ever() -> bool:
    condition = await flyte.new_condition.aio("for_ever", prompt="Ever?")
    return await condition.wait.aio()


ANSWERS = {"is_bool": True, "is_int": 3, "is_float": 2.5, "is_str": "yes"}

many = flyte.TaskEnvironment(
    name="deployed",
    resources=flyte.Resources(cpu=(1, 2), memory="64Mi"),
    secrets=[flyte.Secret(key="token", as_env_var="TOKEN")],
    cache=flyte.Cache(behavior="override", version_override="c1"),
)


@many.task(
    retries=3,
    triggers=(
        flyte.Trigger(name="nightly", automation=flyte.Cron("0 3 * * *"), inputs={"a": 5}, auto_activate=False),
        flyte.Trigger(
            name="hourly",
            automation=flyte.FixedRate(60),
            inputs={"a": 6, "text": "x"},
            auto_activate=False,
            description="Each hour",
        ),
    ),
)
async def add(a: int, b: int = 2, text: str = "t") -> tuple[int, str]:
    """Adds two numbers.

    Args:
        a: The first.
    """
    return a + b, text


@many.task
async def point(p: Point, color: Color = Color.RED) -> Point:
    return p


other = flyte.TaskEnvironment(name="other")


@other.task
async def nothing() -> None:
    return None


triggered = flyte.TaskEnvironment(name="triggered")


@triggered.task
async def rarely() -> None:
    return None


async def start(name: str, task: Any, *, labels: dict[str, str] | None = None, **inputs: Any) -> Run:
    return await flyte.with_runcontext(name=name, labels=labels).run.aio(task, **inputs)


async def ended(name: str) -> Run:
    while not (run := await Run.get.aio(name)).done():
        await asyncio.sleep(0.05)
    return run


async def answer(run: str) -> None:
    """Signals what the run asks, one thing after the other."""
    for name, value in ANSWERS.items():
        while (condition := await Condition.get.aio(name, run_name=run)) is None:
            await asyncio.sleep(0.05)
        await condition.signal.aio(value)


async def abort(name: str) -> None:
    """Aborts the run as soon as it has a child."""
    while True:
        listed: Any = Action.listall.aio(for_run_name=name)
        if len([one async for one in listed]) > 1:
            break
        await asyncio.sleep(0.05)
    await (await Run.get.aio(name)).abort.aio(reason="enough of it")


async def make(peers: list[str]) -> None:
    """One run after the other is started, so that their order is one; then all are waited for."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc)
    await start("aborted", sleeping_parent)
    await start("timeout", too_slow)
    await start("retries", third_time)
    await start("asks", asks)
    await start("paused", asks_for_ever)
    await start(
        "plain", plain, labels={"kind": "values", "of": "plain"},
        number=7, negative=-1, zero=0, real=1.5, text="hé", empty="", yes=True, no=False, maybe=None,
    )  # fmt: skip
    await start(
        "nested", nested, labels={"kind": "values"},
        numbers=[1, 2], table={"a": 1.5}, deep={"k": [1], "l": []}, union="u", loose={"a": 1, "b": [1, None]},
    )  # fmt: skip
    await start("times", times, moment=moment, day=date(2026, 1, 2), span=timedelta(days=1, seconds=2.5))
    await start("records", records, point=Point(x=3, names=["p"]), size=Size(width=2))
    await start("choices", choices, color=Color.RED)
    await start("pickles", pickles)
    await start("files", files)
    await start("tree", tree, n=3)
    await start("fails", fails)
    await start("reports", reports, word="hello")
    for peer in peers:
        await start(f"over-{peer}", leaf, n=1)
        await start(f"sleeping-{peer}", sleeping_parent)
    await asyncio.gather(answer("asks"), abort("aborted"))
    await flyte.deploy.aio(many, version="v1")
    await flyte.deploy.aio(many, version="v2")
    for environment in (other, triggered):
        await flyte.deploy.aio(environment, version="v1")
    for name in ("token", "another"):
        await flyte.remote.Secret.create.aio(name, "hidden")
    for peer in peers:
        rare = flyte.Trigger(name=f"own-{peer}", automation=flyte.Cron("0 3 1 1 *"), auto_activate=False)
        await flyte.remote.Trigger.create.aio(rare, "triggered.rarely", "v1")
    names = [
        "aborted", "timeout", "retries", "asks", "plain", "nested", "times", "records", "choices", "pickles", "files",
        "tree", "fails", "reports", *(f"over-{peer}" for peer in peers),
    ]  # fmt: skip
    await asyncio.gather(*map(ended, names))


if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="flytesnacks", domain="development")
    asyncio.run(make(sys.argv[2:]))
