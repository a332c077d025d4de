import random

import pytest

from flyte_jupyter.live import RunState
from flyte_jupyter.live._model import CONDITION, TASK, TRACE, UNKNOWN
from tests.unit.live.messages import (
    ABORTED,
    FAILED,
    INITIALIZING,
    PAUSED,
    QUEUED,
    RECOVERED,
    RUNNING,
    START,
    SUCCEEDED,
    TIMED_OUT,
    WAITING,
    Clock,
    action,
    feed,
    run_state,
)


def after(*phases: int) -> int:
    """The phase of an action that was reported in these, one after another."""
    state = run_state()
    for phase in phases:
        feed(state, action("x", phase))
    assert state.counts() == {state.row(0).phase: 1}
    return state.row(0).phase


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        ((QUEUED, RUNNING, SUCCEEDED), SUCCEEDED),
        ((RUNNING, QUEUED), RUNNING),
        ((RUNNING, WAITING, INITIALIZING), RUNNING),
        ((SUCCEEDED, RUNNING), SUCCEEDED),
        ((FAILED, RUNNING), RUNNING),
        ((FAILED, QUEUED, SUCCEEDED), SUCCEEDED),
        ((TIMED_OUT, RUNNING), RUNNING),
        ((ABORTED, SUCCEEDED), ABORTED),
        ((ABORTED, FAILED), ABORTED),
        ((SUCCEEDED, ABORTED), ABORTED),
        ((PAUSED, SUCCEEDED), SUCCEEDED),
        ((PAUSED, TIMED_OUT), TIMED_OUT),
        ((PAUSED, RUNNING), PAUSED),
        ((RECOVERED, RUNNING), RECOVERED),
        ((RUNNING, 0), RUNNING),
        ((FAILED, 0), FAILED),
        ((RUNNING, 11), 11),
    ],
)
def test_a_phase_moves_as_the_backend_allows(phases: tuple[int, ...], expected: int):
    assert after(*phases) == expected


def test_a_phase_no_column_can_hold_is_unknown():
    state = run_state()
    feed(state, action("x", 3000), action("y", -1))
    assert state.counts() == {0: 2}
    feed(state, action("x", 3000), action("y", RUNNING))
    assert state.counts() == {0: 1, RUNNING: 1}


def test_attempts_do_not_flicker():
    state = run_state()
    for attempts, expected in [(0, 1), (2, 2), (0, 2), (1, 2), (3, 3), (100_000, 65_535)]:
        feed(state, action("x", attempts=attempts))
        assert state.row(0).attempts == expected


def test_the_end_is_that_of_a_terminal_phase():
    state = run_state()
    feed(state, action("x", RUNNING, ended=START + 5))
    assert state.row(0).ended is None
    feed(state, action("x", FAILED, ended=START + 7))
    assert state.row(0).ended == START + 7
    feed(state, action("x", RUNNING, ended=START + 7))
    assert state.row(0).ended is None
    feed(state, action("x", SUCCEEDED, ended=START + 9.5))
    assert state.row(0).ended == START + 9.5


def test_an_end_without_its_time_is_when_we_saw_it():
    clock = Clock()
    state = run_state(clock)
    feed(state, action("x", RUNNING), action("old", SUCCEEDED))
    clock.ms += 300
    feed(state, action("x", SUCCEEDED))
    assert state.row(0).ended == START + 300
    assert state.row(1).ended is None
    clock.ms += 300
    assert not feed(state, action("x", SUCCEEDED))


def test_initialized_is_when_it_was_first_seen_out_of_the_queue():
    clock = Clock()
    state = run_state(clock)
    feed(state, action("a0", QUEUED), action("c1", RUNNING, "a0"))
    assert [state.row(i).initialized for i in range(2)] == [None, None]
    for phase, ms in ((WAITING, 100), (INITIALIZING, 250), (INITIALIZING, 300), (RUNNING, 400)):
        clock.ms = START + ms
        feed(state, action("a0", phase))
    assert (state.row(0).initialized, state.row(0).started) == (START + 250, START + 400)
    state.set_initialized(0, START + 240)
    assert state.row(0).initialized == START + 240


