from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.live import read_labels
from flyte_jupyter.remote import BackgroundLoop
from tests.unit.live.messages import run_state
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
    assert state.inputs == {"c1": "x=1", "c2": "x=2, y=5"}
    calls = len(client.calls)
    assert await read_labels(client, state, ["c2", "c1", "c2"]) == {"c2": "x=2, y=5", "c1": "x=1"}
    assert len(client.calls) == calls
