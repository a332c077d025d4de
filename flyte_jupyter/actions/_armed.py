"""An armed action in a person's hand, and the tables of all of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flyte_jupyter.actions._arm import Ask, ask_person, consent, settle
from flyte_jupyter.actions._errors import ActionsError, InvalidConfigurationError, UnknownActionError
from flyte_jupyter.actions._events import AppearedEvent, LogEvent, PausedEvent, PhaseEvent
from flyte_jupyter.actions._models import TriggerExecutionResponse
from flyte_jupyter.actions._service import Service, service
from flyte_jupyter.actions._trigger import standing
from flyte_jupyter.remote import background, current_client
from flyte_jupyter.remote._brief import brief_errors

if TYPE_CHECKING:
    from flyte_jupyter.actions._models import ActionResponse
    from flyte_jupyter.actions._rows_executions import Execution
    from flyte_jupyter.actions._trigger import Trigger


@dataclass(frozen=True)
class ArmedRow:
    """An armed action, as a line of a table. Times are seconds since 1970.

    Attributes:
        id: Its number.
        on: What it waits for.
        action: What it does, as `%flyte_on` takes it.
        standing: "armed", "paused", "expired", "unbound", "used up", "run over", "other account" or "not connected".
        may: What it may do.
        expires: Until when; None for ever.
        fired: How often it fired.
        skipped: How many events it let pass.
        last: What it did last, in words, "" for nothing yet.
        state: The state of that execution.
        error: What went wrong then, or keeps it from watching, in words.
        next_retry: When that is tried again, or None.
        run_key: The run that it waits for, "AUTHORITY|PROJECT/DOMAIN/RUN"; "" for no single one.
    """

    id: int
    on: str
    action: str
    standing: str
    may: tuple[str, ...]
    expires: float | None
    fired: int
    skipped: int
    last: str
    state: str
    error: str
    next_retry: float | None
    run_key: str

    @property
    def span(self) -> str:
        """How long it may do what it may, in words, by the clock of this machine."""
        if self.expires is None:
            return "for ever"
        return time.strftime("until %Y-%m-%d %H:%M", time.localtime(self.expires))


@dataclass(frozen=True)
class HistoryRow:
    """An execution, as a line of a table. Times are seconds since 1970.

    Attributes:
        id: The execution's number.
        trigger: The armed action's number.
        at: When the event came.
        event: What happened.
        state: "pending", "running", "succeeded", "failed", "interrupted" or "skipped".
        attempts: How often it was tried.
        result: What was done, in words.
        error: What went wrong, or why it was skipped, in words.
        next_retry: When it is tried again, or None.
        launched: Name of the run that it started, or "".
    """

    id: int
    trigger: int
    at: float
    event: str
    state: str
    attempts: int
    result: str
    error: str
    next_retry: float | None
    launched: str


def armed_rows(here: Service | None = None) -> list[ArmedRow]:
    """All armed actions, in the order in which they were armed. Reads a file: cheap, on any thread but the loop's."""
    here = here or service()
    store = here.store
    troubles = here.sources.troubles
    return [
        _armed_row(here, trigger, store.action(trigger.action_id), troubles.get(trigger.id, ""))
        for trigger in store.triggers()
    ]


def history_rows(trigger_id: int | None = None, limit: int = 100, here: Service | None = None) -> list[HistoryRow]:
    """The newest executions, newest first, of one armed action or of all."""
    here = here or service()
    if trigger_id is not None:
        here.store.trigger(trigger_id)
    return [
        HistoryRow(
            one.id,
            one.trigger_id,
            one.created,
            one.event.words,
            one.state,
            one.attempt,
            one.result,
            one.error,
            one.next_at,
            one.launched,
        )
        for one in here.store.history(trigger_id, limit)
    ]


