"""Every public function, class and method says what it takes, what it raises, and how it is used."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from flyte_jupyter import remote
from tools import remote_table

# What has no example of its own, and why.
WITHOUT_EXAMPLE = {
    "BackgroundLoop.finalize": "for finalizers of this package",
    "BackgroundLoop.submit_if_running": "likewise",
    "BackgroundLoop.stop": "it would end the loop of the other examples",
    "BackgroundLoop.run_from": "what .aio() is made of",
    "LogBatch": "what log_batches yields",
    "LogPlace": "what log_batches keeps for one that goes on",
    "LogPlace.rewind": "likewise",
    "LogPlace.advance": "likewise",
}
VALUES = ("TERMINAL_PHASES", "methods")


def documented() -> Iterator[tuple[str, Any]]:
    """Each public function, class and method; properties are a sentence, which docs/remote.md shows."""
    for name in remote.__all__:
        value = getattr(remote, name)
        if name in VALUES:
            continue
        yield name, value
        if inspect.isclass(value):
            for member, call, _ in remote_table.members(value):
                if call:
                    yield f"{name}.{member}", getattr(value, member)


DOCUMENTED = dict(documented())


def examples(cls: str = "") -> str:
    """What the examples of a class and its members do, of everything if none is given."""
    shown: list[str] = []
    for each, value in DOCUMENTED.items():
        if each.partition(".")[0] == cls or not cls:
            found = doctest.DocTestParser().get_examples(inspect.getdoc(value) or "")
            shown += [example.source + example.want for example in found]
    return "".join(shown)


def parameters(value: Any) -> list[str]:
    """The names of what it takes, without private ones; an enumeration is not called."""
    if inspect.isclass(value) and not value.__module__.startswith("flyte_jupyter"):
        return []
    if value is remote.ActionPhase:
        return []
    try:
        names = inspect.signature(value).parameters
    except ValueError:
        return []
    return [name for name in names if name not in ("self", "cls") and not name.startswith("_")]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_parameters(name: str) -> None:
    value = DOCUMENTED[name]
    text = inspect.getdoc(value) or ""
    if inspect.isclass(value) and issubclass(value, remote.FlyteError):
        # Kinds of errors take what the error takes that they are a kind of.
        text = "\n".join(inspect.getdoc(base) or "" for base in value.__mro__)
    missing = [each for each in parameters(value) if not re.search(rf"^ *\*?{each}: \S", text, re.MULTILINE)]
    assert missing == [], f"{name} does not say what these are"


@pytest.mark.parametrize(
    "name", [name for name, value in DOCUMENTED.items() if remote_table.rpcs(value) and not inspect.isclass(value)]
)
def test_errors(name: str) -> None:
    assert re.search(r"^Raises:\n +\w+Error: \S", inspect.getdoc(DOCUMENTED[name]) or "", re.MULTILINE)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_an_example(name: str) -> None:
    owner, _, member = name.partition(".")
    if member:
        shown = re.search(rf"\b{member}\b", examples(owner)) is not None
    elif inspect.isclass(DOCUMENTED[name]) and issubclass(DOCUMENTED[name], remote.FlyteError):
        # Kinds of errors are used like the error that they are a kind of.
        shown = "FlyteError" in examples()
    else:
        shown = bool(examples(name)) or re.search(rf"\b{name}\b", examples()) is not None
    assert shown is (name not in WITHOUT_EXAMPLE), f"examples of {name}"
