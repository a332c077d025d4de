"""Fetches why actions failed, beside the stream, which does not tell."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
from flyteidl2.workflow.run_definition_pb2 import ActionDetails
from flyteidl2.workflow.run_service_pb2 import GetActionDetailsRequest

from flyte_jupyter.live._client import Client
from flyte_jupyter.live._details import ActionError, abort_reason_of, error_of, excerpt
from flyte_jupyter.live._model import ROOT
from flyte_jupyter.live._phases import REVERSIBLE
from flyte_jupyter.live._state import RunState
from flyte_jupyter.live._times import write_times
from flyte_jupyter.remote import FlyteError, methods

BUDGET = 25  # actions, besides the root, whose error is fetched unasked
_HEAD_EXCERPT = 16_000
_TRIES = 3


class ErrorFetcher:
    """Writes error texts into a state: of the root always, of the first 25 others that failed, of the rest on request.

    Args:
        client: The connection, asked for anew before each call.
        run: The run.
        state: Where texts go.
        changed: Called after the state changed.
        pause: Seconds before trying again.
    """

    def __init__(
        self,
        client: Callable[[], Client],
        run: RunIdentifier,
        state: RunState,
        changed: Callable[[], None],
        pause: float,
    ) -> None:
        self._client, self._run, self._state, self._changed, self._pause = client, run, state, changed, pause
        self._chosen: set[str] = set()
        self._queue: deque[str] = deque()
        self.worker: asyncio.Task[None] | None = None

    def want(self, action: str) -> None:
        """Fetch the error of `action` in the background, if it is the root or the budget allows."""
        if action != ROOT and action not in self._chosen:
            if len(self._chosen) >= BUDGET:
                return
            self._chosen.add(action)
        if action not in self._queue:
            self._queue.append(action)
        if self.worker is None or self.worker.done():
            self.worker = asyncio.get_running_loop().create_task(self._work())

    async def complete(self, timeout: float) -> None:
        """Wait until what was wanted is there, and try again what failed; at most `timeout` seconds."""
        state = self._state
        for action in self._chosen:
            row = state.find(action)
            if row is not None and state.phase[row] in REVERSIBLE and not state.error[row]:
                self.want(action)
        self.want(ROOT)
        if self.worker is not None:
            await asyncio.wait({self.worker}, timeout=timeout)

    async def fetch(self, action: str) -> ActionError:
        """The whole error of `action`; an empty one if it has none. Its row gets the excerpt.

        Raises:
            FlyteError: The backend does not answer, or knows no such action.
        """
        details = await self.details(action)
        return error_of(details) or ActionError("", "", "")

    async def details(self, action: str) -> ActionDetails:
        """The details of `action`; what they tell beyond its row is written into the state."""
        request = GetActionDetailsRequest(action_id=ActionIdentifier(run=self._run, name=action))
        response = await self._client().unary(methods.GET_ACTION_DETAILS, request)
        details: ActionDetails = response.details
        if details.id.name == action:
            self.take(details)
        return details

    def take(self, details: ActionDetails) -> None:
        """Write what details tell into the state."""
        state = self._state
        if not details.id.name:
            return
        state.upsert(details)
        row = state.find(details.id.name)
        assert row is not None
        write_times(state, details)
        error = error_of(details) if state.phase[row] in REVERSIBLE else None
        if error is not None:
            state.set_error(row, excerpt(error.text))
        if details.id.name == ROOT:
            state.head.error = excerpt(error.text, _HEAD_EXCERPT) if error else ""
            state.head.abort_reason = abort_reason_of(details)
        self._changed()

    def close(self) -> None:
        """Stop fetching."""
        if self.worker is not None:
            self.worker.cancel()

    async def _work(self) -> None:
        while self._queue:
            action = self._queue.popleft()
            for attempt in range(1, _TRIES + 1):
                try:
                    details = await self.details(action)
                except FlyteError:
                    complete = False
                else:
                    # The phase is sometimes told before the error is.
                    complete = error_of(details) is not None or int(details.status.phase) not in REVERSIBLE
                if complete or attempt == _TRIES:
                    break
                await asyncio.sleep(self._pause * attempt)
