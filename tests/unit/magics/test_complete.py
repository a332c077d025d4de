from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from flyte_jupyter import magics


@pytest.fixture
def shell() -> InteractiveShell:
    shell = InteractiveShell()
    magics.register(shell)
    return shell


def complete(shell: InteractiveShell, text: str) -> list[str]:
    """What a notebook offers at the end of a cell."""
    with provisionalcompleter():
        return [one.text for one in shell.Completer.completions(text, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%flyte_local ", ["start", "status", "stop"]),
        ("%flyte_local st", ["start", "status", "stop"]),
        ("%flyte_runs --ph", ["--phase"]),
        ("%flyte_runs --phase fa", ["failed"]),
        ("%flyte_runs --phase failed,su", ["succeeded"]),
        ("%%flyte_wait --for ", ["running", "terminal"]),
        ("%%flyte_wait --for running --no", ["--no-raise"]),
        ("x = 1\n  %flyte_runs --ph", ["--phase"]),
    ],
)
def test_a_line_offers_what_may_stand_there_and_nothing_of_python(
    shell: InteractiveShell, text: str, expected: list[str]
) -> None:
    assert complete(shell, text) == expected


def test_an_option_is_offered_once(shell: InteractiveShell) -> None:
    assert "--limit" not in complete(shell, "%flyte_runs --limit 3 --")


def test_other_lines_are_completed_as_ever(shell: InteractiveShell) -> None:
    assert "flyte_runs" in "".join(complete(shell, "%flyte_ru"))
    assert "isinstance" in complete(shell, "isins")
    magics.unregister(shell)
    assert "status" not in complete(shell, "%flyte_local st")
