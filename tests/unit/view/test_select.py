from flyte_jupyter.view._select import Selector
from tests.unit.live.messages import FAILED, QUEUED, RUNNING, START, SUCCEEDED, action, feed, run_state


def _names(selection):
    return [(shown.row.name, shown.depth) for shown in selection.rows]


def test_a_small_run_is_shown_whole_with_parents_before_children():
    state = run_state()
    feed(state, action("a0"), action("b", parent="a0"), action("c", parent="a0"), action("d", parent="b"))
    selection = Selector(state, START).select(10)
    assert _names(selection) == [("a0", 0), ("b", 1), ("d", 2), ("c", 1)]
    assert selection.left_out == {}


def test_actions_whose_parent_is_unknown_stand_at_the_top():
    state = run_state()
    feed(state, action("x", parent="gone"), action("a0"))
    assert _names(Selector(state, START).select(10)) == [("x", 0), ("a0", 0)]


def test_a_big_run_shows_what_matters_with_its_ancestors_and_counts_the_rest():
    state = run_state()
    feed(state, action("a0"), *(action(f"q{i}", QUEUED, "a0") for i in range(20)))
    feed(
        state,
        action("mid", SUCCEEDED, "a0", ended=START + 10),
        action("bad", FAILED, "mid", ended=START + 20),
        action("busy", RUNNING, "a0"),
        action("slow", SUCCEEDED, "a0", ended=START + 9000),
        action("fast", SUCCEEDED, "a0", ended=START + 1),
    )
    selection = Selector(state, START + 10_000).select(5)
    assert _names(selection) == [("a0", 0), ("mid", 1), ("bad", 2), ("busy", 1), ("slow", 1)]
    assert selection.left_out == {QUEUED: 20, SUCCEEDED: 1}


def test_the_root_is_shown_even_where_it_came_last():
    state = run_state()
    feed(state, *(action(f"b{i}", FAILED, "a0", ended=START) for i in range(9)), action("a0"))
    assert "a0" in dict(_names(Selector(state, START).select(3)))


def test_no_action_yet_is_no_crash():
    assert _names(Selector(run_state(), START).select(1)) == []


def test_a_limit_that_no_line_of_ancestors_fits_into_shows_the_root():
    state = run_state()
    feed(state, action("a0"), action("b", parent="a0"), action("c", FAILED, "b", ended=START))
    assert _names(Selector(state, START).select(2)) == [("a0", 0)]
