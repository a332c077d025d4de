"""SQLite: what survives the backend.

All access happens on the event loop. Changes of actions are collected and written in one transaction a few
milliseconds later; `flush` writes them at once, and every answer that promises something (CreateRun first of all) is
sent after it. A committed transaction is in the operating system's hands: a killed backend loses nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from flyteidl2.common import identifier_pb2
from flyteidl2.core import execution_pb2, literals_pb2
from flyteidl2.task import run_pb2, task_definition_pb2

from flyte_jupyter.local import _schema
from flyte_jupyter.local._errors import LocalBackendError
from flyte_jupyter.local._model import Action, Run, RunKey, to_us
from flyte_jupyter.local._notify import Topic

_FLUSH_AFTER = 0.02
_SPECS_KEPT = 256

_ACTION_COLUMNS = (
    "project", "domain", "run", "name", "parent", "grp", "action_type", "phase", "attempts", "run_source", "created_by",
    "trigger_name", "trigger_task_name", "trigger_revision", "task_project", "task_domain", "task_name", "task_version",
    "function_name", "environment_name", "created_at", "updated_at", "ended_at", "duration_ms", "input_uri",
    "output_uri", "cache_key", "spec_digest", "details", "error", "value",
)  # fmt: skip
_KEY_COLUMNS = ("project", "domain", "run", "name")
_UPSERT = (
    f"INSERT INTO actions ({', '.join(_ACTION_COLUMNS)}) VALUES ({', '.join('?' * len(_ACTION_COLUMNS))}) "  # noqa: S608
    f"ON CONFLICT ({', '.join(_KEY_COLUMNS)}) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _ACTION_COLUMNS if column not in _KEY_COLUMNS)
)


class Store:
    """The database of one state directory."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)  # secrets are in it
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._db.executescript(f"BEGIN; {_schema.SCHEMA}; PRAGMA user_version = {_schema.VERSION}; COMMIT")
        except sqlite3.Error as error:
            raise LocalBackendError(
                f"The database {path} cannot be opened ({error}).", "Use another state directory."
            ) from error
        if version not in (0, _schema.VERSION):
            raise LocalBackendError(
                f"The state in {path.parent} was written by another version of flyte-jupyter (format {version}).",
                "Use another state directory.",
            )
        self._dirty: dict[Action, None] = {}
        self._specs: OrderedDict[str, task_definition_pb2.TaskSpec] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Write what is left and close the database."""
        self.flush()
        self._db.close()

    # --- anything ---------------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """One statement, committed at once."""
        self._db.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query, with everything written that was to be written."""
        self.flush()
        return self._db.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row of a query."""
        return next(iter(self.rows(sql, parameters)), None)

    # --- runs and actions -------------------------------------------------------------------------

    def save(self, action: Action) -> None:
        """Have `action` written soon."""
        self._dirty[action] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_AFTER, self.flush)

    def add_run(self, run: Run) -> None:
        """Write a run with its actions; durable when this returns."""
        self._db.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *run.key,
                run.id.org,
                run.base,
                run.created,
                run.spec.SerializeToString(),
                json.dumps(dict(run.spec.labels.values)),
            ),
        )
        for action in run.actions.values():
            self._dirty[action] = None
        self.flush()

    def flush(self) -> None:
        """Write all changes in one transaction; durable when this returns."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._dirty:
            return
        actions, self._dirty = list(self._dirty), {}
        self._db.execute("BEGIN")
        try:
            self._db.executemany(_UPSERT, [self._values(action) for action in actions])
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _values(self, action: Action) -> tuple[Any, ...]:
        details, metadata, status = action.details, action.details.metadata, action.details.status
        task, trigger = metadata.task.id, metadata.trigger_id
        return (
            *action.run.key, action.name, action.parent.name if action.parent else None, metadata.group,
            metadata.action_type, status.phase, status.attempts, metadata.source, metadata.executed_by.user.id.subject,
            metadata.trigger_name, trigger.name.task_name, trigger.revision, task.project, task.domain, task.name,
            task.version, metadata.funtion_name, metadata.environment_name, action.created, action.updated,
            to_us(status.end_time) if status.HasField("end_time") else None,
            status.duration_ms if status.HasField("duration_ms") else None,
            action.input_uri, action.output_uri, action.cache_key, action.spec_digest, details.SerializeToString(),
            action.error.SerializeToString() if action.error is not None else None,
            action.value.SerializeToString() if action.value is not None else None,
        )  # fmt: skip

    def intern(self, spec: task_definition_pb2.TaskSpec) -> tuple[str, task_definition_pb2.TaskSpec]:
        """Keep a task spec once, however many actions have it.

        Returns:
            Its digest, and an equal message that is shared and must not be changed.
        """
        data = spec.SerializeToString(deterministic=True)
        digest = hashlib.sha256(data).hexdigest()
        shared = self._specs.get(digest)
        if shared is None:
            self._db.execute("INSERT OR IGNORE INTO specs VALUES (?, ?)", (digest, data))
            shared = self._specs[digest] = task_definition_pb2.TaskSpec.FromString(data)
            if len(self._specs) > _SPECS_KEPT:
                self._specs.popitem(last=False)
        self._specs.move_to_end(digest)
        return digest, shared

    def load_run(self, key: RunKey) -> Run | None:
        """A run with all its actions, or None."""
        row = self.row("SELECT * FROM runs WHERE project = ? AND domain = ? AND run = ?", key)
        if row is None:
            return None
        run_id = identifier_pb2.RunIdentifier(org=row["org"], project=key.project, domain=key.domain, name=key.name)
        run = Run(run_id, run_pb2.RunSpec.FromString(row["run_spec"]), row["base"], Topic())
        run.created = row["created_at"]
        specs: dict[str, task_definition_pb2.TaskSpec] = {}
        for item in self._db.execute(
            "SELECT a.*, s.spec AS spec FROM actions a LEFT JOIN specs s ON s.digest = a.spec_digest "
            "WHERE project = ? AND domain = ? AND run = ? ORDER BY seq",
            key,
        ):
            action = Action(run, item["name"], run.actions.get(item["parent"]), item["created_at"])
            action.details.ParseFromString(item["details"])
            action.updated = item["updated_at"]
            action.input_uri, action.output_uri, action.cache_key = (
                item["input_uri"],
                item["output_uri"],
                item["cache_key"],
            )
            if item["error"] is not None:
                action.error = execution_pb2.ExecutionError.FromString(item["error"])
            if item["value"] is not None:
                action.value = literals_pb2.Literal.FromString(item["value"])
            digest = item["spec_digest"]
            if digest is not None:
                if digest not in specs:
                    specs[digest] = task_definition_pb2.TaskSpec.FromString(item["spec"])
                action.spec, action.spec_digest = specs[digest], digest
            run.attach(action)
        return run

    def unfinished(self) -> list[RunKey]:
        """The runs that have an action which is not over."""
        return [
            RunKey(*row)
            for row in self._db.execute(
                "SELECT DISTINCT project, domain, run FROM actions WHERE phase NOT IN (5, 6, 7, 8, 10)"
            )
        ]

    def count_runs(self) -> int:
        """How many runs there are."""
        return self._db.execute("SELECT count(*) FROM runs").fetchone()[0]

    # --- cache ------------------------------------------------------------------------------------

    def cached(self, project: str, domain: str, key: str) -> tuple[str, int] | None:
        """Output prefix and time (µs) of a cached execution."""
        row = self.row(
            "SELECT output_uri, created_at FROM cache WHERE project = ? AND domain = ? AND key = ?",
            (project, domain, key),
        )
        return (row["output_uri"], row["created_at"]) if row else None

    def remember(self, project: str, domain: str, key: str, output_uri: str, at: int) -> None:
        """Cache an execution's outputs, over what was there."""
        self.execute("INSERT OR REPLACE INTO cache VALUES (?, ?, ?, ?, ?)", (project, domain, key, output_uri, at))


def placeholders(values: Iterable[object]) -> Iterator[str]:
    """A `?` for each value."""
    return ("?" for _ in values)
