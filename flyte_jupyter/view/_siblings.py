"""What tells apart actions of one name below one parent: their inputs, read for the rows of a snapshot."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import TYPE_CHECKING

from flyte_jupyter.live import read_labels
from flyte_jupyter.view._freeze import ROWS
from flyte_jupyter.view._select import MOST, Selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flyte_jupyter.live import Row, RunState
    from flyte_jupyter.remote import Client
    from flyte_jupyter.view._freeze import Frozen

PATIENCE = 3.0  # seconds for their inputs to be read


def alike(rows: Iterable[Row]) -> list[str]:
    """Return the names of those rows that have a sibling with the same label among them."""
    rows = list(rows)
    count = Counter((row.parent, row.label) for row in rows)
    return [row.name for row in rows if row.label and count[row.parent, row.label] > 1]


async def tell_apart(state: RunState, frozen: Frozen | None, client: Client) -> None:
    """Read the inputs of rows of a snapshot that look alike into `state`, as far as that goes in a moment.

    Args:
        state: the run.
        frozen: what is open, None for the snapshot of a view as it was shown.
        client: the run's connection.
    """
    if frozen is not None and frozen.rows:
        selection = frozen.selection(state, ROWS)
    else:
        selection = Selector(state, time.time() * 1000).select(min(state.n, MOST))
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(read_labels(client, state, alike(row for row, *_ in selection.rows)), PATIENCE)
