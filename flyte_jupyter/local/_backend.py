"""What the services share."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, field

from flyteidl2.common import identifier_pb2, identity_pb2

from flyte_jupyter.local._engine import Engine
from flyte_jupyter.local._faults import Faults
from flyte_jupyter.local._paths import StateDir
from flyte_jupyter.local._state import State


@dataclass
class Backend:
    """One running backend."""

    paths: StateDir
    state: State
    engine: Engine
    authority: str
    token: str
    faults: Faults = field(default_factory=Faults)

    @property
    def endpoint(self) -> str:
        """The endpoint with the token, as clients are given it."""
        return f"http://{self.authority}/{self.token}"


def user_name() -> str:
    """Who runs the backend."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"


def identity() -> identity_pb2.EnrichedIdentity:
    """Whoever runs the backend, as Flyte writes it down."""
    name = user_name()
    return identity_pb2.EnrichedIdentity(
        user=identity_pb2.User(
            id=identifier_pb2.UserIdentifier(subject=name),
            spec=identity_pb2.UserSpec(first_name=name, user_handle=name),
        )
    )
