"""The static snapshot of a run: text/html that reads well anywhere, and that the page adopts where it can.

It has to survive the sanitisers of JupyterLab, nbconvert and GitHub: no script, no style element, no svg, inline styles
of plain values only. It still makes sense as bare text and a table where the styles are dropped too.
"""

from __future__ import annotations

import json
import time
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flyte_jupyter.view import _format, _phases
from flyte_jupyter.view._freeze import ROWS
from flyte_jupyter.view._sections import SHARES, Section
from flyte_jupyter.view._select import MOST, Selection, Selector, Shown

if TYPE_CHECKING:
    from flyte_jupyter.live import Row, RunState
    from flyte_jupyter.view._freeze import Frozen

# Together with the text/plain beside it an output stays below 64 kB in the saved notebook.
MAX_BYTES = 52_000

_MUTED = "color:#7d838c"
_BAR = "display:flex;height:6px;max-width:640px;margin:3px 0;border-radius:3px;overflow:hidden"
# JupyterLab aligns the cells of its tables to the right; the attribute `align` is for where styles are dropped.
_LEFT = "padding:1px 10px 1px 0;white-space:nowrap;text-align:left"
# On paper a long name takes two lines; its row is not to run over the edge.
_ACTION = "padding:1px 10px 1px 0;text-align:left"
_RIGHT = "padding:1px 10px 1px 0;white-space:nowrap;text-align:right"
_PLAIN = "margin:2px 0 4px 0;padding:4px 8px;white-space:pre-wrap;font-size:12px;border-left:3px solid #b8bcc4"
_PRE = "margin:2px 0 4px 0;padding:4px 8px;white-space:pre-wrap;font-size:12px;border-left:3px solid #dc4444"


