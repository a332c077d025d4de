"""Actions and triggers in the store."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from flyte_jupyter.actions._db import Database
from flyte_jupyter.actions._errors import InvalidConfigurationError, UnknownActionError
from flyte_jupyter.actions._filter import EventFilter, Policy
from flyte_jupyter.actions._models import DEFAULT_AUTH_WINDOW, ActionRequest, ActionResponse, ActionUpdate
from flyte_jupyter.actions._trigger import Trigger

OVER = "run over"
"""Why a trigger is not armed whose run has ended."""


class ActionRows:
    """Actions and triggers: rows in, models out.

    Args:
        db: The database.
        now: The clock, in seconds since 1970.
    """

    def __init__(self, db: Database, now: Callable[[], float] = time.time) -> None:
        self.db, self.now = db, now

    def create_action(self, request: ActionRequest) -> ActionResponse:
        """Write an action.

        Raises:
            InvalidConfigurationError: Its name is taken.
        """
        now = self.now()
        action = ActionResponse(
            id=str(uuid.uuid4()),
            name=request.name or f"{request.flavor}-{uuid.uuid4().hex[:8]}",
            description=request.description,
            flavor=request.flavor,
            plugin_subtype=request.plugin_subtype,
            configuration=request.configuration,
            allow=request.allow,
            auth_window=DEFAULT_AUTH_WINDOW if request.auth_window is None else request.auth_window,
            endpoint=request.endpoint,
            account=request.account,
            consented=now,
            created=now,
            updated=now,
        )
        values = _action_values(action)
        try:
            with self.db.write() as connection:
                marks = ", ".join(f":{name}" for name in values)
                connection.execute(f"INSERT INTO actions ({', '.join(values)}) VALUES ({marks})", values)  # noqa: S608
        except sqlite3.IntegrityError:
            raise InvalidConfigurationError(
                f"There is an action {action.name} already.", "Choose another name."
            ) from None
        return action

    def update_action(self, action_id: str, update: ActionUpdate) -> ActionResponse:
        """Change what an update sets. A new `allow` or `auth_window` is a new consent, from here on.

        Raises:
            UnknownActionError: There is no such action.
            InvalidConfigurationError: The name is taken.
        """
        with self.db.write():
            wanted = update.model_dump(exclude_unset=True)
            if wanted.get("auth_window", 0) is None:
                wanted["auth_window"] = DEFAULT_AUTH_WINDOW
            changed = {name: value for name, value in wanted.items() if value is not None}
            if "allow" in changed or "auth_window" in changed:
                changed["consented"] = self.now()
            return self.restore_action(self.action(action_id).model_copy(update={**changed, "updated": self.now()}))

    def restore_action(self, action: ActionResponse) -> ActionResponse:
        """Make the whole row what is given."""
        values = _action_values(action)
        try:
            with self.db.write() as connection:
                settings = ", ".join(f"{name} = :{name}" for name in values)
                connection.execute(f"UPDATE actions SET {settings} WHERE id = :id", values)  # noqa: S608
        except sqlite3.IntegrityError:
            raise InvalidConfigurationError(
                f"There is an action {action.name} already.", "Choose another name."
            ) from None
        return action

    def renew_consent(self, action_id: str, endpoint: str, account: str) -> ActionResponse:
        """Let what was allowed hold anew, from here on, for this account."""
        with self.db.write():
            update = {"consented": self.now(), "endpoint": endpoint, "account": account}
            return self.restore_action(self.action(action_id).model_copy(update=update))

    def delete_action(self, action_id: str) -> None:
        """Delete an action that no trigger uses."""
        with self.db.write() as connection:
            connection.execute("DELETE FROM actions WHERE id = ?", (action_id,))

    def action(self, action_id: str) -> ActionResponse:
        """An action by its id, or by its name.

        Raises:
            UnknownActionError: There is none.
        """
        rows = self.db.read("SELECT * FROM actions WHERE id = ? OR name = ?", action_id, action_id)
        if not rows:
            raise UnknownActionError(f"There is no action {action_id}.")
        return _action(rows[0])

    def actions(self) -> list[ActionResponse]:
        """All actions, in the order in which they were made."""
        return [_action(row) for row in self.db.read("SELECT * FROM actions ORDER BY created, name")]

    def create_trigger(
        self,
        action_id: str,
        event_filter: EventFilter,
        policy: Policy,
        *,
        bound: str = "",
        armed_by: str = "",
        replay: bool = False,
    ) -> Trigger:
        """Write a trigger, armed."""
        with self.db.write() as connection:
            self.action(action_id)
            made = connection.execute(
                "INSERT INTO triggers (action_id, event_filter, policy, is_active, bound, armed_by, replay, created)"
                " VALUES (?, ?, ?, 1, ?, ?, ?, ?)",
                (
                    action_id,
                    event_filter.model_dump_json(),
                    policy.model_dump_json(),
                    bound,
                    armed_by,
                    replay,
                    self.now(),
                ),
            )
            assert made.lastrowid is not None
            return self.trigger(made.lastrowid)

    def trigger(self, trigger_id: int) -> Trigger:
        """A trigger by its number.

        Raises:
            UnknownActionError: There is none.
        """
        rows = self.db.read("SELECT * FROM triggers WHERE id = ?", trigger_id)
        if not rows:
            raise UnknownActionError(f"There is no armed action {trigger_id}.", "%flyte_on list shows them.")
        return trigger_of(rows[0])

    def triggers(self, *, active: bool = False) -> list[Trigger]:
        """All triggers, in the order in which they were made.

        Args:
            active: Only the armed ones.
        """
        where = "WHERE is_active" if active else ""
        return [trigger_of(row) for row in self.db.read(f"SELECT * FROM triggers {where} ORDER BY id")]  # noqa: S608

    def triggers_of(self, action_id: str) -> list[int]:
        """The numbers of the triggers that use an action."""
        return [row["id"] for row in self.db.read("SELECT id FROM triggers WHERE action_id = ?", action_id)]

    def set_active(self, trigger_id: int, active: bool, note: str = "") -> None:
        """Arm a trigger, or not, and say why not."""
        with self.db.write() as connection:
            self.trigger(trigger_id)
            connection.execute(
                "UPDATE triggers SET is_active = ?, note = ? WHERE id = ?", (active, "" if active else note, trigger_id)
            )

    def resume(self, trigger_id: int) -> None:
        """Arm a trigger again; what happened meanwhile is history."""
        with self.db.write() as connection:
            trigger = self.trigger(trigger_id)
            if trigger.is_active and trigger.baselined:
                return
            connection.execute(
                "UPDATE triggers SET is_active = 1, note = '', baselined = 0, floor = ?, replay = 0 WHERE id = ?",
                (self.now(), trigger_id),
            )

    def bind(self, trigger_id: int, process: str) -> None:
        """Let a process execute a trigger whose function it has."""
        with self.db.write() as connection:
            connection.execute(
                "UPDATE triggers SET bound = ?, armed_by = ? WHERE id = ?", (process, process, trigger_id)
            )

    def delete_trigger(self, trigger_id: int) -> None:
        """Delete a trigger with its history."""
        with self.db.write() as connection:
            self.trigger(trigger_id)
            connection.execute("DELETE FROM triggers WHERE id = ?", (trigger_id,))

    def set_baseline(self, trigger_id: int, event_ids: Iterable[str], floor: float | None) -> None:
        """Note what had happened before a trigger was armed: these events, and all before `floor`."""
        with self.db.write() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO seen VALUES (?, ?)", [(trigger_id, event_id) for event_id in event_ids]
            )
            connection.execute("UPDATE triggers SET baselined = 1, floor = ? WHERE id = ?", (floor, trigger_id))

    def set_cursor(self, trigger_ids: Iterable[int], cursor: float) -> None:
        """Note how far the runs of triggers were read."""
        with self.db.write() as connection:
            connection.executemany(
                "UPDATE triggers SET cursor = ? WHERE id = ?", [(cursor, one) for one in trigger_ids]
            )

    def follow(self, trigger_id: int, run: str) -> None:
        """Let a trigger wait for another run as for its own."""
        with self.db.write() as connection:
            trigger = self.trigger(trigger_id)
            if run not in trigger.runs:
                followed = json.dumps([*trigger.followed, run])
                # It may have been put to rest because its run is over.
                connection.execute(
                    "UPDATE triggers SET followed = ?, is_active = is_active OR note = ?,"
                    " note = CASE note WHEN ? THEN '' ELSE note END WHERE id = ?",
                    (followed, OVER, OVER, trigger_id),
                )

    def rest(self, trigger_ids: Iterable[int], over: Iterable[str]) -> None:
        """Put to rest the triggers whose runs are all among those that are over."""
        names = set(over)
        with self.db.write() as connection:
            for trigger_id in trigger_ids:
                if set(self.trigger(trigger_id).runs) <= names:
                    connection.execute(
                        "UPDATE triggers SET is_active = 0, note = ? WHERE id = ? AND is_active", (OVER, trigger_id)
                    )


_JSON = ("configuration", "allow")


def _action_values(action: ActionResponse) -> dict[str, Any]:
    values = action.model_dump(mode="json", exclude={"resources"})
    values["allow"] = sorted(values["allow"])
    return {name: json.dumps(value) if name in _JSON else value for name, value in values.items()}


def _action(row: sqlite3.Row) -> ActionResponse:
    return ActionResponse.model_validate({**row, **{name: json.loads(row[name]) for name in _JSON}})


def trigger_of(row: sqlite3.Row) -> Trigger:
    """The trigger of a row."""
    return Trigger.model_validate(
        {**row, **{name: json.loads(row[name]) for name in ("event_filter", "policy", "followed")}}
    )
