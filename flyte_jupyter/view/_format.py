"""Durations, times and counts in words, as in the page: `tests/golden/format.json` holds the cases for both."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone, tzinfo

from flyte_jupyter import live
from flyte_jupyter.view import _phases

# What a terminal or a page would act upon instead of showing it: control characters, surrogates, text direction.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def known(milliseconds: float | None) -> float | None:
    """Return the time, or None where it is missing (None or NaN)."""
    return None if milliseconds is None or math.isnan(milliseconds) else milliseconds


def duration(milliseconds: float | None) -> str:
    """Return a duration: "340ms", "3.2s", "1m 02s", "2h 05m", "3d 04h"; "" where unknown. Cut, never rounded up."""
    span = known(milliseconds)
    if span is None:
        return ""
    whole = max(int(span), 0)
    if whole < 1000:
        return f"{whole}ms"
    seconds = whole // 1000
    if seconds < 10:
        return f"{seconds}.{whole % 1000 // 100}s"
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m {seconds % 60:02}s"
    if seconds < 86400:
        return f"{seconds // 3600}h {seconds % 3600 // 60:02}m"
    return f"{seconds // 86400}d {seconds % 86400 // 3600:02}h"


def count(number: int) -> str:
    """Return a whole number with its thousands marked: "12,345"."""
    return f"{number:,}"


def progress(counts: dict[int, int]) -> str:
    """Return "37 of 200 done, 12 running, 2 failed" of counts by phase number."""
    done = counts.get(_phases.SUCCEEDED, 0) + counts.get(_phases.RECOVERED, 0)
    parts = [f"{count(done)} of {count(sum(counts.values()))} done"]
    named = (_phases.RUNNING, _phases.PAUSED, _phases.FAILED, _phases.TIMED_OUT, _phases.ABORTED)
    parts += [f"{count(counts[phase])} {_phases.look(phase).word.lower()}" for phase in named if counts.get(phase)]
    return ", ".join(parts)


def timestamp(milliseconds: float, zone: tzinfo | None = None) -> str:
    """Return a moment (ms since 1970) in full: "2026-11-21 06:31:12 UTC+01:00"; local unless `zone` is given."""
    try:
        at = _moment(milliseconds, zone)
    except (OverflowError, OSError, ValueError):
        return "at an unknown time"
    offset = f"{at:%z}"
    shown = "" if offset in ("+0000", "-0000") else f"{offset[:3]}:{offset[3:5]}"
    return f"{at:%Y-%m-%d %H:%M:%S} UTC{shown}"


def moment(milliseconds: float, now: float, zone: tzinfo | None = None) -> str:
    """Return a moment: "06:31:12" on the day of `now`, else "2026-11-21 06:31"; local unless `zone` is given."""
    try:
        at = _moment(milliseconds, zone)
        today = at.date() == _moment(now, zone).date()
    except (OverflowError, OSError, ValueError):
        return ""
    return f"{at:%H:%M:%S}" if today else f"{at:%Y-%m-%d %H:%M}"


def _moment(milliseconds: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, timezone.utc).astimezone(zone)


def headline(error: str) -> str:
    """Return the line of an error that says most: of a traceback the exception, else the first."""
    return live.headline(printable(error))


def printable(text: str) -> str:
    """Return `text` with everything that is not to be shown as itself replaced by the replacement character."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def shortened(text: str, limit: int) -> str:
    """Return `text`, printable and of at most `limit` characters; what is cut off is marked by an ellipsis."""
    text = printable(text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
