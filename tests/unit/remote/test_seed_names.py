"""Holds the package against the documented names of `flyte.remote`, and against those of the installed SDK.

`seed_names.json` lists what the documents say: of each class the parameters of its constructor, its properties, its
methods with their parameters in order. A "?" marks a parameter that may be left out, "**" one that collects keywords.
"""

from __future__ import annotations

import functools
import inspect
import json
from pathlib import Path
from typing import Any

import flyte.remote
import pytest

from flyte_jupyter import remote

TABLE = json.loads(Path(__file__).with_name("seed_names.json").read_text())
CLASSES: dict[str, dict[str, Any]] = TABLE["classes"]
FUNCTIONS: dict[str, list[str]] = TABLE["functions"]
METHODS = [
    (cls, method, parameters) for cls, names in CLASSES.items() for method, parameters in names["methods"].items()
]
PROPERTIES = [(cls, name) for cls, names in CLASSES.items() for name in names["properties"]]

# What the installed SDK has beside the documents, and what of it we leave out, with the reason.
SDK_CLASSES = sorted({*CLASSES, "Condition", "TaskDetails", "TimeFilter", "TriggerDetails"})
LEFT_OUT = {
    ("ActionInputs", "data"): "an attribute of each object, not of the class",
    ("TaskDetails", "max_inline_io_bytes"): "a field of the SDK's own, not of the task",
    ("TaskDetails", "overridden"): "likewise",
    ("TaskDetails", "overriden_queue"): "likewise",
    ("Trigger", "details"): "a field of the SDK's own; ours is get_details()",
}
PARAMETERS_LEFT_OUT = {
    ("Secret", "cluster_pool"): "pools of clusters belong to the hosted service",
}


def parameters_of(function: Any, *, of_class: bool = False) -> dict[str, inspect.Parameter]:
    """The parameters of a function, a dual method or a class, without the object it is called on."""
    found = dict(inspect.signature(function).parameters)
    if of_class:
        found.pop("self", None)
    return found


def hold(documented: list[str], actual: dict[str, inspect.Parameter], where: str) -> None:
    names = list(actual)
    for place, text in enumerate(documented):
        name = text.strip("*?")
        if text.startswith("**"):
            assert any(each.kind is each.VAR_KEYWORD for each in actual.values()), f"{where} takes no keywords"
            continue
        assert names[place] == name, f"parameter {place} of {where} is {names[place]}, documented is {name}"
        if text.endswith("?"):
            kind = actual[name]
            optional = kind.default is not kind.empty or kind.kind is kind.VAR_POSITIONAL
            assert optional, f"{name} of {where} may be left out"
    for name in names[len(documented) :]:
        kind = actual[name]
        more = kind.default is not kind.empty or kind.kind in (kind.VAR_KEYWORD, kind.VAR_POSITIONAL)
        assert more, f"{where} demands {name}, which is not documented"


def test_functions() -> None:
    for name, parameters in FUNCTIONS.items():
        assert name in remote.__all__
        hold(parameters, parameters_of(getattr(remote, name)), name)


@pytest.mark.parametrize("name", CLASSES)
def test_constructors(name: str) -> None:
    assert name in remote.__all__
    hold(CLASSES[name]["init"], parameters_of(getattr(remote, name), of_class=True), name)


@pytest.mark.parametrize(("cls", "method", "parameters"), METHODS)
def test_methods(cls: str, method: str, parameters: list[str]) -> None:
    kind = getattr(remote, cls)
    found = inspect.getattr_static(kind, method)
    # A method of the class is bound by asking for it, one of its objects has self in front.
    bound = getattr(kind, method)
    actual = parameters_of(bound)
    if not isinstance(found, classmethod) and next(iter(actual), "") in ("self", "cls"):
        actual.pop(next(iter(actual)))
    hold(parameters, actual, f"{cls}.{method}")


@pytest.mark.parametrize(("cls", "name"), PROPERTIES)
def test_properties(cls: str, name: str) -> None:
    assert isinstance(inspect.getattr_static(getattr(remote, cls), name), property)


def sdk_members() -> list[tuple[str, str]]:
    return [
        (cls, name)
        for cls in SDK_CLASSES
        for name in dir(getattr(flyte.remote, cls))
        if not name.startswith("_") and (cls, name) not in LEFT_OUT
    ]


@pytest.mark.parametrize(("cls", "name"), sdk_members())
def test_what_the_installed_sdk_has(cls: str, name: str) -> None:
    assert hasattr(getattr(remote, cls), name), f"{cls}.{name} is missing"
    theirs, ours = (inspect.getattr_static(getattr(each, cls), name) for each in (flyte.remote, remote))
    if isinstance(theirs, (property, functools.cached_property)):
        assert isinstance(ours, (property, functools.cached_property))
        return
    if not callable(getattr(getattr(flyte.remote, cls), name)):
        return
    wanted = inspect.signature(getattr(getattr(flyte.remote, cls), name))
    there = inspect.signature(getattr(getattr(remote, cls), name))
    for parameter in wanted.parameters.values():
        if parameter.name in ("self", "cls") or (cls, parameter.name) in PARAMETERS_LEFT_OUT:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            assert any(each.kind is each.VAR_KEYWORD for each in there.parameters.values())
        else:
            assert parameter.name in there.parameters, f"{cls}.{name} knows no {parameter.name}"
