"""Where the backend keeps what: one directory per user and interpreter, readable by nobody else."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import platformdirs

from flyte_jupyter.local._errors import LocalBackendError


def default_state_dir() -> Path:
    """The state directory used when none is named.

    Each interpreter has one of its own, so that kernels of different environments do not meet in one backend:
    a task runs in the interpreter of the backend that executes it.
    """
    identity = f"{sys.executable}\0{sys.version_info[:2]}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return Path(platformdirs.user_state_dir("flyte-jupyter", appauthor=False)) / "local" / digest


def component(text: str) -> str:
    """`text` as one harmless path component (no separators, never `.` or `..`)."""
    quoted = quote(text, safe="")
    return quoted.replace(".", "%2E") if quoted.strip(".") == "" else quoted


@dataclass(frozen=True)
class StateDir:
    """The files of one backend."""

    root: Path

    @classmethod
    def of(cls, path: str | os.PathLike[str] | None) -> StateDir:
        """The state directory at `path`, or the default one; nothing is created."""
        return cls(Path(path).expanduser().absolute() if path is not None else default_state_dir())

    def prepare(self) -> StateDir:
        """Create the directory with mode 0700.

        Raises:
            LocalBackendError: it cannot be created or written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.root.chmod(0o700)
            for part in (self.data, self.uploads, self.work):
                part.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):  # of no name: two may try at once
                pass
        except OSError as error:
            reason = error.strerror or error
            raise LocalBackendError(
                f"The state directory {self.root} cannot be written ({reason}).",
                "Name another one with state_dir= (or --state-dir).",
            ) from error
        return self

    @property
    def start_lock(self) -> Path:
        """Held by whoever is about to start or stop a backend here."""
        return self.root / "start.lock"

    @property
    def serve_lock(self) -> Path:
        """Held by the backend for as long as it lives."""
        return self.root / "serve.lock"

    @property
    def state_file(self) -> Path:
        """Endpoint, token, pid and interpreter of the last backend (0600)."""
        return self.root / "backend.json"

    @property
    def log(self) -> Path:
        """What the backend itself has to say."""
        return self.root / "backend.log"

    @property
    def database(self) -> Path:
        """SQLite."""
        return self.root / "state.db"

    @property
    def data(self) -> Path:
        """Inputs, outputs, reports and logs."""
        return self.root / "data"

    @property
    def uploads(self) -> Path:
        """What clients upload: code bundles, files."""
        return self.data / "uploads"

    @property
    def work(self) -> Path:
        """Working directories of attempts; kept, because File literals may point into them."""
        return self.root / "work"

    def run_base(self, project: str, domain: str, run: str) -> Path:
        """The directory of a run: inputs, outputs and errors of its actions."""
        return self.data / "runs" / component(project) / component(domain) / component(run)

    def attempt_work(self, project: str, domain: str, run: str, action: str, attempt: int) -> Path:
        """The working directory of one attempt."""
        return self.work / component(project) / component(domain) / component(run) / component(action) / str(attempt)

    def raw(self, project: str, domain: str, run: str, action: str, attempt: int) -> Path:
        """Where one attempt puts files that outputs refer to."""
        return self.data.joinpath(
            "raw", component(project), component(domain), component(run), component(action), str(attempt)
        )

    def log_file(self, project: str, domain: str, run: str, action: str, attempt: int) -> Path:
        """What one attempt printed."""
        return self.data.joinpath(
            "logs", component(project), component(domain), component(run), component(action), f"{attempt}.log"
        )
