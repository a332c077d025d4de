import asyncio

import pytest

from flyte_jupyter.live import Looks, Watcher
from flyte_jupyter.remote import BackgroundLoop, Method, methods
from flyte_jupyter.view import _requests as requests
from flyte_jupyter.view import _views
from flyte_jupyter.view._dispatch import Dispatcher
from flyte_jupyter.view._freeze import Frozen
from flyte_jupyter.view._lookers import Lookers
from flyte_jupyter.view._notes import ArmedAction, Notes
from flyte_jupyter.view._publisher import Publisher
from flyte_jupyter.view._target import Target
from flyte_jupyter.view._views import View, Views
from tests.unit.live.messages import ABORTED, FAILED, RUNNING, START, SUCCEEDED, action
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.test_looks import data
from tests.unit.live.virtual import until, virtual
from tests.unit.view.pages import PostBox


class AbortableClient(ScriptedClient):
    """Also does what it is asked for."""

    async def unary(self, method: Method, request, *, timeout: float | None = 30.0):
        if method is methods.ABORT_RUN or method is methods.ABORT_ACTION:
            self.calls.append(f"{method.rpc}: {request.reason}")
            name = "a0" if method is methods.ABORT_RUN else request.action_id.name
            self.put(action(name, ABORTED, self.actions[name].metadata.parent, ended=START + 5))
            return None
        return await super().unary(method, request, timeout=timeout)


class Desk:
    """A dispatcher with everything behind it, and a page before it."""

    def __init__(self, *actions) -> None:
        self.client = AbortableClient(*actions)
        self.box = PostBox()
        self.heard: list[str] = []
        self.publisher = Publisher(asyncio.get_running_loop().time)
        self.views = Views(self.publisher.changed, self.publisher.replaced)
        looks = Looks()
        self.frozen: list[Frozen] = []
        self.lookers = Lookers(self.views, looks)
        desk = requests.Desk(self.views, looks, self._freeze)
        self.notes = Notes(self.publisher.showing, lambda: self.box)
        self.dispatcher = Dispatcher(
            self.views, self.publisher, self.lookers, desk, self.notes, lambda _, what: self.heard.append(what)
        )

    async def _freeze(self, view: View, frozen: Frozen) -> str:
        self.frozen.append(frozen)
        return "frozen"

    async def open(self) -> View:
        return await self.views.open(Target(self.client, "r1", "p", "development", ""))  # type: ignore[arg-type]

    def say(self, **message) -> None:
        self.dispatcher.receive(self.box, message)

    async def answer(self, kind: str) -> dict:
        await until(lambda: any(message["type"] == kind for message in self.box.sent))
        found = next(message for message in self.box.sent if message["type"] == kind)
        self.box.sent.remove(found)
        return found

    async def ask(self, method: str, **params) -> dict:
        self.say(type="request", vid="m", rid="q", method=method, params=params)
        answer = await self.answer("reply")
        assert answer["rid"] == "q"
        return answer

    async def close(self, view: View) -> None:
        (await self.views.run(view)).subscription.close()
        await asyncio.sleep(1)


@pytest.fixture(autouse=True)
def watcher(monkeypatch):
    watcher = Watcher()
    monkeypatch.setattr(_views, "watcher", lambda: watcher)
    # The loop of the test stands in for the background loop.
    monkeypatch.setattr(BackgroundLoop, "is_current", True)


@virtual
async def test_hello_is_answered_by_a_welcome_and_a_snapshot():
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()
    desk.say(type="hello", view=view.id, vid="m")
    welcome = await desk.answer("welcome")
    assert welcome == {
        "type": "welcome",
        "vid": "m",
        "view": view.id,
        "kind": "run",
        "run": "localhost:8090|p/development/r1",
        "action": "",
        "attempt": None,
        "tab": "",
        "height": None,
        "title": "r1",
        "console": (await desk.views.run(view)).state.head.url,
    }
    desk.publisher.tick()
    assert desk.box.kinds() == ["snapshot"]
    assert desk.heard == ["hello"]
    await desk.close(view)


@virtual
async def test_a_view_of_another_kernel_is_unknown():
    desk = Desk(action("a0"))
    desk.say(type="hello", view="gone", vid="m")
    assert await desk.answer("unknown") == {"type": "unknown", "vid": "m", "view": "gone"}
    desk.publisher.tick()
    assert desk.box.kinds() == []


