import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import pytest

from flyte_jupyter.live import Watcher
from flyte_jupyter.remote import InvalidArgumentError, NotFoundError, UnauthenticatedError
from flyte_jupyter.view import _views
from flyte_jupyter.view._target import Target
from flyte_jupyter.view._views import Opening, Views, look_once
from tests.unit.live.messages import FAILED, QUEUED, RUNNING, START, SUCCEEDED, action, message
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.virtual import until, virtual


@pytest.fixture(autouse=True)
def watcher(monkeypatch):
    watcher = Watcher()
    monkeypatch.setattr(_views, "watcher", lambda: watcher)
    return watcher


class Told:
    def __init__(self) -> None:
        self.changed, self.replaced = [], []
        self.views = Views(self.changed.append, self.replaced.append)


def _target(client: ScriptedClient, name: str = "r1") -> Target:
    return Target(client, name, "p", "development", "")  # type: ignore[arg-type]


def _finished() -> ScriptedClient:
    client = ScriptedClient(
        action("a0", FAILED, ended=START + 9),
        action("b", FAILED, "a0", ended=START + 5),
        action("c", SUCCEEDED, "a0", ended=START + 7),
    )
    client.errors = {"a0": "ValueError: no", "b": "ValueError: no"}
    return client


@virtual
async def test_the_first_look_at_a_run_that_is_over_is_complete(watcher):
    client = _finished()
    told = Told()
    view = await told.views.open(_target(client))
    run = await told.views.run(view)
    assert run.state.head.over
    assert run.state.head.error == "ValueError: no"
    assert run.state.n == 3
    assert not watcher.keys


@virtual
async def test_a_run_that_goes_on_is_followed_to_its_end_and_then_let_go(watcher):
    client = ScriptedClient(action("a0", RUNNING), action("b", QUEUED, "a0"))
    told = Told()
    view = await told.views.open(_target(client))
    state = (await told.views.run(view)).state
    assert state.n == 2
    told.changed.clear()
    client.put(action("b", SUCCEEDED, "a0", ended=START + 1))
    await until(lambda: told.changed)
    client.put(action("a0", SUCCEEDED, ended=START + 2))
    await until(lambda: state.head.over)
    await until(lambda: not watcher.keys)
    assert told.changed[-1].head.over
    assert (await told.views.run(view)).state is state


@pytest.mark.parametrize(
    "opening",
    [
        Opening(),
        Opening("logs", "a0", "logs", 300),
        Opening("logs", "a0", "logs", None, 2),
        Opening("run", 'a/1 "<>"', "spec"),
        Opening("run", "", "", 80),
    ],
)
def test_what_a_view_opens_is_read_as_it_was_written(opening):
    word = opening.written()
    assert not set(word) & set(' "<>&')
    assert Opening.read(word) == opening


@pytest.mark.parametrize("word", [None, 7, "", "table/a0//", "logs/a0", "logs/a0/logs/1", "logs/a0/logs/1/2/3"])
def test_what_no_view_has_written_opens_nothing(word):
    assert Opening.read(word) == Opening()


@virtual
async def test_two_views_of_a_run_share_its_state():
    client = ScriptedClient(action("a0", RUNNING))
    told = Told()
    first, second = await told.views.open(_target(client)), await told.views.open(_target(client))
    assert first.id != second.id
    assert (await told.views.run(first)).state is (await told.views.run(second)).state
    assert client.opened == 1
    (await told.views.run(first)).subscription.close()
    await asyncio.sleep(1)


@virtual
async def test_a_run_that_there_is_not_makes_no_view():
    told = Told()
    with pytest.raises(NotFoundError):
        await told.views.open(_target(ScriptedClient(), "nope"))


