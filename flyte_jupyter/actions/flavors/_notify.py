"""Notify: a notice in the page, and what a webhook is sent.

%flyte_on my-run failed -> notify
%flyte_on condition paused -> notify webhook=env:SLACK_URL
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import field_validator

from flyte_jupyter.actions._flavor import BaseActionFlavor
from flyte_jupyter.actions._handler import BaseActionHandler
from flyte_jupyter.actions._models import ActionConfig, AuthContext, TriggerExecutionResponse
from flyte_jupyter.actions._notices import Notice, show_notice
from flyte_jupyter.actions._secrets import is_reference, resolve
from flyte_jupyter.actions._template import check_template, fill
from flyte_jupyter.actions._webhook import check_address, post, shown_address


class Notify(ActionConfig):
    """Show a notice in the page and in the cell that armed it, and send it to a webhook.

    Attributes:
        text: What to say; "{run}", "{phase}", "{words}" and so on stand for what the event says.
        webhook: Address that is sent JSON: https://..., or better "env:NAME" or "keyring:SERVICE/NAME" of one.
        template: The JSON that is sent, with the same places; {"text": text} if not given.
        insecure: Allow http://.
        private: Allow addresses in private networks.

    Example:
        >>> Notify(text="{run} is done", webhook="env:SLACK_URL")
        Notify(text='{run} is done', webhook='env:SLACK_URL')
    """

    text: str = "{words}"
    webhook: str = ""
    template: str = ""
    insecure: bool = False
    private: bool = False

    def shown(self) -> dict[str, Any]:
        """The path of an address often is what gives access: only the host is shown."""
        shown = super().shown()
        return {**shown, "webhook": shown_address(self.webhook)} if self.webhook else shown

    def __repr_args__(self) -> Any:
        return self.shown().items()

    @field_validator("text")
    @classmethod
    def _text(cls, text: str) -> str:
        return check_template(text)

    @field_validator("template")
    @classmethod
    def _template(cls, template: str) -> str:
        if template:
            try:
                json.loads(template)
            except ValueError:
                raise ValueError("it is not JSON") from None
        return check_template(template) if template else template


class NotifyHandler(BaseActionHandler):
    """Shows and sends notices."""

    config_class = property(lambda self: Notify)  # type: ignore[assignment]
    flavor_class = property(lambda self: NotifyFlavor)  # type: ignore[assignment]

    async def run(  # type: ignore[override]
        self, config: Any, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext
    ) -> None:
        """Send it, and then show it."""
        notice = _notice(config, trigger_execution, auth_context)
        event, url, text, where = notice.event, notice.url, notice.text, ""
        if config.webhook:
            body = fill(json.loads(config.template), event, url) if config.template else {"text": text}
            address = resolve(config.webhook)
            where = await post(address, body, insecure=config.insecure, private=config.private)
        shown = show_notice(notice)
        done = [f"sent to {where}"] * bool(where) + ["shown"] * bool(shown)
        trigger_execution.result = f"{text} ({', '.join(done) or 'nobody was there to see it'})"

    def echo(self, config: Any, trigger_execution: TriggerExecutionResponse, auth_context: AuthContext) -> None:
        """Show it to whoever armed it, too."""
        show_notice(_notice(config, trigger_execution, auth_context))

    def preview(self, config: Any, trigger_execution: TriggerExecutionResponse) -> str:
        """What would be said, and where."""
        where = f" and send it to {shown_address(config.webhook)}" if config.webhook else ""
        return f"say {fill(config.text, trigger_execution.event)!r}{where}"

    def _validate_action_request(self, action: Any, config: Any) -> None:
        if config.webhook and not is_reference(config.webhook):
            check_address(config.webhook, insecure=config.insecure, private=config.private)

    def _validate_action_update(self, action: Any, config: Any, action_update: Any, config_update: Any) -> None:
        self._validate_action_request(action_update, config_update)


class NotifyFlavor(BaseActionFlavor):
    """Show a notice in the page and in the cell, and send it to a webhook."""

    FLAVOR = "notify"
    ACTION_CONFIG_CLASS = Notify
    PLUGIN_CLASS = NotifyHandler
    ARGUMENT = "text"


def _notice(config: Any, execution: TriggerExecutionResponse, auth: AuthContext) -> Notice:
    event = execution.event
    url = auth.client.endpoint.console_url(event.project, event.domain, event.run, event.action)
    return Notice("Flyte", fill(config.text, event, url), event, execution.trigger, execution.id, url)
