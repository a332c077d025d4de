from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter.actions import (
    ActionRequest,
    AuthContext,
    EventHub,
    InvalidConfigurationError,
    PluginRegistry,
    TriggerExecutionResponse,
    UnknownActionError,
)
from tests.unit.actions.conftest import RingFlavor, Rings, failed

PLUGINS = """
from flyte_jupyter.actions import BaseActionFlavor
from tests.unit.actions.conftest import RingConfig, RingFlavor, Rings

class Good(RingFlavor):
    FLAVOR = "gong"

class Twin(RingFlavor):
    FLAVOR = "gong"

class Half(BaseActionFlavor):
    FLAVOR = "half"
    ACTION_CONFIG_CLASS = RingConfig

class Stubborn(Rings):
    def __init__(self, event_hub=None):
        raise OSError("no bell in the house")

class Unwilling(RingFlavor):
    FLAVOR = "unwilling"
    PLUGIN_CLASS = Stubborn
"""
ENTRIES = """[flyte_jupyter.actions]
a = plugged_in:Good
b = plugged_in:Twin
c = plugged_in:Half
d = plugged_in:Unwilling
e = plugged_in:Missing
f = not_there_at_all:Flavor
"""


def test_a_flavor_is_found_with_its_handler(hub: EventHub) -> None:
    registry = PluginRegistry(hub)
    registry.register(RingFlavor)
    assert [flavor.name for flavor in registry.flavors()] == ["ring"]
    assert registry.flavor("ring") is RingFlavor
    assert isinstance(registry.handler("ring"), Rings)
    assert ("ring", "") in hub.action_handlers
    with pytest.raises(UnknownActionError, match=r"no action rnig\. There are ring"):
        registry.flavor("rnig")


def test_the_flavor_of_the_documentation_works(hub: EventHub) -> None:
    page = (Path(__file__).parents[3] / "docs" / "actions.md").read_text().partition("## Your own")[2]
    source = "\n".join(line[4:] for line in page.splitlines() if line.startswith("    ") or not line)
    names: dict[str, Any] = {}
    exec(source, names)
    registry = PluginRegistry(hub)
    registry.register(names["RingFlavor"])
    execution = TriggerExecutionResponse(id=1, trigger=1, event=failed())
    made = registry.handler("ring").create_action(ActionRequest(flavor="ring", configuration={"times": 2}))
    hub.trigger_action(made, execution, AuthContext())
    assert execution.result == "ring ring "


def test_a_taken_name_is_refused(hub: EventHub) -> None:
    registry = PluginRegistry(hub)
    registry.register(RingFlavor, "ours")
    with pytest.raises(InvalidConfigurationError, match="ours has it already"):
        registry.register(RingFlavor, "theirs")


def test_installed_plugins_are_added_and_what_is_wrong_with_them_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: EventHub
) -> None:
    (tmp_path / "plugged_in.py").write_text(PLUGINS)
    info = tmp_path / "bells-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bells\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    registry = PluginRegistry(hub)
    registry.load()
    sys.modules.pop("plugged_in", None)
    assert [flavor.name for flavor in registry.flavors()] == ["gong"]
    reasons = {problem.source: problem.reason for problem in registry.problems}
    assert "has it already" in reasons["bells (plugged_in:Twin)"]
    assert "incomplete" in reasons["bells (plugged_in:Half)"]
    assert "no bell in the house" in reasons["bells (plugged_in:Unwilling)"]
    assert "cannot be imported" in reasons["bells (plugged_in:Missing)"]
    assert "cannot be imported" in reasons["bells (not_there_at_all:Flavor)"]
