"""Finds the triggers that wait for an event without looking at the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flyte_jupyter.actions._events import AppearedEvent, BaseEvent, LogEvent, PausedEvent, PhaseEvent

if TYPE_CHECKING:
    from flyte_jupyter.actions._trigger import Trigger

Key = tuple[str, ...]


class TriggerIndex:
    """Triggers by what they wait for: kind or phase, backend and project, and run or task."""

    def __init__(self) -> None:
        self._triggers: dict[int, Trigger] = {}
        self._by_key: dict[Key, dict[int, Trigger]] = {}

    @property
    def triggers(self) -> list[Trigger]:
        """All of them."""
        return list(self._triggers.values())

    def add(self, trigger: Trigger) -> None:
        """Add a trigger, or replace the one of its id."""
        self.remove(trigger.id)
        self._triggers[trigger.id] = trigger
        for key in _keys_of(trigger):
            self._by_key.setdefault(key, {})[trigger.id] = trigger

    def remove(self, trigger_id: int) -> None:
        """Remove the trigger of this id, if there is one."""
        trigger = self._triggers.pop(trigger_id, None)
        if trigger is None:
            return
        for key in _keys_of(trigger):
            found = self._by_key[key]
            found.pop(trigger_id, None)
            if not found:
                del self._by_key[key]

    def match(self, event: BaseEvent) -> list[Trigger]:
        """The triggers that wait for this event, in the order in which they were made."""
        what = _what(event)
        place = (event.endpoint, event.project, event.domain)
        found: dict[int, Trigger] = {}
        for target in (("run", event.run), ("task", event.task), ("", "")):
            candidates = self._by_key.get((what, *place, *target))
            if candidates:
                found.update(candidates)
        return [found[number] for number in sorted(found) if found[number].matches(event)]


def _what(event: BaseEvent) -> str:
    match event:
        case PhaseEvent():
            return event.phase
        case AppearedEvent():
            return "appeared"
        case PausedEvent():
            return "condition paused"
        case LogEvent():
            return "log"
    raise TypeError(f"{type(event).__name__} is no event")


def _keys_of(trigger: Trigger) -> list[Key]:
    wanted = trigger.event_filter
    place = (wanted.endpoint, wanted.project, wanted.domain)
    targets = [("run", run) for run in trigger.runs] or [("task", wanted.task) if wanted.task else ("", "")]
    whats = (
        wanted.phases if wanted.kind == "phase" else ("condition paused" if wanted.kind == "paused" else wanted.kind,)
    )
    return [(what, *place, *target) for what in whats for target in targets]
