"""Which run of which backend is meant: by a run, an action, their details, or a name; ours or the SDK's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
from flyteidl2.workflow import run_definition_pb2 as definition

from flyte_jupyter.live import run_key
from flyte_jupyter.remote import Action, Client, InvalidArgumentError, Run, current_client


@dataclass(frozen=True)
class Target:
    """A run, and the connection to its backend."""

    client: Client
    name: str
    project: str
    domain: str
    org: str

    @property
    def key(self) -> str:
        """The run key, as the live state of the run has it."""
        return run_key(self.client, self.identifier)

    @property
    def identifier(self) -> RunIdentifier:
        """The run's full identifier."""
        return RunIdentifier(org=self.org, project=self.project, domain=self.domain, name=self.name)

    def as_run(self) -> Run:
        """Return the run as `flyte_jupyter.remote` has it; nothing is asked of the backend."""
        action = definition.Action(id=ActionIdentifier(run=self.identifier, name="a0"))
        return Run(definition.Run(action=action), client=self.client)

    def as_action(self, name: str) -> Action:
        """Return an action of the run likewise."""
        return Action(definition.Action(id=ActionIdentifier(run=self.identifier, name=name)), client=self.client)


def target_of(run: Any, client: Client | None = None) -> Target:
    """Find out which run is meant.

    Args:
        run: a run's name; or a Run, Action, or the details of one, of `flyte_jupyter.remote` or of the SDK.
        client: the connection; if None that of the object, else the current one.

    Raises:
        NotConnectedError: there is no connection.
        InvalidArgumentError: it is none of these, or a run that was never on a backend.
    """
    if isinstance(run, str):
        return _target(client or current_client(), run.strip(), "", "", "")
    identifier = _run_identifier(run)
    if identifier is None:
        raise InvalidArgumentError(
            f"A {type(run).__name__} is not a run.", "Give a run, an action, or the name of a run."
        )
    if not identifier.project:
        raise InvalidArgumentError("This run was made in this process and is on no backend.")
    if client is None:
        # An object of the SDK goes over our connection to the same endpoint, or else over the SDK's own.
        client = Action.from_sdk(run)._client if _is_of_sdk(run) else _client_of(run)
    return _target(client, identifier.name, identifier.project, identifier.domain, identifier.org)


def is_on_backend(run: Any) -> bool:
    """Whether the object is of a run that a backend knows: those of the SDK's local mode are not."""
    identifier = _run_identifier(run)
    return identifier is not None and bool(identifier.project)


def _target(client: Client, name: str, project: str, domain: str, org: str) -> Target:
    if not name:
        raise InvalidArgumentError("The name of the run is empty.")
    return Target(client, name, project or client.project, domain or client.domain, org or client.org)


def _run_identifier(run: Any) -> Any:
    """Return the RunIdentifier in the object's message: `pb2` is a Run, RunDetails, Action or ActionDetails."""
    message = getattr(run, "pb2", None)
    action = getattr(message, "action", message)
    return getattr(getattr(action, "id", None), "run", None)


def _client_of(run: Any) -> Client:
    client: Client | None = getattr(run, "_client", None)
    return client or current_client()


def _is_of_sdk(run: Any) -> bool:
    return any(base.__module__.partition(".")[0] == "flyte" for base in type(run).__mro__)
