"""How patient a feed is."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """The waits of a feed, in seconds.

    Attributes:
        first_message: How long a new stream may take to its first message. The root action is always sent.
        silence: After so long without a message, while the run is not over, the stream is opened anew: the backend
            may have dropped an update, and only a new stream sends everything. Doubled for very large runs.
        settle: How long after the root action's end a stream may still bring news of others.
        drain: After so long without a message a snapshot is taken to be complete.
        more_pages: The same after a full page, which another may follow.
        linger: How long to wait, after the root action's end, for actions that have not ended.
        poll: Pause between two listings, where streaming does not work.
        backoff: First pause before trying again.
        backoff_most: Longest pause before trying again.
        errors: How long the end of a feed waits for error texts.
    """

    first_message: float = 10.0
    silence: float = 15.0
    settle: float = 2.0
    drain: float = 0.3
    more_pages: float = 5.0
    linger: float = 60.0
    poll: float = 3.0
    backoff: float = 0.5
    backoff_most: float = 10.0
    errors: float = 10.0

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures in a row (1 or more), with jitter."""
        longest = min(self.backoff_most, self.backoff * 2 ** min(failures - 1, 10))
        return longest * random.uniform(0.75, 1.25)  # noqa: S311

    def patience(self, rows: int) -> float:
        """`silence` for a run of so many rows: sending everything again costs more."""
        return self.silence * (1 + min(rows / 50_000, 1))
