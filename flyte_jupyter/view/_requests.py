"""What a view can ask the kernel to do; each runs on the background loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from flyteidl2.common.identifier_pb2 import ActionIdentifier
from flyteidl2.workflow import run_definition_pb2 as definition

from flyte_jupyter.remote import Action, InvalidArgumentError, Run

if TYPE_CHECKING:
    from flyte_jupyter.view._views import Views, WatchedRun

REASON = "Aborted from a notebook."


async def perform(views: Views, method: str, params: dict[str, Any]) -> Any:
    """Do what a view asked for.

    Args:
        views: the views of this kernel: a request is about a run that one of them shows.
        method: one of the protocol's methods.
        params: its parameters.

    Returns:
        The `result` of the reply, JSON-able.

    Raises:
        FlyteError: it cannot be done; the text is one sentence.
    """
    if method not in _METHODS:
        raise InvalidArgumentError(f"This kernel does not know the request {method!r}.")
    run = await views.run_by_key(_text(params, "run"))
    if run is None:
        raise InvalidArgumentError("This kernel shows no such run; run its cell again.")
    return await _METHODS[method](run, params)


async def _abort_run(watched: WatchedRun, params: dict[str, Any]) -> None:
    action = definition.Action(id=ActionIdentifier(run=watched.target.identifier, name="a0"))
    await Run(definition.Run(action=action), client=watched.target.client).abort.aio(_reason(params))


async def _abort_action(watched: WatchedRun, params: dict[str, Any]) -> None:
    action = definition.Action(id=ActionIdentifier(run=watched.target.identifier, name=_text(params, "action")))
    await Action(action, client=watched.target.client).abort.aio(_reason(params))


async def _error(watched: WatchedRun, params: dict[str, Any]) -> dict[str, str]:
    return (await watched.subscription.fetch_error(_text(params, "action")))._asdict()


_METHODS: dict[str, Callable[[WatchedRun, dict[str, Any]], Awaitable[Any]]] = {
    "abort_run": _abort_run,
    "abort_action": _abort_action,
    "error": _error,
}


def _text(params: dict[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidArgumentError(f"The request lacks its parameter {name!r}.")
    return value


def _reason(params: dict[str, Any]) -> str:
    reason = params.get("reason")
    return reason if isinstance(reason, str) and reason else REASON
