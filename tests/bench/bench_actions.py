"""What 1,000 armed actions and 10,000 events a minute cost, and what looking at each armed action would."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

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
    Service,
    Store,
    Trigger,
    armed_rows,
)
from flyte_jupyter.actions._dispatch import Connection
from flyte_jupyter.magics._on_live import Reader
from flyte_jupyter.remote import Endpoint

TRIGGERS, EVENTS = 1_000, 10_000
VIEWS, VIEWED = 2, 5.0  # the runs' marks and an open `%flyte_on list`; seconds that one is looked at
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


class Measured(NamedTuple):
    """What a minute costs.

    Attributes:
        spent: Seconds of the processor for all events.
        made: How many executions they made.
        viewed: The share of a core of a view that is told of changes without end.
    """

    spent: float
    made: int
    viewed: float


async def measure(path: Path) -> Measured:
    """Send all events on their way, and then read for a view."""
    store = Store(path)
    hub = EventHub(store)
    plugins = PluginRegistry(hub)
    plugins.register(NothingFlavor)
    client: Any = type("Client", (), {"endpoint": ENDPOINT})()
    connection = Connection(client, "")
    service = Service(hub, plugins)
    service.connections[ENDPOINT.authority] = connection
    dispatcher = service.dispatcher
    action = store.create_action(
        ActionRequest(flavor="nothing", allow=frozenset({"read"}), endpoint=ENDPOINT.authority)
    )
    with store.db.write():
        for wanted in filters():
            trigger = store.create_trigger(action.id, wanted, Policy())
            store.set_baseline(trigger.id, [], None)
            hub.activate_trigger(trigger)
    epoch = store.acquire(connection.scope, service.process)
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
    viewed = await view(service)
    await dispatcher.close()
    store.close()
    return Measured(spent, made, viewed)


async def view(service: Service) -> float:
    """The share of a core that a view takes which reads what is armed as often as it may."""
    reader = Reader(service)
    began, seconds = time.process_time(), time.perf_counter()
    while time.perf_counter() - seconds < VIEWED:
        await reader.read(armed_rows)
    return (time.process_time() - began) / (time.perf_counter() - seconds)


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
        spent, made, viewed = asyncio.run(measure(Path(place) / "actions.db"))
    triggers = [Trigger(id=number, action_id="a", event_filter=wanted) for number, wanted in enumerate(filters())]
    hub = EventHub()
    hub.sink = lambda trigger, event: None
    for trigger in triggers:
        hub.activate_trigger(trigger)
    ours = match(hub.publish_event, EVENTS)
    scan = match(lambda one: [trigger for trigger in triggers if trigger.matches(one)], 500)
    share = spent / 60 + VIEWS * viewed
    print(f"{TRIGGERS:,} armed actions, {EVENTS:,} events, of which {made} fire")
    print(f"  find who waits for an event    {ours:8.2f} us")
    print(f"  look at each armed action      {scan:8.2f} us   {scan / ours:.0f} x")
    print(f"  events to their end, and looks {spent:8.2f} s    of the processor")
    print(f"  a view that changes all along  {viewed:8.3f}      of a core; {VIEWS} of them count")
    print(f"  share of a core, in a minute   {share:8.3f}      budget {BUDGET}")
    return share


if __name__ == "__main__":
    main()
