"""ExternalCommand and proxyCommand: a program prints the token."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import PurePath

from flyte_jupyter.remote._auth._person import Person
from flyte_jupyter.remote._auth._threads import in_thread
from flyte_jupyter.remote._auth._tokens import Tokens, check_token
from flyte_jupyter.remote._errors import InvalidArgumentError, UnauthenticatedError

_SECONDS = 60.0
_TAIL = 300
# Anything that may be a token: a program that fails may print it among its errors.
_TOKEN_LIKE = re.compile(r"[A-Za-z0-9_.~+=-]{32,}")


class CommandSource:
    """Tokens that a program prints. Nothing tells when they end, so they are used until they are refused.

    Args:
        command: The program and its arguments; no shell reads them.
        header_key: Finds out which header carries the token.
        setting: What the command is called in the settings, for errors.
        seconds: How long the program may take.

    Raises:
        InvalidArgumentError: There is no program.
    """

    eager = True

    def __init__(
        self, command: Sequence[str], header_key: Callable[[], Awaitable[str]], setting: str, seconds: float = _SECONDS
    ) -> None:
        self._command, self._header_key, self._seconds = tuple(command), header_key, seconds
        self._name = f"The {setting} {PurePath(command[0]).name if command else ''!r}"
        if not command or not command[0]:
            raise InvalidArgumentError(
                f"There is no {setting} that prints a token.", 'Give it as a list: ["program", "argument"].'
            )

    def elsewhere(self) -> Tokens | None:
        """See `Source`."""
        return None

    async def renewed(self, current: Tokens | None) -> Tokens | None:
        """See `Source`."""
        printed = await self._run()
        return Tokens(check_token(printed, self._name), header_key=await self._header_key())

    async def login(self, person: Person) -> Tokens | None:
        """See `Source`: no person can help here."""
        return None

    async def _run(self) -> str:
        try:
            process = subprocess.Popen(  # noqa: ASYNC220 - the loop of Windows that we use knows no processes
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self._error(f"cannot be started: {reason}") from None
        try:
            out, err = await in_thread(process.communicate, self._seconds)
        except TimeoutError:
            raise self._error(f"did not end within {self._seconds:g} s") from None
        finally:
            _kill(process)
        if process.returncode:
            tail = _TOKEN_LIKE.sub("...", (err.replace(out.strip(), "...") if out.strip() else err).strip())[-_TAIL:]
            raise self._error(f"ended with exit code {process.returncode}" + (f": {tail.strip()}" if tail else ""))
        return out.strip()

    def _error(self, what: str) -> UnauthenticatedError:
        stop = "" if what.endswith(".") else "."
        return UnauthenticatedError(
            f"{self._name} {what}{stop}", "Run it in a terminal to see what is wrong.", "UNAUTHENTICATED"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name})"


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            # What it started holds its output open.
            os.killpg(process.pid, signal.SIGKILL)
