"""Flyte's phases by number, as the columns hold them."""

from __future__ import annotations

from flyte_jupyter.remote import TERMINAL_PHASES, ActionPhase

INITIALIZING = ActionPhase.INITIALIZING.number
RUNNING = ActionPhase.RUNNING.number
PAUSED = ActionPhase.PAUSED.number
TERMINAL = frozenset(phase.number for phase in TERMINAL_PHASES)
# The backend lets a phase go back only out of these, for a retry.
REVERSIBLE = frozenset((ActionPhase.FAILED.number, ActionPhase.TIMED_OUT.number))
