"""Values read from messages, as columns hold them."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence

_NAN = math.nan
_UNKNOWN = array("d", [_NAN]).tobytes()


def small(numbers: Sequence[int]) -> bytes:
    """Small numbers as bytes; one that is no byte, of which this version knows nothing, as 0."""
    try:
        return bytes(numbers)
    except ValueError:
        return bytes(number if 0 <= number < 256 else 0 for number in numbers)


def times(values: Sequence[float]) -> array[float]:
    """Times as a column; a time that no message gave is 0 and becomes NaN."""
    return array("d", [time or _NAN for time in values] if 0.0 in values else values)


def unknown(count: int) -> bytes:
    """The bytes of so many times that are not known."""
    return _UNKNOWN * count


def attempts(numbers: Sequence[int]) -> array[int]:
    """Numbers of attempts, at least 1 each."""
    if min(numbers) < 1 or max(numbers) > 0xFFFF:
        numbers = [min(max(number, 1), 0xFFFF) for number in numbers]
    return array("H", numbers)


def places(phases: bytes, phase: int, first: int = 0) -> Iterator[int]:
    """Where in `phases` a phase stands, counted from `first`."""
    at = phases.find(phase)
    while at >= 0:
        yield first + at
        at = phases.find(phase, at + 1)


def known(time: float) -> float | None:
    """A time of a column, None where it is unknown."""
    return None if math.isnan(time) else time
