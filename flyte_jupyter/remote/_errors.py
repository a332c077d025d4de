"""What can go wrong, as one tree.

    FlyteError
    ├── NotConnectedError         no connection was made yet
    ├── ConnectionFailedError     nothing that speaks Flyte 2 answers at the endpoint
    ├── UnauthenticatedError      no token, or a wrong one
    ├── PermissionDeniedError
    ├── NotFoundError
    ├── InvalidArgumentError      also a ValueError
    ├── AlreadyExistsError
    ├── UnavailableError          the backend cannot be reached just now
    ├── DeadlineExceededError     also a TimeoutError
    ├── UnimplementedError        the backend does not know the call
    ├── NotFinishedError          asked for the result of something that still runs
    ├── AlreadyFinishedError      asked to abort something that is over
    ├── ServerError               any other answer of the backend; `code` tells
    └── RunFailedError            a run or action ended without success
        ├── RunAbortedError
        └── RunTimedOutError

An interrupt and a cancellation keep their own types: they are never turned into one of these.
"""

from __future__ import annotations


class FlyteError(Exception):
    """The base of everything this package raises.

    Args:
        message: One sentence saying what went wrong.
        hint: What to do about it, or "".
        code: The backend's status code in capitals ("NOT_FOUND", ...), or "" where there is none.

    Example:
        >>> try:
        ...     Run.get("nobody")
        ... except FlyteError as error:
        ...     print(error.code, "-", error.hint)
        NOT_FOUND - Is it another project or domain?
    """

    def __init__(self, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class NotConnectedError(FlyteError):
    """There is no connection to a backend."""


class ConnectionFailedError(FlyteError):
    """Nothing that speaks Flyte 2 answers at the endpoint."""


class UnauthenticatedError(FlyteError):
    """The backend does not accept who we say we are."""


class PermissionDeniedError(FlyteError):
    """The backend knows who we are and does not allow this."""


class NotFoundError(FlyteError):
    """The run, action or other thing does not exist."""


class InvalidArgumentError(FlyteError, ValueError):
    """The backend, or we before asking it, cannot make sense of an argument."""


class AlreadyExistsError(FlyteError):
    """Something of that name exists already."""


class UnavailableError(FlyteError):
    """The backend cannot be reached just now; the same call may work later."""


class DeadlineExceededError(FlyteError, TimeoutError):
    """The backend did not answer in time."""


class UnimplementedError(FlyteError):
    """The backend does not know this call."""


class NotFinishedError(FlyteError, RuntimeError):
    """The result was asked for of a run or action that is not over."""


class AlreadyFinishedError(FlyteError):
    """The run or action is over, so there is nothing left to abort."""


class ServerError(FlyteError):
    """The backend answered with an error that has no type of its own."""


class RunFailedError(FlyteError):
    """A run or an action ended without success.

    Args:
        name: The run, or "RUN/ACTION".
        phase: The phase it ended in, lower case.
        kind: "USER", "SYSTEM" or "" where the backend does not say whose fault it is.
        code: The error's code as the task or the backend named it.
        message: The error's text.

    Example:
        >>> try:
        ...     Run.get("r2").raise_for_status()
        ... except RunFailedError as error:
        ...     print(error.name, error.phase, error.kind)
        r2 failed USER
    """

    def __init__(self, name: str, phase: str, *, kind: str = "", code: str = "", message: str = "") -> None:
        text = f"{name} ended as {phase.upper()}"
        if code:
            text += f" ({code})"
        super().__init__(f"{text}: {message}" if message else f"{text}.", code=code)
        self.name = name
        self.phase = phase
        self.kind = kind
        self.error_message = message


class RunAbortedError(RunFailedError):
    """The run or action was aborted."""


class RunTimedOutError(RunFailedError):
    """The run or action took longer than it was allowed to."""


_BY_CODE: dict[str, type[FlyteError]] = {
    "UNAUTHENTICATED": UnauthenticatedError,
    "PERMISSION_DENIED": PermissionDeniedError,
    "NOT_FOUND": NotFoundError,
    "INVALID_ARGUMENT": InvalidArgumentError,
    "ALREADY_EXISTS": AlreadyExistsError,
    "UNAVAILABLE": UnavailableError,
    "DEADLINE_EXCEEDED": DeadlineExceededError,
    "UNIMPLEMENTED": UnimplementedError,
}

_HINTS = {
    "UNAUTHENTICATED": "Check the token or the login for this endpoint.",
    "PERMISSION_DENIED": "Whoever runs the backend can allow it.",
    "DEADLINE_EXCEEDED": "It may be busy, or the network slow; the same call may work later.",
    "UNAVAILABLE": "Is the backend running, and is the endpoint right?",
}


def status_error(code: str, message: str, authority: str) -> FlyteError:
    """The error for a status that a backend answered with.

    Args:
        code: Status code in capitals, spelled as gRPC does.
        message: The backend's text, already free of secrets.
        authority: "host:port" of the backend, for messages that say nothing by themselves.
    """
    text = message.strip().rstrip(".") or f"{authority} answered {code}"
    if code == "UNAVAILABLE":
        reason = "connection refused" if "refused" in text.lower() else text
        text = f"{authority} cannot be reached: {reason}"
    elif code == "UNAUTHENTICATED":
        text = f"{authority} refused us: {text}"
    return _BY_CODE.get(code, ServerError)(f"{text}.", _HINTS.get(code, ""), code)
