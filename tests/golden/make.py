"""Writes the golden frames: `python -m tests.golden.make`. pytest and vitest check that they decode to `expect`.

Each file: {"name", "frames": [{"content", "buffers": [base64, ...]}, ...], "expect": {"head", "rows"}}; the frames are
applied in order by the rules of docs/protocol.md, after that the page's table must be `expect` (null stands for NaN).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flyte_jupyter.live import Frame, FrameWriter, RunState
from tests.unit.live.messages import (
    ABORTED,
    FAILED,
    INITIALIZING,
    PAUSED,
    QUEUED,
    RUNNING,
    START,
    SUCCEEDED,
    Clock,
    action,
    feed,
    run_state,
)

HERE = Path(__file__).parent


def delta(writer: FrameWriter) -> Frame:
    frame = writer.delta()
    assert frame is not None
    return frame


def empty() -> Iterator[Frame | RunState]:
    """A run of which nothing is known yet."""
    state = run_state()
    yield FrameWriter(state).snapshot()
    yield state


def unfolding() -> Iterator[Frame | RunState]:
    """Nested tasks, a group, a trace, a condition, a retry, a cache hit, an error, and the end."""
    clock = Clock()
    state = run_state(clock, url="http://localhost:8090/v2/runs/project/p/domain/development/r1")
    writer = FrameWriter(state)
    feed(state, action("a0", QUEUED, short="main"))
    yield writer.snapshot()
    clock.ms = START + 250.5
    feed(state, action("a0", RUNNING, short="main"))
    yield delta(writer)
    clock.ms = START + 900
    feed(
        state,
        action("a0", RUNNING, attempts=0),
        action("c1", QUEUED, "a0", task="env.square", group="map", queued=START + 800),
    )
    feed(
        state,
        action("a0", RUNNING),
        action("c2", INITIALIZING, "a0", task="env.square", group="map", queued=START + 801),
    )
    feed(state, action("t1", SUCCEEDED, "a0", trace="tokenise", queued=START + 820, ended=START + 840.25))
    feed(state, action("ok", PAUSED, "a0", condition="approve?", queued=START + 850))
    yield delta(writer)
    clock.ms = START + 1500
    feed(
        state,
        action("c1", SUCCEEDED, "a0", task="env.square", group="map", queued=START + 800, ended=START + 801, cache=2),
    )
    feed(state, action("c2", RUNNING, "a0", task="env.square", group="map", queued=START + 801, attempts=2))
    feed(state, action("d1", RUNNING, "c2", task="env.deep", short="Deep v1.2", queued=START + 1400))
    yield delta(writer)
    clock.ms = START + 3000
    feed(state, action("d1", FAILED, "c2", task="env.deep", queued=START + 1400, ended=START + 2900))
    state.set_error(state.find("d1") or 0, 'ValueError: bad <b>"value"</b>\n  in deep')
    feed(state, action("c2", FAILED, "a0", queued=START + 801, ended=START + 2950, attempts=2))
    feed(state, action("ok", ABORTED, "a0", condition="approve?", queued=START + 850, ended=START + 2960))
    feed(state, action("a0", FAILED, ended=START + 3000))
    state.head.error = "ValueError: bad value"
    yield delta(writer)
    state.head.over = True
    yield delta(writer)
    yield state


def late_parents() -> Iterator[Frame | RunState]:
    """Children before their parents, with rows of a delta far apart and texts beyond ASCII."""
    state = run_state()
    writer = FrameWriter(state)
    feed(state, action("1abc", RUNNING, "a0", task="env.größe"), action("x", QUEUED, "1abc", task="env.數"))
    yield writer.snapshot()
    feed(state, action("y", QUEUED, "z", group="groupe \N{GRINNING FACE}"), action("a0", RUNNING))
    yield delta(writer)
    feed(state, action("z", RUNNING, "a0"), action("1abc", SUCCEEDED, "a0", ended=START + 5))
    yield delta(writer)
    yield state


def resync() -> Iterator[Frame | RunState]:
    """A snapshot in the middle replaces everything; one that is older than what the page has is dropped."""
    clock = Clock()
    state = run_state(clock)
    writer = FrameWriter(state)
    feed(state, action("a0", RUNNING), *(action(f"n{i}", QUEUED, "a0", task="env.step") for i in range(40)))
    old = writer.snapshot()
    yield old
    for i in (3, 17, 39):
        feed(state, action(f"n{i}", RUNNING, "a0"))
    delta(writer)  # lost on its way
    state.head.stale = {"since": START, "reason": "The backend does not answer."}
    feed(state, action("n40", QUEUED, "n3", task="env.step"))
    yield writer.snapshot()
    yield old
    clock.ms = START + 60_000
    state.head.stale = None
    feed(state, action("n17", SUCCEEDED, "a0", ended=START + 50_000))
    yield delta(writer)
    yield state


CASES: dict[str, Callable[[], Iterator[Frame | RunState]]] = {
    case.__name__: case for case in (empty, unfolding, late_parents, resync)
}


def golden(name: str) -> dict[str, Any]:
    """The golden file `name` as JSON data, made anew."""
    *frames, state = CASES[name]()
    assert isinstance(state, RunState)
    head = {"name": state.name, "project": state.project, "domain": state.domain, "org": state.org}
    return {
        "name": name,
        "frames": [
            {"content": frame.content, "buffers": [base64.b64encode(buffer).decode() for buffer in frame.buffers]}
            for frame in frames
            if isinstance(frame, Frame)
        ],
        "expect": {
            "head": head | vars(state.head),
            "rows": [state.row(row)._asdict() for row in range(state.n)],
        },
    }


if __name__ == "__main__":
    for name in CASES:
        text = json.dumps(golden(name), indent=1, ensure_ascii=False)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")
