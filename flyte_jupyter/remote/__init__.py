"""The Flyte 2 client: connections, runs and actions, over gRPC and Connect.

Every method blocks when called and awaits with `.aio()`, from any event loop and thread.

Example:
    >>> from flyte_jupyter import remote
    >>> client = remote.connect("localhost:30080")  # doctest: +SKIP
    >>> for run in remote.Run.listall(in_phase=("failed",), limit=5):
    ...     print(run.name, run.phase.value)
    r2 failed
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flyte_jupyter.remote import _methods as methods
    from flyte_jupyter.remote._action import Action
    from flyte_jupyter.remote._auth import auth_metadata
    from flyte_jupyter.remote._channel import create_channel
    from flyte_jupyter.remote._client import Client, current_client, set_current_client
    from flyte_jupyter.remote._code import CodeBundle
    from flyte_jupyter.remote._condition import Condition
    from flyte_jupyter.remote._connect import connect
    from flyte_jupyter.remote._data import ActionInputs, ActionOutputs
    from flyte_jupyter.remote._details import ActionDetails
    from flyte_jupyter.remote._dual import dual, dual_function
    from flyte_jupyter.remote._endpoint import Endpoint
    from flyte_jupyter.remote._errors import (
        AlreadyExistsError,
        AlreadyFinishedError,
        ConnectionFailedError,
        DeadlineExceededError,
        FlyteError,
        InvalidArgumentError,
        NotConnectedError,
        NotFinishedError,
        NotFoundError,
        PermissionDeniedError,
        RunAbortedError,
        RunFailedError,
        RunTimedOutError,
        ServerError,
        UnauthenticatedError,
        UnavailableError,
        UnimplementedError,
    )
    from flyte_jupyter.remote._interface import Interface, Parameter, interface_of, type_name
    from flyte_jupyter.remote._listing import TimeFilter
    from flyte_jupyter.remote._logs import LogBatch, LogPlace, log_batches
    from flyte_jupyter.remote._loop import BackgroundLoop, background
    from flyte_jupyter.remote._methods import Method
    from flyte_jupyter.remote._phase import TERMINAL_PHASES, ActionPhase, PhaseTransition
    from flyte_jupyter.remote._progress import set_wait_display
    from flyte_jupyter.remote._project import Project
    from flyte_jupyter.remote._rerun import rerun
    from flyte_jupyter.remote._run import Run
    from flyte_jupyter.remote._run_details import RunDetails
    from flyte_jupyter.remote._secret import Secret
    from flyte_jupyter.remote._task import Task, TaskVersion
    from flyte_jupyter.remote._task_details import TaskDetails
    from flyte_jupyter.remote._task_lazy import LazyEntity
    from flyte_jupyter.remote._task_override import Cache
    from flyte_jupyter.remote._trigger import Trigger
    from flyte_jupyter.remote._trigger_details import TriggerDetails
    from flyte_jupyter.remote._upload import upload_dir, upload_file
    from flyte_jupyter.remote._user import User
    from flyte_jupyter.remote._values import DatasetRef, ErrorValue, FileRef, OffloadedRef, OpaqueValue

__all__ = [
    "TERMINAL_PHASES",
    "Action",
    "ActionDetails",
    "ActionInputs",
    "ActionOutputs",
    "ActionPhase",
    "AlreadyExistsError",
    "AlreadyFinishedError",
    "BackgroundLoop",
    "Cache",
    "Client",
    "CodeBundle",
    "Condition",
    "ConnectionFailedError",
    "DatasetRef",
    "DeadlineExceededError",
    "Endpoint",
    "ErrorValue",
    "FileRef",
    "FlyteError",
    "Interface",
    "InvalidArgumentError",
    "LazyEntity",
    "LogBatch",
    "LogPlace",
    "Method",
    "NotConnectedError",
    "NotFinishedError",
    "NotFoundError",
    "OffloadedRef",
    "OpaqueValue",
    "Parameter",
    "PermissionDeniedError",
    "PhaseTransition",
    "Project",
    "Run",
    "RunAbortedError",
    "RunDetails",
    "RunFailedError",
    "RunTimedOutError",
    "Secret",
    "ServerError",
    "Task",
    "TaskDetails",
    "TaskVersion",
    "TimeFilter",
    "Trigger",
    "TriggerDetails",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "User",
    "auth_metadata",
    "background",
    "connect",
    "create_channel",
    "current_client",
    "dual",
    "dual_function",
    "interface_of",
    "log_batches",
    "methods",
    "rerun",
    "set_current_client",
    "set_wait_display",
    "type_name",
    "upload_dir",
    "upload_file",
]

_HOMES = {
    "Action": "_action",
    "ActionDetails": "_details",
    "ActionInputs": "_data",
    "ActionOutputs": "_data",
    "ActionPhase": "_phase",
    "AlreadyExistsError": "_errors",
    "AlreadyFinishedError": "_errors",
    "BackgroundLoop": "_loop",
    "Cache": "_task_override",
    "Client": "_client",
    "CodeBundle": "_code",
    "Condition": "_condition",
    "ConnectionFailedError": "_errors",
    "DatasetRef": "_values",
    "DeadlineExceededError": "_errors",
    "Endpoint": "_endpoint",
    "ErrorValue": "_values",
    "FileRef": "_values",
    "FlyteError": "_errors",
    "Interface": "_interface",
    "InvalidArgumentError": "_errors",
    "LazyEntity": "_task_lazy",
    "LogBatch": "_logs",
    "LogPlace": "_logs",
    "Method": "_methods",
    "NotConnectedError": "_errors",
    "NotFinishedError": "_errors",
    "NotFoundError": "_errors",
    "OffloadedRef": "_values",
    "OpaqueValue": "_values",
    "Parameter": "_interface",
    "PermissionDeniedError": "_errors",
    "PhaseTransition": "_phase",
    "Project": "_project",
    "Run": "_run",
    "RunAbortedError": "_errors",
    "RunDetails": "_run_details",
    "RunFailedError": "_errors",
    "RunTimedOutError": "_errors",
    "Secret": "_secret",
    "ServerError": "_errors",
    "TERMINAL_PHASES": "_phase",
    "Task": "_task",
    "TaskDetails": "_task_details",
    "TaskVersion": "_task",
    "TimeFilter": "_listing",
    "Trigger": "_trigger",
    "TriggerDetails": "_trigger_details",
    "UnauthenticatedError": "_errors",
    "UnavailableError": "_errors",
    "UnimplementedError": "_errors",
    "User": "_user",
    "auth_metadata": "_auth",
    "background": "_loop",
    "connect": "_connect",
    "create_channel": "_channel",
    "current_client": "_client",
    "dual": "_dual",
    "dual_function": "_dual",
    "interface_of": "_interface",
    "log_batches": "_logs",
    "rerun": "_rerun",
    "set_current_client": "_client",
    "set_wait_display": "_progress",
    "type_name": "_interface",
    "upload_dir": "_upload",
    "upload_file": "_upload",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: most programs need a few of them."""
    if name == "methods":
        value: Any = import_module(f"{__name__}._methods")
    elif name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