class Armed:
    """An armed action.

    Args:
        id: Its number.

    Raises:
        UnknownActionError: There is none of that number.

    Example:
        >>> armed = Armed(1)  # doctest: +SKIP
        >>> print(armed.test())  # doctest: +SKIP
        my-run failed -> would say 'my-run failed'
    """

    def __init__(self, id: int) -> None:  # noqa: A002
        self._here = service()
        self.id = self._here.store.trigger(id).id

    @property
    @brief_errors()
    def row(self) -> ArmedRow:
        """How it stands."""
        trigger = self._trigger
        trouble = self._here.sources.troubles.get(self.id, "")
        return _armed_row(self._here, trigger, self._here.store.action(trigger.action_id), trouble)

    @property
    @brief_errors()
    def history(self) -> list[HistoryRow]:
        """What it did, newest first."""
        return history_rows(self.id, here=self._here)

    @property
    @brief_errors()
    def details(self) -> dict[str, Any]:
        """All that is known of it, as plain data. Secrets are in there as references only."""
        action = self._here.store.action(self._trigger.action_id)
        handler = self._here.plugins.handler(action.flavor, action.plugin_subtype)
        try:
            configuration = handler.validate_action_configuration(action.configuration).shown()
        except InvalidConfigurationError as error:
            configuration = {"problem": str(error)}
        return {
            "id": self.id,
            "on": self._trigger.event_filter.words,
            **self._trigger.event_filter.model_dump(mode="json", exclude_defaults=True),
            "action": action.flavor,
            "configuration": configuration,
            "may": sorted(action.allow),
            "allowed": self.row.span,
            "account": action.account,
            **self._trigger.policy.model_dump(mode="json", exclude_none=True),
            "standing": self.row.standing,
        }

    @brief_errors()
    def pause(self) -> None:
        """Do nothing until it is resumed; what happens meanwhile is let pass."""
        self._here.store.set_active(self.id, False, "paused")
        background().run(self._here.refresh())

    @brief_errors()
    def resume(self, *, allow: bool = False, ask: Ask = ask_person) -> None:
        """Go on. Where the time is over for which it was allowed, or the account is another, that is asked anew.

        Args:
            allow: Allow it without asking.
            ask: Asks a question, and returns whether the answer was yes.

        Raises:
            NotAllowedError: It was not allowed.
        """
        here, trigger = self._here, self._trigger
        action = here.store.action(trigger.action_id)
        connection = here.connections.get(trigger.event_filter.endpoint)
        if connection is None:
            connection = background().run(here.connect(current_client()))
        expired = action.expires is not None and here.store.now() >= action.expires
        if expired or (connection.endpoint, connection.account) != (action.endpoint, action.account):
            flavor = here.plugins.flavor(action.flavor, action.plugin_subtype)
            config = here.plugins.handler(action.flavor, action.plugin_subtype).validate_action_configuration(
                action.configuration
            )
            consent(
                flavor,
                trigger.event_filter,
                config,
                flavor.NEEDS if allow else None,
                action.auth_window / 60,
                ask,
            )
            here.store.renew_consent(action.id, connection.endpoint, connection.account)
        here.store.resume(self.id)
        background().run(settle(here, self.id))

    @brief_errors()
    def remove(self) -> None:
        """Disarm it, and delete it with its history."""
        here, trigger = self._here, self._trigger
        action = here.store.action(trigger.action_id)
        here.store.delete_trigger(self.id)
        if not here.store.triggers_of(action.id):
            try:
                handler = here.plugins.handler(action.flavor, action.plugin_subtype)
            except UnknownActionError:  # its package is gone
                here.store.delete_action(action.id)
            else:
                handler.delete_action(action, force=True)
        background().run(here.refresh())

    @brief_errors()
    def test(self) -> str:
        """What it would do if the event came now that it waits for; nothing is done."""
        here, trigger = self._here, self._trigger
        event = sample(trigger)
        action = here.store.action(trigger.action_id)
        handler = here.plugins.handler(action.flavor, action.plugin_subtype)
        config = handler.validate_action_configuration(action.configuration)
        execution = TriggerExecutionResponse(
            id=0, trigger=self.id, event=event, run_name=here.store.run_name(self.id, event.id)
        )
        would = f"{event.words} -> would {handler.preview(config, execution)}"
        how = self.row.standing
        return would if how == "armed" else f"{would}; but it is {how}"

    @property
    def _trigger(self) -> Trigger:
        return self._here.store.trigger(self.id)

    def __repr__(self) -> str:
        row = self.row
        return f"Armed({row.id}: {row.on} -> {row.action}, {row.standing})"


def action_words(here: Service, action: ActionResponse) -> str:
    """What an action does; its flavor alone, where that is not installed or takes another configuration by now."""
    try:
        flavor = here.plugins.flavor(action.flavor, action.plugin_subtype)
        handler = here.plugins.handler(action.flavor, action.plugin_subtype)
        return flavor.words(handler.validate_action_configuration(action.configuration))
    except ActionsError:
        return action.flavor


def sample(trigger: Trigger) -> PhaseEvent | AppearedEvent | PausedEvent | LogEvent:
    """A made-up event that a trigger waits for."""
    wanted = trigger.event_filter
    place: dict[str, Any] = {
        "endpoint": wanted.endpoint,
        "project": wanted.project,
        "domain": wanted.domain,
        "run": wanted.run or "some-run",
        "task": wanted.task,
        "action": "a0" if wanted.action == "*" else wanted.action,
    }
    match wanted.kind:
        case "appeared":
            return AppearedEvent(**place)
        case "paused":
            return PausedEvent(**{**place, "action": "some-action"}, condition=wanted.condition, prompt="Go on?")
        case "log":
            return LogEvent(**place, line=wanted.pattern.replace("\\", ""))  # itself, where it is plain text
        case _:
            return PhaseEvent(**place, phase=wanted.phases[0])


def _armed_row(here: Service, trigger: Trigger, action: ActionResponse, trouble: str) -> ArmedRow:
    last: Execution | None = here.store.last_execution(trigger.id)
    wanted = trigger.event_filter
    key = f"{wanted.endpoint}|{wanted.project}/{wanted.domain}/{wanted.run}" if wanted.run else ""
    alive = not trigger.bound or trigger.bound == here.process or here.store.is_alive(trigger.bound)
    how = standing(trigger, action, alive=alive, now=here.store.now())
    connection = here.connections.get(wanted.endpoint)
    if how == "armed" and connection is not None and connection.account != action.account:
        how = "other account"
    if how == "armed" and connection is None and not here.store.is_served(wanted.endpoint):
        how, trouble = "not connected", f"No kernel here is connected to {wanted.endpoint}."
    return ArmedRow(
        trigger.id,
        wanted.words,
        action_words(here, action),
        how,
        tuple(sorted(action.allow)),
        action.expires,
        trigger.fired,
        trigger.skipped,
        "" if last is None else last.result or last.event.words,
        "" if last is None else last.state,
        (last.error if last is not None else "") or trouble,
        None if last is None else last.next_at,
        key,
    )
