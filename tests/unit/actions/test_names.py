"""The names and parameters that the documentation of actions promises."""

from __future__ import annotations

import inspect
from abc import ABC

import pytest
from pydantic import BaseModel

from flyte_jupyter import actions

# Class -> what it has, and the parameters of what is called; None for what is not called.
PROMISED: dict[str, dict[str, list[str] | None]] = {
    "ActionConfig": {"model_config": None, "model_fields": None, "model_computed_fields": None},
    "BaseActionFlavor": {
        "ACTION_CONFIG_CLASS": None,
        "TYPE": None,
        "get_action_config_schema": [],
        "get_flavor_response_model": ["hydrate"],
    },
    "BaseActionHandler": {
        "__init__": ["self", "event_hub=None"],
        "config_class": None,
        "flavor_class": None,
        "event_hub": None,
        "create_action": ["self", "action"],
        "delete_action": ["self", "action", "force=False"],
        "event_hub_callback": ["self", "config", "trigger_execution", "auth_context"],
        "extract_resources": ["self", "action_config", "hydrate=False"],
        "get_action": ["self", "action", "hydrate=False"],
        "run": ["self", "config", "trigger_execution", "auth_context"],
        "set_event_hub": ["self", "event_hub"],
        "update_action": ["self", "action", "action_update"],
        "validate_action_configuration": ["self", "action_config"],
    },
}
MODELS = [
    "ActionRequest",
    "ActionUpdate",
    "ActionResponse",
    "ActionFlavorResponse",
    "TriggerExecutionResponse",
    "AuthContext",
]


def parameters(function: object) -> list[str]:
    assert callable(function)
    return [
        one.name if one.default is inspect.Parameter.empty else f"{one.name}={one.default!r}"
        for one in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, names in PROMISED.items() for name in names])
def test_a_promised_name_is_there_with_its_parameters(owner: str, name: str) -> None:
    cls = getattr(actions, owner)
    wanted = PROMISED[owner][name]
    if wanted is None:
        assert hasattr(cls, name) or name in cls.__annotations__
    else:
        assert parameters(getattr(cls, name)) == wanted


def test_the_classes_stand_where_they_are_promised_to() -> None:
    assert issubclass(actions.ActionConfig, actions.BasePluginConfig)
    assert issubclass(actions.BasePluginConfig, BaseModel)
    assert issubclass(actions.BaseActionFlavor, actions.BasePluginFlavor)
    assert issubclass(actions.BaseActionFlavor, ABC)
    assert issubclass(actions.BaseActionHandler, actions.BasePlugin)
    assert issubclass(actions.BaseActionHandler, ABC)
    assert actions.BaseActionFlavor.TYPE == actions.PluginType.ACTION == "action"
    assert actions.BaseActionHandler.__abstractmethods__ == {"config_class", "flavor_class", "run"}
    for name in ("config_class", "flavor_class", "event_hub"):
        assert isinstance(inspect.getattr_static(actions.BaseActionHandler, name), property)


@pytest.mark.parametrize("name", MODELS)
def test_what_is_handed_around_is_a_model(name: str) -> None:
    assert issubclass(getattr(actions, name), BaseModel)


def test_all_names_everything_public() -> None:
    assert len(set(actions.__all__)) == len(actions.__all__)
    assert all(hasattr(actions, name) for name in actions.__all__)
