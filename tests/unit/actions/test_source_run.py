"""Events of one run, from streams that break, repeat and forget; in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter.actions import ActionRequest, BaseEvent, EventFilter, EventHub, PausedEvent, Policy, Store, Trigger
from flyte_jupyter.actions._dispatch import Connection, Dispatcher
from flyte_jupyter.actions._source import Patience, Reading
from flyte_jupyter.actions._source_run import RunSource
from flyte_jupyter.live import _watcher
from tests.unit.actions.worlds import AtOnce
from tests.unit.live.messages import ABORTED, FAILED, PAUSED, QUEUED, RUNNING, SUCCEEDED, action
from tests.unit.live.scripted import END, ScriptedClient
from tests.unit.live.virtual import until, virtual

ENDPOINT = "localhost:8090"


@pytest.fixture(autouse=True)
def a_watcher_for_each_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watcher, "_watcher", None)


class World:
    """A run, a source of its events, and what triggers were offered and fired."""

    def __init__(self, path: Path, client: ScriptedClient) -> None:
        self.client = client
        self.store = Store(path / "actions.db", asyncio.get_running_loop().time)
        self.hub = EventHub(self.store)
        self.offered: list[tuple[int, BaseEvent]] = []
        self.over: list[str] = []
        made: Any = client
        connection = Connection(made, "")
        self.dispatcher = Dispatcher(self.hub, "here:1:a", self._no_flavor, {ENDPOINT: connection}, threads=AtOnce())
        self.dispatcher.offer = self._offer  # type: ignore[method-assign]
        self.hub.sink = self._offer
        self.reading = Reading(
            self.hub, self.dispatcher, connection, Patience(), "p", "development", "r1", self.over.append
        )
        self.source = RunSource(self.reading)
        self._action = self.store.create_action(ActionRequest(flavor="ring", endpoint=ENDPOINT)).id
        self._triggers: list[Trigger] = []

    def arm(self, kind: Any = "phase", *, replay: bool = False, **wanted: Any) -> Trigger:
        phases = {"phases": wanted.pop("phases", ("failed",))} if kind == "phase" else {}
        place: dict[str, Any] = {"endpoint": ENDPOINT, "project": "p", "domain": "development", "run": "r1"}
        event_filter = EventFilter(kind=kind, **place, **phases, **wanted)
        trigger = self.store.create_trigger(self._action, event_filter, Policy(), replay=replay)
        self._triggers.append(trigger)
        self.source.join(self._triggers)
        return trigger

    async def settled(self) -> None:
        await until(lambda: len(self.hub.triggers) == len(self._triggers))
        self._triggers = [self.store.trigger(one.id) for one in self._triggers]

    def fired(self, trigger: Trigger) -> list[str]:
        """What was claimed for a trigger, each once."""
        for number, event in self.offered:
            self.store.claim(number, event, "")
        self.offered.clear()
        return [one.event.words for one in reversed(self.store.history(trigger.id))]

    async def close(self) -> None:
        await self.source.close()
        await self.dispatcher.close()
        self.store.close()

    def _offer(self, trigger: Trigger, event: BaseEvent) -> None:
        self.offered.append((trigger.id, event))

    @staticmethod
    def _no_flavor(action: Any) -> Any:
        raise AssertionError("nothing is executed here")


def root(phase: int, **changes: Any) -> Any:
    return action("a0", phase, **changes)


@virtual
async def test_a_phase_that_comes_fires_once_and_ends_the_source(tmp_path: Path) -> None:
    client = ScriptedClient(root(RUNNING))
    world = World(tmp_path, client)
    trigger = world.arm(phases=("running", "failed"))
    await world.settled()
    client.put(root(RUNNING))
    client.put(root(FAILED))
    client.put(root(FAILED, attempts=2))
    await until(lambda: world.over)
    assert world.fired(trigger) == ["r1 (env.main) failed"]
    assert world.over == ["r1"]
    await world.close()


@virtual
async def test_a_stream_that_begins_anew_repeats_nothing(tmp_path: Path) -> None:
    client = ScriptedClient(root(QUEUED), action("x", RUNNING, "a0"))
    world = World(tmp_path, client)
    trigger = world.arm(action="*", phases=("running", "failed", "aborted"))
    await world.settled()
    client.put(root(RUNNING))
    client.put(action("x", FAILED, "a0"))
    await until(lambda: {event.what for _, event in world.offered} == {"running", "failed"})
    for _ in range(3):
        opened = client.opened
        for queue in client.open:
            queue.put_nowait(END)
        await until(lambda opened=opened: client.opened > opened)
    client.put(root(ABORTED))
    await until(lambda: world.over)
    assert world.fired(trigger) == ["r1 (env.main) running", "r1/x failed", "r1 (env.main) aborted"]
    await world.close()


@virtual
async def test_what_a_stream_dropped_is_told_by_the_next(tmp_path: Path) -> None:
    client = ScriptedClient(root(QUEUED))
    world = World(tmp_path, client)
    trigger = world.arm(phases=("running", "succeeded"))
    await world.settled()
    client.drop = lambda _: True
    client.put(root(RUNNING))
    client.put(root(SUCCEEDED))
    await until(lambda: world.over)
    assert world.fired(trigger) == ["r1 (env.main) running", "r1 (env.main) succeeded"], "it must have run"
    await world.close()


@virtual
async def test_history_fires_nothing_unless_asked(tmp_path: Path) -> None:
    client = ScriptedClient(root(RUNNING), action("x", FAILED, "a0"), action("y", RUNNING, "a0"))
    world = World(tmp_path, client)
    quiet = world.arm(action="*")
    asked = world.arm(action="*", replay=True)
    await world.settled()
    client.put(action("y", FAILED, "a0"))
    await until(lambda: any(event.action == "y" for _, event in world.offered))
    client.put(root(FAILED))
    await until(lambda: world.over)
    assert world.fired(quiet) == ["r1/y failed", "r1 (env.main) failed"]
    assert world.fired(asked) == ["r1/x failed", "r1/y failed", "r1 (env.main) failed"]
    await world.close()


@virtual
async def test_who_joins_after_the_end_learns_how_it_ended_if_asked(tmp_path: Path) -> None:
    client = ScriptedClient(root(FAILED))
    world = World(tmp_path, client)
    world.arm()
    await until(lambda: world.over)
    late, asked = world.arm(), world.arm(replay=True)
    await world.settled()
    assert world.fired(late) == []
    assert world.fired(asked) == ["r1 (env.main) failed"]
    await world.close()


@virtual
async def test_what_ends_while_another_joins_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = ScriptedClient(root(RUNNING))
    world = World(tmp_path, client)
    first = world.arm()
    await world.settled()
    stored = world.dispatcher.stored

    async def slowly(function: Any, *args: Any) -> Any:
        client.put(root(FAILED))
        assert world.source._share is not None
        await world.source._share.wait("over")
        return await stored(function, *args)

    monkeypatch.setattr(world.dispatcher, "stored", slowly)
    world.arm(phases=("aborted",))
    await until(lambda: world.over)
    assert world.fired(first) == ["r1 (env.main) failed"]
    await world.close()


@virtual
async def test_what_happened_while_nobody_dispatched_fires(tmp_path: Path) -> None:
    client = ScriptedClient(root(RUNNING))
    world = World(tmp_path, client)
    trigger = world.arm()
    await world.settled()
    await world.source.close()
    client.put(root(FAILED))
    world.source = RunSource(world.reading)
    world.source.join([world.store.trigger(trigger.id)])
    await until(lambda: world.over)
    assert world.fired(trigger) == ["r1 (env.main) failed"]
    await world.close()


@virtual
async def test_a_condition_that_waits_is_told_with_its_name(tmp_path: Path) -> None:
    client = ScriptedClient(root(RUNNING), action("c1", RUNNING, "a0", condition="approve"))
    world = World(tmp_path, client)
    one, other = world.arm("paused", condition="approve"), world.arm("paused", condition="refuse")
    await world.settled()
    client.put(action("c1", PAUSED, "a0", condition="approve"))
    await until(lambda: world.offered)
    assert isinstance(world.offered[0][1], PausedEvent)
    assert world.fired(one) == ["r1 waits for approve"]
    assert world.fired(other) == []
    await world.close()


@virtual
async def test_a_backend_that_is_away_is_said_and_waited_for(tmp_path: Path) -> None:
    client = ScriptedClient(root(RUNNING))
    client.fall()
    world = World(tmp_path, client)
    trigger = world.arm()
    await until(lambda: world.source.trouble)
    assert "cannot be reached" in world.source.trouble
    assert not world.store.trigger(trigger.id).baselined
    client.down = None
    await world.settled()
    assert world.source.trouble == ""
    client.put(root(FAILED))
    await until(lambda: world.over)
    assert world.fired(trigger) == ["r1 (env.main) failed"]
    await world.close()


@virtual
async def test_actions_that_nobody_asks_for_make_no_events(tmp_path: Path) -> None:
    client = ScriptedClient(root(RUNNING))
    world = World(tmp_path, client)
    world.arm()
    await world.settled()
    published: list[BaseEvent] = []
    real = world.hub.publish_event
    world.hub.publish_event = lambda event: (published.append(event), real(event))[1]  # type: ignore[method-assign]
    for number in range(50):
        client.put(action(f"x{number}", SUCCEEDED, "a0"))
    client.put(root(SUCCEEDED))
    await until(lambda: world.over)
    assert {event.action for event in published} == {"a0"}
    await world.close()
