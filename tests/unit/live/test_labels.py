from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.live import read_labels
from flyte_jupyter.remote import BackgroundLoop
from tests.unit.live.messages import QUEUED, action, feed, run_state
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.test_looks import data
from tests.unit.live.virtual import virtual


@virtual
async def test_labels_tell_siblings_apart_and_are_read_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(BackgroundLoop, "is_current", True)
    client: Any = ScriptedClient()
    client.data.update(c1=data(x=1), c2=data(x=2, y=5))
    state = run_state()
    assert await read_labels(client, state, ["c1", "c2", "gone"]) == {"c1": "x=1", "c2": "x=2, y=5"}
    assert state.apart == {"c1": "x=1", "c2": "x=2, y=5"}
    calls = len(client.calls)
    assert await read_labels(client, state, ["c2", "c1", "c2"]) == {"c2": "x=2, y=5", "c1": "x=1"}
    assert len(client.calls) == calls


@virtual
async def test_what_siblings_have_in_common_comes_last(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(BackgroundLoop, "is_current", True)
    client: Any = ScriptedClient()
    client.data.update(c1=data(day=27, x=1), c2=data(day=27, x=2), c3=data(day=28, x=2), d1=data(day=27))
    state = run_state()
    feed(state, action("a0"), *(action(name, QUEUED, "a0", short=name[0]) for name in ("c1", "c2", "c3", "d1")))
    assert await read_labels(client, state, ["c1"]) == {"c1": "day=27, x=1"}
    assert await read_labels(client, state, ["c2", "d1"]) == {
        "c1": "x=1, day=27",
        "c2": "x=2, day=27",
        "d1": "day=27",
    }, "c1 has another text now"
    assert await read_labels(client, state, ["c3"]) == {
        "c1": "day=27, x=1",
        "c2": "day=27, x=2",
        "c3": "day=28, x=2",
    }


@virtual
async def test_labels_are_short(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(BackgroundLoop, "is_current", True)
    client: Any = ScriptedClient()
    client.data.update(c1=data(**{f"name{n}": 10**9 for n in range(9)}), c2=data())
    texts = await read_labels(client, run_state(), ["c1", "c2"])
    assert (len(texts["c1"]), texts["c1"][-1], texts["c2"]) == (80, "…", "")
