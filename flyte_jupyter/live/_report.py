"""The report of an attempt, for those who look at it: the topic `report` of docs/protocol.md."""

from __future__ import annotations

from typing import Any

from flyteidl2.workflow.run_definition_pb2 import Action as ActionMessage
from flyteidl2.workflow.run_definition_pb2 import ActionDetails

from flyte_jupyter.live._facts import latest_attempt
from flyte_jupyter.live._follow import ActionFeed, OfAction
from flyte_jupyter.live._phases import TERMINAL
from flyte_jupyter.remote import Action, NotFoundError, ServerError

_MOST = 20_000_000  # characters


class ReportTopic(OfAction):
    """Reads the report again whenever the action changes, until it is over.

    Args:
        feed: A share of the action's details.
        attempt: Which attempt, counted from 1; None for the latest.
    """

    def __init__(self, feed: ActionFeed, attempt: int | None) -> None:
        super().__init__(feed)
        self._attempt = attempt
        self._value: dict[str, Any] | None = None

    def see(self) -> dict[str, Any] | None:
        """The value of the topic."""
        return self._value

    async def take(self, details: ActionDetails) -> None:
        """Read the report of the attempt."""
        attempt = self._attempt or latest_attempt(details)
        action = Action(ActionMessage(id=details.id), client=self.feed.client)
        known = [one for one in details.attempts if one.attempt == attempt and one.outputs.report_uri]
        try:
            html = await action.get_report.aio(attempt) if known or int(details.status.phase) in TERMINAL else ""
        except NotFoundError:
            html = ""
        if len(html) > _MOST:
            raise ServerError("The report is too large to be shown here.", "Open it in the console.")
        self._value = {"attempt": attempt, "html": html} if html else {"attempt": attempt, "none": True}
