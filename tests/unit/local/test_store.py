from __future__ import annotations

import sqlite3
from pathlib import Path

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._model import RUNNING, SUCCEEDED
from tests.unit.local.support import Caller, ScriptedLauncher, action_id, until


def written_phase(tmp_path: Path) -> int:
    """What another process would read if this one were killed now."""
    with sqlite3.connect(next((tmp_path / "state").rglob("state.db"))) as database:
        return database.execute("SELECT phase FROM actions WHERE name = 'a0'").fetchone()[0]


async def test_an_acknowledged_run_is_written(backend: Backend, tmp_path: Path) -> None:
    async with Caller(backend) as caller:
        await caller.create()
        assert written_phase(tmp_path) >= 1


async def test_an_end_is_written_before_anybody_is_told(
    backend: Backend, launcher: ScriptedLauncher, tmp_path: Path
) -> None:
    async with Caller(backend) as caller:
        await caller.create()
        await launcher.started("a0")
        action = backend.state.action(action_id("r1"))
        await until(lambda: action.phase == RUNNING)
        backend.state.set_phase(action, SUCCEEDED)
        assert written_phase(tmp_path) == SUCCEEDED
