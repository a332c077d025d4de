"""Flyte's phase numbers, as far as watching needs to know them."""

from __future__ import annotations

QUEUED, WAITING_FOR_RESOURCES, INITIALIZING, RUNNING, SUCCEEDED, FAILED, ABORTED, TIMED_OUT, PAUSED, RECOVERED = range(
    1, 11
)

TERMINAL = frozenset((SUCCEEDED, FAILED, ABORTED, TIMED_OUT, RECOVERED))
# The backend lets a phase go back only out of these, for a retry.
REVERSIBLE = frozenset((FAILED, TIMED_OUT))
