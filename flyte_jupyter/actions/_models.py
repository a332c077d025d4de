"""What is asked for, stored and handed out: actions, executions, and who they act as."""

from __future__ import annotations

import enum
import time
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from flyte_jupyter.actions._errors import NotAllowedError
from flyte_jupyter.actions._events import Event

if TYPE_CHECKING:
    from flyte_jupyter.remote import Client

Permission = Literal["read", "launch", "abort", "signal"]

DEFAULT_AUTH_WINDOW = 48 * 60
"""Minutes for which a consent lasts where none are named."""


class PluginType(str, enum.Enum):
    """Kinds of plugins."""

    ACTION = "action"


class ResourceType(str, enum.Enum):
    """Kinds of things that an action's configuration may point at."""

    RUN = "run"
    TASK = "task"
    CONDITION = "condition"


class BasePluginConfig(BaseModel):
    """The configuration of a plugin. A key that it does not have is an error."""

    # What somebody typed may be a secret in the wrong place: no error repeats it.
    model_config = ConfigDict(extra="forbid", frozen=False, hide_input_in_errors=True)


class ActionConfig(BasePluginConfig):
    """The base of an action's configuration; subclass it with the fields that your handler needs.

    Example:
        >>> class Ring(ActionConfig):
        ...     times: int = 1
        >>> Ring(times=3)
        Ring(times=3)
    """

    def shown(self) -> dict[str, Any]:
        """What may be shown of it: what was set, without anything that gives access."""
        return self.model_dump(mode="json", exclude_defaults=True)


class ActionRequest(BaseModel):
    """What an action is created from.

    Attributes:
        name: Unique name; made up where it is "".
        description: For people.
        flavor: Which flavor it is.
        plugin_subtype: The flavor's subtype.
        configuration: Configuration, as the flavor's schema wants it.
        allow: What it may do.
        auth_window: Minutes for which `allow` holds; 0 for ever, None for the default (48 h).
        endpoint: "host:port" of the backend that this is for.
        account: Who acts there, "" where the backend does not tell.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="", max_length=255)
    description: str = ""
    flavor: str
    plugin_subtype: str = ""
    configuration: dict[str, Any] = Field(default_factory=dict)
    allow: frozenset[Permission] = frozenset()
    auth_window: int | None = Field(default=None, ge=0)
    endpoint: str = ""
    account: str = ""


class ActionUpdate(BaseModel):
    """What to change about an action; what is not set stays, what is set may be empty."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, max_length=255)
    description: str | None = None
    configuration: dict[str, Any] | None = None
    allow: frozenset[Permission] | None = None
    auth_window: int | None = Field(default=None, ge=0)

    @classmethod
    def from_response(cls, response: ActionResponse) -> ActionUpdate:
        """The update that brings an action back to what it was: all of it."""
        return cls(
            name=response.name,
            description=response.description,
            configuration=dict(response.configuration),
            allow=response.allow,
            auth_window=response.auth_window,
        )


class ActionResponse(BaseModel):
    """A stored action.

    Attributes:
        id: Its identifier.
        name: Its name.
        description: For people.
        flavor: Which flavor it is.
        plugin_subtype: The flavor's subtype.
        configuration: Configuration as it was validated.
        allow: What it may do.
        auth_window: Minutes for which `allow` holds; 0 for ever.
        endpoint: "host:port" of the backend that the consent is for.
        account: Who acts there, "" where the backend does not tell.
        consented: When it was allowed, in seconds since 1970.
        created: When it was created, in seconds since 1970.
        updated: When it was last changed, in seconds since 1970.
        resources: What the configuration points at; see `BaseActionHandler.extract_resources`.
    """

    id: str
    name: str
    description: str = ""
    flavor: str
    plugin_subtype: str = ""
    configuration: dict[str, Any] = Field(default_factory=dict)
    allow: frozenset[Permission] = frozenset()
    auth_window: int = DEFAULT_AUTH_WINDOW
    endpoint: str = ""
    account: str = ""
    consented: float = 0.0
    created: float = 0.0
    updated: float = 0.0
    resources: dict[ResourceType, Any] = Field(default_factory=dict)

    @property
    def expires(self) -> float | None:
        """When the consent ends, in seconds since 1970; None for never."""
        return self.consented + self.auth_window * 60 if self.auth_window else None

    def set_configuration(self, configuration: dict[str, Any]) -> None:
        """Replace the configuration that is shown; nothing is stored."""
        self.configuration = configuration


class ActionFlavorResponse(BaseModel):
    """A flavor of actions.

    Attributes:
        name: The flavor's name.
        type: Always "action".
        subtype: The flavor's subtype.
        description: What it does, in a sentence.
        needs: What its actions must be allowed to do.
        config_schema: JSON schema of its configuration; None where it was not asked for.
    """

    name: str
    type: PluginType = PluginType.ACTION
    subtype: str = ""
    description: str = ""
    needs: frozenset[Permission] = frozenset()
    config_schema: dict[str, Any] | None = None


class TriggerExecutionResponse(BaseModel):
    """One execution of an action because of one event.

    A handler reports by setting `result`, and `launched` where it started a run.

    Attributes:
        id: The execution; the same at every attempt.
        trigger: The trigger that fired.
        event: The event, typed.
        run_name: The name for a run that this starts: the same at every attempt, so nothing starts twice.
        attempt: Which attempt this is, from 1.
        repeated: Whether an earlier attempt may have done it already, because it was cut off.
        result: What was done, in words.
        launched: Name of the run that was started, or "".
        follow: Whether the trigger waits for that run from here on as for its own.
    """

    model_config = ConfigDict(validate_assignment=True)

    id: int
    trigger: int
    event: Event
    run_name: str = ""
    attempt: int = 1
    repeated: bool = False
    result: str = ""
    launched: str = ""
    follow: bool = False

    @property
    def event_metadata(self) -> dict[str, Any]:
        """The event as plain data."""
        return self.event.model_dump(mode="json")


class AuthContext(BaseModel):
    """Who an action acts as, what it may do, and until when.

    Attributes:
        user: The account at the backend, "" where it does not tell.
        endpoint: "host:port" of the backend.
        allow: What was allowed.
        expires: When that ends, in seconds since 1970; None for never.
    """

    user: str = ""
    endpoint: str = ""
    allow: frozenset[Permission] = frozenset()
    expires: float | None = None
    _client: Any = PrivateAttr(default=None)

    @classmethod
    def of(cls, action: ActionResponse, client: Client | None) -> AuthContext:
        """The context in which a stored action acts, over this connection."""
        context = cls(user=action.account, endpoint=action.endpoint, allow=action.allow, expires=action.expires)
        context._client = client
        return context

    @property
    def client(self) -> Client:
        """The connection to act over. Its tokens are its own business and are shown nowhere.

        Raises:
            NotAllowedError: There is none.
        """
        if self._client is None:
            raise NotAllowedError("There is no connection to act over.", "Connect with %flyte_connect or %flyte_local.")
        return self._client

    def require(self, permission: Permission, now: float | None = None) -> None:
        """Go on only if this was allowed, and still is.

        Raises:
            NotAllowedError: It was not, or the time is over.
        """
        if permission not in self.allow:
            allowed = ", ".join(sorted(self.allow)) or "nothing"
            raise NotAllowedError(f"The action may not {permission}; it may {allowed}.", "Arm it again and allow it.")
        if self.expires is not None and (time.time() if now is None else now) >= self.expires:
            raise NotAllowedError("What the action may do was allowed for a time that is over.", "Resume it.")
