"""A run as lines of text: for a terminal's IPython, and as the text/plain beside every snapshot."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flyte_jupyter.view import _format, _phases
from flyte_jupyter.view._select import MOST, Selector, Shown

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState
    from flyte_jupyter.view._freeze import Frozen
    from flyte_jupyter.view._sections import Section


def text_tree(
    state: RunState,
    *,
    limit: int = MOST,
    now: float | None = None,
    selector: Selector | None = None,
    frozen: Frozen | None = None,
) -> str:
    """Render `state` as a header line and a tree of its actions.

    Args:
        state: the run as it is known now.
        limit: how many actions at most; a bigger run shows what matters and counts the rest.
        now: milliseconds since 1970; the present unless given.
        selector: one that was made of `state` at that time already.
        frozen: what is open in the view that is frozen.
    """
    now = time.time() * 1000 if now is None else now
    head = state.head
    if frozen is not None and frozen.rows:
        selection = frozen.selection(state, limit)
    else:
        selection = (selector or Selector(state, now)).select(limit)
    phase = _phases.look(head.phase)
    words = [
        f"{phase.icon} {phase.word}",
        _short(head.task or "run"),
        _short(state.name),
        _elapsed(head.started, head.ended, now),
    ]
    lines = ["  ".join(word for word in words if word)]
    if counts := state.counts():
        lines.append(_format.progress(counts))
    if head.abort_reason:
        lines.append(f"Aborted: {_short(head.abort_reason, 500)}")
    if head.error:
        lines += _indented(head.error, "  ")
    if head.stale:
        lines.append(
            f"Not heard of since {_format.timestamp(head.stale['since'])}: {_short(head.stale['reason'], 300)}"
        )
    for shown, stem in zip(selection.rows, _stems(selection.rows), strict=True):
        row, depth = shown.row, shown.depth
        lines.append(stem + _line(shown, now))
        if row.error and row.error != head.error:
            lines.append("  " * (depth + 2) + _short(_format.headline(row.error), 160))
    if selection.left_out:
        words = [
            f"{_format.count(n)} {_phases.look(phase).word.lower()}" for phase, n in _phases.ordered(selection.left_out)
        ]
        lines.append(f"Left out: {', '.join(words)}")
    for section in frozen.sections() if frozen else ():
        lines += _section(section)
    if not head.over:
        lines.append(f"as of {_format.timestamp(now)}")
    return "\n".join(lines)


def _section(section: Section) -> list[str]:
    lines = ["", section.title, *(f"  {key}: {_short(value, 300)}" for key, value in section.pairs)]
    lines += [f"  {line}" for line in section.text.splitlines()[-40:]]
    return [*lines, f"  {section.left_out}"] if section.left_out else lines


def _short(text: str, limit: int = 120) -> str:
    return _format.shortened(text, limit).replace("\n", " ")


def _elapsed(started: float | None, ended: float | None, now: float) -> str:
    begin, end = _format.known(started), _format.known(ended)
    return "" if begin is None else _format.duration((now if end is None else end) - begin)


def _indented(text: str, indent: str) -> list[str]:
    lines = _format.shortened(text.strip(), 4000).splitlines()
    cut = [f"… {len(lines) - 40} more lines"] if len(lines) > 40 else []
    return [indent + line for line in [*lines[:40], *cut]]


def _line(shown: Shown, now: float) -> str:
    row = shown.row
    phase = _phases.look(row.phase)
    which = f"({_short(shown.which, 60)})" if shown.which else ""
    attempts = f"{row.attempts} attempts" if row.attempts > 1 else ""
    group = f"in {_short(row.group, 60)}" if row.group else ""
    ran = _elapsed(row.started, row.ended, now)
    words = [f"{phase.icon} {phase.word.lower()}", _short(row.label or row.name), which, group, attempts, ran]
    return "  ".join(word for word in words if word)


def _stems(rows: list[Shown]) -> list[str]:
    """Return what stands before each row so that the lines form a tree, built from the last row upwards."""
    stems: list[str] = []
    goes_on: set[int] = set()  # the depths at which another sibling follows below
    for shown in reversed(rows):
        depth = shown.depth
        goes_on = {level for level in goes_on if level <= depth}
        bars = "".join("│  " if level in goes_on else "   " for level in range(1, depth))
        stems.append("" if depth == 0 else bars + ("├─ " if depth in goes_on else "└─ "))
        goes_on.add(depth)
    return stems[::-1]
