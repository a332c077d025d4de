"""What streams and lists leave out of an event: why it failed, what a condition asks."""

from __future__ import annotations

import asyncio

from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier

from flyte_jupyter.actions._events import BaseEvent, PausedEvent, PhaseEvent
from flyte_jupyter.live import abort_reason_of, error_of, headline
from flyte_jupyter.remote import ActionDetails, Client, FlyteError

_WORSE = ("failed", "aborted", "timed_out")
_LONGEST = 500
_PAUSES = (0.2, 0.5, 1.0)  # the phase is sometimes told before the error is
_PATIENCE = 10.0


async def completed(event: BaseEvent, client: Client) -> BaseEvent:
    """The event with what the details of its action tell (RunService.GetActionDetails); as it is where that fails.

    Args:
        event: The event.
        client: The connection to its backend.
    """
    try:
        return await asyncio.wait_for(_completed(event, client), _PATIENCE)
    except (FlyteError, asyncio.TimeoutError):
        return event


async def _completed(event: BaseEvent, client: Client) -> BaseEvent:
    if isinstance(event, PausedEvent) and not event.prompt:
        return event.model_copy(update={"prompt": (await _details(event, client)).pb2.condition.prompt})
    if isinstance(event, PhaseEvent) and event.phase in _WORSE and not event.error:
        for pause in (*_PAUSES, 0.0):
            text = _reason(await _details(event, client))
            if text or event.phase != "failed":
                return event.model_copy(update={"error": text})
            await asyncio.sleep(pause)
    return event


async def _details(event: BaseEvent, client: Client) -> ActionDetails:
    run = RunIdentifier(org=client.org, project=event.project, domain=event.domain, name=event.run)
    return await ActionDetails.get_details.aio(ActionIdentifier(run=run, name=event.action), client=client)


def _reason(details: ActionDetails) -> str:
    error = error_of(details.pb2)
    return headline(error.text if error is not None else abort_reason_of(details.pb2))[:_LONGEST]
