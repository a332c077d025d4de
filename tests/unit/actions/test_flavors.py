"""What the flavors say, refuse and make of an event, as far as no backend is needed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flyte_jupyter.actions import (
    ActionRequest,
    ActionsError,
    AuthContext,
    EventHub,
    InvalidConfigurationError,
    LogEvent,
    NotAllowedError,
    Notice,
    Notify,
    PausedEvent,
    PluginRegistry,
    RunTask,
    TriggerExecutionResponse,
    add_notifier,
)
from flyte_jupyter.actions._callables import call, find_function
from flyte_jupyter.actions._secrets import resolve
from flyte_jupyter.actions._template import fill
from flyte_jupyter.actions.flavors import FLAVORS
from flyte_jupyter.remote import Endpoint
from tests.unit.actions.conftest import ENDPOINT, Clock, failed


@pytest.fixture
def plugins(hub: EventHub) -> PluginRegistry:
    plugins = PluginRegistry(hub)
    for flavor in FLAVORS:
        plugins.register(flavor)
    return plugins


def execution(event: Any = None) -> TriggerExecutionResponse:
    return TriggerExecutionResponse(id=1, trigger=7, event=event or failed(task="t.a"), run_name="fja123")


class Client:
    endpoint = Endpoint.parse(f"https://{ENDPOINT}")


def context(*allow: Any, client: Any = None) -> AuthContext:
    made = AuthContext(allow=frozenset(allow))
    made._client = client or Client()
    return made


PREVIEWS = {
    "notify": ({"text": "{run}: {phase}!", "webhook": "env:HOOK"}, "say 'r1: failed!' and send it to env:HOOK"),
    "run_task": ({"task": "t.b", "inputs": {"a": "outputs.o0", "n": 3}}, "start t.b(a=outputs.o0, n=3) as fja123"),
    "rerun": ({"recover": True}, "recover r1 as fja123"),
    "abort": ({"reason": "enough"}, "abort r1: enough"),
    "signal": ({"value": True, "condition": "ok"}, "answer ok of r1 with True"),
    "callback": ({"function": "shutil:which"}, "call shutil:which with 'r1 (t.a) failed'"),
}


@pytest.mark.parametrize("flavor", PREVIEWS)
def test_a_preview_says_what_would_be_done(plugins: PluginRegistry, flavor: str) -> None:
    settings, words = PREVIEWS[flavor]
    handler = plugins.handler(flavor)
    assert handler.preview(handler.validate_action_configuration(settings), execution()) == words


@pytest.mark.parametrize("flavor", FLAVORS, ids=lambda flavor: flavor.FLAVOR)
def test_each_is_complete_and_small(flavor: Any) -> None:
    import inspect

    assert flavor.__doc__.endswith(".")
    assert "properties" in flavor.get_action_config_schema() or not flavor.ACTION_CONFIG_CLASS.model_fields
    assert "Example:" in flavor.ACTION_CONFIG_CLASS.__doc__
    module = inspect.getmodule(flavor)
    assert module is not None
    assert "%flyte_on" in (module.__doc__ or "")
    assert len(inspect.getsource(module).splitlines()) <= 120


WRONG = [
    ("notify", {"text": "{nothing}"}, r"\{nothing\} stands for nothing"),
    ("notify", {"template": "{no json"}, "it is not JSON"),
    ("notify", {"wehbook": "x"}, "wehbook: there is no such setting"),
    ("run_task", {"task": ""}, "task: "),
    ("run_task", {"task": "t", "inputs": {"a": "event.colour"}}, "an event has no colour"),
    ("abort", {"what": "everything"}, "what: "),
    ("signal", {}, "value: "),
    ("callback", {}, "give a function"),
    ("callback", {"function": "nowhere"}, "does not look like module:function"),
]


@pytest.mark.parametrize(("flavor", "settings", "complaint"), WRONG, ids=str)
def test_nonsense_is_refused(plugins: PluginRegistry, flavor: str, settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidConfigurationError, match=complaint):
        plugins.handler(flavor).validate_action_configuration(settings)


@pytest.mark.parametrize("flavor", ["run_task", "rerun", "abort", "signal"])
def test_what_was_not_allowed_is_not_done(plugins: PluginRegistry, flavor: str) -> None:
    handler = plugins.handler(flavor)
    config = handler.validate_action_configuration(PREVIEWS[flavor][0])
    result: Any = handler.run(config, execution(), context("read"))
    with pytest.raises(NotAllowedError, match="may not"):
        asyncio.run(result)


def test_consent_ends(clock: Clock) -> None:
    made = AuthContext(allow=frozenset({"read"}), expires=clock.at)
    made.require("read", clock.at - 1)
    with pytest.raises(NotAllowedError, match="time that is over"):
        made.require("read", clock.at)
    with pytest.raises(NotAllowedError, match="may not abort; it may read"):
        made.require("abort", clock.at - 1)
    with pytest.raises(NotAllowedError, match="no connection"):
        _ = made.client


def test_a_notice_reaches_all_who_can_show_it(plugins: PluginRegistry) -> None:
    notices: list[Notice] = []

    def broken(notice: Notice) -> None:
        raise RuntimeError("no screen")

    removes = [add_notifier(broken), add_notifier(notices.append)]
    done = execution()
    handler = plugins.handler("notify")
    result: Any = handler.run(handler.validate_action_configuration({"text": "{run} {phase}"}), done, context("read"))
    asyncio.run(result)
    for remove in removes:
        remove()
    assert [(one.text, one.trigger, one.execution) for one in notices] == [("r1 failed", 7, 1)]
    assert notices[0].url == f"https://{ENDPOINT.removesuffix(':443')}/v2/domain/d/project/p/runs/r1?i=a0"
    assert done.result == "r1 failed (shown)"


def test_a_literal_webhook_is_checked_when_it_is_made(plugins: PluginRegistry) -> None:
    handler = plugins.handler("notify")
    with pytest.raises(InvalidConfigurationError, match="not encrypted"):
        handler.create_action(ActionRequest(flavor="notify", configuration={"webhook": "http://hooks.example/x"}))
    made = handler.create_action(ActionRequest(flavor="notify", configuration={"webhook": "https://hooks.example/s"}))
    assert handler.preview(Notify(**made.configuration), execution()).endswith("send it to hooks.example")


def test_secrets_are_resolved_where_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    monkeypatch.setenv("HOOK", "https://a.example/s")
    monkeypatch.setattr(keyring, "get_password", lambda *which: "https://b.example/s" if which == ("s", "n") else None)
    assert resolve("env:HOOK") == "https://a.example/s"
    assert resolve("keyring:s/n") == "https://b.example/s"
    assert resolve("https://c.example") == "https://c.example"
    with pytest.raises(ActionsError, match="no secret env:NOHOOK"):
        resolve("env:NOHOOK")
    with pytest.raises(ActionsError, match="no secret keyring:s/other"):
        resolve("keyring:s/other")


def test_what_an_event_says_fills_a_template_and_no_more() -> None:
    hostile = LogEvent(endpoint=ENDPOINT, project="p", domain="d", run="r1", line='{url}", "x": "{run}')
    template = {"text": "{run}: {line}", "list": ["{task}", 1], "{run}": None}
    assert fill(template, hostile, "U") == {"text": 'r1: {url}", "x": "{run}', "list": ["", 1], "{run}": None}
    paused = PausedEvent(endpoint=ENDPOINT, project="p", domain="d", run="r1", condition="ok", prompt="{error}")
    assert fill("{words} {prompt} {error}", paused) == "r1 waits for ok: {error} {error} "


def test_a_function_takes_what_it_can() -> None:
    async def later(event: Any) -> str:
        return f"later {event}"

    class Bell:
        def __call__(self, event: Any, run: Any = None) -> str:
            return f"{event} {run}"

    assert asyncio.run(call(lambda: "nothing", "e", "r")) == "nothing"
    assert asyncio.run(call(lambda event: event, "e", "r")) == "e"
    assert asyncio.run(call(lambda event, run: event + run, "e", "r")) == "er"
    assert asyncio.run(call(Bell(), "e", "r")) == "e r"
    assert asyncio.run(call(later, "e", "r")) == "later e"
    with pytest.raises(InvalidConfigurationError, match=r"must take \(event, run\)"):
        asyncio.run(call(lambda a, b, c: a, "e", "r"))


def test_a_function_is_found_by_its_path() -> None:
    assert find_function("os.path:join") is __import__("os").path.join
    for path, complaint in (
        ("os:nothing", "cannot be found"),
        ("nowhere:x", "cannot be found"),
        ("os:name", "not a f"),
    ):
        with pytest.raises(InvalidConfigurationError, match=complaint):
            find_function(path)


def test_a_run_of_a_task_is_written_as_it_is_read() -> None:
    assert RunTask("t.a") == RunTask(task="t.a")
    assert RunTask(**RunTask("t.a", inputs={"x": 1}).model_dump()).inputs == {"x": 1}


def test_of_an_address_only_the_host_is_shown() -> None:
    notify = Notify(text="{run}", webhook="https://hooks.example.com/services/very-secret")
    assert notify.shown() == {"text": "{run}", "webhook": "hooks.example.com"}
    assert "very-secret" not in repr(notify)
    assert Notify(webhook="env:SLACK_URL").shown() == {"webhook": "env:SLACK_URL"}
    assert Notify(webhook="nonsense").shown() == {"webhook": "(no address)"}
    with pytest.raises(ValueError, match=r"not permitted") as refused:
        Notify(webhok="https://hooks.example.com/services/very-secret")  # pyright: ignore[reportCallIssue]
    assert "very-secret" not in str(refused.value)
