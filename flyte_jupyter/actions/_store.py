"""The store: everything of the file, behind one class."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from flyte_jupyter.actions._db import Database, default_path
from flyte_jupyter.actions._rows_executions import ExecutionRows


class Store(ExecutionRows):
    """Actions, triggers, executions, processes and leases in a file that all kernels of a user share.

    Every method may be called on any thread, and is one transaction.

    Args:
        path: The file; the user's own if not given.
        now: The clock, in seconds since 1970.

    Raises:
        StoreError: The file cannot be used.
    """

    def __init__(self, path: Path | None = None, now: Callable[[], float] = time.time) -> None:
        super().__init__(Database(path or default_path()), now)

    def close(self) -> None:
        """Close the file."""
        self.db.close()


_lock = threading.Lock()
_store: Store | None = None


def user_store() -> Store:
    """The user's own store, opened once per process.

    Raises:
        StoreError: The file cannot be used.
    """
    global _store
    with _lock:
        if _store is None:
            _store = Store()
        return _store
