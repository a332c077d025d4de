"""The file that holds actions: one SQLite database per user, shared by all kernels."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from flyte_jupyter.actions._errors import StoreError

DIRECTORY = "FLYTE_JUPYTER_ACTIONS_DIR"
"""Environment variable that names another directory than the user's own."""

VERSION = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE actions (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, flavor TEXT NOT NULL,
    plugin_subtype TEXT NOT NULL, configuration TEXT NOT NULL, allow TEXT NOT NULL, auth_window INTEGER NOT NULL,
    endpoint TEXT NOT NULL, account TEXT NOT NULL, consented REAL NOT NULL, created REAL NOT NULL, updated REAL NOT NULL
);
CREATE TABLE triggers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, action_id TEXT NOT NULL REFERENCES actions(id), event_filter TEXT NOT NULL,
    policy TEXT NOT NULL, is_active INTEGER NOT NULL, note TEXT NOT NULL DEFAULT '', bound TEXT NOT NULL,
    armed_by TEXT NOT NULL, replay INTEGER NOT NULL, baselined INTEGER NOT NULL DEFAULT 0, floor REAL, cursor REAL,
    followed TEXT NOT NULL DEFAULT '[]', fired INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0,
    last_fired REAL, created REAL NOT NULL
);
CREATE INDEX triggers_by_action ON triggers(action_id);
CREATE TABLE seen (
    trigger_id INTEGER NOT NULL REFERENCES triggers(id) ON DELETE CASCADE, event_id TEXT NOT NULL,
    PRIMARY KEY (trigger_id, event_id)
) WITHOUT ROWID;
CREATE TABLE executions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, trigger_id INTEGER NOT NULL REFERENCES triggers(id) ON DELETE CASCADE,
    event_id TEXT NOT NULL, event TEXT NOT NULL, state TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
    repeated INTEGER NOT NULL DEFAULT 0, next_at REAL, created REAL NOT NULL, started REAL, ended REAL,
    result TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', run_key TEXT NOT NULL,
    launched TEXT NOT NULL DEFAULT '', owner TEXT NOT NULL DEFAULT '', UNIQUE (trigger_id, event_id)
);
CREATE INDEX executions_by_state ON executions(state) WHERE state IN ('pending', 'running');
CREATE INDEX executions_by_run ON executions(run_key);
CREATE TABLE processes (id TEXT PRIMARY KEY, heartbeat REAL NOT NULL);
CREATE TABLE leases (scope TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch INTEGER NOT NULL, expires REAL NOT NULL);
INSERT INTO meta VALUES ('store', lower(hex(randomblob(16))));
"""


def default_path() -> Path:
    """Where the user's actions are kept."""
    named = os.environ.get(DIRECTORY)
    if named:
        return Path(named).expanduser().absolute() / "actions.db"
    import platformdirs

    return Path(platformdirs.user_state_dir("flyte-jupyter", appauthor=False)) / "actions" / "actions.db"


class Database:
    """One connection to the file, for all threads of a process, one at a time.

    Args:
        path: The file; made with its directory, readable by the user alone, where it is not there.

    Raises:
        StoreError: It cannot be made, opened or written, or a later version of flyte-jupyter wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"The file with the actions, {path}, cannot be used: {error}.",
                f"Name another directory with {DIRECTORY}.",
            ) from None

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        with self.write() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise StoreError(f"The file with the actions, {self.path}, is of a later version of flyte-jupyter.")
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else writes beside: all of it happens, or nothing."""
        with self._lock:
            if self._connection.in_transaction:  # part of a larger one
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def read(self, query: str, *values: object) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def change(self) -> int:
        """A number that is another one after somebody, here or elsewhere, wrote."""
        with self._lock:
            (theirs,) = self._connection.execute("PRAGMA data_version").fetchone()
            return hash((theirs, self._connection.total_changes))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def has_armed() -> bool:
    """Whether the user has armed actions, found out without making anything."""
    path = default_path()
    if not path.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            return connection.execute("SELECT 1 FROM triggers WHERE is_active LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return False
