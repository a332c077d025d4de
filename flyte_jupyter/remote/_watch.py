"""Following an action until it is over, whatever the stream does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Literal, TypeVar

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client
from flyte_jupyter.remote._errors import (
    FlyteError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
)
from flyte_jupyter.remote._fetch import fetch_action
from flyte_jupyter.remote._phase import ActionPhase

if TYPE_CHECKING:
    from flyteidl2.common.identifier_pb2 import ActionIdentifier
    from flyteidl2.workflow.run_definition_pb2 import ActionDetails
    from flyteidl2.workflow.run_service_pb2 import WatchActionDetailsResponse

T = TypeVar("T")

WaitFor = Literal["terminal", "running", "logs-ready"]

SILENCE_SECONDS = 20.0
"""After so long without a message the action is asked for: the real backend drops updates and its streams go deaf."""

_FAILURES = 5
_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
_FINAL = (InvalidArgumentError, UnimplementedError, UnauthenticatedError, PermissionDeniedError)


async def watch_action(
    client: Client, action: ActionIdentifier, *, silence: float | None = None
) -> AsyncGenerator[ActionDetails, None]:
    """Yields an action's details whenever they change, until its phase is terminal.

    Made of RunService.WatchActionDetails, which ends early, resends and falls silent: it is opened again after every
    end, up to five times in a row without a message, and after a silence GetActionDetails tells what was missed.

    Args:
        client: The connection.
        action: The action.
        silence: Seconds without a message after which the action is asked for.

    Raises:
        NotFoundError: There is no such action, said twice.
        FlyteError: The last of five failures in a row, or one that trying again does not help against.
    """
    silence = SILENCE_SECONDS if silence is None else silence
    failures = absences = 0
    last: ActionDetails | None = None
    while True:
        news = 0
        try:
            stream = client.stream(methods.WATCH_ACTION_DETAILS, pb.WatchActionDetailsRequest(action_id=action))
            updates = with_silences(stream, silence)
            try:
                async for update in updates:
                    details = await _details(client, action, update)
                    news += 1
                    failures = absences = 0
                    changed = details != last
                    if changed:
                        last = details
                        yield details
                    if ActionPhase.from_number(int(details.status.phase)).is_terminal:
                        return
                    if update is None and changed:
                        # The stream has missed something, so it may be deaf for good.
                        break
            finally:
                await updates.aclose()
            if not news:
                raise UnavailableError("The stream ended without a message.", code="UNAVAILABLE")
        except NotFoundError:
            absences += 1
            if absences == 2:
                raise
        except _FINAL:
            raise
        except FlyteError:
            failures += 1
            if failures > _FAILURES:
                raise
        await asyncio.sleep(_pause(failures))


def check_wait_for(wait_for: str) -> None:
    """Refuses what cannot be waited for."""
    if wait_for not in ("terminal", "running", "logs-ready"):
        raise InvalidArgumentError(f"One cannot wait for {wait_for!r}.", 'Give "terminal", "running" or "logs-ready".')


def is_reached(details: ActionDetails, wait_for: WaitFor) -> bool:
    """Whether an action is what is waited for, or over."""
    phase = ActionPhase.from_number(int(details.status.phase))
    if phase.is_terminal:
        return True
    if wait_for == "running":
        return phase in (ActionPhase.RUNNING, ActionPhase.PAUSED)
    return wait_for == "logs-ready" and any(attempt.logs_available for attempt in details.attempts)


async def with_silences(stream: AsyncGenerator[T, None], silence: float) -> AsyncGenerator[T | None, None]:
    """The items of a stream, and None whenever there was none for `silence` seconds. Closes the stream."""
    pending: asyncio.Future[T] | None = None
    try:
        while True:
            if pending is None:
                pending = asyncio.ensure_future(stream.__anext__())
            done, _ = await asyncio.wait({pending}, timeout=silence)
            if not done:
                yield None
                continue
            step, pending = pending, None
            try:
                item = step.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.gather(pending, return_exceptions=True)
        await stream.aclose()


async def _details(
    client: Client, action: ActionIdentifier, update: WatchActionDetailsResponse | None
) -> ActionDetails:
    return await fetch_action(client, action) if update is None else update.details


def _pause(failures: int) -> float:
    if not failures:
        return _PAUSE_SECONDS
    pause = min(_PAUSE_SECONDS * 2 ** (failures - 1), _LONGEST_PAUSE_SECONDS)
    return pause * random.uniform(0.75, 1.25)  # noqa: S311
