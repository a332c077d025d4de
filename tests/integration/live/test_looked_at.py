"""Real actions, looked at: what there is to see of them while they run and when they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flyteidl2.common.identifier_pb2 import RunIdentifier

from flyte_jupyter.live import Look, Looks, RunState, read_labels
from flyte_jupyter.remote import Action, Client, Condition, background, connect, set_current_client
from tests.integration.support import Backend

RUNS = """
import json
import sys
import flyte
import flyte.report

env = flyte.TaskEnvironment(name="looked_at", env_vars={"MODE": "fast", "API_TOKEN": "hunter2"})

@env.task
async def child(x: int, words: list[str]) -> dict[str, int]:
    for number in range(3000):
        print(f"line {number} of <b>{x}</b>")
    return {word: x for word in words}

@env.task(retries=2, report=True)
async def main(x: int) -> dict[str, int]:
    await flyte.report.replace.aio("<h1>the report</h1>", do_flush=True)
    return await child(x, ["one", "two"])

@env.task
async def asks() -> bool:
    condition = await flyte.new_condition.aio("approve", prompt="Go **on**?", data_type=bool, prompt_type="markdown")
    return await condition.wait.aio()

if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="flytesnacks", domain="development")
    print(json.dumps((flyte.run(main, x=7) if sys.argv[2] == "main" else flyte.run(asks)).name))
"""


@pytest.fixture
def client(backend: Backend) -> Iterator[Client]:
    client = connect(backend.endpoint)
    yield client
    client.close()
    set_current_client(None)


def start(backend: Backend, client: Client, name: str) -> RunIdentifier:
    place = backend.state_dir.parent / f"user-{name}"
    place.mkdir(exist_ok=True)
    run = backend.script(Path(place) / "looked_at.py", RUNS, name)
    return RunIdentifier(project=client.project, domain=client.domain, name=run)


async def last(look: Look) -> tuple[Any, bytes]:
    """The last value of a look, and the text of a log; waits for the end."""
    changed = asyncio.Event()
    look.on_change(changed.set)
    value: Any = None
    text = b""
    try:
        while True:
            changed.clear()
            while (sight := look.next()) is not None:
                assert not sight.error, sight.error
                value = sight.value or value
                text += sight.buffers[2] if sight.buffers else b""
                if sight.end:
                    return value, text
            await asyncio.wait_for(changed.wait(), 60)
    finally:
        look.close()


def test_everything_of_a_task(backend: Backend, client: Client) -> None:
    run = start(backend, client, "main")

    async def see() -> str:
        before = asyncio.all_tasks()
        looks = Looks()
        root = {topic: looks.look(client, run, "a0", topic) for topic in ("details", "io", "report", "spec", "events")}
        seen = dict(zip(root, [value for value, _ in await asyncio.gather(*map(last, root.values()))], strict=True))
        assert seen["details"]["phase"] == 5, seen["details"]["error"]
        (attempt,) = seen["details"]["attempts"]
        assert [phase for phase, _, _ in attempt["phases"]][-1] == 5
        assert [(one["name"], one["type"], one["text"]) for one in seen["io"]["inputs"]] == [("x", "int", "7")]
        assert seen["io"]["outputs"][0]["type"] == "dict[str, int]"
        assert seen["io"]["outputs"][0]["text"] == "{one: 7, two: 7}"
        assert "<h1>the report</h1>" in seen["report"]["html"]
        assert "hunter2" not in str(seen["spec"])
        assert "looked_at.main" in str(seen["spec"])
        (child,) = [one.name async for one in Action.listall.aio(run.name, client=client) if one.name != "a0"]
        value, text = await last(looks.look(client, run, child, "logs"))
        lines = text.decode().split("\n")
        assert [f"line {number} of <b>7</b>" in text.decode() for number in (0, 1500, 2999)] == [True] * 3
        assert value["attempt"] == 1
        assert len([line for line in lines if line.startswith("line ")]) == 3000
        state = RunState("", run.project, run.domain, run.org, run.name)
        assert await read_labels(client, state, [child, "a0"]) == {child: 'x=7, words=["one", "two"]', "a0": "x=7"}
        assert len(looks) == 0
        await asyncio.gather(*(asyncio.all_tasks() - before), return_exceptions=True)
        return seen["io"]["outputs"][0]["code"]

    code = background().run(asyncio.wait_for(see(), 90))
    notebook: dict[str, Any] = {}
    exec(code.replace("\n", "\npasted = "), notebook)
    assert notebook["pasted"] == {"one": 7, "two": 7}


def test_a_condition_from_its_prompt_to_its_answer(backend: Backend, client: Client) -> None:
    run = start(backend, client, "asks")

    async def see() -> None:
        looks = Looks()
        found = None
        while found is None:
            found = await Condition.get.aio("approve", run.name, client=client)
            await asyncio.sleep(0.1)
        look = looks.look(client, run, found.action_name, "details")
        changed = asyncio.Event()
        look.on_change(changed.set)
        while (sight := look.next()) is None or sight.value is None:
            await asyncio.wait_for(changed.wait(), 60)
            changed.clear()
        condition = sight.value["condition"]
        assert (condition["prompt"], condition["format"], condition["type"]) == ("Go **on**?", "markdown", "bool")
        assert condition["answered"] is False
        await found.signal.aio(True)
        value, _ = await last(look)
        assert (value["condition"]["answered"], value["condition"]["answer"]) == (True, "True")

    background().run(asyncio.wait_for(see(), 90))
