"""What is open in a view at the moment when it is frozen, as plain sections that the snapshot shows."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flyte_jupyter.live import TOPICS
from flyte_jupyter.view import _format
from flyte_jupyter.view._sections import Section, events, overview, values
from flyte_jupyter.view._select import Selection, Shown

if TYPE_CHECKING:
    from flyte_jupyter.live import Looks, RunState
    from flyte_jupyter.view._target import Target
    from flyte_jupyter.view._views import Opening

PATIENCE = 5.0  # seconds for what is open to be read
ROWS = 400
LINES = 200
_TOPICS = {"overview": "details", "inputs": "io", "outputs": "io"}


@dataclass(frozen=True)
class Frozen:
    """What is open.

    Attributes:
        rows: the rows in sight with their depths, in the order in which they are shown; empty for the usual choice.
        find: the text that is looked for.
        action: the chosen action, "" for none.
        tab: the tab of its details.
        attempt: which attempt, None for the latest.
        seen: what was read of the action, by topic.
        lines: the last lines of its log.
        cut: how many earlier lines there are.
    """

    rows: tuple[tuple[int, int], ...] = ()
    find: str = ""
    action: str = ""
    tab: str = ""
    attempt: int | None = None
    seen: Mapping[str, Mapping[str, Any]] | None = None
    lines: tuple[str, ...] = ()
    cut: int = 0

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Frozen:
        """Return what the page says is open; what does not keep to the protocol is left out."""
        rows = params.get("rows")
        pairs = rows if isinstance(rows, list) else []
        attempt = params.get("attempt")
        return cls(
            tuple((one[0], one[1]) for one in pairs[:ROWS] if _is_pair(one)),
            _text(params, "find"),
            _text(params, "action"),
            _text(params, "tab") or "overview",
            attempt if isinstance(attempt, int) and attempt > 0 else None,
        )

    @classmethod
    def opened(cls, opening: Opening, state: RunState) -> Frozen:
        """Return what a view opens at first; of a log alone, the one row that it is of."""
        row = state.find(opening.action) if opening.kind == "logs" else None
        rows = () if row is None else ((row, 0),)
        return cls(rows, action=opening.action, tab=opening.tab or "overview", attempt=opening.attempt)

    async def filled(self, looks: Looks, target: Target) -> Frozen:
        """Return it with what there is to see of the chosen action, as far as that can be read in a moment."""
        if not self.action:
            return self
        topics = [topic for topic in dict.fromkeys(["details", _TOPICS.get(self.tab, self.tab)]) if topic in TOPICS]
        seen: dict[str, Mapping[str, Any]] = {}
        lines: tuple[str, ...] = ()
        cut = 0
        for topic in topics:
            params = {"attempt": self.attempt} if topic in ("logs", "report") else {}
            look = looks.look(target.client, target.identifier, self.action, topic, params)
            try:
                seen[topic] = await _first(look)
                if topic == "logs":
                    last = look.topic.buffer.last(LINES)  # type: ignore[attr-defined]
                    lines, cut = tuple(last), look.topic.buffer.end - len(last)  # type: ignore[attr-defined]
            finally:
                look.close()
        return replace(self, seen=seen, lines=lines, cut=cut)

    def selection(self, state: RunState, limit: int) -> Selection:
        """Return the rows that are in sight, at most `limit`."""
        rows = [(number, depth) for number, depth in self.rows if 0 <= number < state.n][:limit]
        left_out = Counter(state.counts())
        left_out.subtract(state.phase[number] for number, _ in rows)
        shown = [Shown.of(state, number, max(depth, 0)) for number, depth in rows]
        return Selection(shown, {phase: count for phase, count in left_out.items() if count > 0})

    def sections(self, share: float = 1.0) -> Iterator[Section]:
        """Return what is open of the chosen action, each section cut to a share of what it may have."""
        for section in self._sections():
            yield section.cut(share)

    def _sections(self) -> Iterator[Section]:
        seen = self.seen or {}
        details = seen.get("details", {})
        if details:
            yield overview(self.action, details, self.attempt)
        if "io" in seen:
            inputs, note = seen["io"].get("inputs"), str(seen["io"].get("note", ""))
            yield values("Inputs", inputs, note if inputs is None else "")
            yield values("Outputs", seen["io"].get("outputs"), "" if inputs is None else note)
        if self.tab == "logs":
            note = str(seen.get("logs", {}).get("note", ""))
            left_out = f"{_format.count(self.cut)} earlier lines are left out." if self.cut else ""
            yield Section("Logs, last lines", text="\n".join(self.lines) or note, left_out=left_out, tail=True)
        if self.tab == "events":
            yield events(seen.get("events", {}))
        if self.tab == "spec":
            for section in seen.get("spec", {}).get("sections", ()):
                yield Section(str(section["title"]), [(key, value) for key, value in section["rows"]])
        if self.tab == "report":
            yield Section("Report", text="The report is left out of this snapshot.")


async def _first(look: Any) -> Mapping[str, Any]:
    """The first whole thing there is to see."""
    changed = asyncio.Event()
    look.on_change(changed.set)
    end = time.monotonic() + PATIENCE
    value: Mapping[str, Any] = {}
    while True:
        changed.clear()
        while (sight := look.next()) is not None:
            value = sight.value or value
            if sight.end or (sight.value is not None and not sight.buffers and _is_whole(sight.value)):
                return value
        try:
            await asyncio.wait_for(changed.wait(), max(end - time.monotonic(), 0))
        except asyncio.TimeoutError:
            return value


def _is_whole(value: Mapping[str, Any]) -> bool:
    """Whether a value is no mere beginning: of data that is being read, of a log that is being followed."""
    return "count" not in value and not ("inputs" in value and value["inputs"] is None)


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    return value if isinstance(value, str) else ""


def _is_pair(one: Any) -> bool:
    return isinstance(one, list) and len(one) == 2 and all(isinstance(number, int) for number in one)
