"""Several processes on one file, and processes that are killed in the middle of a step."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from flyte_jupyter.actions import ActionRequest, EventFilter, Policy, Store
from tests.integration.actions.dispatching import dispatch
from tests.integration.support import REPOSITORY, until

SCRIPT = Path(__file__).with_name("dispatching.py")
ENDPOINT = "flyte.example:443"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "actions.db")
    yield store
    store.close()


def arm(store: Store, flavor: str) -> None:
    action = store.create_action(ActionRequest(flavor=flavor, allow=frozenset({"read"}), endpoint=ENDPOINT))
    wanted = EventFilter(kind="phase", endpoint=ENDPOINT, project="p", domain="d", phases=("failed",))
    store.set_baseline(store.create_trigger(action.id, wanted, Policy()).id, [], None)


def process(store: Store, fault: str = "", number: int = 1) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(SCRIPT), str(store.db.path), fault, str(number)]
    return subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})


def effects(store: Store) -> Counter[str]:
    path = store.db.path.parent / "effects"
    return Counter(path.read_text().split()) if path.exists() else Counter()


BEFORE = ["before claim", "told pending", "before begin"]
WITHIN = {"after begin": 0, "before effect": 0, "after effect": 1, "before end": 1, "within end": 1}


@pytest.mark.parametrize("fault", [*BEFORE, *WITHIN, "told succeeded"])
def test_killed_at_each_step_it_fires_once_or_is_recorded_as_interrupted(store: Store, fault: str) -> None:
    arm(store, "once")
    assert process(store, fault).wait(60) == -signal.SIGKILL
    asyncio.run(dispatch(store.db.path))
    (execution,) = store.history()
    wanted = ("interrupted", WITHIN[fault]) if fault in WITHIN else ("succeeded", 1)
    assert (execution.state, effects(store)["r0"]) == wanted
    assert store.triggers()[0].fired == 1


@pytest.mark.parametrize("fault", ["after begin", "before end"])
def test_what_may_be_repeated_is_done_once_all_the_same(store: Store, fault: str) -> None:
    arm(store, "repeatable")
    assert process(store, fault).wait(60) == -signal.SIGKILL
    asyncio.run(dispatch(store.db.path))
    (execution,) = store.history()
    assert (execution.state, execution.attempt, execution.repeated) == ("succeeded", 2, True)
    assert len(list(store.db.path.parent.glob("fja*"))) == 1


def test_of_two_that_race_one_dispatches_and_the_other_takes_over(store: Store) -> None:
    arm(store, "once")
    number = 400
    racing = [process(store, number=number) for _ in range(2)]
    try:
        until(lambda: sum(effects(store).values()) > 10, "some effects")
        holder = store.holder(f"{ENDPOINT}|")
        owners = {execution.owner for execution in store.history(limit=number) if execution.owner}
        assert owners == {holder}
        pid = int(holder.rsplit(":", 2)[1])
        (first,) = (one for one in racing if one.pid == pid)
        (other,) = (one for one in racing if one.pid != pid)
        first.kill()
        assert (first.wait(60), other.wait(60)) == (-signal.SIGKILL, 0)
    finally:
        for one in racing:
            one.kill()
            one.wait()
    history = store.history(limit=number + 1)
    states = Counter(execution.state for execution in history)
    done = effects(store)
    assert len(history) == number
    assert max(done.values()) == 1
    assert states["succeeded"] >= number - 1
    assert states["succeeded"] + states["interrupted"] == number
    assert all(done[one.event.run] == 1 for one in history if one.state == "succeeded")
    assert len({execution.owner for execution in history}) == 2
