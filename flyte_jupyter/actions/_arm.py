"""Arming: an action is made, what it may do is asked, and a trigger waits for events."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from flyte_jupyter.actions._callables import keep_function
from flyte_jupyter.actions._errors import InvalidConfigurationError, NotAllowedError
from flyte_jupyter.actions._filter import EventFilter, Policy
from flyte_jupyter.actions._handler import complaints
from flyte_jupyter.actions._models import DEFAULT_AUTH_WINDOW, ActionConfig, ActionRequest, Permission
from flyte_jupyter.actions._place import placed
from flyte_jupyter.actions._service import Service, service
from flyte_jupyter.actions._trigger import standing
from flyte_jupyter.remote import background

if TYPE_CHECKING:
    from flyte_jupyter.actions._flavor import BaseActionFlavor
    from flyte_jupyter.actions._trigger import Trigger
    from flyte_jupyter.remote import Client

Ask = Callable[[str], bool]

armed_here: list[int] = []
"""The numbers of what was armed in this process, in the order in which it was."""

_ALIKE = ("flavor", "plugin_subtype", "configuration", "endpoint", "account")
_SETTLE = 15.0
_LONGEST_WINDOW = 24.0 * 365 * 100
_LOG_COOLDOWN = 60.0


def ask_person(question: str) -> bool:
    """Ask whoever sits at the notebook or the terminal.

    Raises:
        NotAllowedError: Nobody can be asked.
    """
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, RuntimeError, OSError):
        raise NotAllowedError(
            "Nobody can be asked what the action may do.",
            "Say it: --yes in the magic, allow=[...] in Python.",
        ) from None


def policy_of(settings: dict[str, Any], event_filter: EventFilter) -> Policy:
    """The policy of these settings; lines of a log fire once a minute where nothing else is said.

    Raises:
        InvalidConfigurationError: They make no sense.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    if event_filter.kind == "log" and not {"max", "cooldown"} & given.keys():
        given["cooldown"] = _LOG_COOLDOWN
    try:
        return Policy(**given)
    except ValidationError as error:
        raise InvalidConfigurationError(f"{'; '.join(complaints(error))}.") from None


def filter_of(client: Client, **wanted: Any) -> EventFilter:
    """What is waited for at a connection's backend, in its project and domain where none are named.

    Raises:
        InvalidConfigurationError: It makes no sense.
    """
    place = {"endpoint": client.endpoint.authority, "project": client.project, "domain": client.domain}
    try:
        return EventFilter(**{**place, **{name: value for name, value in wanted.items() if value}})
    except ValidationError as error:
        raise InvalidConfigurationError(f"{'; '.join(complaints(error))}.") from None


def arm(
    client: Client,
    event_filter: EventFilter,
    action: ActionConfig | Callable[..., Any],
    *,
    policy: Policy,
    allow: Iterable[Permission] | None = None,
    window: float | None = None,
    replay: bool = False,
    name: str = "",
    ask: Ask = ask_person,
) -> Trigger:
    """Arm an action; blocks until what had happened before is known, so that what comes from here on counts.

    Args:
        client: The connection.
        event_filter: What to wait for.
        action: The configuration of an action, or a function to call.
        policy: How often to fire and how hard to try.
        allow: What it may do; asked where it needs more.
        window: Hours for which that holds; 0 for ever, None for the default (48).
        replay: Let what had happened before count, too.
        name: The action's name; made up if not given.
        ask: Asks a question, and returns whether the answer was yes.

    Raises:
        InvalidConfigurationError: It makes no sense.
        NotAllowedError: It was not allowed.
        FlyteError: The backend does not answer, or does not know what is named.

    Returns:
        The trigger; the one that there is, where the very same is armed already.
    """
    if window is not None and not 0 <= window <= _LONGEST_WINDOW:
        raise InvalidConfigurationError(f"The window is a number of hours, 0 for ever, and not {window:g}.")
    here = service()
    connection = background().run(here.connect(client))
    config = action if isinstance(action, ActionConfig) else _kept(action)
    flavor = here.plugins.flavor_for(config)
    _refuse_circles(flavor, config, event_filter, policy)
    handler = here.plugins.handler(flavor.FLAVOR, flavor.SUBTYPE)
    try:
        request = ActionRequest(
            name=name,
            description=event_filter.words,
            flavor=flavor.FLAVOR,
            plugin_subtype=flavor.SUBTYPE,
            configuration=config.model_dump(mode="json", exclude_none=True),
            allow=frozenset(allow or ()),
            auth_window=None if window is None else math.ceil(window * 60),  # 0 alone is for ever
            endpoint=connection.endpoint,
            account=connection.account,
        )
    except ValidationError as error:
        raise InvalidConfigurationError(f"{'; '.join(complaints(error))}.") from None
    same = _armed_already(here, event_filter, policy, replay, request)
    if same is not None:
        return _armed(here, same.id)
    background().run(handler.look_up(config, placed(client, event_filter.project, event_filter.domain)))
    request.allow = consent(flavor, event_filter, config, allow, window, ask)
    made = handler.create_action(request)
    bound = here.process if getattr(config, "kept", "") else ""
    trigger = here.store.create_trigger(
        made.id, event_filter, policy, bound=bound, armed_by=here.process, replay=replay
    )
    return _armed(here, trigger.id)


