"""What a process has one of: the store, the hub, the dispatcher and the sources, joined and kept going."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flyte_jupyter.actions._dispatch import Connection, Dispatcher
from flyte_jupyter.actions._event_details import completed
from flyte_jupyter.actions._hub import EventHub, event_hub
from flyte_jupyter.actions._models import AuthContext, TriggerExecutionResponse
from flyte_jupyter.actions._registry import PluginRegistry, registry
from flyte_jupyter.actions._rows_processes import process_id
from flyte_jupyter.actions._sources import Sources
from flyte_jupyter.live import Notifier
from flyte_jupyter.remote import (
    Client,
    FlyteError,
    NotConnectedError,
    UnauthenticatedError,
    UnimplementedError,
    background,
    current_client,
    methods,
)

if TYPE_CHECKING:
    from flyte_jupyter.actions._rows_executions import Execution
    from flyte_jupyter.actions._source import Patience
    from flyte_jupyter.actions._trigger import Trigger

logger = logging.getLogger("flyte_jupyter")

Told = Callable[["Trigger", "Execution"], None]

_KEPT = 30 * 86400.0  # seconds for which the history of what is not armed is kept
_BEAT = 4.0
_ACCOUNT_AGE = 60.0
_TICK = 1.0


class Service:
    """Executes the actions of this process, and of all where no other process does. For use on the background loop.

    Args:
        hub: The hub of the process.
        plugins: Its flavors and handlers.
        process: Its name.
        patience: How patient sources are.

    Attributes:
        changes: Tells that triggers, executions or what can be read changed, here or by another process.
        executed: Called on the loop with each trigger and its execution, whenever that was claimed or ended here.
        connections: The connections that are used, by endpoint.
    """

    def __init__(
        self,
        hub: EventHub | None = None,
        plugins: PluginRegistry | None = None,
        process: str = "",
        patience: Patience | None = None,
    ) -> None:
        self.hub = hub or event_hub()
        self.plugins = plugins or registry()
        self.process = process or process_id()
        self.store = self.hub.store
        self.changes = Notifier()
        self.executed: list[Told] = []
        self.connections: dict[str, Connection] = {}
        self.dispatcher = Dispatcher(
            self.hub, self.process, self._flavor_of, self.connections, self._executed, complete=completed
        )
        self.sources = Sources(self.hub, self.dispatcher, self.connections, patience)
        self._accounts: weakref.WeakKeyDictionary[Client, tuple[str, float]] = weakref.WeakKeyDictionary()
        self._change: int | None = None
        self._troubles: dict[int, str] = {}
        self._beaten = float("-inf")
        self._echoed = self.store.now()  # what others did until then was told here
        self._poked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def connect(self, client: Client) -> Connection:
        """Use a connection for the triggers of its backend from here on."""
        connection = Connection(client, await self._account(client))
        if self.connections.get(connection.endpoint) != connection:
            self.connections[connection.endpoint] = connection
            self._change = None
        return connection

    def start(self) -> None:
        """Keep going until `close`."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def refresh(self) -> None:
        """Take in what changed, here or elsewhere: triggers, leases, connections, what others left behind."""
        async with self._turn:
            await self._find_connection()
            await self._beat()
            change = await self.dispatcher.stored(self.store.db.change)
            if change != self._change:
                await self._serve()
                await self._echo()
                # As it was before: what was armed meanwhile is for the next look.
                self._change = change
                self.changes.changed()
            if self.sources.troubles != self._troubles:
                self._troubles = self.sources.troubles
                self.changes.changed()

    async def close(self) -> None:
        """Stop, and let another process go on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.sources.close()
        self.store.leave(self.process)
        await self.dispatcher.close()
        self.store.recover(self.repeatable)

    @property
    def repeatable(self) -> frozenset[str]:
        """The flavors whose actions may be repeated."""
        return frozenset(
            one.name for one in self.plugins.flavors() if self.plugins.flavor(one.name, one.subtype).REPEATABLE
        )

    def poke(self) -> None:
        """Refresh soon."""
        self._poked.set()

    async def _account(self, client: Client) -> str:
        """Who we are over a connection, asked anew now and then: its credentials may have become another's."""
        now = asyncio.get_running_loop().time()
        known = self._accounts.get(client)
        if known is None:
            self._accounts[client] = (await account_of(client), now)
        elif now - known[1] >= _ACCOUNT_AGE:
            self._accounts[client] = (known[0], now)  # not at once again, where there is no answer
            with contextlib.suppress(FlyteError, asyncio.TimeoutError):
                # No name is nobody else's: a login that is refused for a while ends no consent.
                self._accounts[client] = (await asyncio.wait_for(account_of(client), _BEAT) or known[0], now)
        return self._accounts[client][0]

    async def _find_connection(self) -> None:
        """Use the connection of this process, or else the one of the SDK."""
        try:
            await self.connect(current_client())
        except NotConnectedError:
            if not self.connections and "flyte" in sys.modules:
                with contextlib.suppress(NotConnectedError):
                    await self.connect(Client.from_sdk())

    async def _run(self) -> None:
        while True:
            try:
                await self.refresh()
            except FlyteError as error:
                logger.debug("actions wait: %s", error)
            except Exception:
                logger.exception("Actions wait because of a defect of flyte_jupyter")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._poked.wait(), _TICK)
            self._poked.clear()

    async def _beat(self) -> None:
        """A sign of life, and the leases of our backends."""
        now = asyncio.get_running_loop().time()
        scopes = {connection.scope for connection in self.connections.values()}
        if now - self._beaten < _BEAT and scopes <= self.dispatcher.leases.keys():
            return
        self._beaten = now
        leases = await self.dispatcher.stored(self._leases, scopes)
        if leases != self.dispatcher.leases:
            self.dispatcher.leases.clear()
            self.dispatcher.leases.update(leases)
            self._change = None

    def _leases(self, scopes: Iterable[str]) -> dict[str, int]:
        held: dict[str, int] = {}
        with self.store.db.write():
            self.store.beat(self.process)
            for scope in scopes:
                epoch = self.store.acquire(scope, self.process)
                if epoch is not None:
                    held[scope] = epoch
        return held

    async def _serve(self) -> None:
        await self.dispatcher.stored(self.store.recover, self.repeatable)
        triggers = await self.dispatcher.stored(self._ours)
        await self.dispatcher.pick_up(triggers)
        await self.sources.serve(trigger for trigger in triggers if trigger.is_active)

    async def _echo(self) -> None:
        """Tell here what others did of what was armed here."""
        for execution in await self.dispatcher.stored(self.store.done_elsewhere, self.process, self._echoed):
            self._echoed = max(self._echoed, execution.ended or 0.0)
            trigger = await self.dispatcher.stored(self.store.trigger, execution.trigger_id)
            action = await self.dispatcher.stored(self.store.action, trigger.action_id)
            connection = self.connections.get(action.endpoint)
            handler = self.plugins.handler(action.flavor, action.plugin_subtype)
            context = TriggerExecutionResponse(id=execution.id, trigger=trigger.id, event=execution.event)
            if connection is not None:
                config = handler.validate_action_configuration(action.configuration)
                handler.echo(config, context, AuthContext.of(action, connection.client))

    def _ours(self) -> list[Trigger]:
        """The triggers that this process serves."""
        ours: list[Trigger] = []
        for trigger in self.store.at_work():
            connection = self.connections.get(trigger.event_filter.endpoint)
            if connection is None:
                continue
            if trigger.bound == self.process or (not trigger.bound and connection.scope in self.dispatcher.leases):
                ours.append(trigger)
        return ours

    def _flavor_of(self, action: Any) -> Any:
        return self.plugins.flavor(action.flavor, action.plugin_subtype)

    def _executed(self, trigger: Trigger, execution: Execution) -> None:
        self.changes.changed()
        for told in tuple(self.executed):
            try:
                told(trigger, execution)
            except Exception:
                logger.exception("Someone could not be told of an execution")


