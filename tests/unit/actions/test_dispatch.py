"""What becomes of an event, with time and connection under the test's hand."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter.actions import (
    ActionConfig,
    ActionUpdate,
    BaseActionFlavor,
    BaseActionHandler,
    EventHub,
    Execution,
    PassingError,
    PluginRegistry,
    Policy,
    Store,
    Trigger,
)
from flyte_jupyter.actions._dispatch import Connection, Dispatcher
from flyte_jupyter.remote import Endpoint, FlyteError, UnavailableError
from tests.unit.actions.conftest import ENDPOINT, armed, failed
from tests.unit.actions.worlds import AtOnce
from tests.unit.live.virtual import until, virtual

HERE = "here:1:a"


class Bell:
    """What the handler does at each call; by default it rings. `begin` counts who rings at the same time."""

    def __init__(self) -> None:
        self.rings: list[Any] = []
        self.does: list[Callable[[], Any]] = []
        self.at_once = self.most_at_once = 0
        self.seconds = 0.0


BELL = Bell()


class BellHandler(BaseActionHandler):
    config_class = property(lambda self: AnyConfig)  # type: ignore[assignment]
    flavor_class = property(lambda self: BellFlavor)  # type: ignore[assignment]

    async def run(self, config: Any, trigger_execution: Any, auth_context: Any) -> None:  # type: ignore[override]
        BELL.at_once += 1
        BELL.most_at_once = max(BELL.most_at_once, BELL.at_once)
        try:
            BELL.rings.append(trigger_execution)
            if BELL.does:
                BELL.does.pop(0)()
            await asyncio.sleep(BELL.seconds)
            trigger_execution.result = "rang"
        finally:
            BELL.at_once -= 1


class AnyConfig(ActionConfig):
    bell: str = ""
    times: int = 1


class BellFlavor(BaseActionFlavor):
    FLAVOR = "ring"
    ACTION_CONFIG_CLASS = AnyConfig
    PLUGIN_CLASS = BellHandler


class RepeatableFlavor(BellFlavor):
    REPEATABLE = True


class World:
    """A dispatcher on a store, in virtual time: the store's clock is the loop's."""

    def __init__(self, path: Path, flavor: type[BaseActionFlavor] = BellFlavor, account: str = "") -> None:
        global BELL
        BELL = self.bell = Bell()
        loop = asyncio.get_running_loop()
        self.store = Store(path / "actions.db", loop.time)
        self.hub = EventHub(self.store)
        plugins = PluginRegistry(self.hub)
        plugins.register(flavor)
        client: Any = type("Client", (), {"endpoint": Endpoint.parse(f"https://{ENDPOINT}")})()
        self.connection = Connection(client, account)
        self.connections = {ENDPOINT: self.connection}
        self.told: list[Execution] = []
        self.dispatcher = Dispatcher(
            self.hub,
            HERE,
            lambda action: plugins.flavor(action.flavor),
            self.connections,
            lambda _, execution: self.told.append(execution),
            AtOnce(),
        )
        loop.set_default_executor(AtOnce())
        self._beat()

    def arm(self, policy: Policy | None = None, **changes: Any) -> Trigger:
        trigger = armed(self.store, policy, **changes)
        self.hub.activate_trigger(trigger)
        return trigger

    async def publish(self, *events: Any) -> None:
        self.hub.publish_events(events)
        await self.quiet()

    async def quiet(self) -> None:
        idle = asyncio.ensure_future(self.dispatcher.idle())
        while not idle.done():
            self._beat()
            await asyncio.wait({idle}, timeout=3)

    async def close(self) -> None:
        await self.dispatcher.close()
        self.store.close()

    def states(self) -> list[str]:
        return [execution.state for execution in reversed(self.store.history())]

    def _beat(self) -> None:
        self.store.beat(HERE)
        epoch = self.store.acquire(self.connection.scope, HERE)
        assert epoch is not None
        self.dispatcher.leases[self.connection.scope] = epoch


def refuse(error: Exception) -> Callable[[], None]:
    def does() -> None:
        raise error

    return does


@virtual
async def test_an_event_fires_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm()
    await world.publish(failed(), failed(), failed(error="later"))
    await world.publish(failed())
    assert world.states() == ["succeeded"]
    assert [one.event.run for one in world.bell.rings] == ["r1"]
    assert [execution.state for execution in world.told] == ["pending", "succeeded"]
    assert world.store.history()[0].result == "rang"
    await world.close()


@virtual
async def test_a_failure_that_may_pass_is_tried_again_later_and_later(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm(Policy(attempts=3))
    world.bell.does = [refuse(PassingError("not now")), refuse(PassingError("not yet"))]
    began = asyncio.get_running_loop().time()
    world.hub.publish_event(failed())
    await until(lambda: world.states() == ["pending"] and world.store.history()[0].attempt == 1)
    waiting = world.store.history()[0]
    assert waiting.error == "not now"
    assert waiting.next_at is not None
    assert waiting.next_at >= began + 2
    await world.quiet()
    (done,) = world.store.history()
    assert (done.state, done.attempt, done.error) == ("succeeded", 3, "")
    assert asyncio.get_running_loop().time() - began >= 2 + 4
    assert [one.repeated for one in world.bell.rings] == [False, True, True]
    assert len({one.run_name for one in world.bell.rings}) == 1
    await world.close()


@virtual
async def test_attempts_end(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm(Policy(attempts=2))
    world.bell.does = [refuse(PassingError("not now"))] * 5
    await world.publish(failed())
    (done,) = world.store.history()
    assert (done.state, done.attempt, done.error) == ("failed", 2, "not now")
    await world.close()


@virtual
async def test_a_failure_that_does_not_pass_is_recorded_in_words(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm()
    world.bell.does = [refuse(FlyteError("No such bell.", "Buy one.")), refuse(ZeroDivisionError("by zero"))]
    await world.publish(failed(), failed(action="a0", phase="failed"))
    world.arm(run="r2")
    await world.publish(failed("r2"))
    assert [one.error for one in reversed(world.store.history())] == [
        "No such bell. Buy one.",
        "ZeroDivisionError: by zero",
    ]
    assert world.states() == ["failed", "failed"]
    await world.close()


@virtual
async def test_an_unreachable_backend_passes_only_where_repeating_is_safe(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm()
    world.bell.does = [refuse(UnavailableError("gone"))]
    await world.publish(failed())
    assert world.states() == ["failed"]
    await world.close()
    (tmp_path / "other").mkdir()
    world = World(tmp_path / "other", RepeatableFlavor)
    world.arm()
    world.bell.does = [refuse(UnavailableError("gone"))]
    await world.publish(failed())
    assert world.states() == ["succeeded"]
    await world.close()


@virtual
async def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm(Policy(timeout=5))
    world.bell.seconds = 100
    await world.publish(failed())
    (done,) = world.store.history()
    assert (done.state, done.error) == ("failed", "It took longer than 5 s.")
    assert world.bell.at_once == 0
    await world.close()


@virtual
async def test_it_fires_at_most_so_often(tmp_path: Path) -> None:
    world = World(tmp_path)
    trigger = world.arm(Policy(max=2), run="")
    await world.publish(*(failed(f"r{n}") for n in range(4)))
    assert world.states() == ["succeeded", "succeeded", "skipped", "skipped"]
    assert world.store.history()[0].error == "It has fired 2 times."
    assert (world.store.trigger(trigger.id).fired, world.store.trigger(trigger.id).skipped) == (2, 2)
    await world.close()


@virtual
async def test_it_cools_down(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm(Policy(cooldown=30), run="")
    await world.publish(failed("r1"), failed("r2"))
    await asyncio.sleep(29)
    await world.publish(failed("r3"))
    await asyncio.sleep(2)
    await world.publish(failed("r4"))
    assert world.states() == ["succeeded", "skipped", "skipped", "succeeded"]
    await world.close()


@virtual
async def test_while_one_is_going_on_the_next_waits_or_is_let_pass(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm(Policy(busy="queue"), run="")
    world.bell.seconds = 5
    await world.publish(*(failed(f"r{n}") for n in range(3)))
    assert world.states() == ["succeeded"] * 3
    assert world.bell.most_at_once == 1
    assert [one.event.run for one in world.bell.rings] == ["r0", "r1", "r2"]
    await world.close()
    (tmp_path / "other").mkdir()
    world = World(tmp_path / "other")
    world.arm(Policy(busy="skip"), run="")
    world.bell.seconds = 5
    await world.publish(failed("r0"), failed("r1"))
    await world.publish(failed("r2"))
    assert world.states() == ["succeeded", "skipped", "succeeded"]
    await world.close()


@virtual
async def test_what_is_paused_is_not_tried_again_until_it_is_resumed(tmp_path: Path) -> None:
    world = World(tmp_path)
    trigger = world.arm()
    world.bell.does = [refuse(PassingError("not now"))]
    world.hub.publish_event(failed())
    await until(lambda: bool(world.store.history()) and world.store.history()[0].attempt == 1)
    world.store.set_active(trigger.id, False, "paused")
    await world.quiet()
    assert (world.states(), len(world.bell.rings)) == (["pending"], 1)
    world.store.resume(trigger.id)
    await world.dispatcher.pick_up([trigger])
    await world.quiet()
    assert (world.states(), len(world.bell.rings)) == (["succeeded"], 2)
    await world.close()


@virtual
async def test_no_event_is_lost_while_the_file_cannot_be_written(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm(run="")
    real, refusals = world.store.claim, [sqlite3.OperationalError("database is locked")] * 2

    def claim(*arguments: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return real(*arguments)

    world.store.claim = claim  # type: ignore[method-assign]
    await world.publish(failed("r1"), failed("r2"))
    assert [one.event.run for one in world.bell.rings] == ["r1", "r2"]
    await world.close()


@virtual
async def test_what_it_started_itself_fires_it_only_with_a_limit(tmp_path: Path) -> None:
    world = World(tmp_path)
    endless, bounded = world.arm(run=""), world.arm(Policy(max=2), run="")
    await world.publish(failed("r1"))
    for trigger in (endless, bounded):
        name = world.store.run_name(trigger.id, failed("r1").id)
        await world.publish(failed(name))
    states = {
        trigger.id: [one.state for one in reversed(world.store.history(trigger.id))] for trigger in (endless, bounded)
    }
    # Each is fired by what the other started, once; what it started itself is let pass, unless it is bounded.
    assert states == {endless.id: ["succeeded", "skipped", "succeeded"], bounded.id: ["succeeded"] * 2 + ["skipped"]}
    loop = [one.error for one in world.store.history(endless.id) if one.state == "skipped"]
    assert loop == ["This action started that run itself, and would go round in circles; give it --max N."]
    await world.close()


@virtual
async def test_a_circle_through_others_is_seen(tmp_path: Path) -> None:
    world = World(tmp_path)
    one, two = world.arm(run="", task="a"), world.arm(run="", task="b")
    await world.publish(failed("r1", task="a"))
    second = world.store.run_name(one.id, failed("r1", task="a").id)
    await world.publish(failed(second, task="b"))
    third = world.store.run_name(two.id, failed(second, task="b").id)
    await world.publish(failed(third, task="a"))
    assert world.states() == ["succeeded", "succeeded", "skipped"]
    await world.close()


@virtual
async def test_a_consent_for_another_account_or_of_the_past_does_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, account="somebody else")
    world.arm()
    await world.publish(failed())
    assert world.states() == ["skipped"]
    assert world.store.history()[0].error == "It was allowed for another account."
    await world.close()
    (tmp_path / "other").mkdir()
    world = World(tmp_path / "other")
    world.store.update_action(world.arm().action_id, ActionUpdate(auth_window=10))
    await asyncio.sleep(601)
    world._beat()
    await world.publish(failed())
    assert world.states() == ["skipped"]
    assert "time that is over" in world.store.history()[0].error
    await world.close()


@pytest.mark.parametrize("ends", ["account", "time"])
@virtual
async def test_a_consent_that_ends_between_two_attempts_ends_them(tmp_path: Path, ends: str) -> None:
    world = World(tmp_path)
    trigger = world.arm()
    world.store.update_action(trigger.action_id, ActionUpdate(auth_window=1))
    world.bell.does = [refuse(PassingError("not now"))]
    world.hub.publish_event(failed())
    await until(lambda: bool(world.store.history()) and world.store.history()[0].attempt == 1)
    if ends == "account":
        world.connection = world.connections[ENDPOINT] = Connection(world.connection.client, "somebody else")
    else:
        now = world.store.now
        world.store.now = lambda: now() + 60
    await world.quiet()
    assert (world.states(), len(world.bell.rings)) == (["failed"], 1)
    words = {"account": "for another account", "time": "for a time that is over"}
    assert words[ends] in world.store.history()[0].error
    await world.close()


@virtual
async def test_what_is_not_ours_is_left_to_others(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm()
    bound = armed(world.store)
    world.store.bind(bound.id, "another:2:b")
    world.hub.activate_trigger(world.store.trigger(bound.id))
    world.dispatcher.leases.clear()
    world.hub.publish_event(failed())
    await world.dispatcher.idle()
    assert world.states() == []
    await world.close()


@virtual
async def test_what_was_left_to_do_is_done(tmp_path: Path) -> None:
    world = World(tmp_path)
    trigger = world.arm()
    execution = world.store.claim(trigger.id, failed(), "")
    assert execution is not None
    await world.dispatcher.pick_up([trigger])
    await world.dispatcher.pick_up([trigger])
    await world.quiet()
    assert world.states() == ["succeeded"]
    assert len(world.bell.rings) == 1
    await world.close()


@virtual
async def test_being_closed_leaves_no_attempt_running(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arm()
    world.bell.seconds = 1000
    world.hub.publish_event(failed())
    await until(lambda: world.bell.at_once == 1)
    await world.dispatcher.close()
    assert world.bell.at_once == 0
    assert world.states() == ["running"], "whoever comes next sees that this process is gone"
    world.store.leave(HERE)
    world.store.recover(frozenset())
    assert world.states() == ["interrupted"]
    world.store.close()


@virtual
async def test_what_is_removed_while_it_acts_is_gone_without_a_fuss(tmp_path: Path, caplog: Any) -> None:
    world = World(tmp_path)
    trigger = world.arm()
    world.bell.does = [lambda: world.store.delete_trigger(trigger.id)]
    await world.publish(failed())
    assert len(world.bell.rings) == 1
    assert caplog.records == []
    await world.close()
