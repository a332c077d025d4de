from __future__ import annotations

from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flyte_jupyter.magics import parser_of
from flyte_jupyter.magics._complete import Completer


def complete(name: str, line: str) -> list[str]:
    symbol = "" if line.endswith(" ") else line.split()[-1]
    return Completer(name, parser_of(name))(InteractiveShell(), SimpleNamespace(line=line, symbol=symbol))


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("flyte_local", "%flyte_local ", ["start", "status", "stop"]),
        ("flyte_local", "%flyte_local st", ["start", "status", "stop"]),
        ("flyte_runs", "%flyte_runs --ph", ["--phase"]),
        ("flyte_runs", "%flyte_runs --phase fa", ["failed"]),
        ("flyte_wait", "%%flyte_wait --for ", ["running", "terminal"]),
        ("flyte_wait", "%%flyte_wait --for running --no", ["--no-raise"]),
    ],
)
def test_completion(name: str, line: str, expected: list[str]) -> None:
    assert complete(name, line) == expected


def test_an_option_is_offered_once() -> None:
    assert "--limit" not in complete("flyte_runs", "%flyte_runs --limit 3 --")
