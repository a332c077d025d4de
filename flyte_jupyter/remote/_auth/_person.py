"""The person who logs in: how they are told something, and asked for something."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable

from flyte_jupyter.remote._errors import UnauthenticatedError
from flyte_jupyter.remote._loop import Caller


class Person:
    """Who waits for the call that needs a login. Everything happens where they wait, never on our own thread.

    Args:
        show: Shows a text, None to write it to standard output.
    """

    def __init__(self, show: Callable[[str], None] | None = None) -> None:
        self._show = show or _write

    async def tell(self, text: str) -> None:
        """Shows a text."""
        await self._caller().do(lambda: self._show(text))

    async def ask(self, question: str) -> str:
        """Asks for a line, which is not shown while it is typed, nor kept in a notebook.

        Raises:
            UnauthenticatedError: Nobody can be asked here.
        """
        return (await self._caller().do(lambda: _read(question))).strip()

    def _caller(self) -> Caller:
        caller = Caller.current()
        if caller is None:
            raise UnauthenticatedError(
                "The login was interrupted.", "Log in with flyte_jupyter.connect().", "UNAUTHENTICATED"
            )
        return caller


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _read(question: str) -> str:
    nobody = UnauthenticatedError(
        "The login needs somebody who pastes an address, and nobody can be asked here.",
        'Use auth_type="DeviceFlow", or for a program "ClientSecret".',
        "UNAUTHENTICATED",
    )
    # A kernel puts its own function there, which asks the notebook.
    in_kernel = getattr(getpass.getpass, "__module__", "") != "getpass"
    if not in_kernel and not (sys.stdin and sys.stdin.isatty()):
        raise nobody
    try:
        return getpass.getpass(question)
    except (EOFError, OSError, NotImplementedError):
        raise nobody from None
