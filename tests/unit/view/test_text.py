from flyte_jupyter.view._bundle import MAX_TEXT_BYTES, bundle
from flyte_jupyter.view._html import saved_size
from flyte_jupyter.view._text import text_tree
from tests.unit.live.messages import FAILED, QUEUED, RUNNING, START, SUCCEEDED, action, feed, run_state


def _run():
    state = run_state()
    feed(
        state,
        action("a0", RUNNING, short="train"),
        action("b", SUCCEEDED, "a0", short="load", ended=START + 3249),
        action("c", RUNNING, "a0", short="fit", group="folds"),
        action("d", FAILED, "c", short="fold", ended=START + 62_000, attempts=3),
        action("e", QUEUED, "a0", trace="note"),
    )
    state.set_error(3, "Traceback (most recent call last):\n  File x\nValueError: too hot")
    return state


def test_the_tree():
    assert text_tree(_run(), now=START + 100_000).splitlines()[:-1] == [
        "◑ Running  train  r1  1m 40s",
        "1 of 5 done, 2 running, 1 failed",
        "◑ running  train  (a0)  1m 40s",
        "├─ ✓ succeeded  load  (b)  3.2s",
        "├─ ◑ running  fit  (c)  in folds  1m 40s",
        "│  └─ ✗ failed  fold  (d)  3 attempts  1m 02s",
        "        ValueError: too hot",
        "└─ ○ queued  note  (e)",
    ]


def test_only_a_run_that_goes_on_says_when_this_was_true():
    state = _run()
    assert text_tree(state, now=START).splitlines()[-1].startswith("as of 2026-")
    state.head.over = True
    assert "as of" not in text_tree(state, now=START)


def test_hostile_text_moves_no_cursor_and_breaks_no_line():
    state = run_state()
    feed(state, action("a0", short="a\x1b[2Jb\nc"))
    state.head.task = "x\n\x07y"
    text = text_tree(state, now=START)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert len(text.splitlines()) == 4


def test_the_error_of_the_run_is_shown_and_long_ones_are_cut():
    state = run_state()
    feed(state, action("a0", FAILED, ended=START))
    state.head.error = "\n".join(f"line {number}" for number in range(100))
    text = text_tree(state, now=START)
    assert "  line 39" in text
    assert "  … 60 more lines" in text
    assert "line 40" not in text


def test_what_is_left_out_is_counted():
    state = run_state()
    feed(state, action("a0"), *(action(f"q{i}", QUEUED, "a0") for i in range(2000)))
    assert "Left out: 1,996 queued" in text_tree(state, limit=5, now=START)


def test_the_bundle_fits_into_the_notebook():
    state = run_state()
    feed(state, action("a0"), *(action(f"q{i}", FAILED, "a0", short="日" * 200, ended=START) for i in range(2000)))
    state.head.error = "日本" * 20_000
    data = bundle(state, "v", "h")
    assert set(data) == {"text/html", "text/plain"}
    assert saved_size(data["text/plain"]) <= MAX_TEXT_BYTES
    assert sum(map(saved_size, data.values())) <= 64_000
