"""Cutting the connection under a stream, for the fault `reset`."""

from __future__ import annotations

from contextvars import ContextVar


class CutError(Exception):
    """The connection is to be cut; nothing more may be sent."""


class Cutter:
    """Says whether a response was cut."""

    def __init__(self) -> None:
        self.done = False


current: ContextVar[Cutter | None] = ContextVar("current", default=None)


def cut() -> None:
    """Cut the response that is being sent.

    Raises:
        CutError: always.
    """
    cutter = current.get()
    if cutter is not None:
        cutter.done = True
    raise CutError("cut on request")
