"""When an action left the queue and ran, which the stream tells of no action that it shows ended already."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from flyteidl2.common.identifier_pb2 import ActionIdentifier
from flyteidl2.workflow.run_definition_pb2 import ActionDetails
from flyteidl2.workflow.run_service_pb2 import GetActionDetailsRequest

from flyte_jupyter.live._client import Client
from flyte_jupyter.live._details import since
from flyte_jupyter.live._phases import INITIALIZING, RUNNING
from flyte_jupyter.live._state import RunState
from flyte_jupyter.remote import FlyteError, methods

_AT_ONCE = 8


async def read_times(client: Client, state: RunState, actions: Iterable[str]) -> bool:
    """Write the times of these actions into the state, by RunService.GetActionDetails; True if anything was read.

    Of an action whose times are known nothing is read, and of the others once; what cannot be read stays as it is.

    Args:
        client: The connection.
        state: The run.
        actions: Names of actions.
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def read(action: str) -> None:
        request = GetActionDetailsRequest(action_id=ActionIdentifier(run=state.identifier, name=action))
        with contextlib.suppress(FlyteError):
            async with gate:
                response = await client.unary(methods.GET_ACTION_DETAILS, request)
            state.timed.add(action)
            write_times(state, response.details)

    wanted = [name for name in dict.fromkeys(actions) if name not in state.timed and state.lacks_times(name)]
    await asyncio.gather(*map(read, wanted))
    return bool(wanted)


def write_times(state: RunState, details: ActionDetails) -> None:
    """Write what details tell of times into the state."""
    row = state.find(details.id.name)
    if row is None:
        return
    if (left_queue := since(details, INITIALIZING)) is not None:
        state.set_initialized(row, left_queue)
    if (ran := since(details, RUNNING)) is not None:
        state.set_started(row, ran)
