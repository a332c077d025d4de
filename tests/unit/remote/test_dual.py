from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import AsyncGenerator

from flyte_jupyter.remote._dual import dual_batches


class Pages:
    def __init__(self) -> None:
        self.asked: list[int] = []
        self.threads: set[int] = set()
        self.closed = threading.Event()

    @dual_batches
    async def items(self, *pages: list[int]) -> AsyncGenerator[list[int], None]:
        try:
            for number, page in enumerate(pages):
                self.asked.append(number)
                self.threads.add(threading.get_ident())
                yield page
        finally:
            self.closed.set()


def test_batches_are_iterated_item_by_item() -> None:
    assert list(Pages().items([1, 2], [], [3])) == [1, 2, 3]
    assert list(Pages().items()) == []
    assert list(Pages().items([])) == []


async def test_batches_are_awaited_item_by_item() -> None:
    assert [item async for item in Pages().items.aio([1, 2], [], [3])] == [1, 2, 3]


def test_a_batch_is_made_when_the_one_before_is_used_up() -> None:
    pages = Pages()
    items = iter(pages.items([1, 2], [3]))
    assert [next(items), next(items)] == [1, 2]
    assert pages.asked == [0]
    assert next(items) == 3
    assert pages.asked == [0, 1]
    assert threading.get_ident() not in pages.threads


async def test_whoever_stops_early_ends_the_generator() -> None:
    pages = Pages()
    items = pages.items.aio([1, 2], [3])
    assert await anext(items) == 1  # type: ignore[arg-type]
    await items.aclose()  # type: ignore[attr-defined]
    assert await asyncio.to_thread(pages.closed.wait, 10)
    assert pages.asked == [0]


async def test_an_iteration_that_is_cancelled_before_it_begins_leaves_nothing_unawaited() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        asking = asyncio.ensure_future(anext(Pages().items.aio([1])))  # type: ignore[arg-type]
        await asyncio.sleep(0)  # it has made its first step, which has not begun
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        del asking
        gc.collect()
    assert [str(one.message) for one in said] == []
