"""Inputs that come from the event: "outputs.o0", "inputs.x", "event.run"; everything else is what it is."""

from __future__ import annotations

import re
from typing import Any

from flyte_jupyter.actions._errors import ActionsError
from flyte_jupyter.actions._events import BaseEvent
from flyte_jupyter.remote import Action, Client

_REFERENCE = re.compile(r"(outputs|inputs|event)\.([A-Za-z_]\w*)")
EVENT = ("run", "action", "task", "project", "domain", "phase", "error", "line", "condition", "prompt", "words")


def check(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs, if what they take from the event is there.

    Raises:
        ValueError: An event has no such thing.
    """
    for name, value in inputs.items():
        found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if found is not None and found.group(1) == "event" and found.group(2) not in EVENT:
            raise ValueError(f"{name}: an event has no {found.group(2)}; it has {', '.join(EVENT)}")
    return inputs


async def evaluate(inputs: dict[str, Any], event: BaseEvent, client: Client) -> dict[str, Any]:
    """The values of the inputs. Text in double quotes within the text stands for itself: '"outputs.o0"'.

    Args:
        inputs: Values, some of them references.
        event: The event; inputs and outputs are those of its action (DataProxyService.GetActionData).
        client: The connection, with the event's project and domain.

    Raises:
        ActionsError: The action has no such input or output.
        FlyteError: The backend does not answer, or the action is not over.
    """
    sources: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, value in inputs.items():
        found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            quoted = isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"'
            values[name] = value[1:-1] if quoted else value
        elif found.group(1) == "event":
            values[name] = getattr(event, found.group(2), "")
        else:
            kind = found.group(1)
            if kind not in sources:
                sources[kind] = await _read(kind, event, client)
            values[name] = _pick(sources[kind], kind, found.group(2), event)
    return values


async def _read(kind: str, event: BaseEvent, client: Client) -> Any:
    action = await Action.get.aio(run_name=event.run, name=event.action, client=client)
    return await (action.outputs.aio() if kind == "outputs" else action.inputs.aio())


def _pick(source: Any, kind: str, name: str, event: BaseEvent) -> Any:
    named = dict(source) if kind == "inputs" else source.named_outputs
    if name not in named:
        known = ", ".join(named) or "none"
        raise ActionsError(f"{event.where} has no {kind}.{name}; its {kind} are {known}.")
    return named[name]
