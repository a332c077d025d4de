"""A process that dispatches on a shared file: `python dispatching.py STORE FAULT NUMBER`.

It publishes the failures of NUMBER runs again and again, as a stream that reconnects does, and writes each effect as a
line of a file beside STORE. At FAULT it kills itself. It ends when everything has.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from flyte_jupyter.actions import (
    ActionConfig,
    BaseActionFlavor,
    BaseActionHandler,
    BaseEvent,
    EventHub,
    Execution,
    PhaseEvent,
    PluginRegistry,
    Store,
)
from flyte_jupyter.actions._dispatch import Connection, Dispatcher
from flyte_jupyter.actions._rows_processes import process_id
from flyte_jupyter.remote import Endpoint

ENDPOINT = Endpoint.parse("https://flyte.example")


class FaultyStore(Store):
    """A store whose process may die around each step."""

    fault = ""

    def reach(self, place: str) -> None:
        if place == self.fault:
            os.kill(os.getpid(), signal.SIGKILL)

    def claim(self, trigger_id: int, event: BaseEvent, account: str) -> Execution | None:
        self.reach("before claim")
        return super().claim(trigger_id, event, account)

    def begin(self, execution_id: int, owner: str, lease: tuple[str, int] | None) -> Execution | None:
        self.reach("before begin")
        begun = super().begin(execution_id, owner, lease)
        self.reach("after begin")
        return begun

    def end(self, execution: Execution, state: Any, **result: str) -> Execution:
        self.reach("before end")
        ended = super().end(execution, state, **result)
        self.reach("within end")  # of the transaction
        return ended


class Writes(BaseActionHandler):
    """Writes a line at every call."""

    config_class = property(lambda self: ActionConfig)  # type: ignore[assignment]
    flavor_class = property(lambda self: Once)  # type: ignore[assignment]

    def run(self, config: Any, trigger_execution: Any, auth_context: Any) -> None:
        store: Any = self.event_hub.store
        store.reach("before effect")
        self.act(store.db.path.parent, trigger_execution)
        store.reach("after effect")

    def act(self, place: Path, execution: Any) -> None:
        with (place / "effects").open("a") as file:
            file.write(f"{execution.event.run}\n")


class Names(Writes):
    """Does as a backend does with the name of a run: the second one of a name is none."""

    flavor_class = property(lambda self: Repeatable)  # type: ignore[assignment]

    def act(self, place: Path, execution: Any) -> None:
        with contextlib.suppress(FileExistsError):
            (place / execution.run_name).touch(exist_ok=False)


class Once(BaseActionFlavor):
    FLAVOR = "once"
    ACTION_CONFIG_CLASS = ActionConfig
    PLUGIN_CLASS = Writes


class Repeatable(BaseActionFlavor):
    FLAVOR = "repeatable"
    ACTION_CONFIG_CLASS = ActionConfig
    PLUGIN_CLASS = Names
    REPEATABLE = True


async def dispatch(path: Path, fault: str = "", number: int = 1) -> None:
    """Dispatch until as many executions have ended."""
    store = FaultyStore(path)
    store.fault = fault
    hub = EventHub(store)
    plugins = PluginRegistry(hub)
    plugins.register(Once)
    plugins.register(Repeatable)
    client: Any = type("Client", (), {"endpoint": ENDPOINT})()
    connection = Connection(client, "")
    dispatcher = Dispatcher(
        hub,
        process_id(),
        lambda action: plugins.flavor(action.flavor),
        {ENDPOINT.authority: connection},
        lambda _, execution: store.reach(f"told {execution.state}"),
    )
    (trigger,) = store.triggers()
    hub.activate_trigger(trigger)
    while True:
        store.beat(process_id())
        epoch = store.acquire(connection.scope, process_id())
        if epoch is not None:
            dispatcher.leases[connection.scope] = epoch
            store.recover(frozenset({"repeatable"}))
            await dispatcher.pick_up([trigger])
        for run in range(number):
            hub.publish_event(
                PhaseEvent(endpoint=ENDPOINT.authority, project="p", domain="d", run=f"r{run}", phase="failed")
            )
        await dispatcher.idle()
        history = store.history(limit=1000)
        if len(history) == number and not any(one.state in ("pending", "running") for one in history):
            break
        await asyncio.sleep(0.05)
    await dispatcher.close()
    store.leave(process_id())
    store.close()


if __name__ == "__main__":
    asyncio.run(dispatch(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
