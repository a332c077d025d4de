from __future__ import annotations

import math
from typing import Any

from flyte_jupyter.live import read_times
from tests.unit.live.messages import INITIALIZING, QUEUED, RUNNING, START, SUCCEEDED, action, feed, ran, run_state
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.virtual import virtual


@virtual
async def test_times_of_what_was_seen_ended_only_are_read_once():
    client: Any = ScriptedClient(action("c2", SUCCEEDED, "a0", ended=START + 5))
    waited = action("c1", SUCCEEDED, "a0", ended=START + 9000)
    client.tell(ran(waited, (QUEUED, 0), (INITIALIZING, 2000), (RUNNING, 3000)))
    state = run_state()
    feed(state, action("a0"), *(action(name, SUCCEEDED, "a0", ended=START + 9000) for name in ("c1", "c2", "gone")))
    feed(state, action("c3", RUNNING, "a0"), action("t1", SUCCEEDED, "a0", trace="sum", ended=START + 5))
    assert await read_times(client, state, ["c1", "c2", "c3", "t1", "gone", "unheard"])
    row = state.row(state.find("c1") or 0)
    assert (row.queued, row.initialized, row.started, row.ended) == (START, START + 2000, START + 3000, START + 9000)
    unknown = state.find("c2") or 0
    assert math.isnan(state.initialized[unknown]), "the backend tells no times of it"
    assert len(client.calls) == 3, "c1, c2 and gone: c3 goes on, and traces do not wait"
    assert await read_times(client, state, ["gone"]), "what could not be read is tried again"
    assert not await read_times(client, state, ["c1", "c2"])
    assert len(client.calls) == 4
