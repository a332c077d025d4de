"""Starts runs with the SDK, and prints their names in JSON: `python runs_of_the_sdk.py ENDPOINT`."""

from __future__ import annotations

import asyncio
import enum
import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import flyte
import flyte.report
from flyte.io import Dir, File

env = flyte.TaskEnvironment(name="kinds")


class Color(enum.Enum):
    RED = "r"


@dataclass
class Point:
    x: int
    name: str


@env.task
async def values(
    number: int, text: str, flags: list[bool], table: dict[str, float], point: Point, nothing: str | None
) -> tuple[int, str, list[bool], dict[str, float], Point, str | None, datetime, timedelta, Color, set[int], float]:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    return number, text, flags, table, point, nothing, moment, timedelta(hours=1), Color.RED, {1, 2}, 1.5


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
async def broken(n: int) -> int:
    raise ValueError(f"no {n} today")


@env.task
async def tree(n: int) -> int:
    with flyte.group("leaves"):
        found = await asyncio.gather(*(leaf(i) for i in range(n)))
    try:
        await broken(n)
    except Exception as error:
        print("caught", type(error).__name__)
    return sum(found)


@env.task
async def fails() -> int:
    return await broken(7)


@env.task
async def sleeps(seconds: float) -> str:
    print("sleeping")
    await asyncio.sleep(seconds)
    return "rested"


@env.task
async def nap_tree(seconds: float) -> str:
    return await sleeps(seconds)


@env.task
async def speaks(lines: int) -> int:
    for n in range(lines):
        print(f"line {n}", flush=True)
    return lines


@env.task(report=True)
async def reports(word: str) -> str:
    await flyte.report.log.aio(f"<h1>{word}</h1>", do_flush=True)
    return word


def start(name: str) -> Any:
    if name == "values":
        point = Point(x=3, name="p")
        return flyte.run(values, number=7, text="hé", flags=[True, False], table={"a": 1.0}, point=point, nothing=None)
    tasks: dict[str, tuple[Any, dict[str, Any]]] = {
        "files": (files, {}),
        "tree": (tree, {"n": 5}),
        "fails": (fails, {}),
        "sleeps": (sleeps, {"seconds": 600.0}),
        "nap": (sleeps, {"seconds": 3.0}),
        "nap_tree": (nap_tree, {"seconds": 600.0}),
        "speaks": (speaks, {"lines": 1000}),
        "reports": (reports, {"word": "hello"}),
    }
    task, inputs = tasks[name]
    return flyte.run(task, **inputs)


if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="flytesnacks", domain="development")
    print(json.dumps({name: start(name).name for name in sys.argv[2:]}))