def test_started_is_when_it_first_ran_as_far_as_we_saw():
    clock = Clock(START + 100)
    state = run_state(clock)
    feed(state, action("x", QUEUED), action("seen running", RUNNING), action("seen ended", SUCCEEDED, ended=START + 4))
    assert [state.row(i).started for i in range(3)] == [None, START, START]
    clock.ms = START + 250
    feed(state, action("x", RUNNING))
    assert state.row(0).started == START + 250
    clock.ms = START + 350
    feed(state, action("x", PAUSED))
    assert state.row(0).started == START + 250


def test_a_clock_of_ours_that_is_ahead_makes_no_negative_duration():
    clock = Clock(START + 60_000)
    state = run_state(clock)
    feed(state, action("x", QUEUED))
    feed(state, action("x", RUNNING))
    feed(state, action("x", SUCCEEDED, ended=START + 500))
    row = state.row(0)
    assert row.started is not None
    assert row.ended is not None
    assert START <= row.started <= row.ended == START + 500


def test_times_that_are_not_there_are_none():
    state = run_state()
    feed(state, action("x", QUEUED, queued=None))
    assert state.row(0)[6:9] == (None, None, None)


@pytest.mark.parametrize(
    ("message", "kind", "label"),
    [
        (action("x", task="env.square"), TASK, "square"),
        (action("x", task="env.square", short="env.square"), TASK, "square"),
        (action("x", task="env.square", short="Square, v1.2"), TASK, "Square, v1.2"),
        (action("x", task="square"), TASK, "square"),
        (action("x", task="a.b.", short=""), TASK, "a.b."),
        (action("x", task="", short="only short"), TASK, "only short"),
        (action("x", trace="load.data"), TRACE, "load.data"),
        (action("x", condition="go?"), CONDITION, "go?"),
        (action("x", bare=True), UNKNOWN, "x"),
    ],
)
def test_kind_and_label(message: object, kind: int, label: str):
    state = run_state()
    feed(state, message)  # pyright: ignore[reportArgumentType]
    assert (state.row(0).kind, state.row(0).label) == (kind, label)


def test_names_that_listing_leaves_out_come_later_and_stay():
    state = run_state()
    assert state.upsert(action("a0", bare=True))
    assert state.head.task == ""
    assert state.upsert(action("a0", task="env.main"))
    assert not state.upsert(action("a0", bare=True))
    assert (state.row(0).label, state.head.task) == ("main", "main")


def test_what_is_known_already_is_no_change():
    state = run_state()
    actions = [action("a0", RUNNING), action("x", SUCCEEDED, "a0", ended=START + 1, cache=2, attempts=2)]
    assert feed(state, *actions)
    assert not feed(state, *actions)
    assert not feed(state)


def test_an_action_twice_in_one_message():
    state = run_state()
    assert feed(state, action("x", QUEUED), action("y", QUEUED), action("x", RUNNING), action("z"), action("z"))
    assert [state.row(i).name for i in range(state.n)] == ["x", "y", "z"]
    assert state.row(0).phase == RUNNING


def test_children_in_the_order_in_which_they_were_seen():
    state = run_state()
    feed(state, action("b", parent="a0"), action("a0"), action("c", parent="b"))
    feed(state, action("a", parent="a0"))
    root = state.find("a0")
    assert root is not None
    assert list(state.children(root)) == [state.find("b"), state.find("a")]
    assert list(state.roots()) == [root]
    feed(state, action("d", parent="b"))
    assert [state.row(row).name for row in state.children(0)] == ["c", "d"]
    assert list(state.children(state.find("d") or 0)) == []


