from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flyte_jupyter import remote, view
from flyte_jupyter.magics import _complete, _names, parser_of
from flyte_jupyter.magics._complete import Completer


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that has names."""
    monkeypatch.setattr(_complete, "runs", lambda: ["r1", "r2"])
    monkeypatch.setattr(_complete, "actions", lambda run: [f"{run}-a0", f"{run}-c1"])
    monkeypatch.setattr(_complete, "conditions", lambda run: [f"{run}-go"])
    monkeypatch.setattr(_complete, "tasks", lambda: ["env.main"])
    monkeypatch.setattr(_complete, "projects", lambda: ["p"])
    monkeypatch.setattr(_complete, "domains", lambda: ["development"])


def complete(line: str) -> list[str]:
    symbol = "" if line.endswith(" ") else line.split()[-1]
    name = line.split()[0].lstrip("%")
    return [word for word in Completer(parser_of(name))(line, symbol) if word.startswith(symbol)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%flyte_run ", ["r1", "r2"]),
        ("%flyte_run r2", ["r2"]),
        ("%flyte_logs r2 ", ["r2-a0", "r2-c1"]),
        ("%flyte_io --height 300 r1 ", ["r1-a0", "r1-c1"]),
        ("%flyte_abort r1 --reason x ", ["r1-a0", "r1-c1"]),
        ("%flyte_run r1 --tab l", ["logs"]),
        ("%flyte_signal r1 yes --condition ", ["r1-go"]),
        ("%flyte_signal r2 --condition r2", ["r2-go"]),
        ("%flyte_runs --task ", ["env.main"]),
        ("%flyte_runs --project ", ["p"]),
        ("%flyte_tasks -d ", ["development"]),
        ("%flyte_rerun r", ["r1", "r2"]),
    ],
)
@pytest.mark.usefixtures("named")
def test_names_are_completed(line: str, expected: list[str]) -> None:
    assert complete(line) == expected


def test_conditions_that_wait_are_completed_so_that_each_is_meant_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def listed(*_: Any, **__: Any) -> Any:
        for name, action, done in (
            ("go", "c1", False),
            ("twice", "c2", False),
            ("twice", "c3", False),
            ("x", "c4", True),
        ):
            yield SimpleNamespace(name=name, action_name=action, done=lambda done=done: done)

    monkeypatch.setattr(remote.Condition, "listall", SimpleNamespace(aio=listed))
    client: Any = SimpleNamespace(endpoint=SimpleNamespace(authority="h:2"), project="p", domain="d")
    remote.set_current_client(client)
    try:
        assert _names.conditions("r1") == ["go", "c2", "c3"]
    finally:
        remote.set_current_client(None)


def test_without_a_connection_only_what_was_shown_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "shown_runs", lambda: {"h:1|p/d/r7"})
    remote.set_current_client(None)
    assert _names.runs() == ["r7"]
    assert _names.actions("r1") == []
    assert _names.tasks() == []


def test_a_slow_or_broken_backend_completes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        endpoint = SimpleNamespace(authority="h:1")
        project, domain, org = "p", "d", ""

        async def unary(self, *_: Any, **__: Any) -> Any:
            raise remote.UnavailableError("gone.")

    client: Any = Broken()
    remote.set_current_client(client)
    try:
        assert _names.projects() == []
        assert _names.domains() == []
        monkeypatch.setattr(Broken, "unary", never)
        monkeypatch.setattr(_names, "_SECONDS", 0.01)
        assert _names.projects() == []
    finally:
        remote.set_current_client(None)


async def never(*_: Any, **__: Any) -> Any:
    import asyncio

    await asyncio.Event().wait()