@virtual
async def test_a_view_whose_run_cannot_be_read_again_is_unknown(monkeypatch):
    monkeypatch.setattr(_views, "KEPT_RUNS", 0)
    desk = Desk(action("a0", SUCCEEDED, ended=START))
    view = await desk.open()
    other = await desk.views.open(Target(desk.client, "r2", "p", "development", ""))  # type: ignore[arg-type]
    assert other.run != view.run
    desk.client.fall()
    desk.say(type="hello", view=view.id, vid="m")
    assert (await desk.answer("unknown"))["view"] == view.id


@virtual
async def test_who_leaves_before_the_welcome_is_not_mounted():
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()
    desk.say(type="hello", view=view.id, vid="m")
    desk.say(type="bye", vid="m")
    await asyncio.sleep(1)
    desk.publisher.tick()
    assert desk.box.kinds() == []
    await desk.close(view)


@virtual
async def test_who_leaves_after_saying_hello_twice_is_not_mounted(monkeypatch):
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()
    gates = [asyncio.Event(), asyncio.Event()]
    waiting = iter(gates)
    look = desk.views.run

    async def look_slowly(view: View):
        await next(waiting).wait()
        return await look(view)

    monkeypatch.setattr(desk.views, "run", look_slowly)
    desk.say(type="hello", view=view.id, vid="m")
    desk.say(type="hello", view=view.id, vid="m")
    await asyncio.sleep(0)
    gates[0].set()
    await desk.answer("welcome")
    desk.say(type="bye", vid="m")
    gates[1].set()
    await asyncio.sleep(1)
    desk.publisher.tick()
    assert desk.box.kinds() == []
    monkeypatch.setattr(desk.views, "run", look)
    await desk.close(view)


@virtual
async def test_seen_resync_and_bye_reach_the_publisher():
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()
    desk.say(type="hello", view=view.id, vid="m")
    await desk.answer("welcome")
    desk.publisher.tick()
    desk.box.kinds()
    desk.say(type="resync", run=view.run)
    await asyncio.sleep(1)
    desk.publisher.tick()
    assert desk.box.kinds() == ["snapshot"]
    desk.say(type="seen", vid="m", visible=False)
    desk.say(type="bye", vid="m")
    desk.publisher.changed((await desk.views.run(view)).state)
    assert desk.publisher.tick() is None
    await desk.close(view)


@virtual
async def test_a_run_is_aborted_and_the_reply_says_so():
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()
    assert await desk.ask("abort_run", run=view.run, reason="enough") == {
        "type": "reply",
        "rid": "q",
        "ok": True,
        "result": None,
    }
    assert "AbortRun: enough" in desk.client.calls
    state = (await desk.views.run(view)).state
    await until(lambda: state.head.over)
    refused = await desk.ask("abort_run", run=view.run)
    assert refused["ok"] is False
    assert refused["error"] == "Run r1 is over (ABORTED): there is nothing to abort."


@virtual
async def test_an_action_is_aborted_with_a_reason_of_ours_where_none_is_given():
    desk = Desk(action("a0", RUNNING), action("b", RUNNING, "a0"))
    view = await desk.open()
    assert (await desk.ask("abort_action", run=view.run, action="b"))["ok"] is True
    assert "AbortAction: Aborted from a notebook." in desk.client.calls
    await desk.close(view)


@virtual
async def test_the_whole_error_of_an_action_is_fetched():
    desk = Desk(action("a0", RUNNING), action("b", FAILED, "a0", ended=START))
    desk.client.errors["b"] = "ValueError: " + "x" * 9000
    view = await desk.open()
    reply = await desk.ask("error", run=view.run, action="b")
    assert reply["result"] == {"kind": "USER", "code": "ValueError", "message": desk.client.errors["b"]}
    await desk.close(view)


