"""Learns which runs a cell makes with the SDK, whichever of its functions makes them."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def recording() -> Iterator[list[Any]]:
    """Collect the `flyteidl2.workflow.Run` of every CreateRun that this process is answered while the block runs."""
    from flyteidl2.workflow import run_service_connect  # not needed to load the extension, and slow to import

    made: list[Any] = []
    client = run_service_connect.RunServiceClient
    original = client.create_run

    @functools.wraps(original)
    async def create_run(*args: Any, **kwargs: Any) -> Any:
        response = await original(*args, **kwargs)
        made.append(response.run)
        return response

    client.create_run = create_run
    try:
        yield made
    finally:
        client.create_run = original