def test_children_wait_for_a_parent_that_is_not_known():
    state = run_state()
    feed(state, action("x", parent="p"), action("y", parent="p"))
    feed(state, action("a0"))
    assert list(state.roots()) == [0, 1, 2]
    assert state.row(0).parent == -1
    assert list(state.children(2)) == []
    feed(state, action("p", parent="a0"))
    assert list(state.roots()) == [2]
    assert list(state.children(3)) == [0, 1]
    assert list(state.children(2)) == [3]


def test_parents_in_a_circle_harm_nobody():
    state = run_state()
    feed(state, action("self", parent="self"), action("x", parent="y"), action("y", parent="x"))
    feed(state, action("z", parent="w"))
    feed(state, action("w", parent="z"))
    for row in range(state.n):
        seen = set[int]()
        while row >= 0:
            assert row not in seen
            seen.add(row)
            row = state.parent[row]
    assert state.roots()


def test_failures_are_noted_for_who_fetches_errors():
    state = run_state()
    feed(state, action("a", FAILED), action("b", SUCCEEDED), action("c", RUNNING))
    feed(state, action("c", TIMED_OUT), action("a", FAILED))
    assert state.failed == ["a", "c"]


def test_the_head_follows_the_root():
    state = run_state(url="http://c/r1")
    feed(state, action("x", FAILED))
    assert (state.head.phase, state.head.task, state.head.url) == (0, "", "http://c/r1")
    feed(state, action("a0", FAILED, ended=START + 3))
    state.head.error = "bad"
    assert (state.head.phase, state.head.started, state.head.ended) == (FAILED, START, START + 3)
    feed(state, action("a0", RUNNING))
    assert (state.head.phase, state.head.ended, state.head.error) == (RUNNING, None, "")


LIFE = (QUEUED, INITIALIZING, RUNNING)


def lives(seed: int) -> tuple[list[list[object]], dict[str, tuple[int, str | None]]]:
    """Messages of a made-up run in true order, each with an action and its ancestors; and the table they end in."""
    chance = random.Random(seed)
    parents = {"a0": ""}
    for i in range(1, 31):
        parents[f"{chance.choice('0123abcxyz')}{i}"] = chance.choice(list(parents))
    stage = dict.fromkeys(parents, -1)
    messages: list[list[object]] = []

    def said(name: str) -> object:
        if stage[name] < 3:
            return action(name, LIFE[max(stage[name], 0)], parents[name])
        phase = (SUCCEEDED, ABORTED)[len(name) % 2]
        return action(name, phase, parents[name], ended=START + 1000, attempts=2)

    open_names = list(parents)
    while open_names:
        name = chance.choice(open_names)
        stage[name] += 1
        chain = [name]
        while parents[chain[-1]]:
            chain.append(parents[chain[-1]])
        messages.append([said(one) for one in chain])
        if stage[name] == 3:
            open_names.remove(name)
    end = {name: ((SUCCEEDED, ABORTED)[len(name) % 2], parents[name] or None) for name in parents}
    return messages, end


def table(state: RunState) -> dict[str, tuple[int, str | None]]:
    rows = [state.row(row) for row in range(state.n)]
    return {row.name: (row.phase, rows[row.parent].name if row.parent >= 0 else None) for row in rows}


@pytest.mark.parametrize("seed", range(20))
def test_any_order_and_repetition_ends_in_the_same_table(seed: int):
    messages, end = lives(seed)
    chance = random.Random(seed)
    mixed = [*messages, *chance.choices(messages, k=len(messages))]
    chance.shuffle(mixed)
    for one in mixed:
        chance.shuffle(one)
    for order in (messages, mixed):
        state = run_state()
        for one in order:
            feed(state, *one)  # pyright: ignore[reportArgumentType]
        assert table(state) == end
        assert sum(state.counts().values()) == state.n == len(end)
        assert state.live == 0
        assert {row: list(state.children(row)) for row in range(state.n)} == {
            row: [child for child in range(state.n) if state.parent[child] == row] for row in range(state.n)
        }
        assert all(state.row(row).attempts == 2 and state.row(row).ended == START + 1000 for row in range(state.n))
