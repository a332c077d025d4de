from __future__ import annotations

import pytest

from flyte_jupyter.actions import (
    ActionConfig,
    ActionInUseError,
    ActionUpdate,
    AuthContext,
    EventHub,
    InvalidConfigurationError,
    Policy,
    Store,
    TriggerExecutionResponse,
    UnknownActionError,
)
from tests.unit.actions.conftest import RingFlavor, Rings, failed, request, waits_for


def test_creating_validates_writes_and_then_processes(rings: Rings, store: Store) -> None:
    made = rings.create_action(request())
    assert rings.calls == [("validate request", "bells", "big", 0), ("process request", "bells", 7, 1)]
    assert made.configuration == {"bell": "big", "times": 7}
    assert store.action(made.id).configuration == {"bell": "big", "times": 7}


@pytest.mark.parametrize("hook", ["validate request", "process request"])
def test_a_failed_creation_leaves_nothing(rings: Rings, store: Store, hook: str) -> None:
    rings.fails_at = hook
    with pytest.raises(RuntimeError, match=hook):
        rings.create_action(request())
    assert store.actions() == []


def test_updating_validates_writes_and_then_processes(rings: Rings, store: Store) -> None:
    made = rings.create_action(request())
    rings.calls.clear()
    changed = rings.update_action(made, ActionUpdate(configuration={"bell": "small"}, description=""))
    assert rings.calls == [("validate update", "big", "small", "big"), ("process update", "big", "small", "small")]
    assert changed.configuration == {"bell": "small", "times": 1}, "the whole configuration is replaced"
    assert changed.name == "bells"


@pytest.mark.parametrize("hook", ["validate update", "process update"])
def test_a_failed_update_restores_the_whole_row(rings: Rings, store: Store, hook: str) -> None:
    made = rings.create_action(request(description="of the church", auth_window=5))
    before = store.action(made.id)
    rings.fails_at = hook
    update = ActionUpdate(name="other", description="", configuration={"bell": "small"}, auth_window=9)
    with pytest.raises(RuntimeError, match=hook):
        rings.update_action(made, update)
    assert store.action(made.id) == before


@pytest.mark.parametrize("operation", ["create", "update"])
def test_what_cannot_be_handed_out_is_taken_back(
    rings: Rings, store: Store, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rings.create_action(request("first"))
    before = store.actions()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rings, "extract_resources", interrupt)
    update = ActionUpdate(name="other", configuration={"bell": "small"}, auth_window=9)
    does = {
        "create": lambda: rings.create_action(request("second")),
        "update": lambda: rings.update_action(made, update),
    }
    with pytest.raises(KeyboardInterrupt):
        does[operation]()
    assert store.actions() == before


def test_an_update_can_empty_what_was_set_and_leaves_what_it_does_not_set(rings: Rings, store: Store) -> None:
    made = rings.create_action(request(description="of the church", auth_window=5))
    rings.update_action(made, ActionUpdate(description=""))
    assert (store.action(made.id).description, store.action(made.id).auth_window) == ("", 5)


def test_deleting_processes_and_then_deletes(rings: Rings, store: Store) -> None:
    made = rings.create_action(request())
    rings.calls.clear()
    rings.delete_action(made)
    assert rings.calls == [("process delete", "big", False, 1)]
    assert store.actions() == []


def test_an_action_in_use_is_not_torn_down(rings: Rings, store: Store) -> None:
    made = rings.create_action(request())
    store.create_trigger(made.id, waits_for(run="r1"), Policy())
    rings.calls.clear()
    for force in (False, True):
        with pytest.raises(ActionInUseError, match="used by trigger 1"):
            rings.delete_action(made, force=force)
    assert rings.calls == []
    assert len(store.actions()) == 1


def test_a_failing_hook_keeps_the_action_unless_forced(rings: Rings, store: Store) -> None:
    made = rings.create_action(request())
    rings.fails_at = "process delete"
    with pytest.raises(RuntimeError):
        rings.delete_action(made)
    assert len(store.actions()) == 1
    rings.delete_action(made, force=True)
    assert store.actions() == []


def test_a_broken_configuration_is_deleted_by_force_only(rings: Rings, store: Store) -> None:
    made = store.create_action(request(configuration={"gong": 1}))
    with pytest.raises(InvalidConfigurationError):
        rings.delete_action(made)
    rings.delete_action(made, force=True)
    assert store.actions() == []


def test_getting_processes_only_what_is_hydrated(rings: Rings) -> None:
    made = rings.create_action(request())
    rings.calls.clear()
    assert rings.get_action(made) is made
    assert rings.calls == []
    assert rings.get_action(made, hydrate=True).resources == {}
    assert rings.calls == [("process response", "big")]


def test_an_unknown_key_is_an_error_that_says_which_keys_there_are(rings: Rings) -> None:
    with pytest.raises(ValueError, match=r"ring: .*bel: there is no such setting.*takes bell, times") as raised:
        rings.create_action(request(configuration={"bel": "secret of mine"}))
    assert "secret of mine" not in str(raised.value)


def test_a_config_class_is_what_the_handler_says(rings: Rings) -> None:
    config = rings.validate_action_configuration({"bell": "big", "times": 2})
    assert isinstance(config, ActionConfig)
    assert (
        rings.preview(config, TriggerExecutionResponse(id=1, trigger=1, event=failed())) == "ring bell='big', times=2"
    )


def test_the_hub_calls_the_handler_of_the_flavor(rings: Rings, hub: EventHub) -> None:
    made = rings.create_action(request())
    execution = TriggerExecutionResponse(id=1, trigger=1, event=failed())
    hub.trigger_action(made, execution, AuthContext())
    assert rings.calls[-1] == ("run", "big", "r1 failed")
    assert execution.result == "rang big"
    assert execution.event_metadata["run"] == "r1"


def test_a_failure_reaches_who_records_it(rings: Rings, hub: EventHub) -> None:
    made = rings.create_action(request())
    rings.fails_at = "run"
    with pytest.raises(RuntimeError, match="no run today"):
        hub.trigger_action(made, TriggerExecutionResponse(id=1, trigger=1, event=failed()), AuthContext())


def test_a_handler_takes_events_from_one_hub(rings: Rings, hub: EventHub, store: Store) -> None:
    other = EventHub(store)
    rings.set_event_hub(other)
    made = rings.create_action(request())
    with pytest.raises(UnknownActionError, match="flavor ring"):
        hub.trigger_action(made, TriggerExecutionResponse(id=1, trigger=1, event=failed()), AuthContext())
    other.trigger_action(made, TriggerExecutionResponse(id=1, trigger=1, event=failed()), AuthContext())
    assert rings.event_hub is other


def test_a_flavor_describes_itself() -> None:
    response = RingFlavor.get_flavor_response_model(hydrate=True)
    assert (response.name, response.type, response.description) == ("ring", "action", "Ring a bell.")
    assert response.config_schema == RingFlavor.get_action_config_schema()
    assert set(RingFlavor.get_action_config_schema()["properties"]) == {"bell", "times"}
    assert RingFlavor.get_flavor_response_model(hydrate=False).config_schema is None
