from __future__ import annotations

import pytest
from flyteidl2.common import phase_pb2

from flyte_jupyter.remote import TERMINAL_PHASES, ActionPhase


def test_names_and_numbers_are_the_wire_s() -> None:
    for name, number in phase_pb2.ActionPhase.items():
        phase = ActionPhase.parse(name)
        assert phase.number == number
        assert ActionPhase.from_number(number) is phase


def test_numbers_of_a_later_version() -> None:
    assert ActionPhase.from_number(99) is ActionPhase.UNSPECIFIED
    assert ActionPhase.from_number(-1) is ActionPhase.UNSPECIFIED


def test_terminal() -> None:
    assert {phase.value for phase in TERMINAL_PHASES} == {"succeeded", "failed", "aborted", "timed_out", "recovered"}


@pytest.mark.parametrize("text", ["running", "RUNNING", "ACTION_PHASE_RUNNING", " Running "])
def test_parse(text: str) -> None:
    assert ActionPhase.parse(text) == "running"


def test_parse_lists_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"'done' is not a phase. Phases are queued, .*recovered\."):
        ActionPhase.parse("done")