@virtual
async def test_of_many_runs_that_are_over_the_oldest_are_read_again(monkeypatch):
    monkeypatch.setattr(_views, "KEPT_RUNS", 2)
    told = Told()
    clients = [ScriptedClient(action("a0", SUCCEEDED, ended=START)) for _ in range(4)]
    views = [await told.views.open(_target(client, f"r{i}")) for i, client in enumerate(clients)]
    calls = [client.opened for client in clients]
    states = [(await told.views.run(view)).state for view in views]
    assert [client.opened > before for client, before in zip(clients, calls, strict=True)] == [True, True, False, False]
    assert all(state.n == 1 for state in states)
    await asyncio.sleep(60)


@virtual
async def test_big_runs_are_let_go_by_their_size(monkeypatch):
    monkeypatch.setattr(_views, "KEPT_ROWS", 2)
    told = Told()
    clients = [_finished() for _ in range(2)]
    views = [await told.views.open(_target(client, f"r{i}")) for i, client in enumerate(clients)]
    newest = (await told.views.run(views[1])).state
    assert (await told.views.run(views[1])).state is newest
    opened = clients[0].opened
    await told.views.run(views[0])
    assert clients[0].opened > opened
    await asyncio.sleep(60)


@virtual
async def test_a_run_that_was_lost_is_taken_up_again_by_the_next_view():
    client = ScriptedClient(action("a0", RUNNING))
    told = Told()
    first = await told.views.open(_target(client))
    state = (await told.views.run(first)).state
    client.fall(UnauthenticatedError("who are you?", "", "UNAUTHENTICATED"))
    await until(lambda: state.head.over)
    assert state.head.stale is not None
    client.down = None
    await told.views.open(_target(client))
    assert told.replaced
    anew = (await told.views.run(first)).state
    assert anew is told.replaced[0]
    assert not anew.head.over
    (await told.views.run(first)).subscription.close()
    await asyncio.sleep(1)


@virtual
async def test_a_run_is_found_by_its_key():
    told = Told()
    client = _finished()
    view = await told.views.open(_target(client))
    assert await told.views.run_by_key(view.run) is await told.views.run(view)
    with pytest.raises(InvalidArgumentError, match="shows no such run"):
        await told.views.run_by_key("localhost:8090|p/development/other")


@virtual
async def test_a_single_look_leaves_nothing_behind(watcher):
    state = await look_once(_target(ScriptedClient(action("a0", RUNNING), action("b", QUEUED, "a0"))))
    assert state.n == 2
    assert not watcher.keys


@contextlib.asynccontextmanager
async def _restless() -> AsyncIterator[ScriptedClient]:
    """A run that changes twenty times a second."""
    client = ScriptedClient(action("a0", RUNNING), action("b", QUEUED, "a0"))

    async def stir() -> None:
        for attempts in itertools.count(2):
            await asyncio.sleep(0.05)
            client.put(action("b", RUNNING, "a0", attempts=attempts))

    stirring = asyncio.create_task(stir())
    try:
        yield client
    finally:
        stirring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stirring


@virtual
async def test_the_first_look_at_a_run_that_never_rests_is_short(watcher):
    async with _restless() as client:
        begin = asyncio.get_running_loop().time()
        state = await look_once(_target(client))
        assert asyncio.get_running_loop().time() - begin == pytest.approx(_views.GLANCE, abs=0.05)
        assert state.n == 2


@virtual
async def test_a_view_of_a_run_that_goes_on_waits_for_the_first_news_only(watcher):
    told = Told()
    async with _restless() as client:
        begin = asyncio.get_running_loop().time()
        view = await told.views.open(_target(client))
        assert asyncio.get_running_loop().time() - begin < 0.05
        assert (await told.views.run(view)).state.n == 2
        await watcher.close()


@virtual
async def test_a_view_of_a_large_run_that_goes_on_does_not_wait_for_all_of_it(watcher):
    told = Told()
    client = ScriptedClient(action("a0", RUNNING))
    page = message(action("a0", RUNNING), *(action(f"n{i}", QUEUED, "a0") for i in range(999)))
    client.scripts = [[page]]
    begin = asyncio.get_running_loop().time()
    view = await told.views.open(_target(client))
    assert asyncio.get_running_loop().time() - begin < 0.05
    assert (await told.views.run(view)).state.n == 1000
    await watcher.close()
