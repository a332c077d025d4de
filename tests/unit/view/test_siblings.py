from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.remote import BackgroundLoop
from flyte_jupyter.view._bundle import bundle
from flyte_jupyter.view._freeze import Frozen
from flyte_jupyter.view._siblings import tell_apart
from tests.unit.live.messages import RUNNING, START, SUCCEEDED, action, feed, run_state
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.test_looks import data
from tests.unit.live.virtual import virtual


@pytest.fixture(autouse=True)
def own_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BackgroundLoop, "is_current", True)


def run() -> Any:
    state = run_state()
    feed(state, action("a0", RUNNING, short="main"), action("c3", SUCCEEDED, "a0", short="sum", ended=START + 5))
    feed(state, *(action(name, SUCCEEDED, "a0", short="square", ended=START + 5) for name in ("c1", "c2")))
    return state


def scripted() -> Any:
    client = ScriptedClient()
    client.data.update(c1=data(x=4), c2=data(x=7), c3=data(n=2))
    return client


@virtual
async def test_a_record_tells_siblings_apart_by_their_inputs():
    client = scripted()
    state = run()
    await tell_apart(state, None, client)
    assert state.apart == {"c1": "x=4", "c2": "x=7"}, "only those that look alike are read"
    made = bundle(state, "v1", "h1")
    for text in made.values():
        assert "x=4" in text
        assert "c1" not in text
        assert "c3" in text, "what is alone has its name"
    calls = len(client.calls)
    await tell_apart(state, None, client)
    assert len(client.calls) == calls


@virtual
async def test_of_what_is_frozen_the_rows_in_sight_are_told_apart():
    client = scripted()
    state = run()
    await tell_apart(state, Frozen(rows=((state.find("a0"), 0), (state.find("c1"), 1))), client)
    assert state.apart == {}
    await tell_apart(state, Frozen(rows=((state.find("c1"), 1), (state.find("c2"), 1))), client)
    assert state.apart == {"c1": "x=4", "c2": "x=7"}


@virtual
async def test_where_inputs_cannot_be_read_the_names_stay():
    client = scripted()
    client.fall()
    state = run()
    await tell_apart(state, None, client)
    assert "c1" in bundle(state, "v1", "h1")["text/plain"]
