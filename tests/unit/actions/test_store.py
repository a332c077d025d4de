from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flyte_jupyter.actions import ActionUpdate, InvalidConfigurationError, Policy, Store, StoreError, UnknownActionError
from flyte_jupyter.actions._db import DIRECTORY, default_path
from flyte_jupyter.actions._rows_processes import SILENCE, process_id
from tests.unit.actions.conftest import ENDPOINT, Clock, armed, failed, request, waits_for

OURS, THEIRS = f"elsewhere:{os.getpid()}:aa", f"elsewhere:{os.getpid()}:bb"


def test_the_file_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "state"))
    store = Store()
    assert store.db.path == default_path() == tmp_path / "state" / "actions.db"
    assert stat.S_IMODE(store.db.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.db.path.parent.stat().st_mode) == 0o700
    store.close()


def test_what_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "actions.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreError, match=DIRECTORY):
        Store(tmp_path / "actions.db")
    later = sqlite3.connect(tmp_path / "later.db")
    later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(StoreError, match="later version"):
        Store(tmp_path / "later.db")


def test_everything_survives_the_process(store: Store, tmp_path: Path) -> None:
    trigger = armed(store, Policy(max=2, cooldown=3, attempts=4, timeout=5, busy="skip"))
    execution = store.claim(trigger.id, failed(), "")
    again = Store(tmp_path / "actions.db", store.now)
    assert again.triggers() == store.triggers()
    assert again.trigger(trigger.id).policy == Policy(max=2, cooldown=3, attempts=4, timeout=5, busy="skip")
    assert again.actions() == store.actions()
    assert again.history() == [execution]
    again.close()


def test_a_name_is_used_once(store: Store) -> None:
    store.create_action(request("bells"))
    other = store.create_action(request(""))
    assert other.name.startswith("ring-")
    with pytest.raises(InvalidConfigurationError, match="bells already"):
        store.create_action(request("bells"))
    with pytest.raises(InvalidConfigurationError, match="bells already"):
        store.update_action(other.id, ActionUpdate(name="bells"))
    assert store.action("bells") != store.action(other.id)
    with pytest.raises(UnknownActionError, match="no action gong"):
        store.action("gong")


def test_a_new_consent_counts_from_when_it_was_given(store: Store, clock: Clock) -> None:
    made = store.create_action(request(auth_window=10))
    clock.at += 500
    assert store.update_action(made.id, ActionUpdate(description="x")).expires == made.expires
    assert store.update_action(made.id, ActionUpdate(auth_window=10)).expires == clock.at + 600
    renewed = store.renew_consent(made.id, "other:1", "you")
    assert (renewed.consented, renewed.endpoint, renewed.account) == (clock.at, "other:1", "you")
    assert store.update_action(made.id, ActionUpdate(auth_window=0)).expires is None


def test_an_event_is_claimed_once_whatever_repeats_it(store: Store) -> None:
    trigger = armed(store)
    first = store.claim(trigger.id, failed(), "")
    assert first is not None
    assert first.state == "pending"
    assert store.claim(trigger.id, failed(error="known by now", time=5.0), "") is None
    assert store.trigger(trigger.id).fired == 1


def test_history_fires_nothing(store: Store) -> None:
    action = store.create_action(request(endpoint=ENDPOINT))
    trigger = store.create_trigger(action.id, waits_for(), Policy())
    store.set_baseline(trigger.id, [failed("r1").id], 100.0)
    assert store.claim(trigger.id, failed("r1"), "") is None
    assert store.claim(trigger.id, failed("r2", time=99.0), "") is None
    assert store.claim(trigger.id, failed("r3", time=101.0), "") is not None
    assert store.claim(trigger.id, failed("r4"), "") is not None


def test_a_paused_trigger_takes_nothing(store: Store) -> None:
    trigger = armed(store)
    store.set_active(trigger.id, False, "paused")
    assert store.claim(trigger.id, failed(), "") is None
    store.set_active(trigger.id, True)
    assert store.claim(trigger.id, failed(), "") is not None


