"""What a view can ask the kernel to do; each runs on the background loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flyte_jupyter.remote import InvalidArgumentError, Run, current_client, rerun
from flyte_jupyter.view._place import place_of
from flyte_jupyter.view._target import Target, target_of
from flyte_jupyter.view._views import Opening

if TYPE_CHECKING:
    from flyte_jupyter.live import Looks
    from flyte_jupyter.view._freeze import Frozen
    from flyte_jupyter.view._views import TableView, View, Views

REASON = "Aborted from a notebook."
MOST = 200  # actions or rows in one request

Params = dict[str, Any]


class Desk:
    """Does what views ask for.

    Args:
        views: the views of this kernel: a request is about something that one of them shows.
        looks: what can be looked at of actions.
        freeze: writes the output of a view anew.
    """

    def __init__(self, views: Views, looks: Looks, freeze: Callable[[View, Frozen], Awaitable[str]]) -> None:
        self._views, self._looks, self._freeze_output = views, looks, freeze
        self._methods: dict[str, Callable[[Params], Awaitable[Any]]] = {
            "abort_run": self._abort_run,
            "abort_action": self._abort_action,
            "error": self._error,
            "rerun": self._rerun,
            "signal": self._signal,
            "labels": self._labels,
            "value": self._value,
            "freeze": self._freeze,
            "open": self._open,
            "act": self._act,
            "part": self._part,
        }

    async def perform(self, method: str, params: Params) -> Any:
        """Do what a view asked for.

        Args:
            method: one of the protocol's methods.
            params: its parameters.

        Returns:
            The `result` of the reply, JSON-able.

        Raises:
            FlyteError: it cannot be done; the text is one sentence.
        """
        if method not in self._methods:
            raise InvalidArgumentError(f"This kernel does not know the request {method!r}.")
        return await self._methods[method](params)

    def _target(self, params: Params) -> Target:
        return self._views.target_by_key(_text(params, "run"))

    async def _abort_run(self, params: Params) -> None:
        await self._target(params).as_run().abort.aio(_reason(params))

    async def _abort_action(self, params: Params) -> None:
        await self._target(params).as_action(_text(params, "action")).abort.aio(_reason(params))

    async def _error(self, params: Params) -> dict[str, str]:
        run = await self._views.run_by_key(_text(params, "run"))
        return (await run.subscription.fetch_error(_text(params, "action")))._asdict()

    async def _rerun(self, params: Params) -> dict[str, str]:
        again: Run = await rerun.aio(self._target(params).as_run(), recover=params.get("recover") is True)
        view = await self._views.open(target_of(again))
        return {"view": view.id, "name": again.name}

    async def _signal(self, params: Params) -> None:
        from flyte_jupyter.remote import Condition

        value = params.get("value")
        if not isinstance(value, (bool, int, float, str)):
            raise InvalidArgumentError("A condition is signalled a yes or no, a number, or a text.")
        target = self._target(params)
        action = target.as_action(_text(params, "action"))
        await Condition(action.pb2, client=target.client).signal.aio(value)

    async def _labels(self, params: Params) -> dict[str, Any]:
        from flyte_jupyter.live import read_all_labels, read_labels, read_times

        names, untimed = _names(params, "actions"), _names(params, "times") if "times" in params else []
        # Where they are kept the record of the run finds them, too: it is to tell siblings apart as the view does.
        state = (await self._views.run_by_key(_text(params, "run"))).state
        client = self._target(params).client
        labels, timed = await asyncio.gather(read_labels(client, state, names), read_times(client, state, untimed))
        if timed:
            self._views.changed(state)
        start = params.get("from")
        if not isinstance(start, int):
            return {"labels": labels}
        others, unread = await read_all_labels(client, state, start)
        return {"labels": labels | others, "unread": unread}

    async def _value(self, params: Params) -> dict[str, Any]:
        target, path = self._target(params), params.get("path")
        if not isinstance(path, list) or not all(isinstance(step, (str, int)) for step in path):
            raise InvalidArgumentError("The request lacks its parameter 'path'.")
        first = params.get("from", 0)
        if not isinstance(first, int) or first < 0:
            raise InvalidArgumentError("The request's parameter 'from' is the number of an item, from 0.")
        return self._looks.whole(target.client, target.identifier, _text(params, "action"), path, first)

    async def _freeze(self, params: Params) -> dict[str, str]:
        from flyte_jupyter.view._freeze import Frozen

        view = self._views.get(_text(params, "view"))
        if view is None:
            raise InvalidArgumentError("This kernel shows no such view.", "Run its cell again.")
        return {"note": await self._freeze_output(view, Frozen.of(params))}

    async def _open(self, params: Params) -> dict[str, str]:
        if "row" in params:
            view = await self._views.open(self._table(params).table.target(_text(params, "row")))
        else:
            target = _target_at(_text(params, "at"), params.get("place"))
            view = await self._views.open(target, Opening.read(params.get("as")))
        return {"view": view.id, "name": view.target.name}

    async def _act(self, params: Params) -> dict[str, Any]:
        table = self._table(params).table
        reason = _reason(params)
        return {"failed": await table.perform_all(_text(params, "act"), _names(params, "rows"), reason)}

    async def _part(self, _params: Params) -> dict[str, str]:
        from flyte_jupyter.view._hub import bundle  # it imports the widgets

        return {"code": bundle("more")}

    def _table(self, params: Params) -> TableView:
        view = self._views.table(_text(params, "view"))
        if view is None:
            raise InvalidArgumentError("This kernel shows no such table.", "Run its cell again.")
        return view


def _target_at(at: str, place: Any) -> Target:
    """The run of a snapshot that another kernel wrote, over this kernel's connection."""
    client = current_client()
    if place is not None and place != place_of(client):
        raise InvalidArgumentError(
            "This snapshot is of another backend than the one that this kernel is connected to.",
            "Connect to it with %flyte_connect.",
        )
    parts = [unquote(part) for part in at.split("/")]
    if len(parts) != 3 or not all(parts):
        raise InvalidArgumentError(f"{at!r} does not name a run as PROJECT/DOMAIN/RUN.")
    project, domain, name = parts
    return Target(client, name, project, domain, client.org)


def _text(params: Params, name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidArgumentError(f"The request lacks its parameter {name!r}.")
    return value


def _names(params: Params, name: str) -> list[str]:
    value = params.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or len(value) > MOST:
        raise InvalidArgumentError(f"The request's parameter {name!r} is a list of at most {MOST} names.")
    return value


def _reason(params: Params) -> str:
    reason = params.get("reason")
    return reason if isinstance(reason, str) and reason else REASON
