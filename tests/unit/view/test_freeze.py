from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flyte_jupyter.live import Looks
from flyte_jupyter.remote import BackgroundLoop
from flyte_jupyter.view._bundle import MAX_TEXT_BYTES, bundle
from flyte_jupyter.view._freeze import ROWS, Frozen
from flyte_jupyter.view._html import MAX_BYTES, saved_size
from flyte_jupyter.view._target import Target
from flyte_jupyter.view._text import text_tree
from tests.golden.make_messages import CONDITION, DETAILS, IO
from tests.unit.live.messages import FAILED, RUNNING, START, SUCCEEDED, action, feed, run_state
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.test_looks import data, lines
from tests.unit.live.virtual import virtual
from tests.unit.view.hostile import HOSTILE
from tests.unit.view.survivors import Survivors

TABS = ["overview", "details", "io", "inputs", "outputs", "logs", "events", "spec", "report"]


def run(rows: int = 4) -> Any:
    state = run_state()
    feed(state, action("a0", FAILED, short="main", ended=START + 5))
    feed(state, *(action(f"c{number}", SUCCEEDED, "a0", short="leaf") for number in range(1, rows)))
    return state


def frozen(text: str = "plain", tab: str = "overview", **more: Any) -> Frozen:
    """Everything of an action open, all of it the same text."""
    error = {"kind": "USER", "code": "E", "message": text}
    details = {**DETAILS, "task": text, "who": text, "error": error, "abort": {"reason": text, "by": text}}
    seen = {
        "details": details,
        "io": {
            **IO,
            "inputs": [{**one, "name": text, "text": text} for one in IO["inputs"]],
            "outputs": [],
            "note": text,
        },
        "events": {"attempts": {"1": [{"time": START, "message": text}]}},
        "spec": {"sections": [{"title": text, "rows": [[text, text]]}]},
        "logs": {"note": ""},
    }
    return Frozen(action="c1", tab=tab, seen=seen, lines=(text, text), cut=1234, **more)


def shown(state: Any, what: Frozen) -> Survivors:
    made = bundle(state, "v1", "h1", "0123456789abcdef", what)
    assert saved_size(made["text/html"]) <= MAX_BYTES
    assert saved_size(made["text/plain"]) <= MAX_TEXT_BYTES
    assert not {"\x1b", "\x00", "\u202e"} & set(made["text/html"] + made["text/plain"])
    return Survivors(made["text/html"])


@pytest.mark.parametrize("tab", TABS)
def test_what_is_open_is_shown_and_stays_text(tab: str):
    read = shown(run(), frozen(HOSTILE, tab))
    assert "fj-on-0123456789abcdef" in read.classes
    assert "Action c1" in read.text
    assert read.text.count("<script>alert(1)") >= 2


@pytest.mark.parametrize("tab", TABS)
def test_however_much_is_open_it_stays_small_and_says_what_is_left_out(tab: str):
    long = "<&ä\n" * 100_000
    read = shown(run(500), frozen(long, tab, rows=tuple((number, 1) for number in range(ROWS))))
    assert "left out" in read.text


def test_the_rows_in_sight_are_shown_as_they_stand():
    what = Frozen(rows=((2, 1), (0, 0), (99, 0)), find="leaf")
    text = shown(run(), what).text
    assert "Showing what matches: leaf" in text
    assert text.index("c2") < text.index("main (a0)") if "main (a0)" in text else "c2" in text
    assert "c1" not in text
    assert "2 more actions" in text


def test_logs_say_what_is_earlier():
    text = text_tree(run(), frozen=frozen("said", "logs"))
    assert "said" in text
    assert "1,234 earlier lines are left out." in text


def test_an_attempt_is_shown_with_its_own_error():
    seen = {"details": DETAILS}
    latest = text_tree(run(), frozen=Frozen(action="c1", seen=seen))
    assert [f"Attempt {number}" in latest for number in (1, 2)] == [True, True]
    assert DETAILS["error"]["message"].splitlines()[-1] in latest
    first = text_tree(run(), frozen=Frozen(action="c1", seen=seen, attempt=1))
    assert "Attempt 1: Running, retried" in first
    assert DETAILS["error"]["message"].splitlines()[-1] not in first


