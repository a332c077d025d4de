from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.remote import BackgroundLoop
from flyte_jupyter.view._bundle import bundle
from flyte_jupyter.view._freeze import Frozen
from flyte_jupyter.view._rows import complete_rows
from tests.unit.live.messages import RUNNING, START, SUCCEEDED, action, feed, ran, run_state
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.test_looks import data
from tests.unit.live.virtual import virtual


@pytest.fixture(autouse=True)
def own_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BackgroundLoop, "is_current", True)


ACTIONS = [
    action("a0", RUNNING, short="main"),
    action("c3", SUCCEEDED, "a0", short="sum", ended=START + 5000),
    *(action(name, SUCCEEDED, "a0", short="square", ended=START + 5000) for name in ("c1", "c2")),
]


def run() -> Any:
    state = run_state()
    feed(state, *ACTIONS)
    return state


def scripted() -> Any:
    client = ScriptedClient(*ACTIONS)
    client.data.update(c1=data(x=4), c2=data(x=7), c3=data(n=2))
    return client


@virtual
async def test_a_record_tells_siblings_apart_by_their_inputs():
    client = scripted()
    state = run()
    await complete_rows(state, None, client)
    assert state.apart == {"c1": "x=4", "c2": "x=7"}, "only those that look alike are read"
    made = bundle(state, "v1", "h1")
    for text in made.values():
        assert "x=4" in text
        assert "c1" not in text
        assert "c3" in text, "what is alone has its name"
    calls = len(client.calls)
    await complete_rows(state, None, client)
    assert len(client.calls) == calls


@virtual
async def test_of_what_is_frozen_the_rows_in_sight_are_told_apart():
    client = scripted()
    state = run()
    await complete_rows(state, Frozen(rows=((state.find("a0"), 0), (state.find("c1"), 1))), client)
    assert state.apart == {}
    await complete_rows(state, Frozen(rows=((state.find("c1"), 1), (state.find("c2"), 1))), client)
    assert state.apart == {"c1": "x=4", "c2": "x=7"}


@virtual
async def test_where_inputs_cannot_be_read_the_names_stay():
    client = scripted()
    client.fall()
    state = run()
    await complete_rows(state, None, client)
    assert "c1" in bundle(state, "v1", "h1")["text/plain"]


@virtual
async def test_a_record_tells_how_long_an_action_ran_and_not_how_long_it_waited():
    client = scripted()
    client.tell(ran(ACTIONS[1], (RUNNING, 4000)))
    state = run()
    await complete_rows(state, None, client)
    rows = [line for line in bundle(state, "v1", "h1")["text/plain"].splitlines() if "sum" in line]
    assert [row.rsplit(maxsplit=1)[1] for row in rows] == ["1.0s"]
