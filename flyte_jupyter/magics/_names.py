"""Names for completion: asked of the backend, in little time, and kept for a moment, for Tab is pressed often."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from flyte_jupyter import remote, view

_SECONDS = 1.5  # that a completion may take
_KEPT = 10.0  # seconds for which names are kept
_MOST = 100

_kept: dict[tuple[str, ...], tuple[float, list[str]]] = {}


def runs() -> list[str]:
    """Runs that this kernel has shown, and the newest of the project."""

    async def read(client: Any) -> list[str]:
        listed = remote.Run.listall.aio(sort_by=("created_at", "desc"), limit=_MOST, client=client)
        return [run.name async for run in listed]

    shown = [key.rpartition("/")[2] for key in sorted(view.shown_runs())]
    return list(dict.fromkeys(shown + _asked("runs", read)))


def actions(run: str) -> list[str]:
    """The actions of a run."""

    async def read(client: Any) -> list[str]:
        return [one.name async for one in remote.Action.listall.aio(run, limit=_MOST, client=client)]

    return _asked("actions", read, run)


def conditions(run: str) -> list[str]:
    """The conditions of a run that wait for an answer; by their actions where several have one name."""

    async def read(client: Any) -> list[str]:
        listed = remote.Condition.listall.aio(run, limit=_MOST, client=client)
        found = [(one.name, one.action_name) async for one in listed if not one.done()]
        names = [name for name, _ in found]
        return [name if names.count(name) == 1 else action for name, action in found]

    return _asked("conditions", read, run)


def tasks() -> list[str]:
    """The tasks of the project."""

    async def read(client: Any) -> list[str]:
        return [task.name async for task in remote.Task.listall.aio(limit=_MOST, client=client)]

    return _asked("tasks", read)


def projects() -> list[str]:
    """The projects of the backend."""

    async def read(client: Any) -> list[str]:
        return [one.id async for one in remote.Project.listall.aio(limit=_MOST, client=client)]

    return _asked("projects", read)


def domains() -> list[str]:
    """The domains of the connection's project."""

    async def read(client: Any) -> list[str]:
        return (await remote.Project.get.aio(client.project, client=client)).domains

    return _asked("domains", read)


def _asked(what: str, read: Callable[[Any], Awaitable[list[str]]], *more: str) -> list[str]:
    """The names as the backend has them now; none where it cannot be asked, or is slow."""
    import asyncio

    try:
        client = remote.current_client()
    except remote.FlyteError:
        return []
    key = (what, client.endpoint.authority, client.project, client.domain, *more)
    known = _kept.get(key)
    if known is not None and time.monotonic() - known[0] < _KEPT:
        return known[1]

    async def ask() -> list[str]:
        return await asyncio.wait_for(read(client), _SECONDS)

    try:
        names = remote.background().run(ask())
    except (remote.FlyteError, asyncio.TimeoutError):
        return []
    if len(_kept) >= _MOST:
        _kept.clear()
    _kept[key] = (time.monotonic(), names)
    return names
