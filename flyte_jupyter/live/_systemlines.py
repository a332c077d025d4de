"""Which lines of a log are those of the system: of the SDK that runs a task, not of the task."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flyteidl2.logs.dataplane.payload_pb2 import LogLine

_SYSTEM = 2  # Flyte's number of the originator
# Backends call every line the user's; the SDK marks its own.
_MARK = "[flyte] "
_MARKED = re.compile(r"(?:\[[^\s\[\]]+\]\[[^\s\[\]]+\] )?\[flyte\] ")
# A message of the SDK that goes on over several lines: an error in protobuf's text format.
_BEGINS, _ENDS = "Error(err=", ", recoverable="
_GOES_ON = re.compile(r"\s*(?:\w+: |\w+ \{$|\}$)")


class SystemLines:
    """Tells the lines of one log, in order."""

    def __init__(self) -> None:
        self._inside = False

    def flags(self, lines: Sequence[LogLine], texts: Sequence[str]) -> bytes:
        """One byte per line, 1 for a line of the system.

        Args:
            lines: The next lines.
            texts: Their texts.
        """
        return bytes(map(self._is_of_system, lines, texts))

    def _is_of_system(self, line: LogLine, text: str) -> bool:
        if _MARK in text and _MARKED.match(text):
            self._inside = _BEGINS in text and _ENDS not in text
            return True
        if self._inside:
            last = text.startswith(_ENDS)
            goes_on = last or _GOES_ON.match(text) is not None
            self._inside = goes_on and not last
            if goes_on:
                return True
        return line.originator == _SYSTEM
