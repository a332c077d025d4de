"""A connection whose default project and domain are those of an event."""

from __future__ import annotations

import copy

from flyte_jupyter.remote import Client


def placed(client: Client, project: str, domain: str) -> Client:
    """The same connection, with this project and domain where none are named."""
    if (client.project, client.domain) == (project, domain):
        return client
    other = copy.copy(client)
    other.project, other.domain = project, domain
    return other
