"""What tells apart actions of one name below one parent: short texts of their inputs."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable

from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
from flyteidl2.workflow.run_definition_pb2 import ActionDetails as DetailsMessage

from flyte_jupyter.live._apart import Brief, briefs, tell_apart
from flyte_jupyter.live._state import RunState
from flyte_jupyter.remote import ActionDetails, Client, FlyteError

_AT_ONCE = 8


async def read_labels(client: Client, state: RunState, actions: Iterable[str]) -> dict[str, str]:
    """The texts of these actions, and of others to which they make a difference; one that cannot be read is left out.

    Inputs in which siblings differ come first. Those of an action are read once, and kept in the state.

    Args:
        client: The connection.
        state: The run.
        actions: Names of actions.
    """
    names = dict.fromkeys(actions)
    run = RunIdentifier(org=state.org, project=state.project, domain=state.domain, name=state.name)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(action: str) -> None:
        details = ActionDetails(DetailsMessage(id=ActionIdentifier(run=run, name=action)), client=client)
        with contextlib.suppress(FlyteError):
            async with gate:
                inputs = await details.inputs.aio()
            state.inputs[action] = briefs(inputs)

    await asyncio.gather(*(read(name) for name in names if name not in state.inputs))
    before, state.apart = state.apart, _texts(state)
    return {name: text for name, text in state.apart.items() if name in names or before.get(name, text) != text}


def _texts(state: RunState) -> dict[str, str]:
    """What tells each action from its siblings, as far as inputs are known."""
    families: defaultdict[object, dict[str, dict[str, Brief]]] = defaultdict(dict)
    for name, inputs in state.inputs.items():
        row = state.find(name)
        families[name if row is None else (state.parent[row], state.label[row])][name] = inputs
    return {name: text for family in families.values() for name, text in tell_apart(family).items()}