def snapshot_html(
    state: RunState,
    view_id: str,
    hub_id: str,
    *,
    now: float | None = None,
    selector: Selector | None = None,
    place: str = "",
    frozen: Frozen | None = None,
    opens: str = "",
) -> str:
    """Render `state` as the placeholder element of `docs/protocol.md` with the snapshot inside.

    Args:
        state: the run as it is known now.
        view_id: which display this is; `[0-9a-z]+`.
        hub_id: the kernel's hub, `[0-9a-z]+`, or "" where no hub will ever adopt it.
        now: milliseconds since 1970; the present unless given.
        selector: one that was made of `state` at that time already.
        place: the hash of the endpoint, "" for none.
        frozen: what is open in the view that is frozen.
        opens: what the view opens at first, as `Opening.written` has it.

    Returns:
        An element that takes at most `MAX_BYTES` in the saved notebook. Of a big run it shows what matters, and says
        how much is left out.
    """
    now = time.time() * 1000 if now is None else now
    selector = selector or Selector(state, now)
    where = f"{state.project}/{state.domain}/{state.name}"
    chosen = frozen if frozen is not None and frozen.rows else None
    most = ROWS if chosen is not None else min(state.n, MOST)
    element = ""
    for share in SHARES if frozen is not None else (1.0,):
        limit = most or 1
        while limit:
            selection = selector.select(limit) if chosen is None else chosen.selection(state, limit)
            inside = _inside(state, selection, now, frozen, share)
            element = placeholder(view_id, hub_id, where, inside, place, opens)
            size = saved_size(element)
            if size <= MAX_BYTES:
                return element
            limit = min(limit - 1, max(limit * MAX_BYTES // size, 1))
    return element


def saved_size(text: str) -> int:
    """Return the number of bytes that `text` takes in an .ipynb file."""
    return len(json.dumps(text.splitlines(keepends=True), ensure_ascii=False, indent=1).encode())


def placeholder(view_id: str, hub_id: str, where: str, inside: str, place: str = "", opens: str = "") -> str:
    """Wrap `inside` in the element that the page side finds and adopts.

    Args:
        view_id: which display this is.
        hub_id: the hub that may adopt it.
        where: `PROJECT/DOMAIN/RUN`, "" for a table.
        inside: HTML.
        place: the hash of the endpoint, "" for none.
        opens: see `snapshot_html`.
    """
    at = f" fj-at-{escape(quote(where, safe='/.-_~'))}" if where else ""
    on = f" fj-on-{place}" if place else ""
    how = f" fj-as-{escape(opens)}" if opens else ""
    return (
        f'<div class="flyte-jupyter fj-hub-{hub_id} fj-view-{view_id}{at}{on}{how}"'
        f' data-flyte-hub="{hub_id}" data-flyte-view="{view_id}">{inside}</div>'
    )


def _inside(state: RunState, selection: Selection, now: float, frozen: Frozen | None, share: float) -> str:
    return "\n".join(
        [
            '<div style="font-size:13px;line-height:1.5;overflow:auto">',
            *_header(state, now),
            *([f"<div>Showing what matches: {_text(frozen.find)}</div>"] if frozen and frozen.find else []),
            *_table(state, selection, now),
            *(line for section in (frozen.sections(share) if frozen else ()) for line in _section(section)),
            *_footer(state, selection, now),
            "</div>",
        ]
    )


def _section(section: Section) -> list[str]:
    lines = [f"<details open><summary><b>{escape(section.title)}</b></summary>"]
    if section.pairs:
        rows = (
            f'<tr><td align="left" style="{_LEFT};vertical-align:top">{_text(key)}</td>'
            f'<td align="left" style="text-align:left">{_text(value, 300)}</td></tr>'
            for key, value in section.pairs
        )
        lines.append(f'<table style="border-collapse:collapse;font-size:13px">{"".join(rows)}</table>')
    if section.text:
        lines.append(f'<pre style="{_PLAIN}">{escape(section.text)}</pre>')
    if section.left_out:
        lines.append(f'<div style="{_MUTED}">{escape(section.left_out)}</div>')
    return [*lines, "</details>"]


def _text(text: str, limit: int = 200) -> str:
    return escape(_format.shortened(text, limit))


def _phase(phase: int) -> str:
    shown = _phases.look(phase)
    return f'<span style="color:{shown.color}">{shown.icon}</span>&nbsp;{shown.word}'


def _header(state: RunState, now: float) -> list[str]:
    head = state.head
    words = [
        f"<b>{_phase(head.phase)}</b>",
        f"<b>{_text(head.task or 'run')}</b>",
        f"<code>{_text(state.name)}</code>",
        _elapsed(head.started, head.ended, now),
        _link(head.url),
    ]
    lines = [f"<div>{' &nbsp;'.join(word for word in words if word)}</div>"]
    counts = _phases.ordered(state.counts())
    if counts:
        lines += [_bar(counts), f"<div>{_format.progress(state.counts())} &nbsp; {_legend(counts)}</div>"]
    if head.abort_reason:
        lines.append(f"<div>Aborted: {_text(head.abort_reason, 500)}</div>")
    if head.error:
        lines.append(
            f'<details open><summary>Error</summary><pre style="{_PRE}">{_text(head.error, 4000)}</pre></details>'
        )
    if head.stale:
        since = _format.timestamp(head.stale["since"])
        lines.append(f"<div>Not heard of since {since}: {_text(head.stale['reason'], 300)}</div>")
    return lines


def _link(url: str) -> str:
    if not url or urlsplit(url).scheme not in ("http", "https"):
        return ""
    return f'<a href="{escape(url)}" target="_blank" rel="noopener">console</a>'


def _elapsed(started: float | None, ended: float | None, now: float) -> str:
    begin, end = _format.known(started), _format.known(ended)
    return "" if begin is None else _format.duration((now if end is None else end) - begin)


def _bar(counts: list[tuple[int, int]]) -> str:
    segments = []
    for phase, count in counts:
        shown = _phases.look(phase)
        title = f"{shown.word} {_format.count(count)}"
        segments.append(f'<div title="{title}" style="flex:{count} 1 0;background:{shown.color}"></div>')
    return f'<div style="{_BAR}">{"".join(segments)}</div>'


def _legend(counts: list[tuple[int, int]]) -> str:
    return " &nbsp;".join(f"{_phase(phase)}&nbsp;{_format.count(count)}" for phase, count in counts)


def _table(state: RunState, selection: Selection, now: float) -> list[str]:
    if not selection.rows:
        return [f'<div style="{_MUTED}">No action has been seen yet.</div>']
    begin = _format.known(state.head.started)
    if begin is None:
        moments = [_format.known(row.queued) for row, *_ in selection.rows]
        begin = min((moment for moment in moments if moment is not None), default=now)
    end = _format.known(state.head.ended)
    span = max((now if end is None else end) - begin, 1.0)
    lines = [
        '<table style="border-collapse:collapse;font-size:13px">',
        f'<tr><th align="left" style="{_LEFT}">Action</th><th align="left" style="{_LEFT}">Phase</th>'
        f'<th align="right" style="{_RIGHT}">Attempts</th><th align="right" style="{_RIGHT}">Duration</th>'
        f'<th align="left" style="{_LEFT}">Time</th></tr>',
    ]
    for shown in selection.rows:
        row, depth = shown.row, shown.depth
        lines.append(_row(shown, begin, span, now))
        # The root's error stands in the header, and often is its child's.
        if row.error and row.error != state.head.error:
            lines.append(_error(row, depth))
    lines.append("</table>")
    return lines


def _row(shown: Shown, begin: float, span: float, now: float) -> str:
    row = shown.row
    indent = "&nbsp;" * (4 * min(shown.depth, 30))
    label = _text(row.label or row.name, 120)
    which = f' <span style="{_MUTED}">{_text(shown.which, 60)}</span>' if shown.which else ""
    group = f' <span style="{_MUTED}">in {_text(row.group, 60)}</span>' if row.group else ""
    ran = _elapsed(row.started, row.ended, now)
    attempts = str(row.attempts) if row.attempts > 1 else ""
    cells = [
        f'<td align="left" style="{_ACTION}">{indent}{label}{which}{group}</td>',
        f'<td align="left" style="{_LEFT}">{_phase(row.phase)}</td>',
        f'<td align="right" style="{_RIGHT}">{attempts}</td>',
        f'<td align="right" style="{_RIGHT}">{ran}</td>',
        f'<td align="left" style="{_LEFT}">{_time_bar(row, begin, span, now)}</td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _time_bar(row: Row, begin: float, span: float, now: float) -> str:
    queued, started, ended = _format.known(row.queued), _format.known(row.started), _format.known(row.ended)
    first = queued if queued is not None else started
    if first is None:
        return ""
    last = now if ended is None else ended

    def percent(moment: float) -> float:
        return min(max(100 * (moment - begin) / span, 0.0), 100.0)

    left, middle, right = percent(first), percent(last if started is None else started), percent(last)
    color = _phases.look(row.phase).color
    return (
        '<div style="display:flex;width:140px;height:8px">'
        f'<div style="width:{left:.1f}%"></div>'
        f'<div style="width:{max(middle - left, 0):.1f}%;background:#b8bcc4"></div>'
        f'<div style="width:{max(right - middle, 0):.1f}%;min-width:2px;background:{color}"></div></div>'
    )


def _error(row: Row, depth: int) -> str:
    text = _format.shortened(row.error.strip(), 600)
    shown = escape(_format.shortened(_format.headline(row.error), 200))
    indent = "&nbsp;" * (4 * min(depth, 30) + 2)
    if "\n" in text or len(text) > 200:
        shown = f'<details><summary>{shown}</summary><pre style="{_PRE}">{escape(text)}</pre></details>'
    return f'<tr><td align="left" colspan="5" style="text-align:left;color:#dc4444">{indent}{shown}</td></tr>'


def _footer(state: RunState, selection: Selection, now: float) -> list[str]:
    lines = []
    if selection.left_out:
        total = _format.count(sum(selection.left_out.values()))
        legend = _legend(_phases.ordered(selection.left_out))
        lines.append(f"<div>Left out of this snapshot: {total} more actions. {legend}</div>")
    what = "The run is over; this is its record" if state.head.over else "This was true"
    lines.append(f'<div style="{_MUTED}">{what} as of {_format.timestamp(now)}.</div>')
    return lines