async def account_of(client: Client) -> str:
    """Who we are at a backend, "" where it knows no accounts (IdentityService.UserInfo).

    Raises:
        FlyteError: It does not answer.
    """
    from flyteidl2.auth.identity_pb2 import UserInfoRequest

    try:
        return (await client.unary(methods.USER_INFO, UserInfoRequest())).subject
    except (UnimplementedError, UnauthenticatedError):
        return ""


_lock = threading.Lock()
_service: Service | None = None


def service() -> Service:
    """The service of this process, started when first asked for. Blocks for a moment; not for the loop's own thread.

    Raises:
        StoreError: The file with the actions cannot be used.
    """
    global _service
    if _service is not None:
        return _service
    if background().is_current:  # it would wait for itself
        raise RuntimeError("The service of actions cannot be started on flyte_jupyter's own event loop.")
    with _lock:
        if _service is None:
            hub, plugins = event_hub(), registry()
            hub.store.beat(process_id())
            hub.store.forget(hub.store.now() - _KEPT)

            async def make() -> Service:
                made = Service(hub, plugins)
                made.start()
                return made

            _service = background().run(make())
        return _service


def close_service() -> None:
    """End the service of this process, if it was started: another process need not wait for its silence."""
    global _service
    with _lock:
        ending, _service = _service, None
    if ending is not None:
        background().run(ending.close())