@pytest.mark.parametrize(
    ("method", "params", "sentence"),
    [
        ("format_disk", {}, "This kernel does not know the request 'format_disk'."),
        ("abort_run", {}, "The request lacks its parameter 'run'."),
        ("abort_run", {"run": "other"}, "This kernel shows no such run."),
        ("abort_action", {"run": "localhost:8090|p/development/r1"}, "The request lacks its parameter 'action'."),
        (
            "abort_action",
            {"run": "localhost:8090|p/development/r1", "action": "nope"},
            "There is no action 'nope' of run 'r1'",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(method, params, sentence):
    @virtual
    async def test():
        desk = Desk(action("a0", RUNNING))
        view = await desk.open()
        reply = await desk.ask(method, **params)
        assert reply["ok"] is False
        assert sentence in reply["error"]
        await desk.close(view)

    test()


@virtual
async def test_a_defect_is_told_too(monkeypatch):
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()

    async def broken(*_, **__):
        raise KeyError("b")

    monkeypatch.setattr(desk.client, "unary", broken)
    reply = await desk.ask("abort_run", run=view.run)
    assert reply == {"type": "reply", "rid": "q", "ok": False, "error": "KeyError: 'b'"}
    await desk.close(view)


@pytest.mark.parametrize(
    "message",
    [None, [], "ready", {}, {"type": "dance"}, {"type": "hello", "view": 1, "vid": "m"}, {"type": "seen", "vid": "m"}],
)
def test_what_is_not_of_the_protocol_is_left_alone(message):
    @virtual
    async def test():
        desk = Desk(action("a0"))
        desk.dispatcher.receive(desk.box, message)
        await asyncio.sleep(1)
        assert desk.box.sent == []
        assert desk.heard == []

    test()


@virtual
async def test_ready_is_heard():
    desk = Desk(action("a0"))
    desk.say(type="ready")
    assert desk.heard == ["ready"]


@virtual
async def test_a_view_learns_what_is_armed_on_its_run():
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()
    one = ArmedAction(1, "r1 failed", "notify", "armed", 0)
    desk.notes.set_armed({view.run: [one]})
    desk.say(type="hello", view=view.id, vid="m1")
    assert await desk.answer("armed") == {"type": "armed", "run": view.run, "armed": [one._asdict()]}
    desk.notes.set_armed({view.run: [one._replace(fired=1)]})
    assert (await desk.answer("armed"))["armed"][0]["fired"] == 1
    await desk.close(view)


@virtual
async def test_labels_and_whole_values_are_answered():
    desk = Desk(action("a0", RUNNING))
    desk.client.data["a0"] = data(x=7)
    view = await desk.open()
    reply = await desk.ask("labels", run=view.run, actions=["a0", "gone"])
    assert reply["result"] == {"labels": {"a0": "x=7"}}
    assert (await desk.views.run(view)).state.apart == {"a0": "x=7"}, "the record of the run has them, too"
    reply = await desk.ask("labels", run=view.run, actions=[], times=["a0"])
    assert reply["result"] == {"labels": {}}
    reply = await desk.ask("labels", run=view.run, actions=[], **{"from": 0})
    assert reply["result"] == {"labels": {}, "unread": 0}, "it has no twin"
    reply = await desk.ask("value", run=view.run, action="a0", path=["inputs", "x"])
    assert "are not open" in reply["error"]
    desk.say(type="look", vid="m", lid="l", topic="io", run=view.run, action="a0", params={})
    await until(lambda: any((one.get("value") or {}).get("inputs") for one in desk.box.sent))
    desk.box.sent.clear()
    assert (await desk.ask("value", run=view.run, action="a0", path=["inputs", "x"]))["result"] == {
        "text": "7",
        "left_out": 0,
        "code": "import flyte_jupyter\nflyte_jupyter.remote.Run.get('r1').inputs()['x']",
    }
    desk.say(type="bye", vid="m")
    await desk.close(view)


@virtual
async def test_what_is_open_goes_to_the_freezing():
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()
    reply = await desk.ask("freeze", view=view.id, rows=[[0, 0]], find="x", action="a0", tab="logs", attempt=2)
    assert reply["result"] == {"note": "frozen"}
    assert desk.frozen == [Frozen(((0, 0),), "x", "a0", "logs", 2)]
    await desk.close(view)


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("labels", {"run": "localhost:8090|p/development/r1", "actions": "a0"}, "list of at most 200 names"),
        ("labels", {"run": "localhost:8090|p/development/r1", "actions": ["a"] * 201}, "list of at most 200 names"),
        ("value", {"run": "localhost:8090|p/development/r1", "action": "a0", "path": [1.5]}, "lacks its parameter"),
        (
            "value",
            {"run": "localhost:8090|p/development/r1", "action": "a0", "path": ["inputs", "x"], "from": -1},
            "the number of an item",
        ),
        ("signal", {"run": "localhost:8090|p/development/r1", "action": "a0", "value": None}, "a yes or no, a number"),
        ("freeze", {"view": "gone"}, "shows no such view"),
        ("act", {"view": "gone", "act": "abort", "rows": []}, "shows no such table"),
        ("open", {"view": "gone", "row": "r1"}, "shows no such table"),
        ("open", {"at": "p/development/r1"}, "no connection"),
    ],
)
@virtual
async def test_wrong_requests_are_one_sentence(method: str, params: dict, words: str):
    desk = Desk(action("a0", RUNNING))
    view = await desk.open()
    reply = await desk.ask(method, **params)
    assert not reply["ok"]
    assert words in reply["error"]
    assert "\n" not in reply["error"]
    await desk.close(view)
