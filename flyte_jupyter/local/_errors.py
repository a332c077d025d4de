"""The error that callers of `flyte_jupyter.local` see."""

from __future__ import annotations


class LocalBackendError(RuntimeError):
    """The embedded backend cannot be started, reached or stopped.

    Attributes:
        message: What is wrong, in one sentence.
        hint: What to do about it, or an empty string.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
