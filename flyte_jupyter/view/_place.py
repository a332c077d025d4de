"""Which endpoint a snapshot came from, without saying it: a hash that a later kernel can compare with its own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flyte_jupyter.remote import Client


def place_of(client: Client) -> str:
    """Return the hash of the endpoint that a connection goes to: 16 hex digits."""
    return hashlib.sha256(client.endpoint.authority.encode()).hexdigest()[:16]


def current_place() -> str:
    """Return that of the current connection, "" where there is none."""
    from flyte_jupyter.remote import FlyteError, current_client

    try:
        return place_of(current_client())
    except FlyteError:
        return ""
