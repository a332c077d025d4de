from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flyte_jupyter.local._admission import Admission, NoProcessLeftError, default_limit, default_processes


class Fake:
    """An action as far as admission looks at it."""

    def __init__(self, parent: Fake | None = None) -> None:
        self.depth: int = parent.depth + 1 if parent else 0
        self.open_children = 0
        if parent:
            parent.open_children += 1


def entering(admission: Admission, *actions: Any) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(admission.enter(action)) for action in actions]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_than_the_limit() -> None:
    admission = Admission(2)
    actions: list[Any] = [Fake() for _ in range(3)]
    tasks = entering(admission, *actions)
    await settle()
    assert [task.done() for task in tasks] == [True, True, False]
    assert admission.waiting == 1
    admission.leave(actions[0])
    await asyncio.wait_for(tasks[2], 5)


async def test_parents_that_wait_do_not_count() -> None:
    admission = Admission(1)
    nodes: list[Any] = [Fake()]
    for _ in range(5):  # each waits for the next: a semaphore would stop at the second
        await asyncio.wait_for(admission.enter(nodes[-1]), 5)
        nodes.append(Fake(nodes[-1]))
    assert len(admission.running) == 5


async def test_deepest_goes_first() -> None:
    admission = Admission(1)
    root: Any = Fake()
    await admission.enter(root)
    other: Any = Fake()
    waiting = entering(admission, other)
    await settle()
    child: Any = Fake(root)
    waiting += entering(admission, child)
    await settle()
    assert child in admission.running
    assert other not in admission.running
    for task in waiting:
        task.cancel()


async def test_who_gives_up_waiting_leaves_no_trace() -> None:
    admission = Admission(1)
    first, second, third = (Fake() for _ in range(3))
    await admission.enter(first)  # pyright: ignore[reportArgumentType]
    tasks = entering(admission, second, third)
    await settle()
    tasks[0].cancel()
    await settle()
    admission.leave(first)  # pyright: ignore[reportArgumentType]
    await asyncio.wait_for(tasks[1], 5)
    assert admission.running == {third}


async def test_full_of_waiting_parents_is_an_error_and_no_deadlock() -> None:
    admission = Admission(1, processes=2)
    root: Any = Fake()
    await admission.enter(root)
    child: Any = Fake(root)
    await admission.enter(child)
    grandchild: Any = Fake(child)
    with pytest.raises(NoProcessLeftError, match="2 processes"):
        await asyncio.wait_for(admission.enter(grandchild), 5)


def test_defaults() -> None:
    assert default_limit() >= 4
    assert 32 <= default_processes() <= 1000