def test_a_run_is_named_alike_at_every_attempt_and_otherwise_in_other_stores(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    trigger = armed(store)
    execution = store.claim(trigger.id, failed(), "")
    assert execution is not None
    clock.at += 60
    assert execution.run_name == store.run_name(trigger.id, failed().id)
    assert len(execution.run_name) <= 30
    assert execution.run_name.isalnum()
    other = Store(tmp_path / "other.db")
    assert other.run_name(trigger.id, failed().id) != execution.run_name
    other.close()


def test_causes_are_followed_back(store: Store) -> None:
    one, two = armed(store), armed(store, run="")
    first = store.claim(one.id, failed("r1"), "")
    assert first is not None
    second = store.claim(two.id, failed(first.run_name), "")
    assert second is not None
    assert store.causes(second.run_key) == [two.id, one.id]
    assert store.causes(failed("r1").run_key) == []


def test_an_attempt_begins_once_and_ends_once(store: Store) -> None:
    trigger = armed(store)
    store.beat(OURS)
    execution = store.claim(trigger.id, failed(), "")
    assert execution is not None
    begun = store.begin(execution.id, OURS, None)
    assert begun is not None
    assert (begun.state, begun.attempt) == ("running", 1)
    assert store.begin(execution.id, THEIRS, None) is None
    waiting = store.postpone(begun, 5, "busy")
    assert (waiting.state, waiting.next_at, waiting.error) == ("pending", store.now() + 5, "busy")
    begun = store.begin(execution.id, OURS, None)
    assert begun is not None
    ended = store.end(begun, "succeeded", result="rang", launched="r9")
    assert (ended.state, ended.attempt, ended.result, ended.launched) == ("succeeded", 2, "rang", "r9")
    assert store.begin(execution.id, OURS, None) is None


def test_what_the_dead_left_is_interrupted_or_repeated(store: Store, clock: Clock) -> None:
    trigger = armed(store)
    store.beat(THEIRS)
    execution = store.claim(trigger.id, failed(), "")
    assert execution is not None
    begun = store.begin(execution.id, THEIRS, None)
    assert begun is not None
    store.recover(frozenset())
    assert store.execution(execution.id).state == "running", "they live"
    clock.at += SILENCE
    store.recover(frozenset({"ring"}))
    assert (store.execution(execution.id).state, store.execution(execution.id).repeated) == ("pending", True)
    assert store.begin(execution.id, THEIRS, None) is not None
    store.recover(frozenset())
    left = store.execution(execution.id)
    assert left.state == "interrupted"
    assert "perhaps" in left.error
    late = store.end(begun, "succeeded", result="rang")
    assert (late.state, late.result) == ("interrupted", "rang")


def test_one_process_holds_a_lease_until_it_falls_silent(store: Store, clock: Clock) -> None:
    assert store.acquire("s", OURS) == 1
    assert store.acquire("s", THEIRS) is None
    clock.at += SILENCE - 1
    assert store.acquire("s", OURS) == 1
    clock.at += SILENCE - 1
    assert store.holder("s") == OURS
    assert store.acquire("s", THEIRS) is None
    clock.at += 2
    assert store.acquire("s", THEIRS) == 2
    assert store.holds(THEIRS, "s", 2)
    assert not store.holds(OURS, "s", 1)
    store.leave(THEIRS)
    assert store.acquire("s", OURS) == 1


def test_a_lost_lease_stops_what_was_claimed(store: Store, clock: Clock) -> None:
    trigger = armed(store)
    assert store.acquire("s", OURS) == 1
    execution = store.claim(trigger.id, failed(), "")
    assert execution is not None
    clock.at += SILENCE
    assert store.acquire("s", THEIRS) == 2
    assert store.begin(execution.id, OURS, ("s", 1)) is None
    assert store.begin(execution.id, THEIRS, ("s", 2)) is not None


def test_a_killed_process_is_known_to_be_dead_at_once(store: Store, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from flyte_jupyter.actions import Store;"
        "from flyte_jupyter.actions._rows_processes import process_id; store = Store(Path(sys.argv[1]));"
        "store.beat(process_id()); assert store.acquire('s', process_id()) == 1; print(process_id(), flush=True);"
        "time.sleep(600)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "actions.db")], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    with child.stdout:
        name = child.stdout.readline().strip()
    live = Store(tmp_path / "actions.db")
    assert live.is_alive(name)
    assert live.acquire("s", process_id()) is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not live.is_alive(name)
    assert live.acquire("s", process_id()) == 2
    live.close()


def test_a_change_by_anybody_is_noticed(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "actions.db", store.now)
    before = store.db.change()
    assert store.db.change() == before
    armed(other)
    after = store.db.change()
    assert after != before
    armed(store)
    assert store.db.change() != after
    other.close()


def test_old_history_of_what_is_not_armed_is_forgotten(store: Store, clock: Clock) -> None:
    kept, gone = armed(store), armed(store)
    for trigger in (kept, gone):
        execution = store.claim(trigger.id, failed(), "")
        assert execution is not None
        begun = store.begin(execution.id, OURS, None)
        assert begun is not None
        store.end(begun, "succeeded")
    store.set_active(gone.id, False, "paused")
    assert store.forget(clock.at + 1) == 1
    assert [one.trigger_id for one in store.history()] == [kept.id]
