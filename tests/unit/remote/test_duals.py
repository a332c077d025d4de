"""Whatever of the package waits blocks when called and awaits with `.aio()`: each member of each public class."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from flyte_jupyter import remote
from flyte_jupyter.remote import background
from flyte_jupyter.remote._dual import Dual, DualCall, DualGenerator, DualIteration

# What waits and has one form only, and why.
ONE_FORM = {
    "Client.unary": "the seam below all of them",
    "Client.stream": "likewise",
    "BackgroundLoop.run_from": "what .aio() is made of",
    "log_batches": "the logs of a view, which lives there",
    "create_channel": "as documented; a channel belongs to the loop that awaits it",
}
# Classes of the machinery itself.
MACHINERY = (DualCall, DualIteration)


def members() -> Iterator[tuple[str, type, Any]]:
    """Each public member of each exported class, and each exported function."""
    for name in remote.__all__:
        value = getattr(remote, name)
        if not inspect.isclass(value):
            yield name, type(value), value
            continue
        for base in value.__mro__:
            if base.__module__.startswith("flyte_jupyter.remote"):
                for key, member in vars(base).items():
                    if not key.startswith("_"):
                        yield f"{name}.{key}", value, member


MEMBERS = list(members())
DUALS = [(name, owner, member) for name, owner, member in MEMBERS if isinstance(member, (Dual, DualGenerator))]


def waits(member: Any) -> bool:
    function = getattr(member, "__func__", getattr(member, "fget", member))
    if isinstance(function, MACHINERY):
        return False
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def test_nothing_public_must_be_awaited() -> None:
    found = {name for name, _, member in MEMBERS if waits(member) and not name.endswith(".aio")}
    assert found == set(ONE_FORM)


def test_what_the_sdk_left_bare_is_dual() -> None:
    names = {name for name, _, _ in DUALS}
    bare = {
        "Action": ("details", "watch", "wait", "sync"),
        "ActionDetails": ("inputs", "outputs", "watch_updates", "input_literals", "typed_outputs"),
        "RunDetails": ("inputs", "outputs"),
        "Run": ("watch", "wait", "sync"),
    }
    for cls, methods in bare.items():
        for method in methods:
            assert f"{cls}.{method}" in names


def call_of(owner: type, member: Any) -> Any:
    """A bound method of an object that is nothing, and arguments that are nothing: they are never looked at."""
    instance: Any = None if member._of_class else object()
    bound = member.__get__(instance, owner)
    parameters = inspect.signature(bound).parameters.values()
    required = [each for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
    arguments: list[Any] = []
    keywords: dict[str, Any] = {}
    for each in required:
        if each.kind is each.KEYWORD_ONLY:
            keywords[each.name] = None
        elif each.kind is not each.VAR_POSITIONAL:
            arguments.append(None)
    return bound, arguments, keywords


@pytest.mark.parametrize(("owner", "member"), [each[1:] for each in DUALS], ids=[each[0] for each in DUALS])
def test_blocking_on_our_own_loop_says_so(owner: type, member: Any) -> None:
    bound, arguments, keywords = call_of(owner, member)

    async def inside() -> None:
        bound(*arguments, **keywords)

    with pytest.raises(RuntimeError, match=r"\.aio\(\) form"):
        background().run(inside())


@pytest.mark.parametrize(("owner", "member"), [each[1:] for each in DUALS], ids=[each[0] for each in DUALS])
def test_each_has_its_awaited_form(owner: type, member: Any) -> None:
    bound, arguments, keywords = call_of(owner, member)
    awaited: Any = bound.aio(*arguments, **keywords)
    if isinstance(member, DualGenerator):
        assert isinstance(awaited, AsyncIterator)
    else:
        assert inspect.iscoroutine(awaited)
        awaited.close()
