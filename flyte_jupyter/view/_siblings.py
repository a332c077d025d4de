"""What tells apart actions of one name below one parent: their inputs, read for the rows of a snapshot."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import TYPE_CHECKING

from flyte_jupyter.view._freeze import ROWS
from flyte_jupyter.view._select import MOST, Selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flyte_jupyter.live import Looks, Row, RunState
    from flyte_jupyter.view._freeze import Frozen
    from flyte_jupyter.view._target import Target

PATIENCE = 3.0  # seconds for their inputs to be read


def alike(rows: Iterable[Row]) -> list[str]:
    """Return the names of those rows that have a sibling with the same label among them."""
    rows = list(rows)
    count = Counter((row.parent, row.label) for row in rows)
    return [row.name for row in rows if row.label and count[row.parent, row.label] > 1]


async def tell_apart(state: RunState, frozen: Frozen | None, looks: Looks, target: Target) -> None:
    """Note in `state` the inputs of rows of a snapshot that look alike, as far as they can be read in a moment.

    Args:
        state: the run.
        frozen: what is open, None for the snapshot of a view as it was shown.
        looks: what reads them.
        target: the run's connection.
    """
    if frozen is not None and frozen.rows:
        selection = frozen.selection(state, ROWS)
    else:
        selection = Selector(state, time.time() * 1000).select(min(state.n, MOST))
    unknown = [name for name in alike(row for row, *_ in selection.rows) if name not in state.inputs]
    if unknown:
        with contextlib.suppress(asyncio.TimeoutError):
            found = await asyncio.wait_for(looks.labels(target.client, target.identifier, unknown), PATIENCE)
            state.inputs.update(found)
