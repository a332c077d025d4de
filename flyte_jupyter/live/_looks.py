"""Looks at topics of actions: what one who looks has seen, and what is to be sent next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
from flyteidl2.workflow.run_definition_pb2 import ActionDetails as DetailsMessage

from flyte_jupyter.live._facts import details_of, events_of
from flyte_jupyter.live._feed import run_key
from flyte_jupyter.live._follow import ActionFeed, OfAction
from flyte_jupyter.live._io import IoTopic
from flyte_jupyter.live._logs import LogTopic
from flyte_jupyter.live._report import ReportTopic
from flyte_jupyter.live._spec import spec_of
from flyte_jupyter.live._state import RunState
from flyte_jupyter.live._timing import Timing
from flyte_jupyter.live._topic import Shares, Sight, Topic
from flyte_jupyter.remote import Client, InvalidArgumentError

_TOLD: dict[str, Callable[[DetailsMessage], dict[str, Any]]] = {
    "details": details_of,
    "events": events_of,
    "spec": spec_of,
}
TOPICS = (*_TOLD, "io", "logs", "report")


class _Told(OfAction):
    """A topic that is nothing but a part of the details."""

    def __init__(self, feed: ActionFeed, part: Callable[[DetailsMessage], dict[str, Any]]) -> None:
        super().__init__(feed)
        self._part = part

    def see(self) -> dict[str, Any] | None:
        return None if self.feed.details is None else self._part(self.feed.details)


class Look:
    """One who looks at a topic. Close it.

    Args:
        topic: A share of what is looked at.
        release: Gives the shares back.
        start: Of a log, the first line that is wanted.
        attempt: Of a log, the attempt whose line that is, None where it is of whichever it begins with.
    """

    def __init__(self, topic: Topic, release: Callable[[], None], start: int = 0, attempt: int | None = None) -> None:
        self.topic = topic
        self._release = release
        self._removers: list[Callable[[], None]] = []
        self._line, self._attempt = start, attempt
        self._seen: tuple[Any, ...] | None = None

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call `callback` on the loop's thread when there may be something else to see."""
        self._removers.append(self.topic.changes.add(callback))

    def next(self) -> Sight | None:
        """What is to be sent now; None where that is known. Ask again at once after a piece of a log."""
        topic = self.topic
        sight = self._piece(topic) if isinstance(topic, LogTopic) else Sight(topic.see(), topic.error, topic.ended)
        if sight.buffers:
            return sight
        told = (sight.value, sight.error, sight.end)
        if told == self._seen or (self._seen is None and sight.value is None and not sight.error and not sight.end):
            return None
        known = self._seen is not None and self._seen[0] == sight.value
        self._seen = told
        return sight._replace(value=None) if known else sight

    def close(self) -> None:
        """Look no longer."""
        for remove in self._removers:
            remove()
        self._removers.clear()
        release, self._release = self._release, lambda: None
        release()

    def _piece(self, topic: LogTopic) -> Sight:
        restart = self._attempt not in (None, topic.attempt)
        if restart:
            self._line = 0
        self._attempt = topic.attempt
        piece = topic.buffer.read(self._line)
        value: dict[str, Any] = {"attempt": topic.attempt, "first": self._line, "count": 0, "marks": []}
        if restart:
            value["restart"] = True
        if piece is None:
            empty = restart or (topic.attempt is not None and topic.note)
            return Sight(value | {"note": topic.note} if empty else None, topic.error, topic.ended)
        marks = [{"line": line, "kind": "gap"} for line in piece.gaps]
        if piece.first > self._line:
            marks.insert(0, {"line": piece.first, "kind": "cut"})
        self._line = piece.first + piece.count
        value |= {"first": piece.first, "count": piece.count, "marks": marks, "note": ""}
        return Sight(value, topic.error, False, (piece.times, piece.flags, piece.text))


class Looks:
    """Looks at actions of all runs, sharing what they look at. For use on the background loop's thread.

    Args:
        timing: How patient to be.
    """

    def __init__(self, timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self._shares = Shares()
        self._feeds: dict[str, set[ActionFeed]] = {}  # by run key

    def __len__(self) -> int:
        """How many topics are being read."""
        return len(self._shares)

    def look(
        self, client: Client, run: RunIdentifier, action: str, topic: str, params: Mapping[str, Any] | None = None
    ) -> Look:
        """Begin to look at a topic of an action.

        Args:
            client: The connection.
            run: The run.
            action: The action's name.
            topic: One of `TOPICS`.
            params: As docs/protocol.md has them.

        Raises:
            InvalidArgumentError: There is no such topic, or a parameter is wrong.
        """
        params = params or {}
        if topic not in TOPICS:
            raise InvalidArgumentError(f"{topic!r} cannot be looked at; topics are {', '.join(TOPICS)}.")
        attempt, start, of = params.get("attempt"), params.get("from", 0), params.get("of")
        if not all(one is None or _is_number(one, 1) for one in (attempt, of)) or not _is_number(start, 0):
            raise InvalidArgumentError("`attempt` and `of` are numbers from 1, or null; `from` is one from 0.")
        key = run_key(client, run)
        identifier = ActionIdentifier(run=run, name=action)
        feed: ActionFeed = self._shares.take(
            (key, action), lambda: self._watch(key, ActionFeed(client, identifier, self._timing))
        )

        def make() -> Topic:
            if topic == "io":
                return IoTopic(feed)
            if topic == "logs":
                return LogTopic(feed, attempt, self._timing)
            if topic == "report":
                return ReportTopic(feed, attempt)
            return _Told(feed, _TOLD[topic])

        which = str(attempt or "") if topic in ("logs", "report") else ""
        share: Topic = self._shares.take((key, action, topic, which), make)

        def release() -> None:
            self._shares.release(share)
            self._shares.release(feed)
            if not feed.sharers:
                self._feeds[key].discard(feed)
                if not self._feeds[key]:
                    del self._feeds[key]

        return Look(share, release, start, of)

    def changed(self, state: RunState) -> None:
        """The state of a run has changed: actions that were over may go on."""
        for feed in self._feeds.get(state.key, ()):
            row = state.find(feed.action.name)
            if row is not None and feed.told(state.phase[row]):
                for topic in self._shares.of(feed.action.name, state.key):
                    topic.start()

    def whole(
        self, client: Client, run: RunIdentifier, action: str, path: Sequence[str | int], first: int = 0
    ) -> dict[str, Any]:
        """More of a value that somebody looks at shortened: `VALUE` of the protocol.

        Raises:
            InvalidArgumentError: Nobody looks at the action's data, or it has no such value.
        """
        key = run_key(client, run)
        for topic in self._shares.of(action, key):
            if isinstance(topic, IoTopic):
                return topic.whole(path, first)
        raise InvalidArgumentError("The inputs and outputs of this action are not open.", "Open them again.")

    def _watch(self, key: str, feed: ActionFeed) -> ActionFeed:
        self._feeds.setdefault(key, set()).add(feed)
        return feed


def _is_number(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
