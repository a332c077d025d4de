"""Errors of RPCs, one sentence each."""

from __future__ import annotations

from connectrpc.code import Code
from connectrpc.errors import ConnectError


def not_found(message: str) -> ConnectError:
    """NOT_FOUND with `message`."""
    return ConnectError(Code.NOT_FOUND, message)


def invalid(message: str) -> ConnectError:
    """INVALID_ARGUMENT with `message`."""
    return ConnectError(Code.INVALID_ARGUMENT, message)


def exists(message: str) -> ConnectError:
    """ALREADY_EXISTS with `message`."""
    return ConnectError(Code.ALREADY_EXISTS, message)


def precondition(message: str) -> ConnectError:
    """FAILED_PRECONDITION with `message`."""
    return ConnectError(Code.FAILED_PRECONDITION, message)


def unimplemented(message: str) -> ConnectError:
    """UNIMPLEMENTED with `message`."""
    return ConnectError(Code.UNIMPLEMENTED, message)
