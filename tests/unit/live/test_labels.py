from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.live import _labels, read_all_labels, read_labels
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


@virtual
async def test_to_look_for_a_text_labels_are_read_of_all_that_have_a_twin(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(BackgroundLoop, "is_current", True)
    monkeypatch.setattr(_labels, "_MOST", 3)
    client: Any = ScriptedClient()
    client.data.update({name: data(x=int(name[1:])) for name in ("c1", "c2", "c4", "c5", "d1", "e1")})
    state = run_state()

    def grow(*names: str, group: str = "") -> None:
        feed(state, *(action(name, QUEUED, "a0", short=name[0], group=group) for name in names))

    grow("a0", "c1", "d1", "c2")
    grow("d2", group="another")
    assert await read_all_labels(client, state, 0) == ({"c1": "x=1", "c2": "x=2"}, 0)
    calls = len(client.calls)
    assert await read_all_labels(client, state, state.n) == ({}, 0)
    assert await read_all_labels(client, state, 0) == ({"c1": "x=1", "c2": "x=2"}, 0), "another page asks"
    assert len(client.calls) == calls, "each is read once"
    start = state.n
    grow("c3", "c4", "c5")
    assert await read_all_labels(client, state, start) == ({}, 3), (
        "c3 cannot be read, and the others are beyond the bound"
    )
    assert await read_labels(client, state, ["c4"]) == {"c4": "x=4"}
    calls = len(client.calls)
    assert await read_all_labels(client, state, start) == ({"c4": "x=4"}, 2), "it was in sight"
    assert len(client.calls) == calls


@virtual
async def test_who_gets_a_twin_later_is_read_then(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(BackgroundLoop, "is_current", True)
    client: Any = ScriptedClient()
    client.data.update(c1=data(x=1), c2=data(x=2))
    state = run_state()
    feed(state, action("a0"), action("c1", QUEUED, "a0", short="c"))
    assert await read_all_labels(client, state, 0) == ({}, 0)
    feed(state, action("c2", QUEUED, "a0", short="c"))
    assert await read_all_labels(client, state, 2) == ({"c1": "x=1", "c2": "x=2"}, 0)
