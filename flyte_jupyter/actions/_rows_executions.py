"""Executions in the store: each event once per trigger, each step written before the next."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel

from flyte_jupyter.actions._decide import decide
from flyte_jupyter.actions._errors import UnknownActionError
from flyte_jupyter.actions._events import BaseEvent, Event
from flyte_jupyter.actions._rows_actions import OVER, trigger_of
from flyte_jupyter.actions._rows_processes import ProcessRows
from flyte_jupyter.actions._trigger import Trigger

State = Literal["pending", "running", "succeeded", "failed", "interrupted", "skipped"]

_DEEPEST = 50


class Execution(BaseModel):
    """What a trigger did, or does, because of one event.

    Attributes:
        id: Its number.
        trigger_id: The trigger.
        event: The event.
        state: "pending" (to be done, or to be tried again at `next_at`), "running", "succeeded", "failed",
            "interrupted" (cut off, so perhaps done), or "skipped" (`error` says why).
        attempt: How often it was tried.
        repeated: Whether an attempt was cut off.
        next_at: When it is tried again, in seconds since 1970; likewise the other times.
        created: When the event came.
        started: When it was first tried.
        ended: When it ended.
        result: What was done, in words.
        error: What went wrong, in words.
        run_key: The run that it would start, among all of all backends.
        launched: Name of the run that it started, or "".
        owner: The process that executes it.
    """

    id: int
    trigger_id: int
    event: Event
    state: State
    attempt: int = 0
    repeated: bool = False
    next_at: float | None = None
    created: float
    started: float | None = None
    ended: float | None = None
    result: str = ""
    error: str = ""
    run_key: str
    launched: str = ""
    owner: str = ""

    @property
    def run_name(self) -> str:
        """The name for a run that this starts: the same whenever it is tried."""
        return self.run_key.rpartition("/")[2]


class ExecutionRows(ProcessRows):
    """Executions: claimed once, begun once per attempt, ended once."""

    def claim(self, trigger_id: int, event: BaseEvent, account: str) -> Execution | None:
        """Take in an event for a trigger: as pending, or as skipped with the reason.

        None where the event is known, or history, or the trigger is not armed.

        Args:
            trigger_id: The trigger.
            event: The event.
            account: Who would act at present.
        """
        now = self.now()
        with self.db.write() as connection:
            if self.db.read("SELECT 1 FROM seen WHERE trigger_id = ? AND event_id = ?", trigger_id, event.id):
                return None
            # The end of its run is both what puts a trigger to rest and what it waits for.
            if not self.db.read("SELECT 1 FROM triggers WHERE id = ? AND (is_active OR note = ?)", trigger_id, OVER):
                return None
            trigger = self.trigger(trigger_id)
            if trigger.floor is not None and event.time is not None and event.time < trigger.floor:
                return None
            run_key = f"{event.endpoint}|{event.project}/{event.domain}/{self.run_name(trigger_id, event.id)}"
            reason = decide(
                trigger,
                self.action(trigger.action_id),
                now=now,
                account=account,
                busy=self._is_busy(trigger_id),
                caused=trigger_id in self.causes(event.run_key),
            )
            made = connection.execute(
                "INSERT OR IGNORE INTO executions (trigger_id, event_id, event, state, created, ended, error, run_key)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    trigger_id,
                    event.id,
                    event.model_dump_json(),
                    "skipped" if reason else "pending",
                    now,
                    now if reason else None,
                    reason,
                    run_key,
                ),
            )
            if not made.rowcount:
                return None
            counting = "skipped = skipped + 1" if reason else "fired = fired + 1, last_fired = ?"
            values = (trigger_id,) if reason else (now, trigger_id)
            connection.execute(f"UPDATE triggers SET {counting} WHERE id = ?", values)  # noqa: S608
            assert made.lastrowid is not None
            return self.execution(made.lastrowid)

    def complete(self, execution_id: int, event: BaseEvent) -> None:
        """Note what more is known of the event of an execution."""
        with self.db.write() as connection:
            connection.execute("UPDATE executions SET event = ? WHERE id = ?", (event.model_dump_json(), execution_id))

    def begin(self, execution_id: int, owner: str, lease: tuple[str, int] | None) -> Execution | None:
        """Note that an attempt begins; None where there is nothing to begin, it is paused, or the owner may not.

        Args:
            execution_id: The execution.
            owner: The process that executes it.
            lease: Scope and epoch of the lease that the owner must still hold; None for what is bound to it.
        """
        with self.db.write() as connection:
            if lease is not None and not self.holds(owner, *lease):
                return None
            done = connection.execute(
                "UPDATE executions SET state = 'running', attempt = attempt + 1, owner = ?, next_at = NULL,"
                " started = coalesce(started, ?) WHERE id = ? AND state = 'pending'"
                " AND trigger_id IN (SELECT id FROM triggers WHERE is_active OR note = ?)",
                (owner, self.now(), execution_id, OVER),
            )
            return self.execution(execution_id) if done.rowcount else None

    def end(
        self, execution: Execution, state: State, *, result: str = "", error: str = "", launched: str = ""
    ) -> Execution:
        """Note how an execution ended. Where it was given up as interrupted meanwhile, that stays beside the result."""
        with self.db.write() as connection:
            connection.execute(
                "UPDATE executions SET state = CASE state WHEN 'running' THEN ? ELSE state END, ended = ?, result = ?,"
                " error = CASE state WHEN 'running' THEN ? ELSE error END, launched = ? WHERE id = ? AND owner = ?",
                (state, self.now(), result, error, launched, execution.id, execution.owner),
            )
            return self.execution(execution.id)

    def postpone(self, execution: Execution, seconds: float, error: str) -> Execution:
        """Note that an attempt failed for a reason that may pass, and when the next one is due."""
        with self.db.write() as connection:
            connection.execute(
                "UPDATE executions SET state = 'pending', next_at = ?, error = ? WHERE id = ? AND owner = ?"
                " AND state = 'running'",
                (self.now() + seconds, error, execution.id, execution.owner),
            )
            return self.execution(execution.id)

    def recover(self, repeatable: frozenset[str]) -> None:
        """Pick up what processes left behind that are gone: to be repeated where that is safe, else interrupted.

        Args:
            repeatable: The flavors whose actions may be repeated.
        """
        with self.db.write() as connection:
            for row in self.db.read("SELECT id, trigger_id, owner FROM executions WHERE state = 'running'"):
                if self.is_alive(row["owner"]):
                    continue
                if self.action(self.trigger(row["trigger_id"]).action_id).flavor in repeatable:
                    connection.execute(
                        "UPDATE executions SET state = 'pending', repeated = 1 WHERE id = ?", (row["id"],)
                    )
                else:
                    connection.execute(
                        "UPDATE executions SET state = 'interrupted', ended = ?, error = ? WHERE id = ?",
                        (self.now(), "The process that did this ended in the middle: perhaps it was done.", row["id"]),
                    )

    def at_work(self) -> list[Trigger]:
        """The triggers that are armed, or whose run is over while something is still to be done for them."""
        rows = self.db.read(
            "SELECT * FROM triggers WHERE is_active OR (note = ?"
            " AND id IN (SELECT trigger_id FROM executions WHERE state = 'pending')) ORDER BY id",
            OVER,
        )
        return [trigger_of(row) for row in rows]

    def pending(self, trigger_ids: Iterable[int]) -> list[Execution]:
        """What is to be done for these triggers, in the order in which the events came."""
        wanted = set(trigger_ids)
        rows = self.db.read("SELECT * FROM executions WHERE state = 'pending' ORDER BY id")
        return [_execution(row) for row in rows if row["trigger_id"] in wanted]

    def execution(self, execution_id: int) -> Execution:
        """An execution by its number.

        Raises:
            UnknownActionError: There is none: its action was removed.
        """
        found = self.db.read("SELECT * FROM executions WHERE id = ?", execution_id)
        if not found:
            raise UnknownActionError(f"There is no execution {execution_id}: its action was removed.")
        (row,) = found
        return _execution(row)

    def history(self, trigger_id: int | None = None, limit: int = 100) -> list[Execution]:
        """The newest executions, newest first, of one trigger or of all."""
        where, values = ("", ()) if trigger_id is None else ("WHERE trigger_id = ?", (trigger_id,))
        query = f"SELECT * FROM executions {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        return [_execution(row) for row in self.db.read(query, *values, limit)]

    def done_elsewhere(self, process: str, since: float) -> list[Execution]:
        """What other processes did, after a time (seconds since 1970), for triggers that this process armed."""
        rows = self.db.read(
            "SELECT * FROM executions WHERE state = 'succeeded' AND ended > ? AND owner != ?"
            " AND trigger_id IN (SELECT id FROM triggers WHERE armed_by = ?) ORDER BY ended",
            since,
            process,
            process,
        )
        return [_execution(row) for row in rows]

    def last_execution(self, trigger_id: int) -> Execution | None:
        """The newest execution of a trigger that was not skipped."""
        rows = self.db.read(
            "SELECT * FROM executions WHERE trigger_id = ? AND state != 'skipped' ORDER BY id DESC LIMIT 1", trigger_id
        )
        return _execution(rows[0]) if rows else None

    def causes(self, run_key: str) -> list[int]:
        """The triggers because of which a run was started, the nearest first; none for one that a person started."""
        found: list[int] = []
        while len(found) < _DEEPEST:
            rows = self.db.read(
                "SELECT trigger_id, event FROM executions WHERE run_key = ? AND state != 'skipped'", run_key
            )
            if not rows:
                break
            found.append(rows[0]["trigger_id"])
            event = json.loads(rows[0]["event"])
            run_key = f"{event['endpoint']}|{event['project']}/{event['domain']}/{event['run']}"
        return found

    def run_name(self, trigger_id: int, event_id: str) -> str:
        """The name of the run that a trigger starts because of an event."""
        (row,) = self.db.read("SELECT value FROM meta WHERE key = 'store'")
        digest = hashlib.sha256(f"{row['value']}\0{trigger_id}\0{event_id}".encode()).hexdigest()
        return f"fja{digest[:17]}"

    def forget(self, before: float) -> int:
        """Delete what ended before a time (seconds since 1970) of triggers that are not armed; returns how many."""
        with self.db.write() as connection:
            return connection.execute(
                "DELETE FROM executions WHERE ended < ?"
                " AND trigger_id IN (SELECT id FROM triggers WHERE NOT is_active)",
                (before,),
            ).rowcount

    def _is_busy(self, trigger_id: int) -> bool:
        query = "SELECT 1 FROM executions WHERE trigger_id = ? AND state IN ('pending', 'running') LIMIT 1"
        return bool(self.db.read(query, trigger_id))


def _execution(row: sqlite3.Row) -> Execution:
    return Execution.model_validate({**row, "event": json.loads(row["event"])})
