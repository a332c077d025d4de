"""How often views read what is armed."""

from __future__ import annotations

import asyncio
import itertools
import time
from types import SimpleNamespace
from typing import Any

import pytest

from flyte_jupyter.magics._on_live import Reader
from tests.unit.live.virtual import virtual


@virtual
async def test_a_reader_rests_in_proportion_to_what_reading_took(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.5, 1.0, 1.001, 2.0, 2.001])
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))

    async def stored(function: Any, *args: Any) -> Any:
        return function(*args)

    service: Any = SimpleNamespace(dispatcher=SimpleNamespace(stored=stored))
    reader = Reader(service)
    times: list[float] = []
    for number in range(3):
        assert await reader.read(lambda one, here: (one, here is service), number) == (number, True)
        times.append(asyncio.get_running_loop().time())
    assert [round(later - sooner, 2) for sooner, later in itertools.pairwise(times)] == [20.0, 0.04]
