import asyncio
from typing import Any

import pytest

from flyte_jupyter.live import RunState, Timing, Watcher
from flyte_jupyter.remote import (
    FlyteError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
)
from tests.unit.live.messages import ABORTED, FAILED, QUEUED, RUNNING, START, SUCCEEDED, action, message
from tests.unit.live.scripted import DOWN, END, ScriptedClient
from tests.unit.live.virtual import until, virtual

PARENT_MISSING = ServerError("parent node [a0] not found for action [1abc].", "", "UNKNOWN")
RESET = UnavailableError("localhost:8090 cannot be reached: RST_STREAM.", "", "UNAVAILABLE")
TIMING = Timing()


def now() -> float:
    return asyncio.get_running_loop().time()


def ended(name: str, phase: int = SUCCEEDED, parent: str = "a0", **kwargs: Any):
    return action(name, phase, "" if name == "a0" else parent, ended=START + 9_000, **kwargs)


def table(state: RunState) -> dict[str, tuple[int, str, str]]:
    """Phase, label and parent by name."""
    rows = [state.row(row) for row in range(state.n)]
    return {row.name: (row.phase, row.label, rows[row.parent].name if row.parent >= 0 else "") for row in rows}


def truth(client: ScriptedClient) -> dict[str, tuple[int, str, str]]:
    return {
        name: (int(one.status.phase), one.metadata.task.id.name.rpartition(".")[2], one.metadata.parent)
        for name, one in client.actions.items()
    }


def a_run(children: int = 3, phase: int = RUNNING) -> ScriptedClient:
    return ScriptedClient(
        action("a0", phase), *(action(f"c{i}", phase, "a0", task="env.child") for i in range(children)), page=2
    )


def finish(client: ScriptedClient) -> None:
    for name, one in reversed(list(client.actions.items())):
        client.put(ended(name, parent=one.metadata.parent, task=one.metadata.task.id.name))


@virtual
async def test_a_run_is_followed_to_its_end_and_reconciled_once():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.put(action("c3", QUEUED, "c1", task="env.child"))
        await until(lambda: run.state.n == 5)
        finish(client)
        await run.wait("over")
        assert table(run.state) == truth(client)
        assert run.state.counts() == {SUCCEEDED: 5}
        assert client.opened == 2
        assert run.state.head.stale is None


@virtual
async def test_a_run_that_ended_long_ago_is_read_once():
    client = a_run(phase=SUCCEEDED)
    async with await Watcher().watch(client, "r1") as run:
        began = now()
        await run.wait("over")
        assert now() - began < 1
        assert client.opened == 1
        assert table(run.state) == truth(client)


@virtual
async def test_a_pause_after_a_full_page_is_not_taken_for_the_end():
    client = ScriptedClient(ended("a0"))
    page = message(*(ended(f"n{i}") for i in range(1000)))
    client.scripts = [[message(ended("a0")), page]]
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 1001)
        await asyncio.sleep(3)
        client.open[0].put_nowait(message(ended("late")))
        await run.wait("over")
        assert run.state.find("late") is not None
        assert client.opened == 1


@virtual
async def test_all_is_told_when_a_page_is_not_full():
    client = ScriptedClient(action("a0", RUNNING))
    client.scripts = [[message(*(action(f"n{i}", RUNNING) for i in range(1000)))]]
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 1001)
        assert not run.state.told
        client.open[0].put_nowait(message(action("last", RUNNING)))
        await until(lambda: run.state.told)
        assert run.state.find("last") is not None


@virtual
async def test_a_lost_update_is_made_good_when_the_stream_is_silent():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.drop = lambda one: True
        finish(client)
        dropped = now()
        await run.wait("terminal")
        assert now() - dropped < 2 * TIMING.silence
        await run.wait("over")
        assert table(run.state) == truth(client)


@virtual
async def test_a_lost_end_of_a_child_is_made_good_after_the_root_ended():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.drop = lambda one: one.id.name == "c1"
        finish(client)
        await run.wait("over")
        assert table(run.state) == truth(client)


@virtual
async def test_children_that_end_after_the_root_are_awaited():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.put(ended("a0", ABORTED))
        await run.wait("terminal")
        await asyncio.sleep(20)
        assert not run.state.head.over
        for i in range(3):
            client.put(ended(f"c{i}", ABORTED, task="env.child"))
        before = now()
        await run.wait("over")
        assert now() - before < 5
        assert run.state.counts() == {ABORTED: 4}
        assert client.opened == 2


