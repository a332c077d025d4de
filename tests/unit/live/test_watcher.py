import asyncio

import pytest

from flyte_jupyter.live import Watcher
from flyte_jupyter.remote import FlyteError, NotFoundError, UnauthenticatedError, UnavailableError
from tests.unit.live.messages import QUEUED, RUNNING, START, SUCCEEDED, action
from tests.unit.live.scripted import DOWN, ScriptedClient
from tests.unit.live.virtual import until, virtual


@virtual
async def test_those_who_watch_one_run_share_one_stream_until_the_last_leaves():
    client = ScriptedClient(action("a0", RUNNING))
    watcher = Watcher()
    first, second = await asyncio.gather(watcher.watch(client, "r1"), watcher.watch(client, "r1"))
    assert first.state is second.state
    await until(lambda: client.open)
    first.close()
    first.close()
    await asyncio.sleep(1)
    assert len(client.open) == client.opened == 1
    await second.aclose()
    assert not client.open
    assert not watcher.keys


@virtual
async def test_runs_of_one_name_in_two_projects_are_two_runs():
    client = ScriptedClient(action("a0", RUNNING))
    watcher = Watcher()
    async with await watcher.watch(client, "r1"), await watcher.watch(client, "r1", project="q") as other:
        assert watcher.keys == ["localhost:8090|p/development/r1", "localhost:8090|q/development/r1"]
        assert other.state.project == "q"
        assert other.state.head.url.endswith("/project/q/runs/r1")


@virtual
async def test_the_state_has_the_root_when_watch_returns():
    async with await Watcher().watch(ScriptedClient(action("a0", QUEUED)), "r1") as run:
        assert run.state.row(0).name == "a0"
        assert run.state.head.phase == QUEUED
        assert run.state.head.task == "main"


@virtual
async def test_an_unknown_run_is_found_out_with_a_sentence():
    client, watcher = ScriptedClient(), Watcher()
    with pytest.raises(NotFoundError, match="There is no run nope in p/development at localhost:8090") as caught:
        await watcher.watch(client, "nope")
    assert caught.value.code == "NOT_FOUND"
    assert not client.opened
    assert not watcher.keys


@virtual
async def test_a_backend_that_is_down_is_told_to_who_begins_to_watch():
    client, watcher = ScriptedClient(action("a0", RUNNING)), Watcher()
    client.fall()
    with pytest.raises(UnavailableError):
        await watcher.watch(client, "r1")
    client.down = None
    async with await watcher.watch(client, "r1") as run:
        assert run.state.n == 1


@virtual
async def test_who_stops_waiting_for_the_opening_leaves_the_others_alone():
    client, watcher = ScriptedClient(action("a0", RUNNING)), Watcher()
    impatient = asyncio.ensure_future(watcher.watch(client, "r1"))
    patient = asyncio.ensure_future(watcher.watch(client, "r1"))
    await asyncio.sleep(0)
    impatient.cancel()
    async with await patient as run:
        assert run.state.n == 1
    with pytest.raises(asyncio.CancelledError):
        await impatient


@virtual
async def test_cancelling_the_only_opening_ends_it():
    client, watcher = ScriptedClient(action("a0", RUNNING)), Watcher()
    opening = asyncio.ensure_future(watcher.watch(client, "r1"))
    await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait({opening})
    await asyncio.sleep(0.01)
    assert not watcher.keys
    assert not client.opened


@virtual
async def test_waiting_for_each_stage():
    client = ScriptedClient(action("a0", QUEUED))
    async with await Watcher().watch(client, "r1") as run:
        reached: list[str] = []

        async def wait(stage: str) -> None:
            await run.wait(stage)  # pyright: ignore[reportArgumentType]
            reached.append(stage)

        waits = asyncio.gather(*map(wait, ("over", "terminal", "running")))
        await until(lambda: client.open)
        await asyncio.sleep(1)
        assert not reached
        client.put(action("a0", RUNNING))
        await until(lambda: reached)
        assert reached == ["running"]
        client.put(action("a0", SUCCEEDED, ended=START + 5))
        await waits
        assert reached == ["running", "terminal", "over"]
        assert run.state.head.over
        with pytest.raises(ValueError, match="not 'done'"):
            await run.wait("done")  # pyright: ignore[reportArgumentType]


@virtual
async def test_who_waits_is_told_when_the_share_is_closed():
    async with await Watcher().watch(ScriptedClient(action("a0", RUNNING)), "r1") as run:
        waiting = asyncio.ensure_future(run.wait())
        await asyncio.sleep(1)
        run.close()
        with pytest.raises(FlyteError, match="Watching run r1 was ended before the run was terminal"):
            await waiting


@virtual
async def test_changes_are_told_once_per_turn_and_a_failing_callback_harms_nobody(caplog: pytest.LogCaptureFixture):
    client = ScriptedClient(action("a0", RUNNING))
    async with await Watcher().watch(client, "r1") as run:
        await until(lambda: client.open)
        await asyncio.sleep(0.1)
        told: list[int] = []

        def fail() -> None:
            raise ZeroDivisionError

        run.on_change(fail)
        remove = run.on_change(lambda: told.append(run.state.n))
        client.put(action("a1", RUNNING, "a0"))
        await until(lambda: told)
        assert told == [2]
        assert "ZeroDivisionError" in caplog.text
        client.put(action("a1", RUNNING, "a0"))  # nothing new
        await asyncio.sleep(1)
        assert told == [2]
        remove()
        client.put(action("a2", RUNNING, "a0"))
        await until(lambda: run.state.n == 3)
        await asyncio.sleep(1)
        assert told == [2]


@virtual
async def test_a_run_that_is_over_stays_shared_while_someone_holds_it():
    client, watcher = ScriptedClient(action("a0", SUCCEEDED, ended=START + 1)), Watcher()
    async with await watcher.watch(client, "r1") as run:
        await run.wait("over")
        assert not client.open
        async with await watcher.watch(client, "r1") as again:
            assert again.state is run.state
            await again.wait("over")
    assert not watcher.keys


@virtual
async def test_a_feed_that_failed_goes_on_in_the_same_state_when_watched_anew():
    client, watcher = ScriptedClient(action("a0", RUNNING)), Watcher()
    async with await watcher.watch(client, "r1") as run:
        await until(lambda: client.open)
        refused = UnauthenticatedError("localhost:8090 refused us: bad token.", "", "UNAUTHENTICATED")
        client.fall(refused)
        with pytest.raises(UnauthenticatedError):
            await run.wait()
        assert run.state.head.over
        better = ScriptedClient(action("a0", SUCCEEDED, ended=START + 1))
        async with await watcher.watch(better, "r1") as again:
            assert again.state is run.state
            await again.wait("over")
            assert run.state.head.phase == SUCCEEDED
            assert run.state.head.stale is None


@virtual
async def test_closing_the_watcher_ends_everything():
    client, watcher = ScriptedClient(action("a0", RUNNING)), Watcher()
    await watcher.watch(client, "r1")
    await watcher.watch(client, "r1", project="q")
    await until(lambda: len(client.open) == 2)
    await watcher.close()
    assert not client.open
    assert not watcher.keys


@virtual
async def test_closing_while_the_backend_is_down_leaves_nothing():
    client, watcher = ScriptedClient(action("a0", RUNNING)), Watcher()
    run = await watcher.watch(client, "r1")
    client.fall(DOWN)
    await until(lambda: run.state.head.stale)
    await run.aclose()
    assert not client.open
