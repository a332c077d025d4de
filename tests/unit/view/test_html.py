import re

import pytest

from flyte_jupyter.view._html import MAX_BYTES, saved_size, snapshot_html
from tests.unit.live.messages import (
    ABORTED,
    FAILED,
    QUEUED,
    RUNNING,
    START,
    SUCCEEDED,
    Clock,
    action,
    feed,
    run_state,
)
from tests.unit.view.hostile import HOSTILE
from tests.unit.view.survivors import Survivors


def _run(**url: str):
    state = run_state(Clock(START), **url)
    feed(
        state,
        action("a0", RUNNING, short="train", task="env.train"),
        action("b", SUCCEEDED, "a0", short="load", ended=START + 3249, queued=START),
        action("c", FAILED, "a0", short="fit", group="folds", ended=START + 62_000, attempts=3, queued=START),
        action("d", QUEUED, "c", trace="note"),
    )
    row = state.find("c")
    assert row is not None
    state.set_error(row, "Traceback (most recent call last):\n  File x\nValueError: too <hot>")
    return state


def _read(state, **kwargs) -> Survivors:
    return Survivors(snapshot_html(state, "v1", "h1", now=START + 100_000, **kwargs))


def test_it_tells_what_the_live_view_tells():
    text = _read(_run()).text
    for fact in (
        "Running",
        "train",
        "r1",
        "1m 40s",
        "1 of 4 done, 1 running, 1 failed",
        "load",
        "3.2s",
        "Succeeded",
        "3",
    ):
        assert fact in text
    assert re.search(r"fit c in folds.*Failed.*1m 02s", text)
    assert "ValueError: too <hot>" in text
    assert "This was true as of 2026-" in text


def test_the_tree_can_be_read_without_styles():
    text = _read(_run()).text
    assert "\xa0" not in text
    indents = [len(found) for found in re.findall(r"( *)(?:train a0|load b|fit c|note d)", text)]
    assert indents == [0, 4, 4, 8]


def test_it_is_the_placeholder_of_the_protocol():
    html = snapshot_html(_run(), "v1", "h1", now=START)
    head = html.split(">")[0]
    assert head == (
        '<div class="flyte-jupyter fj-hub-h1 fj-view-v1 fj-at-p/development/r1"'
        ' data-flyte-hub="h1" data-flyte-view="v1"'
    )
    assert html.endswith("</div>")


def test_hostile_text_stays_text():
    state = run_state(url="javascript:alert(1)")
    state.name, state.project = HOSTILE, "p q" + HOSTILE
    feed(
        state,
        action("a0", FAILED, short=HOSTILE, group=HOSTILE, ended=START),
        action(HOSTILE, FAILED, "a0", short=HOSTILE),
    )
    state.head.error = state.head.task = state.head.abort_reason = HOSTILE
    state.head.stale = {"since": START, "reason": HOSTILE}
    state.set_error(1, HOSTILE + "\n" + HOSTILE)
    read = _read(state)
    assert read.text.count("<script>alert(1)</script>") >= 8
    assert not read.hrefs
    assert "\x1b" not in read.text
    assert "\u202e" not in read.text
    assert len(read.classes) == 4


def test_a_console_link_is_a_web_link():
    assert _read(_run(url="https://x.y/?a=1&b=2")).hrefs == ["https://x.y/?a=1&b=2"]
    assert _read(_run()).hrefs == []


def test_the_end_is_told():
    state = run_state()
    feed(state, action("a0", ABORTED, ended=START + 5000))
    state.head.abort_reason, state.head.over = "not needed", True
    text = _read(state).text
    assert "Aborted: not needed" in text
    assert "The run is over; this is its record as of" in text
    assert "5.0s" in text


def test_an_error_that_a_child_handed_up_is_told_once():
    state = run_state()
    feed(state, action("a0", FAILED, ended=START), action("b", FAILED, "a0", ended=START))
    state.head.error = "ValueError: same"
    state.set_error(0, "ValueError: same")
    state.set_error(1, "ValueError: same")
    assert _read(state).text.count("ValueError: same") == 1


def test_a_lost_backend_is_told():
    state = run_state()
    feed(state, action("a0"))
    state.head.stale = {"since": START, "reason": "connection refused"}
    assert re.search(r"Not heard of since 2026-.*: connection refused", _read(state).text)


def test_nothing_seen_yet_is_said():
    assert "No action has been seen yet." in _read(run_state()).text


@pytest.mark.parametrize("label", ["fit", '"<&>"' * 40, "日" * 150])
def test_a_big_run_fits_and_says_what_is_left_out(label):
    state = run_state()
    feed(state, action("a0"), *(action(f"n{i}", QUEUED, "a0", short=label) for i in range(3000)))
    feed(state, *(action(f"f{i}", FAILED, "a0", short="failed-one", ended=START) for i in range(20)))
    for number in range(3001, 3021):
        state.set_error(number, label * 50)
    state.head.error = label * 5000
    html = snapshot_html(state, "v1", "h1", now=START)
    assert saved_size(html) <= MAX_BYTES
    text = Survivors(html).text
    assert text.count("failed-one") >= (20 if label == "fit" else 5)
    assert re.search(r"Left out of this snapshot: [\d,]+ more actions.*Queued [\d,]+", text.replace("\xa0", " "))


def test_a_time_axis_stays_within_its_column():
    state = run_state()
    feed(state, action("a0", ended=START + 1000), action("b", SUCCEEDED, "a0", queued=START - 5000, ended=START + 9000))
    widths = [float(width) for width in re.findall(r"width:([\d.]+)%", snapshot_html(state, "v", "h", now=START + 500))]
    assert widths
    assert all(0 <= width <= 100 for width in widths)
