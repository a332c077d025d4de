"""Deploys tasks with the SDK, and prints the versions in JSON: `python deployed_by_the_sdk.py ENDPOINT`."""

from __future__ import annotations

import enum
import json
import os
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import flyte
from flyte.io import Dir, File

from flyte_jupyter.remote import Task, connect

env = flyte.TaskEnvironment(name="deployed")
other = flyte.TaskEnvironment(name="not_deployed")


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"


@dataclass
class Point:
    x: int
    name: str = "origin"
    near: list[int] = field(default_factory=list)


@env.task
async def add(a: int, b: int = 2) -> int:
    return a + b


@other.task
async def add_there(a: int) -> int:
    return a


@env.task
async def everything(
    number: int,
    ratio: float,
    text: str,
    flag: bool,
    moment: datetime,
    span: timedelta,
    items: list[int],
    table: dict[str, float],
    either: int | str | None,
    color: Color,
    point: Point,
    loose: dict,
) -> str:
    assert isinstance(point, Point)
    assert isinstance(color, Color)
    parts = (number, ratio, text, flag, moment.isoformat(), span.total_seconds(), items, table, either, color.name)
    return repr((*parts, point.x, point.name, point.near, loose))


@env.task
async def version_of_add() -> str:
    client = connect(os.environ["_U_EP_OVERRIDE"])
    task = await Task.get("deployed.add", auto_version="current").fetch.aio()
    await client.close.aio()
    return task.version


@env.task
async def read_file(file: File, directory: Dir) -> str:
    async with file.open("rb") as stream:
        text = bytes(await stream.read()).decode()
    local = Path(await directory.download())
    names = sorted(str(path.relative_to(local)) for path in local.rglob("*") if path.is_file())  # noqa: ASYNC240
    return f"{text} {names}"


@env.task
async def once(place: str, n: int) -> int:
    with (Path(place) / "executed.txt").open("a") as file:
        file.write(f"once {n}\n")
    return n


@flyte.trace
async def look(place: str) -> int:
    with (Path(place) / "executed.txt").open("a") as file:
        file.write("look\n")
    return 100


@env.task
async def fails_until_allowed(place: str) -> int:
    if not (Path(place) / "allowed.txt").exists():
        raise ValueError("not allowed yet")
    return 1000


@env.task
async def inner(place: str) -> int:
    return await once(place, 1) + await fails_until_allowed(place)


@env.task
async def outer(place: str, extra: int = 0) -> int:
    return await once(place, 2) + await look(place) + await inner(place) + extra


@env.task
async def asks(question: str) -> str:
    answer = await flyte.new_condition.aio("go", prompt=question, data_type=bool)
    return "went" if await answer.wait.aio() else "stayed"


if __name__ == "__main__":
    flyte.init(
        endpoint=sys.argv[1],
        insecure=True,
        project="flytesnacks",
        domain="development",
        root_dir=Path(__file__).parent,
    )
    for version in ("v1", "v2"):
        flyte.deploy(env, version=version)
    print(json.dumps(["v1", "v2"]))
