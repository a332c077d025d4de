from flyte_jupyter.view._refresh import PAUSE, Facts, Refresh
from tests.unit.live.messages import FAILED, QUEUED, RUNNING, START, SUCCEEDED, action, feed, run_state


def _shown():
    state = run_state()
    feed(state, action("a0", RUNNING))
    return state, Refresh(Facts.of(state), 100.0)


def test_nothing_is_written_while_nothing_matters():
    state, refresh = _shown()
    assert refresh.due(Facts.of(state)) is None
    feed(state, action("a0", RUNNING, attempts=2))
    assert refresh.due(Facts.of(state)) is None


def test_the_first_children_are_written_at_once_and_further_ones_are_not():
    state, refresh = _shown()
    feed(state, action("b", QUEUED, "a0"))
    facts = Facts.of(state)
    assert refresh.due(facts) == 100.0
    refresh.written(facts, 101.0)
    feed(state, action("c", QUEUED, "a0"), action("b", SUCCEEDED, "a0", ended=START))
    assert refresh.due(Facts.of(state)) is None


def test_a_run_that_has_doubled_is_written_after_a_pause():
    state = run_state()
    feed(state, action("a0", RUNNING), action("b", QUEUED, "a0"))
    refresh = Refresh(Facts.of(state), 100.0)
    feed(state, *(action(f"c{n}", QUEUED, "a0") for n in range(2)))
    assert refresh.due(Facts.of(state)) == 100.0 + PAUSE


def test_failures_are_written_after_a_pause():
    state, refresh = _shown()
    feed(state, action("b", FAILED, "a0", ended=START))
    refresh.written(Facts.of(state), 101.0)
    feed(state, action("c", FAILED, "a0", ended=START))
    assert refresh.due(Facts.of(state)) == 101.0 + PAUSE


def test_the_end_does_not_wait():
    state, refresh = _shown()
    refresh.written(Facts.of(state), 101.0)
    feed(state, action("a0", SUCCEEDED, ended=START))
    assert refresh.due(Facts.of(state)) == 101.0
    refresh.written(Facts.of(state), 102.0)
    assert refresh.due(Facts.of(state)) is None
    assert not refresh.final
    state.head.over = True
    assert refresh.due(Facts.of(state)) == 102.0
    refresh.written(Facts.of(state), 103.0)
    assert refresh.final


def test_a_run_that_was_lost_is_not_final():
    state, refresh = _shown()
    state.head.over, state.head.stale = True, {"since": START, "reason": "gone"}
    refresh.written(Facts.of(state), 101.0)
    assert not refresh.final