@virtual
async def test_children_that_never_end_do_not_hold_the_feed_for_ever():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        client.put(ended("a0", ABORTED))
        await run.wait("terminal")
        before = now()
        await run.wait("over")
        assert TIMING.linger < now() - before < TIMING.linger + 10
        assert run.state.counts() == {RUNNING: 3, ABORTED: 1}
        assert client.opened == 3


@pytest.mark.parametrize("broken", [END, RESET], ids=["clean early end", "reset"])
def test_a_stream_that_breaks_off_is_opened_anew_without_a_word(broken: object):
    @virtual
    async def run_test() -> None:
        client = a_run()
        async with await Watcher().watch(client, "r1") as run:
            stale: list[object] = []
            run.on_change(lambda: stale.append(run.state.head.stale))
            await until(lambda: run.state.n == 4)
            for _ in range(3):
                client.open[0].put_nowait(broken)
                opened = client.opened
                await until(lambda opened=opened: client.opened > opened)
            finish(client)
            await run.wait("over")
            assert table(run.state) == truth(client)
            assert not any(stale)

    run_test()


@virtual
async def test_streams_that_always_break_off_early_end_in_the_truth():
    client = a_run()
    client.every_script = [message(client.actions["a0"]), END]
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: client.opened > 3)
        finish(client)
        client.every_script = [message(client.actions["a0"]), END]
        await run.wait("over")
        assert table(run.state) == truth(client)


@virtual
async def test_a_silent_stream_of_a_run_that_exists_leads_to_listing():
    client = a_run()
    client.every_script = []
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        assert "ListActions" in client.calls
        await until(lambda: run.state.head.stale is None)
        finish(client)
        await run.wait("over")
        assert table(run.state) == truth(client)


@virtual
async def test_parent_not_found_thrice_leads_to_listing_with_names():
    client = ScriptedClient(
        action("a0", RUNNING), *(action(f"{i}c", RUNNING, "a0", task="env.kid") for i in range(450))
    )
    client.every_script = [message(client.actions["a0"]), PARENT_MISSING]
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 451)
        assert client.opened == 3
        await until(lambda: table(run.state) == truth(client))
        details = client.calls.count("GetActionDetails")
        finish(client)
        await run.wait("over")
        assert table(run.state) == truth(client)
        assert client.calls.count("GetActionDetails") <= details + 2
        assert client.opened == 3


@virtual
async def test_parent_not_found_once_heals_by_reconnecting():
    client = a_run()
    client.scripts = [[PARENT_MISSING], [PARENT_MISSING]]
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        assert "ListActions" not in client.calls


@virtual
async def test_a_backend_without_streams_is_listed():
    client = a_run()
    client.every_script = [UnimplementedError("no such method.", "", "UNIMPLEMENTED")]
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        assert client.opened == 1


@virtual
async def test_a_backend_that_is_gone_is_told_and_its_return_too():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.fall()
        gone = now()
        await until(lambda: run.state.head.stale)
        assert now() - gone < 3
        stale = run.state.head.stale
        assert stale is not None
        assert stale["reason"] == str(DOWN)
        await asyncio.sleep(120)
        assert run.state.head.stale == stale
        assert not run.state.head.over
        assert run.state.n == 4
        assert client.opened < 30
        # It comes back and marks what was underway.
        client.down = None
        for name, one in list(client.actions.items()):
            client.actions[name] = ended(name, ABORTED, task=one.metadata.task.id.name)
        client.abort_reason = "The backend was restarted."
        back = now()
        await run.wait("over")
        assert now() - back < TIMING.backoff_most * 1.25 + 5
        assert run.state.head.stale is None
        assert run.state.head.abort_reason == "The backend was restarted."
        assert run.state.counts() == {ABORTED: 4}


@virtual
async def test_a_backend_that_hangs_is_told_before_it_answers():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.every_script = []  # streams open, and nothing comes
        silent = now()
        await until(lambda: run.state.head.stale)
        assert now() - silent < TIMING.silence + TIMING.first_message + 1
        client.every_script = None
        await until(lambda: not run.state.head.stale)


