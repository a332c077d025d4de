"""Executes actions: claims events, one execution at a time per trigger, tries again what may pass."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import itertools
import logging
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from flyte_jupyter.actions._errors import NotAllowedError, PassingError, UnknownActionError
from flyte_jupyter.actions._models import AuthContext, TriggerExecutionResponse
from flyte_jupyter.remote import ConnectionFailedError, DeadlineExceededError, FlyteError, UnavailableError

if TYPE_CHECKING:
    from flyte_jupyter.actions._events import BaseEvent
    from flyte_jupyter.actions._flavor import BaseActionFlavor
    from flyte_jupyter.actions._hub import EventHub
    from flyte_jupyter.actions._models import ActionResponse
    from flyte_jupyter.actions._rows_executions import Execution
    from flyte_jupyter.actions._trigger import Trigger
    from flyte_jupyter.remote import Client

T = TypeVar("T")

logger = logging.getLogger("flyte_jupyter")

_AT_ONCE = 8
_FILE_PAUSE = 1.0
_MAY_PASS = (UnavailableError, ConnectionFailedError, DeadlineExceededError, asyncio.TimeoutError)


class Connection(NamedTuple):
    """A connection, and who we are there ("" where the backend does not tell)."""

    client: Client
    account: str

    @property
    def endpoint(self) -> str:
        """The backend, "host:port"."""
        return self.client.endpoint.authority

    @property
    def scope(self) -> str:
        """What one process at a time dispatches for."""
        return f"{self.endpoint}|{self.account}"


class Dispatcher:
    """For use on one loop's thread; what waits for the file is done on a thread of its own.

    Args:
        hub: The hub whose events and handlers these are.
        process: The name of this process.
        flavor_of: The flavor of an action.
        connections: The connections of this process, by endpoint.
        told: Called after an execution was claimed, skipped or ended.
        threads: Where the file is waited for; one thread of its own if not given.
        complete: Adds to an event what its source left out, before it is acted on; nothing if not given.
    """

    def __init__(
        self,
        hub: EventHub,
        process: str,
        flavor_of: Callable[[ActionResponse], type[BaseActionFlavor]],
        connections: dict[str, Connection],
        told: Callable[[Trigger, Execution], None] = lambda *_: None,
        threads: concurrent.futures.ThreadPoolExecutor | None = None,
        complete: Callable[[BaseEvent, Client], Awaitable[BaseEvent]] | None = None,
    ) -> None:
        self.leases: dict[str, int] = {}  # scope -> epoch of the lease that we hold
        self._hub, self._process, self._flavor_of, self._told = hub, process, flavor_of, told
        self._connections, self._complete = connections, complete
        self._offered: deque[tuple[Trigger, BaseEvent]] = deque()
        self._queues: dict[int, deque[Execution]] = {}
        self._known: set[int] = set()  # executions that are queued or going on
        self._tasks: set[asyncio.Task[None]] = set()
        self._claiming: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._threads = threads or concurrent.futures.ThreadPoolExecutor(1, "flyte_jupyter actions")
        hub.sink = self.offer

    def offer(self, trigger: Trigger, event: BaseEvent) -> None:
        """Take in an event that a trigger waits for."""
        self._offered.append((trigger, event))
        if self._claiming is None or self._claiming.done():
            self._claiming = self._start(self._claim_offered())

    async def pick_up(self, triggers: Iterable[Trigger]) -> None:
        """Go on with what was left to do, by us or by a process that is gone."""
        by_id = {trigger.id: trigger for trigger in triggers}
        for execution in await self.stored(self._hub.store.pending, list(by_id)):
            self._queue(by_id[execution.trigger_id], execution)

    async def stored(self, function: Callable[..., T], *args: Any) -> T:
        """What a function of the store returns, called on the thread that may wait for the file."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    async def idle(self) -> None:
        """Wait until nothing is to be claimed or going on."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Cut off what is going on."""
        self._hub.sink = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._threads.shutdown(wait=True)

    async def _claim_offered(self) -> None:
        while self._offered:
            batch = list(itertools.islice(self._offered, 500))
            try:
                claimed = await self.stored(self._claim, batch)
            except sqlite3.Error:
                logger.warning("The file with the actions cannot be written; trying again", exc_info=True)
                await asyncio.sleep(_FILE_PAUSE)
                continue
            for _ in batch:
                self._offered.popleft()
            for trigger, execution in claimed:
                if execution.state == "pending":
                    self._queue(trigger, execution)
                self._told(trigger, execution)

    def _claim(self, batch: list[tuple[Trigger, BaseEvent]]) -> list[tuple[Trigger, Execution]]:
        store = self._hub.store
        claimed: list[tuple[Trigger, Execution]] = []
        with store.db.write():
            for trigger, event in batch:
                connection = self._connections.get(event.endpoint)
                if connection is None or not self._is_ours(trigger, connection):
                    continue
                execution = store.claim(trigger.id, event, connection.account)
                if execution is not None:
                    claimed.append((trigger, execution))
        return claimed

    def _is_ours(self, trigger: Trigger, connection: Connection) -> bool:
        if trigger.bound:
            return trigger.bound == self._process
        epoch = self.leases.get(connection.scope)
        return epoch is not None and self._hub.store.holds(self._process, connection.scope, epoch)

    def _queue(self, trigger: Trigger, execution: Execution) -> None:
        if execution.id in self._known:
            return
        self._known.add(execution.id)
        queue = self._queues.get(trigger.id)
        if queue is None:
            queue = self._queues[trigger.id] = deque()
            self._start(self._work(trigger, queue))
        queue.append(execution)

    async def _work(self, trigger: Trigger, queue: deque[Execution]) -> None:
        try:
            while queue:
                execution = queue.popleft()
                try:
                    await self._execute(trigger, execution)
                except UnknownActionError:
                    # Removed while it acted; what it did was removed with it.
                    logger.debug("action %d was removed while it acted", trigger.id)
                except Exception:
                    logger.exception("Execution %d of action %d was lost", execution.id, trigger.id)
                finally:
                    self._known.discard(execution.id)
        finally:
            for left in queue:
                self._known.discard(left.id)
            del self._queues[trigger.id]

    async def _execute(self, trigger: Trigger, execution: Execution) -> None:
        """Attempts, until one succeeds or there is no point in another."""
        store = self._hub.store
        while True:
            if execution.next_at is not None:
                await asyncio.sleep(max(execution.next_at - store.now(), 0))
            connection = self._connections.get(execution.event.endpoint)
            lease = None
            if not trigger.bound:
                if connection is None or connection.scope not in self.leases:
                    return  # another process goes on with it
                lease = (connection.scope, self.leases[connection.scope])
            async with self._slots:
                if self._complete is not None and connection is not None:
                    event = await self._complete(execution.event, connection.client)
                    if event != execution.event:
                        await self.stored(store.complete, execution.id, event)
                begun = await self.stored(store.begin, execution.id, self._process, lease)
                if begun is None:
                    return
                execution = await self._attempt(trigger, begun, connection)
            self._told(trigger, execution)
            if execution.state != "pending":
                return

    async def _attempt(self, trigger: Trigger, execution: Execution, connection: Connection | None) -> Execution:
        store = self._hub.store
        context = TriggerExecutionResponse(
            id=execution.id,
            trigger=trigger.id,
            event=execution.event,
            run_name=execution.run_name,
            attempt=execution.attempt,
            repeated=execution.repeated or execution.attempt > 1,
        )
        repeatable = False
        try:
            action = await self.stored(store.action, trigger.action_id)
            flavor = self._flavor_of(action)
            repeatable = flavor.REPEATABLE
            auth = _allowed(action, flavor, connection, store.now())
            seconds = trigger.policy.timeout or flavor.TIMEOUT
            await _in_time(self._call(action, context, auth), seconds)
        except Exception as error:
            passing = isinstance(error, PassingError) or (repeatable and isinstance(error, _MAY_PASS))
            if passing and execution.attempt < trigger.policy.attempts:
                pause = trigger.policy.pause(execution.attempt)
                return await self.stored(store.postpone, execution, pause, _words(error))
            if not isinstance(error, FlyteError | asyncio.TimeoutError):
                logger.debug("execution %d failed", execution.id, exc_info=True)
            return await self.stored(self._end, execution, "failed", context, _words(error))
        return await self.stored(self._end, execution, "succeeded", context, "")

    def _end(self, execution: Execution, state: Any, context: TriggerExecutionResponse, error: str) -> Execution:
        store = self._hub.store
        with store.db.write():
            if context.follow and context.launched:
                store.follow(execution.trigger_id, context.launched)
            return store.end(execution, state, result=context.result, error=error, launched=context.launched)

    async def _call(self, action: ActionResponse, context: TriggerExecutionResponse, auth: AuthContext) -> None:
        # A plain function must not hold up the loop. A coroutine function only makes its coroutine there.
        result = await asyncio.to_thread(self._hub.trigger_action, action, context, auth)
        if inspect.isawaitable(result):
            await result

    def _start(self, coroutine: Any) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _allowed(
    action: ActionResponse, flavor: type[BaseActionFlavor], connection: Connection | None, now: float
) -> AuthContext:
    """The context in which an action may act.

    Raises:
        NotAllowedError: It may not, or not any more, or not as who we are.
    """
    if connection is not None and (connection.endpoint, connection.account) != (action.endpoint, action.account):
        raise NotAllowedError("It was allowed for another account.", "Resume it to allow it for this one.")
    auth = AuthContext.of(action, None if connection is None else connection.client)
    for permission in sorted(flavor.NEEDS):
        auth.require(permission, now)
    return auth


async def _in_time(awaitable: Awaitable[None], seconds: float) -> None:
    try:
        await asyncio.wait_for(awaitable, seconds)
    except asyncio.TimeoutError:
        raise asyncio.TimeoutError(f"It took longer than {seconds:g} s.") from None


def _words(error: BaseException) -> str:
    if isinstance(error, FlyteError | asyncio.TimeoutError | UnknownActionError):
        return str(error)
    return f"{type(error).__name__}: {error}"
