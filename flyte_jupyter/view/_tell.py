"""Telling the page something that no view shows of itself: notices, and what is armed on runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython

from flyte_jupyter.remote import background
from flyte_jupyter.view import _mode

if TYPE_CHECKING:
    from flyte_jupyter.view._notes import ArmedAction


def listen() -> None:
    """Open a way to the page before anything is shown; for the cell's thread. Does nothing in a terminal."""
    kernel = _mode.kernel_of(get_ipython())
    if kernel is None or _mode.is_batch(kernel):
        return
    from flyte_jupyter.view._session import session

    session().listen()


def toast(title: str, text: str, url: str = "") -> None:
    """Show a notice in the page, and outside of it where the person allows that; from any thread.

    Args:
        title: a few words.
        text: a sentence.
        url: a page about it, http or https, or "".
    """
    from flyte_jupyter.view._session import session

    background().loop.call_soon_threadsafe(session().notes.toast, title, text, url)


def set_armed(armed: Mapping[str, Sequence[ArmedAction]]) -> None:
    """Let each run's views say which actions are armed on it, in place of what was said before; from any thread.

    Args:
        armed: the actions by run key.
    """
    from flyte_jupyter.view._session import session

    background().loop.call_soon_threadsafe(session().notes.set_armed, dict(armed))
