"""The report of an attempt, for those who look at it: the topic `report` of docs/protocol.md."""

from __future__ import annotations

import time
from typing import Any

from flyteidl2.workflow.run_definition_pb2 import Action as ActionMessage
from flyteidl2.workflow.run_definition_pb2 import ActionDetails

from flyte_jupyter.live._facts import latest_attempt
from flyte_jupyter.live._follow import ActionFeed, OfAction
from flyte_jupyter.live._phases import TERMINAL
from flyte_jupyter.remote import Action, FlyteError, NotFoundError, ServerError

EVERY = 2.0  # seconds between two readings of a report that may still be written
_MOST = 20_000_000  # characters


class ReportTopic(OfAction):
    """Reads the report again whenever the action changes, and every few seconds, for a task writes it as it goes on.

    Args:
        feed: A share of the action's details.
        attempt: Which attempt, counted from 1; None for the latest.
    """

    every = EVERY

    def __init__(self, feed: ActionFeed, attempt: int | None) -> None:
        super().__init__(feed)
        self._attempt = attempt
        self._value: dict[str, Any] | None = None

    def see(self) -> dict[str, Any] | None:
        """The value of the topic."""
        return self._value

    async def take(self, details: ActionDetails) -> None:
        """Read the report of the attempt."""
        latest = latest_attempt(details)
        attempt = self._attempt or latest
        action = Action(ActionMessage(id=details.id), client=self.feed.client)
        over = int(details.status.phase) in TERMINAL
        known = [one for one in details.attempts if one.attempt == attempt and one.outputs.report_uri]
        began = time.monotonic()
        try:
            html = await action.get_report.aio(attempt) if known or over else ""
        except NotFoundError:
            html = ""
        except FlyteError as error:
            if over:
                raise
            self.error = str(error)
            return
        # What takes long to read is read less often, and what no task writes any more not again.
        self.every = max(EVERY, 4 * (time.monotonic() - began)) if attempt == latest else None
        if len(html) > _MOST:
            raise ServerError("The report is too large to be shown here.", "Open it in the console.")
        self._value = {"attempt": attempt, "html": html} if html else {"attempt": attempt, "none": True}
