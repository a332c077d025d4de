"""Which processes live, and which of them dispatches."""

from __future__ import annotations

import functools
import os
import secrets
import socket

from flyte_jupyter.actions._rows_actions import ActionRows

SILENCE = 15.0
"""Seconds without a sign of life after which a process counts as dead."""


@functools.cache
def process_id() -> str:
    """This process, as "HOST:PID:RANDOM"."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class ProcessRows(ActionRows):
    """Signs of life and leases. A scope (backend and account) has one dispatcher: the process that holds its lease."""

    def beat(self, process: str) -> None:
        """A sign of life of a process; forgets those that have been dead for a day."""
        now = self.now()
        with self.db.write() as connection:
            connection.execute("INSERT OR REPLACE INTO processes VALUES (?, ?)", (process, now))
            connection.execute("DELETE FROM processes WHERE heartbeat < ?", (now - 86400,))

    def leave(self, process: str) -> None:
        """A process ends: others need not wait for its silence."""
        with self.db.write() as connection:
            connection.execute("DELETE FROM processes WHERE id = ?", (process,))
            connection.execute("DELETE FROM leases WHERE holder = ?", (process,))

    def is_alive(self, process: str) -> bool:
        """Whether a process has shown a sign of life lately, and was not seen dead."""
        rows = self.db.read("SELECT heartbeat FROM processes WHERE id = ?", process)
        return bool(rows) and self.now() - rows[0]["heartbeat"] < SILENCE and not _is_gone(process)

    def acquire(self, scope: str, process: str) -> int | None:
        """The epoch of the lease of a scope, if this process has or gets it.

        It gets it where nobody has it, or whoever had it is dead or silent.
        """
        now = self.now()
        with self.db.write() as connection:
            rows = self.db.read("SELECT * FROM leases WHERE scope = ?", scope)
            if rows and rows[0]["holder"] != process and now < rows[0]["expires"] and not _is_gone(rows[0]["holder"]):
                return None
            epoch = rows[0]["epoch"] if rows and rows[0]["holder"] == process else (rows[0]["epoch"] + 1 if rows else 1)
            connection.execute(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?)", (scope, process, epoch, now + SILENCE)
            )
            return epoch

    def holds(self, process: str, scope: str, epoch: int) -> bool:
        """Whether a process still has the lease that it got."""
        rows = self.db.read(
            "SELECT expires FROM leases WHERE scope = ? AND holder = ? AND epoch = ?", scope, process, epoch
        )
        return bool(rows) and self.now() < rows[0]["expires"]

    def holder(self, scope: str) -> str:
        """The process that dispatches for a scope, "" for none."""
        rows = self.db.read("SELECT holder FROM leases WHERE scope = ? AND expires > ?", scope, self.now())
        return rows[0]["holder"] if rows and not _is_gone(rows[0]["holder"]) else ""

    def is_served(self, endpoint: str) -> bool:
        """Whether a process dispatches for a backend, whoever it is there."""
        rows = self.db.read("SELECT scope, holder FROM leases WHERE expires > ?", self.now())
        return any(row["scope"].partition("|")[0] == endpoint and not _is_gone(row["holder"]) for row in rows)


def _is_gone(process: str) -> bool:
    """Whether a process of this machine is known to have ended."""
    host, pid, _ = process.rsplit(":", 2)
    if host != socket.gethostname() or os.name == "nt":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