def consent(
    flavor: type[BaseActionFlavor],
    event_filter: EventFilter,
    config: ActionConfig,
    allow: Iterable[Permission] | None,
    window: float | None,
    ask: Ask,
) -> frozenset[Permission]:
    """What an action may do: what was said, or else what somebody says now. To read is what a notebook does anyway.

    Raises:
        NotAllowedError: It was not allowed.
    """
    granted = frozenset(allow) if allow is not None else frozenset()
    missing = sorted(flavor.NEEDS - granted - {"read"})
    if missing:
        if allow is not None:
            raise NotAllowedError(
                f"{flavor.FLAVOR} has to be allowed to {' and '.join(missing)}.",
                f"allow={[*sorted(granted), *missing]}",
            )
        hours = DEFAULT_AUTH_WINDOW / 60 if window is None else window
        span = f"for {hours:g} h" if hours else "for ever"
        question = (
            f"{event_filter.words} -> {flavor.words(config)}: may this {' and '.join(missing)} in your name {span}?"
        )
        if not ask(question):
            raise NotAllowedError("It was not allowed, and is not armed.")
    return granted | flavor.NEEDS


async def settle(here: Service, trigger_id: int) -> None:
    """Wait until somebody, here or in another process, serves a trigger and knows what had happened before."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _SETTLE
    await here.refresh()
    while loop.time() < end:
        trigger = await here.dispatcher.stored(here.store.trigger, trigger_id)
        if trigger.baselined and not here.sources.ending(trigger_id):
            await here.sources.rested()
            return
        if not trigger.is_active or here.sources.troubles.get(trigger_id):
            return
        await asyncio.sleep(0.03)


def _armed(here: Service, trigger_id: int) -> Trigger:
    armed_here.append(trigger_id)
    background().run(settle(here, trigger_id))
    return here.store.trigger(trigger_id)


def _kept(function: Callable[..., Any]) -> ActionConfig:
    from flyte_jupyter.actions.flavors import Callback

    if not callable(function):
        raise InvalidConfigurationError(
            f"A {type(function).__name__} is no action.", "Give Notify(), Abort() and so on, or a function."
        )
    name = getattr(function, "__qualname__", type(function).__name__)
    key = f"{getattr(function, '__module__', '')}.{name}"
    code = getattr(function, "__code__", None)
    if code is not None and "<" in name:  # a lambda or an inner function: others may have that name, too
        text = "\0".join((code.co_code.hex(), *code.co_names, *map(str, code.co_consts)))
        key = f"{key}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    keep_function(key, function)
    return Callback(kept=key, name=name)


def _armed_already(
    here: Service, event_filter: EventFilter, policy: Policy, replay: bool, request: ActionRequest
) -> Trigger | None:
    """What is armed that does the same: a cell that runs again arms nothing a second time.

    What calls a function of a process that is gone is bound to this one, which has the function again.
    """
    window = DEFAULT_AUTH_WINDOW if request.auth_window is None else request.auth_window
    for trigger in here.store.triggers(active=True):
        if (trigger.event_filter, trigger.policy, trigger.replay) != (event_filter, policy, replay):
            continue
        action = here.store.action(trigger.action_id)
        alike = all(getattr(action, name) == getattr(request, name) for name in _ALIKE)
        if not alike or action.auth_window != window or request.name not in ("", action.name):
            continue
        if standing(trigger, action, alive=True, now=here.store.now()) != "armed":
            continue
        if trigger.bound not in ("", here.process):
            if here.store.is_alive(trigger.bound):
                continue
            here.store.bind(trigger.id, here.process)
        return trigger
    return None


def _refuse_circles(
    flavor: type[BaseActionFlavor], config: ActionConfig, event_filter: EventFilter, policy: Policy
) -> None:
    started = getattr(config, "task", "")
    if started and event_filter.task == started and not event_filter.run and policy.max is None:
        raise InvalidConfigurationError(
            f"{flavor.FLAVOR} starts {started}, which fires it again, and so on.", "Give --max N (max=N in Python)."
        )
