"""A store in a directory of the test's, with a clock under its hand, and a flavor that writes down what is called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter.actions import (
    ActionConfig,
    ActionRequest,
    BaseActionFlavor,
    BaseActionHandler,
    EventFilter,
    EventHub,
    PhaseEvent,
    Policy,
    Store,
    Trigger,
)

ENDPOINT = "flyte.example:443"


class Clock:
    """Tells the time that the test says, in seconds since 1970."""

    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class RingConfig(ActionConfig):
    bell: str
    times: int = 1


class Rings(BaseActionHandler):
    """Writes down each hook with what it was given, and raises where the test says."""

    calls: list[tuple[Any, ...]]
    fails_at: str = ""

    def __init__(self, event_hub: Any = None) -> None:
        self.calls = []
        super().__init__(event_hub)

    config_class = property(lambda self: RingConfig)  # type: ignore[assignment]
    flavor_class = property(lambda self: RingFlavor)  # type: ignore[assignment]

    def run(self, config: Any, trigger_execution: Any, auth_context: Any) -> None:
        self._note("run", config.bell, trigger_execution.event.words)
        trigger_execution.result = "rang " + config.bell

    def _validate_action_request(self, action: Any, config: Any) -> None:
        self._note("validate request", action.name, config.bell, len(self._store.actions()))
        config.times = 7

    def _process_action_request(self, action: Any, config: Any) -> None:
        self._note("process request", action.name, config.times, len(self._store.actions()))

    def _validate_action_update(self, action: Any, config: Any, action_update: Any, config_update: Any) -> None:
        self._note("validate update", config.bell, config_update.bell, self._stored(action).configuration["bell"])

    def _process_action_update(self, action: Any, config: Any, previous_action: Any, previous_config: Any) -> None:
        self._note("process update", previous_config.bell, config.bell, self._stored(action).configuration["bell"])

    def _process_action_delete(self, action: Any, config: Any, force: bool | None = False) -> None:
        self._note("process delete", config.bell, force, len(self._store.actions()))

    def _process_action_response(self, action: Any, config: Any) -> None:
        self._note("process response", config.bell)

    def _stored(self, action: Any) -> Any:
        return self._store.action(action.id)

    def _note(self, *what: Any) -> None:
        self.calls.append(what)
        if what[0] == self.fails_at:
            raise RuntimeError(f"no {what[0]} today")


class RingFlavor(BaseActionFlavor):
    """Ring a bell."""

    FLAVOR = "ring"
    ACTION_CONFIG_CLASS = RingConfig
    PLUGIN_CLASS = Rings
    ARGUMENT = "bell"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = Store(tmp_path / "actions.db", clock)
    yield store
    store.close()


@pytest.fixture
def hub(store: Store) -> EventHub:
    return EventHub(store)


@pytest.fixture
def rings(hub: EventHub) -> Rings:
    return Rings(hub)


def request(name: str = "bells", **changes: Any) -> ActionRequest:
    return ActionRequest(**{"name": name, "flavor": "ring", "configuration": {"bell": "big"}, **changes})


def waits_for(kind: str = "phase", **changes: Any) -> EventFilter:
    place = {"endpoint": ENDPOINT, "project": "p", "domain": "d"}
    wanted = {"phases": ("failed",)} if kind == "phase" else {}
    return EventFilter(kind=kind, **{**place, **wanted, **changes})  # type: ignore[arg-type]


def armed(store: Store, policy: Policy | None = None, **changes: Any) -> Trigger:
    """A trigger on the failure of run r1, ready to fire."""
    action = store.create_action(request(f"a{len(store.actions())}", endpoint=ENDPOINT, allow=frozenset({"read"})))
    trigger = store.create_trigger(action.id, waits_for(**{"run": "r1", **changes}), policy or Policy())
    store.set_baseline(trigger.id, [], None)
    return store.trigger(trigger.id)


def failed(run: str = "r1", **changes: Any) -> PhaseEvent:
    return PhaseEvent(**{"endpoint": ENDPOINT, "project": "p", "domain": "d", "run": run, "phase": "failed", **changes})
