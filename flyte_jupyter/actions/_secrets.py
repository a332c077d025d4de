"""Secrets by reference: "env:NAME" or "keyring:SERVICE/NAME". What they stand for is never stored or shown."""

from __future__ import annotations

import os

from flyte_jupyter.actions._errors import ActionsError

SCHEMES = ("env:", "keyring:")


def is_reference(text: str) -> bool:
    """Whether this refers to a secret."""
    return text.startswith(SCHEMES)


def resolve(reference: str) -> str:
    """What a reference stands for; text that is none stands for itself.

    Raises:
        ActionsError: There is no such secret.
    """
    if reference.startswith("env:"):
        value = os.environ.get(reference.removeprefix("env:"), "")
        hint = "Set that environment variable before the kernel starts."
    elif reference.startswith("keyring:"):
        import keyring
        from keyring.errors import KeyringError

        service, _, name = reference.removeprefix("keyring:").partition("/")
        try:
            value = keyring.get_password(service, name) or ""
        except KeyringError as error:
            raise ActionsError(f"The keyring cannot be read for {reference}: {type(error).__name__}.") from None
        hint = f"Store it: keyring set {service} {name}"
    else:
        return reference
    if not value:
        raise ActionsError(f"There is no secret {reference}.", hint)
    return value
