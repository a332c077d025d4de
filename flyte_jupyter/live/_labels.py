"""What tells apart actions of one name below one parent: short texts of their inputs."""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable

from flyteidl2.common.identifier_pb2 import ActionIdentifier
from flyteidl2.workflow.run_definition_pb2 import ActionDetails as DetailsMessage

from flyte_jupyter.live._apart import Brief, briefs, tell_apart
from flyte_jupyter.live._state import RunState
from flyte_jupyter.remote import ActionDetails, Client, FlyteError

_AT_ONCE = 16
_MOST = 2_000  # rows whose inputs are read to look for a text


async def read_labels(client: Client, state: RunState, actions: Iterable[str]) -> dict[str, str]:
    """The texts of these actions, and of others to which they make a difference; one that cannot be read is left out.

    Inputs in which siblings differ come first. Those of an action are read once, and kept in the state.

    Args:
        client: The connection.
        state: The run.
        actions: Names of actions.
    """
    names = dict.fromkeys(actions)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(action: str) -> None:
        details = ActionDetails(DetailsMessage(id=ActionIdentifier(run=state.identifier, name=action)), client=client)
        with contextlib.suppress(FlyteError):
            async with gate:
                inputs = await details.inputs.aio()
            state.inputs[action] = briefs(inputs)

    await asyncio.gather(*(read(name) for name in names if name not in state.inputs))
    before, state.apart = state.apart, _texts(state)
    return {name: text for name, text in state.apart.items() if name in names or before.get(name, text) != text}


async def read_all_labels(client: Client, state: RunState, start: int) -> tuple[dict[str, str], int]:
    """The texts of those rows from `start` on that have a sibling of the same name, and of how many there is none.

    Of the run's first 2,000 such rows those are read that were not tried yet, of the others none.

    Args:
        client: The connection.
        state: The run.
        start: A row; those before were asked for already.
    """
    families = list(zip(state.parent, state.group, state.label, strict=True))
    count = Counter(families)
    twins = [row for row, family in enumerate(families) if family[2] and count[family] > 1]
    new = [row for row in twins[:_MOST] if row not in state.sought]
    state.sought.update(new)
    known = {state.find(name) for name in state.inputs}.intersection(twins[bisect_left(twins, start) :])
    labels = await read_labels(client, state, [state.row(row).name for row in known.union(new) if row is not None])
    return labels, len(twins) - len({state.find(name) for name in state.inputs}.intersection(twins))


def _texts(state: RunState) -> dict[str, str]:
    """What tells each action from its siblings, as far as inputs are known."""
    families: defaultdict[object, dict[str, dict[str, Brief]]] = defaultdict(dict)
    for name, inputs in state.inputs.items():
        row = state.find(name)
        families[name if row is None else (state.parent[row], state.label[row])][name] = inputs
    return {name: text for family in families.values() for name, text in tell_apart(family).items()}
