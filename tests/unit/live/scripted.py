"""A connection to a backend that lives in the test and does what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from flyteidl2.dataproxy.dataproxy_service_pb2 import (
    CreateDownloadLinkResponse,
    GetActionDataResponse,
    PreSignedURLs,
)
from flyteidl2.workflow.run_definition_pb2 import Action, ActionDetails
from flyteidl2.workflow.run_service_pb2 import (
    GetActionDetailsResponse,
    GetRunDetailsResponse,
    ListActionsResponse,
    WatchActionDetailsResponse,
)

from flyte_jupyter.remote import Endpoint, FlyteError, Method, NotFoundError, UnavailableError, methods
from tests.unit.live.messages import FAILED, message

END = object()
DOWN = UnavailableError("localhost:8090 cannot be reached: connection refused.", "", "UNAVAILABLE")


class ScriptedClient:
    """Holds the true actions of one run and speaks of them as a backend does.

    Attributes:
        actions: The truth, by name.
        opened: How many streams were opened.
        open: Queues of the streams that are open; what is put there is sent, an exception is raised, END ends it.
        drop: Predicate of updates that are lost.
        scripts: What the next streams do instead of sending the snapshot and what changes: messages, exceptions, END.
        down: What every call raises while it is set.
    """

    def __init__(self, *actions: Action, page: int = 1000) -> None:
        self.endpoint = Endpoint.parse("localhost:8090")
        self.project, self.domain, self.org = "p", "development", ""
        self.actions: dict[str, Action] = {}
        self.page = page
        self.opened = 0
        self.open: list[asyncio.Queue[Any]] = []
        self.drop: Callable[[Action], bool] = lambda _: False
        self.scripts: list[list[Any]] = []
        self.every_script: list[Any] | None = None
        self.down: FlyteError | None = None
        self.errors: dict[str, str] = {}
        self.abort_reason = ""
        self.told: dict[str, ActionDetails] = {}
        self.watching: list[asyncio.Queue[Any]] = []
        self.data: dict[str, GetActionDataResponse] = {}
        self.links: dict[int, str] = {}  # of reports, by attempt
        self.logs: list[list[Any]] = []
        self.calls: list[str] = []
        for one in actions:
            self.actions[one.id.name] = one

    def put(self, one: Action) -> None:
        """Change the truth, and send it with all ancestors to the open streams."""
        self.actions[one.id.name] = one
        if self.drop(one):
            return
        chain = [one]
        while (parent := chain[-1].metadata.parent) in self.actions:
            chain.append(self.actions[parent])
        for queue in self.open:
            queue.put_nowait(message(*reversed(chain)))

    def tell(self, details: ActionDetails) -> None:
        """Change the details of an action, and send them to those who watch it."""
        self.told[details.id.name] = details
        for queue in self.watching:
            queue.put_nowait(WatchActionDetailsResponse(details=details))

    def fall(self, error: FlyteError = DOWN) -> None:
        """The backend is gone: streams break, calls fail."""
        self.down = error
        for queue in self.open:
            queue.put_nowait(error)

    async def unary(self, method: Method, request: Any, *, timeout: float | None = 30.0) -> Any:
        self.calls.append(method.rpc)
        await asyncio.sleep(0.001)
        if self.down is not None:
            raise self.down
        if method is methods.GET_RUN_DETAILS:
            response = GetRunDetailsResponse()
            response.details.action.CopyFrom(self._details("a0"))
            return response
        if method is methods.GET_ACTION_DATA:
            if request.action_id.name not in self.data:
                raise NotFoundError("no data.", "", "NOT_FOUND")
            return self.data[request.action_id.name]
        if method is methods.CREATE_DOWNLOAD_LINK:
            link = self.links.get(request.action_attempt_id.attempt)
            if link is None:
                raise NotFoundError("no report.", "", "NOT_FOUND")
            return CreateDownloadLinkResponse(pre_signed_urls=PreSignedURLs(signed_url=[link]))
        if method is methods.GET_ACTION_DETAILS:
            return GetActionDetailsResponse(details=self._details(request.action_id.name))
        assert method is methods.LIST_ACTIONS
        start, limit = int(request.request.token or 0), request.request.limit
        assert 0 < limit <= 200
        names = list(self.actions)
        response = ListActionsResponse(token=str(start + limit) if len(names) > start + limit else "")
        for name in names[start : start + limit]:
            listed = response.actions.add()
            listed.CopyFrom(self.actions[name])
            for left_out in ("task", "trace", "condition"):
                listed.metadata.ClearField(left_out)
        return response

    async def stream(self, method: Method, request: Any) -> AsyncGenerator[Any, None]:
        if method is methods.WATCH_ACTION_DETAILS:
            async for one in self._watch_details(request.action_id.name):
                yield one
            return
        if method is methods.TAIL_LOGS:
            for item in self.logs.pop(0) if self.logs else []:
                await asyncio.sleep(0.01)
                if isinstance(item, Exception):
                    raise item
                yield item
            return
        assert method is methods.WATCH_ACTIONS
        assert request.run_id.name
        self.opened += 1
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.open.append(queue)
        script = self.scripts.pop(0) if self.scripts else self.every_script
        if self.down is not None:
            queue.put_nowait(self.down)
        elif script is not None:
            for item in script:
                queue.put_nowait(item)
        else:
            everything = list(self.actions.values())
            for start in range(0, len(everything), self.page):
                queue.put_nowait(message(*everything[start : start + self.page]))
        try:
            while (item := await queue.get()) is not END:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.open.remove(queue)

    async def _watch_details(self, name: str) -> AsyncGenerator[WatchActionDetailsResponse, None]:
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.watching.append(queue)
        try:
            if self.down is not None:
                raise self.down
            yield WatchActionDetailsResponse(details=self._details(name))
            while True:
                yield await queue.get()
        finally:
            self.watching.remove(queue)

    def _details(self, name: str) -> ActionDetails:
        if name in self.told:
            return self.told[name]
        one = self.actions.get(name)
        if one is None:
            raise NotFoundError(f"action not found: {name}.", "", "NOT_FOUND")
        details = ActionDetails(id=one.id, metadata=one.metadata, status=one.status)
        if name in self.errors and one.status.phase == FAILED:
            details.error_info.message = self.errors[name]
            details.error_info.code = "ValueError"
            details.error_info.kind = 1  # pyright: ignore[reportAttributeAccessIssue]
        if self.abort_reason:
            details.abort_info.reason = self.abort_reason
        return details
