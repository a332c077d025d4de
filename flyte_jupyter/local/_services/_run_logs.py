"""RunLogsService: the log of an attempt for clients of the days before DataProxyService had it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.workflow import run_logs_service_connect as connect
from flyteidl2.workflow import run_logs_service_pb2 as pb2

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._logs import follow

Context = RequestContext[Any, Any]


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [connect.RunLogsServiceASGIApplication(RunLogsService(backend))]


class RunLogsService(connect.RunLogsService):
    """The same lines in the messages of another package."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def tail_logs(self, request: pb2.TailLogsRequest, ctx: Context) -> AsyncIterator[pb2.TailLogsResponse]:
        """What an attempt printed so far and, while it runs, what it prints; ends when it is over and all is sent."""
        action = self._backend.state.action(request.action_id)
        attempt = request.attempt or max(1, len(action.details.attempts))
        async for message in follow(self._backend, action, attempt):
            yield pb2.TailLogsResponse(logs=[pb2.TailLogsResponse.Logs(lines=part.lines) for part in message.logs])
