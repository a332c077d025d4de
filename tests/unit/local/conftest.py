from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._paths import StateDir
from flyte_jupyter.local._server import Options, serving
from tests.unit.local.support import ScriptedLauncher


@pytest.fixture
def launcher() -> ScriptedLauncher:
    return ScriptedLauncher()


@pytest.fixture
async def backend(tmp_path: Path, launcher: ScriptedLauncher) -> AsyncIterator[Backend]:
    """A backend in this process, whose task processes the test plays."""
    options = Options(StateDir(tmp_path / "state").prepare(), max_parallel=4)
    async with serving(options, launcher, asyncio.Event()) as served:
        yield served
