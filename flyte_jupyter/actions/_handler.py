"""The life of an action: create, update, get, delete, run. The order of the hooks is the contract."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from flyte_jupyter.actions._errors import ActionInUseError, InvalidConfigurationError
from flyte_jupyter.actions._models import (
    ActionConfig,
    ActionRequest,
    ActionResponse,
    ActionUpdate,
    AuthContext,
    ResourceType,
    TriggerExecutionResponse,
)

if TYPE_CHECKING:
    from flyte_jupyter.actions._flavor import BaseActionFlavor
    from flyte_jupyter.actions._hub import BaseEventHub
    from flyte_jupyter.actions._store import Store
    from flyte_jupyter.remote import Client

logger = logging.getLogger("flyte_jupyter")


class BasePlugin(ABC):
    """The base of all plugins."""

    @property
    @abstractmethod
    def config_class(self) -> type[ActionConfig]:
        """The class of the configuration."""

    @property
    @abstractmethod
    def flavor_class(self) -> type[BaseActionFlavor]:
        """The flavor that this is the plugin of."""


class BaseActionHandler(BasePlugin):
    """Executes the actions of one flavor. A subclass says `config_class`, `flavor_class` and `run`.

    Hooks, which do nothing by default, in the order in which they are called:
    create: `_validate_action_request`, then the row is written, then `_process_action_request`;
    update: `_validate_action_update`, then the row is written, then `_process_action_update`;
    delete: asked whether it is in use, then `_process_action_delete`, then the row is deleted;
    get, hydrated: `_process_action_response`. The `_validate` hooks may change what they are given, and must not make
    anything anywhere; where a `_process` hook raises, the whole row is what it was before.

    Args:
        event_hub: The hub that events come from; the one of this process if not given.
    """

    def __init__(self, event_hub: BaseEventHub | None = None) -> None:
        self._event_hub: BaseEventHub | None = None
        if event_hub is None:
            from flyte_jupyter.actions._hub import event_hub as hub_of_process

            event_hub = hub_of_process()
        self.set_event_hub(event_hub)

    @property
    def event_hub(self) -> BaseEventHub:
        """The hub that events come from.

        Raises:
            RuntimeError: There is none.
        """
        if self._event_hub is None:
            raise RuntimeError("This handler has no event hub. Give it one with set_event_hub().")
        return self._event_hub

    def set_event_hub(self, event_hub: BaseEventHub) -> None:
        """Take events from this hub from here on, and from no other."""
        flavor = self.flavor_class
        if self._event_hub is not None and self._event_hub is not event_hub:
            self._event_hub.unsubscribe_action_handler(flavor.FLAVOR, flavor.SUBTYPE)
        self._event_hub = event_hub
        event_hub.subscribe_action_handler(flavor.FLAVOR, flavor.SUBTYPE, self.event_hub_callback)

    def event_hub_callback(
        self, config: dict[str, Any], trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> Awaitable[None] | None:
        """Called by the hub to execute an action. What it raises is recorded with the execution.

        Args:
            config: The action's configuration.
            trigger_execution: The execution, with its event.
            auth_context: Who acts, and what it may do.

        Raises:
            InvalidConfigurationError: The stored configuration is not valid any more.
        """
        return self.run(self.validate_action_configuration(config), trigger_execution, auth_context)

    @abstractmethod
    def run(
        self, config: ActionConfig, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> Awaitable[None] | None:
        """Execute an action.

        A plain function runs in a thread of its own, a coroutine function on the background loop. Say what was done
        with `trigger_execution.result`; raise `PassingError`, or the errors of `flyte_jupyter.remote`, where it went
        wrong.

        Args:
            config: The action's configuration.
            trigger_execution: The execution, with its event.
            auth_context: Who acts, and what it may do; `auth_context.client` is the connection.
        """

    async def look_up(self, config: ActionConfig, client: Client) -> None:
        """Make sure that what the configuration names is there; called when an action is armed, on the loop.

        Args:
            config: The action's configuration.
            client: The connection, with the project and domain that events will come from.

        Raises:
            FlyteError: It is not.
        """

    def preview(self, config: ActionConfig, trigger_execution: TriggerExecutionResponse) -> str:
        """What `run` would do, in words, doing nothing."""
        settings = ", ".join(f"{name}={value!r}" for name, value in config.model_dump(exclude_defaults=True).items())
        return f"{self.flavor_class.FLAVOR} {settings}".strip()

    def echo(
        self, config: ActionConfig, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> None:
        """Called where an action was armed, after another process has executed it. Nothing, unless a handler says so.

        Used on the background loop, and must not wait.
        """

    def create_action(self, action: ActionRequest) -> ActionResponse:
        """Create an action.

        Args:
            action: What it is created from.

        Raises:
            InvalidConfigurationError: The configuration is not valid.
            Exception: What a hook raised; nothing is stored then.
        """
        config = self.validate_action_configuration(action.configuration)
        self._validate_action_request(action, config)
        action.configuration = _plain(config)
        response = self._store.create_action(action)
        try:
            config = self.validate_action_configuration(response.configuration)
            self._process_action_request(response, config)
            self._populate(response, config)
        except BaseException:
            logger.debug("action %s is taken back", response.name, exc_info=True)
            self._store.delete_action(response.id)
            raise
        response.set_configuration(_plain(config))
        return response

    def update_action(self, action: ActionResponse, action_update: ActionUpdate) -> ActionResponse:
        """Change an action. `configuration` replaces the whole configuration.

        Args:
            action: The action as it is.
            action_update: What to change.

        Raises:
            InvalidConfigurationError: The configuration, the old or the new one, is not valid.
            Exception: What a hook raised; all of the row is what it was then.
        """
        config = self.validate_action_configuration(action.configuration)
        wanted = action_update.configuration
        config_update = self.validate_action_configuration(action.configuration if wanted is None else wanted)
        self._validate_action_update(action, config, action_update, config_update)
        action_update.configuration = _plain(config_update)
        before = self._store.action(action.id)
        response = self._store.update_action(action.id, action_update)
        try:
            new_config = self.validate_action_configuration(response.configuration)
            self._process_action_update(response, new_config, action, config)
            self._populate(response, new_config)
        except BaseException:
            logger.debug("the change of action %s is taken back", response.name, exc_info=True)
            self._store.restore_action(before)
            raise
        response.set_configuration(_plain(new_config))
        return response

    def delete_action(self, action: ActionResponse, force: bool = False) -> None:
        """Delete an action.

        Args:
            action: The action.
            force: Delete it also where its configuration is not valid any more, or `_process_action_delete` fails.

        Raises:
            ActionInUseError: A trigger uses it; nothing was touched.
            Exception: What the hook raised, without `force`.
        """
        used_by = self._store.triggers_of(action.id)
        if used_by:
            triggers = ", ".join(str(number) for number in used_by)
            raise ActionInUseError(
                f"Action {action.name} is used by trigger {triggers}.", "Remove that first: %flyte_on rm ID."
            )
        try:
            config = self.validate_action_configuration(action.configuration)
            self._process_action_delete(action, config, force)
        except Exception:
            if not force:
                raise
            logger.warning("Action %s is deleted although its handler could not clean up", action.name, exc_info=True)
        self._store.delete_action(action.id)

    def get_action(self, action: ActionResponse, hydrate: bool = False) -> ActionResponse:
        """An action as it is handed out.

        Args:
            action: The action as stored.
            hydrate: Validate it, and add what its configuration points at.
        """
        if hydrate:
            config = self.validate_action_configuration(action.configuration)
            self._process_action_response(action, config)
            action.set_configuration(_plain(config))
            self._populate(action, config)
        return action

    def validate_action_configuration(self, action_config: dict[str, Any]) -> ActionConfig:
        """The configuration, checked.

        Args:
            action_config: Plain data.

        Raises:
            InvalidConfigurationError: It is not valid; says which field and why. Also a ValueError.
        """
        try:
            return self.config_class.model_validate(action_config)
        except ValidationError as error:
            raise InvalidConfigurationError(
                f"{self.flavor_class.FLAVOR}: {'; '.join(complaints(error))}.",
                f"It takes {', '.join(self.config_class.model_json_schema()['properties']) or 'no configuration'}.",
            ) from None

    def extract_resources(self, action_config: ActionConfig, hydrate: bool = False) -> dict[ResourceType, Any]:
        """What the configuration points at: a task, a run. Nothing, unless a handler says so.

        Args:
            action_config: The configuration.
            hydrate: Read them from the backend, where only their names are known.
        """
        return {}

    @property
    def _store(self) -> Store:
        return self.event_hub.store

    def _populate(self, action: ActionResponse, config: ActionConfig) -> None:
        action.resources = self.extract_resources(config)

    def _validate_action_request(self, action: ActionRequest, config: ActionConfig) -> None:
        """Check a request; may change both."""

    def _process_action_request(self, action: ActionResponse, config: ActionConfig) -> None:
        """Make what the action needs, after its row was written."""

    def _validate_action_update(
        self, action: ActionResponse, config: ActionConfig, action_update: ActionUpdate, config_update: ActionConfig
    ) -> None:
        """Check a change; may change the last two."""

    def _process_action_update(
        self,
        action: ActionResponse,
        config: ActionConfig,
        previous_action: ActionResponse,
        previous_config: ActionConfig,
    ) -> None:
        """Change what the action needs, after its row was written."""

    def _process_action_delete(self, action: ActionResponse, config: ActionConfig, force: bool | None = False) -> None:
        """Take away what the action needed, before its row is deleted."""

    def _process_action_response(self, action: ActionResponse, config: ActionConfig) -> None:
        """Change what is handed out."""


def complaints(error: ValidationError) -> list[str]:
    """What is wrong with data, one sentence part per field, without the values: they may be secret."""
    found: list[str] = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(str(part) for part in one["loc"])
        text = one["msg"].removeprefix("Value error, ").rstrip(".")
        if one["type"] == "extra_forbidden":
            text = "there is no such setting"
        found.append(f"{field}: {text}" if field else text)
    return found


def _plain(config: ActionConfig) -> dict[str, Any]:
    return config.model_dump(mode="json", exclude_none=True)
