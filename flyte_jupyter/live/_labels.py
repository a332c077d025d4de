"""What tells apart actions of one name below one parent: short texts of their inputs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
from flyteidl2.workflow.run_definition_pb2 import ActionDetails as DetailsMessage

from flyte_jupyter.live import _nodes
from flyte_jupyter.live._state import RunState
from flyte_jupyter.remote import ActionDetails, Client, FlyteError

_AT_ONCE = 8


async def read_labels(client: Client, state: RunState, actions: Iterable[str]) -> dict[str, str]:
    """The texts of these actions; one that cannot be read is left out. Each is read once, and kept in the state.

    Args:
        client: The connection.
        state: The run.
        actions: Names of actions.
    """
    names = list(dict.fromkeys(actions))
    run = RunIdentifier(org=state.org, project=state.project, domain=state.domain, name=state.name)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(action: str) -> None:
        details = ActionDetails(DetailsMessage(id=ActionIdentifier(run=run, name=action)), client=client)
        with contextlib.suppress(FlyteError):
            async with gate:
                inputs = await details.inputs.aio()
            state.inputs[action] = _nodes.label(inputs)

    await asyncio.gather(*(read(name) for name in names if name not in state.inputs))
    return {name: state.inputs[name] for name in names if name in state.inputs}
