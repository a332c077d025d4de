"""What the stream does not tell of the rows of a snapshot: when they ran, and what tells them from their siblings."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import TYPE_CHECKING

from flyte_jupyter.live import read_labels, read_times
from flyte_jupyter.view._freeze import ROWS
from flyte_jupyter.view._select import MOST, Selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flyte_jupyter.live import Row, RunState
    from flyte_jupyter.remote import Client
    from flyte_jupyter.view._freeze import Frozen

PATIENCE = 3.0  # seconds for all of it to be read


def alike(rows: Iterable[Row]) -> list[str]:
    """Return the names of those rows that have a sibling with the same label among them."""
    rows = list(rows)
    count = Counter((row.parent, row.label) for row in rows)
    return [row.name for row in rows if row.label and count[row.parent, row.label] > 1]


async def complete_rows(state: RunState, frozen: Frozen | None, client: Client) -> None:
    """Read times, and inputs of rows that look alike, into `state`, as far as that goes in a moment.

    Args:
        state: the run.
        frozen: what is open, None for the snapshot of a view as it was shown.
        client: the run's connection.
    """
    if frozen is not None and frozen.rows:
        selection = frozen.selection(state, ROWS)
    else:
        selection = Selector(state, time.time() * 1000).select(min(state.n, MOST))
    rows = [row for row, *_ in selection.rows]
    reading = asyncio.gather(
        read_labels(client, state, alike(rows)), read_times(client, state, [row.name for row in rows])
    )
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(reading, PATIENCE)
