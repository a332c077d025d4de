import random

import pytest

from flyte_jupyter.live import Frame, FrameWriter, RunState
from tests.unit.live.decoder import Table
from tests.unit.live.messages import FAILED, QUEUED, RUNNING, START, SUCCEEDED, Clock, action, feed, run_state


def expected(state: RunState) -> list[dict[str, object]]:
    return [state.row(row)._asdict() for row in range(state.n)]


def sent(writer: FrameWriter) -> Frame:
    frame = writer.delta()
    assert frame is not None
    return frame


def test_a_snapshot_has_everything():
    clock = Clock(START + 5)
    state = run_state(clock, url="http://c/r1")
    feed(state, action("a0", RUNNING), action("x", FAILED, "a0", ended=START + 4, group="g", attempts=3, cache=2))
    state.set_error(1, "bad")
    frame = FrameWriter(state).snapshot()
    table = Table()
    assert table.apply(frame) == "applied"
    assert table.decoded() == expected(state)
    assert table.head == {
        "name": "r1",
        "project": "p",
        "domain": "development",
        "org": "",
        "task": "main",
        "url": "http://c/r1",
        "phase": RUNNING,
        "error": "",
        "abort_reason": "",
        "started": START,
        "ended": None,
        "stale": None,
        "over": False,
    }
    content = frame.content
    assert (content["run"], content["seq"], content["now"], content["rows"]) == (state.key, 1, START + 5, 2)
    assert content["strings"]["base"] == 0


def test_a_delta_has_what_changed_and_no_more():
    state = run_state()
    writer = FrameWriter(state)
    feed(state, action("a0"), *(action(f"n{i}", QUEUED, "a0") for i in range(10)))
    table = Table()
    table.apply(writer.snapshot())
    assert writer.delta() is None
    feed(state, action("a0"), action("n7", RUNNING, "a0"), action("n2", RUNNING, "a0"), action("new", parent="n7"))
    frame = sent(writer)
    assert (frame.content["kind"], frame.content["seq"], frame.content["changed"]) == ("delta", 2, 3)
    assert frame.content["head"] is None
    assert table.apply(frame) == "applied"
    assert table.decoded() == expected(state)
    assert writer.delta() is None


def test_the_head_alone_is_worth_a_frame():
    state = run_state()
    writer = FrameWriter(state)
    writer.snapshot()
    state.head.over = True
    frame = sent(writer)
    assert frame.content["changed"] == 0
    assert frame.content["head"]["over"] is True
    assert writer.delta() is None


def test_the_first_delta_is_a_snapshot():
    assert sent(FrameWriter(run_state())).content["kind"] == "snapshot"


def test_a_snapshot_in_between_makes_good_what_was_lost():
    state = run_state()
    writer = FrameWriter(state)
    table = Table()
    feed(state, action("a0"))
    old = writer.snapshot()
    table.apply(old)
    feed(state, action("x", parent="a0"))
    sent(writer)
    feed(state, action("y", parent="x"))
    assert table.apply(sent(writer)) == "gap"
    assert table.apply(writer.snapshot()) == "applied"
    assert table.apply(old) == "dropped"
    feed(state, action("x", SUCCEEDED, "a0", ended=START + 1))
    assert table.apply(sent(writer)) == "applied"
    assert table.decoded() == expected(state)


def test_two_writers_do_not_take_from_each_other():
    state = run_state()
    first, second = FrameWriter(state), FrameWriter(state)
    tables = Table(), Table()
    tables[0].apply(first.snapshot())
    feed(state, action("a0", QUEUED))
    tables[1].apply(second.snapshot())
    feed(state, action("a0", RUNNING))
    tables[0].apply(sent(first))
    tables[1].apply(sent(second))
    assert tables[0].decoded() == tables[1].decoded() == expected(state)
    first.close()
    feed(state, action("a0", SUCCEEDED, ended=START + 1))
    tables[1].apply(sent(second))
    assert tables[1].decoded() == expected(state)
    assert len(state.changes) == 1


@pytest.mark.parametrize("text", ["", "ascii", "größe 數 \N{GRINNING FACE}", "\x00\n<b>&\"'"])
def test_texts_travel_whole(text: str):
    state = run_state()
    feed(state, action("a0", FAILED, group=text))
    state.set_error(0, text)
    table = Table()
    table.apply(FrameWriter(state).snapshot())
    assert (table.decoded()[0]["group"], table.decoded()[0]["error"]) == (text, text)


def test_a_text_that_is_not_unicode_costs_no_frame():
    state = run_state()
    feed(state, action("a0", FAILED))
    state.set_error(0, "bad \udcff byte")
    table = Table()
    table.apply(FrameWriter(state).snapshot())
    assert table.decoded()[0]["error"] == "bad ? byte"


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_the_page_ends_with_the_kernels_table(seed: int):
    chance = random.Random(seed)
    state = run_state()
    writer = FrameWriter(state)
    table = Table()
    resyncs = 0
    for _ in range(200):
        name = f"n{chance.randrange(60)}"
        parent = f"n{chance.randrange(60)}"
        feed(state, action(name, chance.choice([QUEUED, RUNNING, FAILED, SUCCEEDED]), parent, task=f"env.{parent}"))
        if chance.random() < 0.1:
            state.set_error(chance.randrange(state.n), f"error {chance.random()}")
        if chance.random() < 0.5:
            frame = writer.delta()
            if frame is None or chance.random() < 0.1:
                continue  # nothing to send, or lost
            if table.apply(frame) == "gap":
                resyncs += 1
                assert table.apply(writer.snapshot()) == "applied"
    last = writer.delta()
    if last is None or table.apply(last) == "gap":
        table.apply(writer.snapshot())
    assert resyncs
    assert table.decoded() == expected(state)
