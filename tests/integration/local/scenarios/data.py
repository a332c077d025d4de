"""What goes in and out: files, directories, dataclasses, megabytes, caches, checkpoints, secrets, reports."""

# ruff: noqa: ASYNC240 - files are what this is about

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import flyte
import flyte.report
import harness
from flyte.io import Dir, File
from flyte.remote import Secret
from flyteidl2.core.catalog_pb2 import CatalogCacheStatus

env = flyte.TaskEnvironment(name="data")
secret_env = flyte.TaskEnvironment(name="secret", secrets=flyte.Secret(key="password", as_env_var="PASSWORD"))


@dataclass
class Point:
    x: int
    y: float
    name: str


@env.task
async def mirror(point: Point) -> Point:
    return Point(x=-point.x, y=-point.y, name=point.name[::-1])


@env.task
async def write_file(text: str) -> File:
    path = Path(tempfile.mkdtemp(), "written.txt")
    path.write_text(text)
    return await File.from_local(str(path))


@env.task
async def shout(file: File) -> File:
    async with file.open("rb") as source:
        text = bytes(await source.read()).decode()
    out = File.new_remote()
    async with out.open("wb") as target:
        await target.write(text.upper().encode())
    return out


@env.task
async def file_through(text: str) -> File:
    return await shout(await write_file(text))


@env.task
async def count_files(directory: Dir) -> list[str]:
    return sorted([Path(file.path).name async for file in directory.walk()])


@env.task
async def make_directory(n: int) -> Dir:
    path = Path(tempfile.mkdtemp())
    for i in range(n):
        (path / f"{i}.txt").write_text(str(i))
    return await Dir.from_local(str(path))


@env.task
async def directory_through(n: int) -> list[str]:
    return await count_files(await make_directory(n))


@env.task
async def repeat(text: str, times: int) -> str:
    return text * times


@env.task
async def length(text: str) -> int:
    return len(text)


@env.task
async def megabytes(n: int) -> int:
    return await length(await repeat("x" * 1024, n * 1024))


def count_execution(path: str) -> None:
    with Path(path).open("a") as file:
        file.write("x")


@env.task(cache=flyte.Cache(behavior="override", version_override="1", ignored_inputs=("path",)))
async def cached(x: int, path: str) -> int:
    count_execution(path)
    return x * x


@env.task
async def calls_cached(x: int, path: str) -> int:
    return await cached(x, path)


@env.task(retries=2)
async def resumes() -> str:
    context = flyte.ctx()
    assert context is not None
    checkpoint = context.checkpoint
    assert checkpoint is not None
    before = await checkpoint.load()
    text = before.read_text() if before else ""
    await checkpoint.save((text + "x").encode())
    if len(text) < 2:
        raise ValueError("not yet")
    return text


@secret_env.task
async def knows_secret() -> int:
    return len(os.environ["PASSWORD"])


@env.task(report=True)
async def reports(word: str) -> str:
    await flyte.report.log.aio(f"<h1>{word}</h1>", do_flush=True)
    return word


async def check_dataclass() -> None:
    run = await flyte.run.aio(mirror, point=Point(x=1, y=2.5, name="abc"))
    (point,) = await harness.outputs(run)
    values = point if isinstance(point, dict) else {"x": point.x, "y": point.y, "name": point.name}
    assert values == {"x": -1, "y": -2.5, "name": "cba"}


async def check_file_between_tasks() -> None:
    (file,) = await harness.outputs(await flyte.run.aio(file_through, text="quiet"))
    async with file.open("rb") as source:
        assert bytes(await source.read()) == b"QUIET"


async def check_file_from_the_client() -> None:
    path = Path(tempfile.mkdtemp(), "local.txt")
    path.write_text("from the client")
    uploaded = await File.from_local(str(path))
    (file,) = await harness.outputs(await flyte.run.aio(shout, file=uploaded))
    async with file.open("rb") as source:
        assert bytes(await source.read()) == b"FROM THE CLIENT"


async def check_directory_between_tasks() -> None:
    assert await harness.outputs(await flyte.run.aio(directory_through, n=3)) == (["0.txt", "1.txt", "2.txt"],)


async def check_directory_from_the_client() -> None:
    path = Path(tempfile.mkdtemp())
    for name in ("a", "b"):
        (path / name).write_text(name)
    uploaded = await Dir.from_local(str(path))
    assert await harness.outputs(await flyte.run.aio(count_files, directory=uploaded)) == (["a", "b"],)


async def check_outputs_and_inputs_of_several_megabytes() -> None:
    run = await flyte.run.aio(repeat, text="y" * 1024, times=5 * 1024)
    (text,) = await harness.outputs(run)
    assert text == "y" * (5 << 20)
    assert await harness.outputs(await flyte.run.aio(length, text=text)) == (5 << 20,)
    assert await harness.outputs(await flyte.run.aio(megabytes, n=4)) == (4 << 20,)


async def check_cache_hit_of_a_child() -> None:
    path = Path(os.environ["SCENARIO_DIRECTORY"], "child-cache")
    statuses: list[str] = []
    for _ in range(2):
        run = await flyte.run.aio(calls_cached, x=12, path=str(path))
        assert await harness.outputs(run) == (144,)
        (child,) = await harness.actions(run, parent_name="a0")
        assert child.phase == "succeeded"
        statuses.append(CatalogCacheStatus.Name(child.pb2.status.cache_status))
    assert path.read_text() == "x"
    assert statuses[1] == "CACHE_HIT"
    assert statuses[0] != "CACHE_HIT"


async def check_cache_hit_of_the_root_and_overwriting_it() -> None:
    path = Path(os.environ["SCENARIO_DIRECTORY"], "root-cache")
    for _ in range(2):
        assert await harness.outputs(await flyte.run.aio(cached, x=13, path=str(path))) == (169,)
    assert path.read_text() == "x"
    again = await flyte.with_runcontext(overwrite_cache=True).run.aio(cached, x=13, path=str(path))
    assert await harness.outputs(again) == (169,)
    assert path.read_text() == "xx"
    other = await flyte.run.aio(cached, x=14, path=str(path))
    assert await harness.outputs(other) == (196,)
    assert path.read_text() == "xxx"


async def check_checkpoints() -> None:
    run = await flyte.run.aio(resumes)
    assert await harness.outputs(run) == ("xx",)
    assert (await run.details.aio()).action_details.attempts == 3


async def check_secret_as_environment_variable() -> None:
    await Secret.create.aio("password", "correct horse")
    run = await flyte.run.aio(knows_secret)
    assert await harness.outputs(run) == (len("correct horse"),)
    assert "password" in [secret.name async for secret in Secret.listall.aio()]


async def check_report() -> None:
    run = await flyte.run.aio(reports, word="figures")
    await harness.outputs(run)
    assert "<h1>figures</h1>" in await run.get_report.aio()


if __name__ == "__main__":
    harness.main()
