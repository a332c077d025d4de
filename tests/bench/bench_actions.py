"""What 1,000 armed actions and 10,000 events a minute cost, and what looking at each armed action would."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from flyte_jupyter.actions import (
    ActionConfig,
    ActionRequest,
    BaseActionFlavor,
    BaseActionHandler,
    BaseEvent,
    EventFilter,
    EventHub,
    LogEvent,
    PhaseEvent,
    PluginRegistry,
    Policy,
    Store,
    Trigger,
)
from flyte_jupyter.actions._dispatch import Connection, Dispatcher
from flyte_jupyter.actions._rows_processes import process_id
from flyte_jupyter.remote import Endpoint

TRIGGERS, EVENTS = 1_000, 10_000
BUDGET = 0.1  # of a core, at 10,000 events a minute
ENDPOINT = Endpoint.parse("https://flyte.example")
PLACE: dict[str, Any] = {"endpoint": ENDPOINT.authority, "project": "p", "domain": "d"}
PHASES = ("queued", "initializing", "running", "succeeded")


class Nothing(BaseActionHandler):
    """Does nothing, so that only what is ours is measured."""

    config_class = property(lambda self: ActionConfig)  # type: ignore[assignment]
    flavor_class = property(lambda self: NothingFlavor)  # type: ignore[assignment]

    async def run(self, config: Any, trigger_execution: Any, auth_context: Any) -> None:  # type: ignore[override]
        """Do nothing."""


class NothingFlavor(BaseActionFlavor):
    """Do nothing."""

    FLAVOR = "nothing"
    ACTION_CONFIG_CLASS = ActionConfig
    PLUGIN_CLASS = Nothing


def filters() -> list[EventFilter]:
    """Half wait for a run, the others for tasks and lines of logs."""
    made: list[EventFilter] = []
    for number in range(TRIGGERS):
        match number % 4:
            case 0 | 1:
                made.append(EventFilter(**PLACE, kind="phase", run=f"r{number}", phases=("failed", "succeeded")))
            case 2:
                made.append(EventFilter(**PLACE, kind="phase", task=f"t.{number}", phases=("failed",)))
            case _:
                made.append(EventFilter(**PLACE, kind="log", run=f"r{number}", action="*", pattern=r"loss=(nan|inf)"))
    return made


def event(number: int) -> BaseEvent:
    """One of a busy project: of 20 events one is waited for."""
    if number % 4 == 3:
        return LogEvent(**PLACE, run=f"r{number % 1600}", action="a1", line=f"step {number} loss=0.5", ordinal=number)
    if number % 20 == 0:
        return PhaseEvent(**PLACE, run=f"r{4 * (number // 20 % 250)}", phase="succeeded", action="a0")
    return PhaseEvent(**PLACE, run=f"q{number}", action=f"a{number}", phase=PHASES[number % 4], task=f"u.{number % 50}")


async def measure(path: Path) -> tuple[float, int]:
    """The seconds of the processor for all events, and how many executions they made."""
    store = Store(path)
    hub = EventHub(store)
    plugins = PluginRegistry(hub)
    plugins.register(NothingFlavor)
    client: Any = type("Client", (), {"endpoint": ENDPOINT})()
    connection = Connection(client, "")
    dispatcher = Dispatcher(
        hub, process_id(), lambda action: plugins.flavor(action.flavor), {ENDPOINT.authority: connection}
    )
    action = store.create_action(
        ActionRequest(flavor="nothing", allow=frozenset({"read"}), endpoint=ENDPOINT.authority)
    )
    with store.db.write():
        for wanted in filters():
            trigger = store.create_trigger(action.id, wanted, Policy())
            store.set_baseline(trigger.id, [], None)
            hub.activate_trigger(trigger)
    epoch = store.acquire(connection.scope, process_id())
    assert epoch is not None
    dispatcher.leases[connection.scope] = epoch
    began = time.process_time()
    for start in range(0, EVENTS, 100):
        hub.publish_events(event(number) for number in range(start, start + 100))
        await dispatcher.idle()
    for _ in range(60):  # as often as the service looks when something changed
        for trigger in store.at_work():
            hub.activate_trigger(trigger)
        store.recover(frozenset())
    spent = time.process_time() - began
    made = len(store.history(limit=EVENTS))
    await dispatcher.close()
    store.close()
    return spent, made


def match(looks: Any, count: int) -> float:
    """Microseconds to find who waits for an event."""
    events = [event(number) for number in range(count)]
    began = time.perf_counter()
    for one in events:
        looks(one)
    return (time.perf_counter() - began) / count * 1e6


def main() -> float:
    """Print the figures; returns the share of a core."""
    with tempfile.TemporaryDirectory() as place:
        spent, made = asyncio.run(measure(Path(place) / "actions.db"))
    triggers = [Trigger(id=number, action_id="a", event_filter=wanted) for number, wanted in enumerate(filters())]
    hub = EventHub()
    hub.sink = lambda trigger, event: None
    for trigger in triggers:
        hub.activate_trigger(trigger)
    ours = match(hub.publish_event, EVENTS)
    scan = match(lambda one: [trigger for trigger in triggers if trigger.matches(one)], 500)
    share = spent / 60
    print(f"{TRIGGERS:,} armed actions, {EVENTS:,} events, of which {made} fire")
    print(f"  find who waits for an event    {ours:8.2f} us")
    print(f"  look at each armed action      {scan:8.2f} us   {scan / ours:.0f} x")
    print(f"  events to their end, and looks {spent:8.2f} s    of the processor")
    print(f"  share of a core, in a minute   {share:8.3f}      budget {BUDGET}")
    return share


if __name__ == "__main__":
    main()