@virtual
async def test_a_backend_that_forgot_the_run_ends_the_feed_with_a_sentence():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.fall()
        await until(lambda: run.state.head.stale)
        client.down = None
        client.actions.clear()
        client.every_script = []
        with pytest.raises(NotFoundError, match="There is no run r1"):
            await run.wait()
        assert run.state.head.over
        assert "There is no run r1" in (run.state.head.stale or {})["reason"]
        assert not client.open


@virtual
async def test_a_forgotten_run_is_found_out_while_listing():
    client = a_run()
    client.every_script = [UnimplementedError("no such method.", "", "UNIMPLEMENTED")]
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.actions.clear()
        with pytest.raises(NotFoundError, match="There is no run r1"):
            await run.wait()


@virtual
async def test_a_backend_that_can_neither_stream_nor_list_is_told():
    client = a_run()
    client.every_script = [UnimplementedError("no such method.", "", "UNIMPLEMENTED")]
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        client.fall(UnimplementedError("no such method.", "", "UNIMPLEMENTED"))
        with pytest.raises(UnimplementedError):
            await run.wait()


@pytest.mark.parametrize("error", [UnauthenticatedError, PermissionDeniedError])
def test_a_refusal_ends_the_feed_with_its_sentence(error: type[FlyteError]):
    @virtual
    async def run_test() -> None:
        client = a_run()
        async with await Watcher().watch(client, "r1") as run:
            await until(lambda: run.state.n == 4)
            client.fall(error("localhost:8090 refused us: no.", "", "X"))
            with pytest.raises(error):
                await run.wait()
            assert run.state.head.over
            assert (run.state.head.stale or {})["reason"] == "localhost:8090 refused us: no."

    run_test()


@virtual
async def test_a_defect_of_ours_ends_the_feed_instead_of_leaving_it_hanging(caplog: pytest.LogCaptureFixture):
    client = a_run()
    client.scripts = [[ZeroDivisionError()]]
    async with await Watcher().watch(client, "r1") as run:
        with pytest.raises(FlyteError, match="defect"):
            await run.wait()
        assert run.state.head.over
    assert "ZeroDivisionError" in caplog.text


@virtual
async def test_errors_are_fetched_for_the_root_and_the_first_25_others():
    client = a_run(40)
    client.errors = {name: f"ValueError: {name} is bad" for name in client.actions}
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 41)
        for name in reversed(list(client.actions)):
            client.put(ended(name, FAILED, task="env.child"))
        await run.wait("over")
        assert run.state.head.error == "ValueError: a0 is bad"
        with_error = [row for row in map(run.state.row, range(41)) if row.error]
        assert len(with_error) == 26
        assert all(row.error == f"ValueError: {row.name} is bad" for row in with_error)
        without = next(row for row in map(run.state.row, range(41)) if not row.error)
        error = await run.fetch_error(without.name)
        assert error == ("USER", "ValueError", f"ValueError: {without.name} is bad")
        assert run.state.row(without.row).error == error.message


@virtual
async def test_an_error_that_is_told_later_than_the_phase_is_asked_for_again():
    client = a_run(1)
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 2)
        client.put(ended("c0", FAILED, task="env.child"))
        await until(lambda: client.calls.count("GetActionDetails") == 1)
        client.errors["c0"] = "too late?"
        await until(lambda: run.state.row(1).error == "ValueError: too late?")


@virtual
async def test_a_retry_forgets_the_error_of_the_attempt_before():
    client = a_run(1)
    client.errors["c0"] = "first try"
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 2)
        client.put(ended("c0", FAILED, task="env.child"))
        await until(lambda: run.state.row(1).error == "ValueError: first try")
        client.put(action("c0", RUNNING, "a0", task="env.child", attempts=2))
        await until(lambda: not run.state.row(1).error)
        client.errors["c0"] = "second try"
        client.put(ended("c0", FAILED, task="env.child", attempts=2))
        await until(lambda: run.state.row(1).error == "ValueError: second try")


@virtual
async def test_fetching_the_error_of_an_action_that_does_not_exist():
    async with await Watcher().watch(a_run(), "r1") as run:
        with pytest.raises(NotFoundError):
            await run.fetch_error("nope")
        assert run.state.find("nope") is None


@virtual
async def test_nobody_who_looks_slows_the_feed_down():
    client = a_run()
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: run.state.n == 4)
        told: list[int] = []
        run.on_change(lambda: told.append(run.state.n))
        for i in range(1000):
            client.put(action(f"x{i}", RUNNING, "a0"))
        await until(lambda: run.state.n == 1004)
        assert told[-1] == 1004
