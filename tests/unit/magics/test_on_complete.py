from __future__ import annotations

import pytest

from flyte_jupyter.magics import _names, _on_complete
from flyte_jupyter.magics._on_complete import complete_on


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that has names, and two armed actions."""
    monkeypatch.setattr(_names, "runs", lambda: ["r1", "r2"])
    monkeypatch.setattr(_names, "actions", lambda run: [f"{run}-a0"])
    monkeypatch.setattr(_names, "tasks", lambda: ["env.main"])
    monkeypatch.setitem(_on_complete._SCOPE, "--project", lambda: ["p"])
    monkeypatch.setattr(_on_complete, "_numbers", lambda: ["3", "17"])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%flyte_on r", ["r1", "r2", "resume", "rm"]),
        ("%flyte_on t", ["task", "test"]),
        ("%flyte_on r1 fai", ["failed"]),
        ("%flyte_on r1 l", ["log"]),
        ("%flyte_on r1 --action r", ["r1-a0"]),
        ("%flyte_on r1 --action r1-a0 suc", ["succeeded"]),
        ("%flyte_on r1 failed ", ["->"]),
        ("%flyte_on --project ", ["p"]),
        ("%flyte_on r1 --pro", ["--project"]),
        ("%flyte_on task ", ["env.main"]),
        ("%flyte_on task env.main app", ["appeared"]),
        ("%flyte_on condition ", ["paused"]),
        ("%flyte_on r1 failed -> re", ["rerun"]),
        ("%flyte_on r1 failed -> run_task ", ["env.main"]),
        ("%flyte_on r1 failed -> rerun --ma", ["--max"]),
        ("%flyte_on pause ", ["3", "17"]),
        ("%%flyte_on r2 ab", ["aborted"]),
    ],
)
def test_what_may_stand_next(line: str, expected: list[str]) -> None:
    symbol = "" if line.endswith(" ") else line.split()[-1]
    assert [word for word in complete_on(line, symbol) if word.startswith(symbol)] == expected
