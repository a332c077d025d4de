"""The fall-back where streaming does not work: list all actions, and ask for the names that listing leaves out."""

from __future__ import annotations

import asyncio

from flyteidl2.common.identifier_pb2 import RunIdentifier
from flyteidl2.common.list_pb2 import ListRequest, Sort
from flyteidl2.workflow.run_service_pb2 import ListActionsRequest

from flyte_jupyter.live._client import Client
from flyte_jupyter.live._errors import ErrorFetcher
from flyte_jupyter.live._state import RunState
from flyte_jupyter.remote import NotFoundError, methods

_PAGE = 200  # the most a backend gives at once
_AT_ONCE = 8


async def list_into(client: Client, run: RunIdentifier, state: RunState) -> tuple[int, bool]:
    """Upsert every action of a run by RunService.ListActions.

    Returns:
        How many there are, and whether anything changed.

    Raises:
        FlyteError: The backend does not answer.
    """
    count, changed, token = 0, False, ""
    while True:
        request = ListActionsRequest(
            run_id=run,
            request=ListRequest(
                limit=_PAGE, token=token, sort_by=Sort(key="created_at", direction=Sort.Direction.ASCENDING)
            ),
        )
        response = await client.unary(methods.LIST_ACTIONS, request)
        for action in response.actions:
            changed = state.upsert(action) or changed
        count += len(response.actions)
        token = response.token
        if not token:
            return count, changed


async def name_actions(fetcher: ErrorFetcher, state: RunState) -> None:
    """Ask for the details of every action whose kind and name are not known, as listing does not tell them.

    Raises:
        FlyteError: The backend does not answer.
    """
    names = iter([state.row(row).name for row in range(state.n) if not state.kind[row]])

    async def work() -> None:
        for name in names:
            try:
                await fetcher.details(name)
            except NotFoundError:
                continue  # may be a failed look-up; the next listing asks again

    workers = [asyncio.ensure_future(work()) for _ in range(_AT_ONCE)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
