"""One attempt of a task: a process of its own, and what became of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from flyteidl2.core import execution_pb2, tasks_pb2
from google.protobuf.message import DecodeError

from flyte_jupyter.local._launch import Launcher, LaunchSpec, Process
from flyte_jupyter.local._model import Action
from flyte_jupyter.local._paths import StateDir

Error = execution_pb2.ExecutionError
RECOVERABLE = execution_pb2.ContainerError.RECOVERABLE
NON_RECOVERABLE = execution_pb2.ContainerError.NON_RECOVERABLE
_TAIL_BYTES = 4096
_TAIL_LINES = 20
# What would point the SDK inside a task at another backend than this one, and what tells of the kernel or terminal of
# whoever started the backend.
_LEAKS = re.compile(
    r"UCTL_CONFIG|FLYTECTL_CONFIG|_?(FLYTE|UNION|UNION_EAGER|EAGER)_API_KEY|FLYTE_AUTH_.*|FLYTE_INTERNAL_.*|_U_.*"
    r"|JPY_.*|FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE"
)


@dataclass(frozen=True)
class Site:
    """Where attempts run: what every process needs to know of the backend."""

    paths: StateDir
    endpoint: str

    def prefix(self, action: Action, attempt: int) -> Path:
        """The output directory of one attempt."""
        return Path(action.run.base) / action.name / str(attempt)

    def log(self, action: Action, attempt: int) -> Path:
        """The log file of one attempt."""
        return self.paths.log_file(*action.run.key, action.name, attempt)


def own_environment() -> dict[str, str]:
    """What tasks inherit of the backend's environment."""
    return {
        name: value
        for name, value in os.environ.items()
        if not _LEAKS.fullmatch(name) and not (name == "MPLBACKEND" and value.startswith("module://"))
    }


def launch_spec(
    site: Site, action: Action, attempt: int, secrets: dict[str, str], python_path: list[str]
) -> LaunchSpec:
    """How to start attempt `attempt` of `action`: its directories are created, placeholders in its arguments filled."""
    run = action.run
    prefix = site.prefix(action, attempt)
    work = site.paths.attempt_work(*run.key, action.name, attempt)
    raw = site.paths.raw(*run.key, action.name, attempt)
    log = site.log(action, attempt)
    for directory in (prefix, work, raw, log.parent):
        directory.mkdir(parents=True, exist_ok=True)
    template = _container(action)
    values = {
        "{{.input}}": action.input_uri if action.input_uri.endswith(".pb") else f"{action.input_uri}/inputs.pb",
        "{{.outputPrefix}}": str(prefix),
        "{{.rawOutputDataPrefix}}": _raw_prefix(action, attempt) or str(raw),
        "{{.checkpointOutputPrefix}}": str(prefix / "_flytecheckpoints"),
        "{{.prevCheckpointPrefix}}": str(site.prefix(action, attempt - 1) / "_flytecheckpoints") if attempt > 1 else "",
        "{{.runName}}": run.key.name,
        "{{.actionName}}": action.name,
        "{{.runStartTime}}": run.spec.run_start_time.ToJsonString(),
    }
    env = own_environment()
    env.update({pair.key: pair.value for pair in run.spec.envs.values})
    env.update({pair.key: pair.value for pair in template.env})
    env.update(secrets)
    inherited = [part for part in env.pop("PYTHONPATH", "").split(":") if part]
    env.update(
        ACTION_NAME=action.name,
        RUN_NAME=run.key.name,
        FLYTE_INTERNAL_EXECUTION_PROJECT=run.key.project,
        FLYTE_INTERNAL_EXECUTION_DOMAIN=run.key.domain,
        _U_ORG_NAME=run.id.org or "local",  # the runtime insists on one
        _U_RUN_BASE=run.base,
        _U_EP_OVERRIDE=site.endpoint,
        _U_INSECURE="true",
        _U_USE_ACTIONS="1",  # conditions exist on this protocol only
        FLYTE_ATTEMPT_NUMBER=str(attempt - 1),
        FSSPEC_FILE=json.dumps({"auto_mkdir": True}),  # else a child's inputs cannot be written
        PYTHONUNBUFFERED="1",
    )
    return LaunchSpec(
        args=[_fill(arg, values) for arg in list(template.args)[1:]],
        env=env,
        cwd=work,
        log=log,
        python_path=[*inherited, *(path for path in python_path if path not in inherited)],
    )


def _container(action: Action) -> tasks_pb2.Container:
    assert action.spec is not None
    return action.spec.task_template.container


def _raw_prefix(action: Action, attempt: int) -> str:
    prefix = action.run.spec.raw_data_storage.raw_data_prefix.rstrip("/")
    return f"{prefix}/{action.run.key.name}/{action.name}/{attempt}" if prefix else ""


def _fill(text: str, values: dict[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


async def launch(launcher: Launcher, spec: LaunchSpec) -> Process:
    """Start the process; it does not survive a cancellation that comes meanwhile."""
    starting = asyncio.ensure_future(launcher.launch(spec))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_terminate_late)
        raise


_late: set[asyncio.Task[None]] = set()


def _terminate_late(starting: asyncio.Future[Process]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        task = asyncio.ensure_future(starting.result().terminate())
        _late.add(task)
        task.add_done_callback(_late.discard)


def outcome(prefix: Path, log: Path, returncode: int) -> Error | None:
    """What an attempt that ended by itself came to; None is success.

    The runtime exits with 0 on failure too and writes error.pb.
    """
    try:
        data = (prefix / "error.pb").read_bytes()
    except FileNotFoundError:
        return None if returncode == 0 else system_error(exit_reason(returncode), log)
    try:
        error = execution_pb2.ErrorDocument.FromString(data).error
    except DecodeError:
        return system_error(f"The task left an error that cannot be read; its {exit_reason(returncode)}", log)
    return Error(
        code=error.code,
        message=error.message,
        kind=error.origin,
        recoverability=error.kind,
        error_uri=str(prefix / "error.pb"),
    )


def exit_reason(returncode: int) -> str:
    """How a process ended, in words."""
    if returncode >= 0:
        return f"process exited with {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = str(-returncode)
    return f"process was killed by signal {name}"


def system_error(
    reason: str, log: Path | None = None, *, code: str = "ProcessExited", recoverable: bool = True
) -> Error:
    """An error of the machinery around a task, with the end of its log."""
    tail = log_tail(log) if log is not None else ""
    return Error(
        code=code,
        message=f"{reason}\n{tail}".strip(),
        kind=Error.SYSTEM,
        recoverability=RECOVERABLE if recoverable else NON_RECOVERABLE,
    )


def log_tail(log: Path) -> str:
    """The last lines of a log."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_TAIL_LINES:])


def retry_delay(metadata: tasks_pb2.TaskMetadata, retry: int) -> float:
    """Seconds to wait before retry number `retry` (from 0)."""
    backoff = metadata.retries.backoff
    base = backoff.base.ToTimedelta().total_seconds()
    if not base:
        return 0.0
    cap = backoff.cap.ToTimedelta().total_seconds()
    try:
        delay = base * (backoff.factor if backoff.HasField("factor") else 1.0) ** retry
    except OverflowError:
        return cap
    return min(delay, cap) if cap else delay
