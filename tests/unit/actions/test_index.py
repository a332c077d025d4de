from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.actions import (
    AppearedEvent,
    BaseEvent,
    EventFilter,
    EventHub,
    LogEvent,
    PausedEvent,
    PhaseEvent,
    Policy,
    Store,
    Trigger,
)
from flyte_jupyter.actions._index import TriggerIndex
from tests.unit.actions.conftest import ENDPOINT, failed, waits_for

PLACE: dict[str, Any] = {"endpoint": ENDPOINT, "project": "p", "domain": "d"}


def trigger(number: int, event_filter: EventFilter, **changes: object) -> Trigger:
    return Trigger.model_validate(
        {"id": number, "action_id": "a", "event_filter": event_filter, "policy": Policy(), **changes}
    )


FILTERS = {
    "run": waits_for(run="r1"),
    "other run": waits_for(run="r2"),
    "succeeds": waits_for(run="r1", phases=("succeeded", "aborted")),
    "task": waits_for(task="t.a"),
    "project": waits_for(),
    "other project": waits_for(project="q"),
    "other backend": waits_for(endpoint="other:1"),
    "action": waits_for(run="r1", action="x"),
    "any action": waits_for(run="r1", action="*"),
    "appears": waits_for("appeared", task="t.a"),
    "any appears": waits_for("appeared"),
    "condition": waits_for("paused", condition="ok"),
    "any condition": waits_for("paused"),
    "run's condition": waits_for("paused", run="r1"),
    "log": waits_for("log", run="r1", action="*", pattern=r"loss=(nan|inf)"),
    "log of x": waits_for("log", run="r1", action="x", pattern="loss"),
}
EVENTS: list[tuple[BaseEvent, set[str]]] = [
    (failed("r1"), {"run", "project", "any action"}),
    (failed("r1", task="t.a"), {"run", "project", "any action", "task"}),
    (failed("r3", task="t.b"), {"project"}),
    (failed("r1", action="x"), {"action", "any action"}),
    (failed("r1", phase="aborted"), {"succeeds"}),
    (failed("r1", project="q"), {"other project"}),
    (failed("r1", endpoint="other:1"), {"other backend"}),
    (failed("r1", phase="paused"), set()),
    (AppearedEvent(**PLACE, run="r5", task="t.a"), {"appears", "any appears"}),
    (AppearedEvent(**PLACE, run="r5"), {"any appears"}),
    (PausedEvent(**PLACE, run="r1", action="c", condition="ok"), {"condition", "any condition", "run's condition"}),
    (PausedEvent(**PLACE, run="r7", action="c", condition="no"), {"any condition"}),
    (LogEvent(**PLACE, run="r1", line="loss=nan"), {"log"}),
    (LogEvent(**PLACE, run="r1", action="x", line="the loss=inf"), {"log", "log of x"}),
    (LogEvent(**PLACE, run="r2", line="loss=nan"), set()),
]


@pytest.mark.parametrize(("event", "wanted"), EVENTS, ids=lambda one: one.id if isinstance(one, BaseEvent) else "")
def test_an_event_reaches_those_that_wait_for_it(event: BaseEvent, wanted: set[str]) -> None:
    index = TriggerIndex()
    names = dict(enumerate(FILTERS))
    for number, name in names.items():
        index.add(trigger(number, FILTERS[name]))
    found = [names[one.id] for one in index.match(event)]
    assert set(found) == wanted
    assert found == [name for name in FILTERS if name in wanted], "in the order in which they were armed"
    assert wanted == {name for name, one in FILTERS.items() if one.event_matches_filter(event)}


def test_what_was_removed_or_replaced_is_not_found() -> None:
    index = TriggerIndex()
    index.add(trigger(1, waits_for(run="r1")))
    index.add(trigger(1, waits_for(run="r2")))
    assert index.match(failed("r1")) == []
    assert [one.id for one in index.match(failed("r2"))] == [1]
    index.remove(1)
    index.remove(1)
    assert index.match(failed("r2")) == index.triggers == []


def test_a_rerun_stands_for_its_run() -> None:
    index = TriggerIndex()
    index.add(trigger(1, waits_for(run="r1"), followed=["r1b"]))
    assert [[one.id for one in index.match(failed(run))] for run in ("r1", "r1b", "r1c")] == [[1], [1], []]


def test_the_hub_hands_events_on(store: Store) -> None:
    hub, found = EventHub(store), []
    one = trigger(1, waits_for(run="r1"))
    hub.publish_event(failed())
    hub.sink = lambda trigger, event: found.append((trigger.id, event.words))
    hub.publish_event(failed())
    hub.activate_trigger(one)
    hub.publish_events([failed(), failed("r2")])
    hub.deactivate_trigger(one)
    hub.publish_event(failed())
    assert found == [(1, "r1 failed")]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [({"phases": ("lost",)}, "lost is no phase"), ({"pattern": "("}, "no regular expression")],
)
def test_a_filter_refuses_nonsense(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        waits_for(**changes)  # type: ignore[arg-type]


def test_ids_are_the_same_for_the_same_happening() -> None:
    line: dict[str, Any] = {"run": "r1", "line": "loss=nan", "stamp": "2026-01-01T00:00:00"}
    assert failed(error="x", time=1.0).id == failed().id
    assert PhaseEvent(**PLACE, run="r1", phase="aborted").id != failed().id
    one, two = LogEvent(**PLACE, **line, ordinal=1), LogEvent(**PLACE, **line, ordinal=2)
    assert one.id == LogEvent(**PLACE, **line, time=9.0).id
    assert len({one.id, two.id, LogEvent(**PLACE, **line, attempt=2).id}) == 3