def test_the_overview_tells_what_the_view_tells():
    text = text_tree(run(), frozen=Frozen(action="c1", seen={"details": {**DETAILS, "cache": 2}}))
    for words in ("Relation: rerun of r0", "Version: v1", "Group: map", "Parent: a0", "Cache: hit", "(command line)"):
        assert words in text


def test_values_are_shown_with_what_is_inside_and_what_is_not_is_said():
    record = {"name": "0", "type": "dict", "kind": "record", "text": "{2}", "size": 1}
    word = {"name": "word", "type": "str", "kind": "text", "text": ""}
    inputs = [
        word,
        {"name": "deep", "type": "C", "kind": "record", "text": "{1}", "size": 1, "items": [{**word, "text": "hi"}]},
        {"name": "xs", "type": "list", "kind": "list", "text": "[…]", "size": 5000, "items": [word] * 50},
        {"name": "rs", "type": "list", "kind": "list", "text": "[…]", "size": 12, "items": [record] * 12}
        | {"columns": ["a", "b"], "rows": [[str(number), "x"] for number in range(12)]},
        {
            "name": "f",
            "type": "File",
            "kind": "blob",
            "text": "/f.png",
            "uri": "/f.png",
            "bytes": 1234,
            "image": "data:",
        },
    ]
    seen = {"io": {"inputs": inputs, "outputs": [], "note": ""}}
    text = text_tree(run(), frozen=Frozen(action="c1", tab="io", seen=seen))
    for words in ('word (str): ""', "deep.word (str): hi", "rs[9]: a: 9, b: x", "f (File): /f.png (1,234 bytes)"):
        assert words in text
    assert "rs[10]" not in text
    assert "5,002 values inside of these are left out. Pictures are left out: 1." in text
    assert "There are no outputs." in text


def test_a_condition_that_waits_is_shown():
    what = replace(frozen(), seen={"details": CONDITION})
    assert "Deploy **model** 7?" in shown(run(), what).text


def test_what_the_page_says_is_taken_with_care():
    assert Frozen.of({}) == Frozen(tab="overview")
    odd = {"rows": [[0, 0], [1], "x", [1, "y"]], "action": 7, "tab": None, "attempt": -1, "find": []}
    assert Frozen.of(odd) == Frozen(rows=((0, 0),), tab="overview")
    assert len(Frozen.of({"rows": [[number, 0] for number in range(1000)]}).rows) == ROWS


@virtual
async def test_it_is_filled_with_what_there_is_to_see(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(BackgroundLoop, "is_current", True)
    client: Any = ScriptedClient(action("a0", FAILED))
    client.errors["a0"] = "bad"
    client.data["a0"] = data(x=7)
    client.logs = [[lines("one", "two")]]
    target = Target(client, "r1", "p", "development", "")
    looks = Looks()
    logs = await Frozen(action="a0", tab="logs").filled(looks, target)
    assert logs.lines == ("one", "two")
    assert logs.seen is not None
    assert logs.seen["details"]["error"]["message"] == "bad"
    inputs = await Frozen(action="a0", tab="inputs").filled(looks, target)
    assert "x (int): 7" in text_tree(run(), frozen=inputs)
    assert await Frozen(action="a0", tab="nonsense").filled(looks, target)
    assert len(looks) == 0
    assert await Frozen(tab="logs").filled(looks, target) == Frozen(tab="logs")


@virtual
async def test_a_backend_that_is_gone_delays_it_only_a_moment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(BackgroundLoop, "is_current", True)
    client: Any = ScriptedClient(action("a0", RUNNING))
    client.fall()
    target = Target(client, "r1", "p", "development", "")
    what = await Frozen(action="a0", tab="logs").filled(Looks(), target)
    assert what.lines == ()
    assert "Log" in text_tree(run(), frozen=what)
