from __future__ import annotations

import argparse

import pytest
from IPython.core.error import UsageError

from flyte_jupyter.magics import parser_of
from flyte_jupyter.magics._arguments import parse, phases, plain_errors, positive, seconds
from flyte_jupyter.remote import ActionPhase, NotFoundError, RunFailedError

RUNS = parser_of("flyte_runs")
ABORT = parser_of("flyte_abort")


def test_phases_in_any_case() -> None:
    assert phases("Failed, ABORTED") == [ActionPhase.FAILED, ActionPhase.ABORTED]


@pytest.mark.parametrize(
    "line", ["--phase broken", "--phase ,", "--limit 0", "--limit x", "--wrong", "--height 5", "'open"]
)
def test_wrong_arguments_are_one_sentence_with_a_hint(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(RUNS, line)
    assert str(caught.value).endswith("See %flyte_runs --help.")
    assert "\n" not in str(caught.value)


def test_quotes_group_words() -> None:
    args = parse(ABORT, "r1 --reason 'too slow'")
    assert args is not None
    assert (args.name, args.action, args.reason) == ("r1", None, "too slow")


def test_help_is_printed_even_where_arguments_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(ABORT, "--help") is None
    assert "--reason" in capsys.readouterr().out


def test_numbers() -> None:
    assert positive("3") == 3
    assert seconds("0.5") == 0.5
    for wrong in ("0", "-1", "nan", "inf", "x"):
        with pytest.raises(argparse.ArgumentTypeError):
            seconds(wrong)


def test_flyte_errors_become_one_line_and_a_failed_run_stays() -> None:
    with pytest.raises(UsageError, match="no run r9"), plain_errors():
        raise NotFoundError("There is no run r9.")
    with pytest.raises(RunFailedError), plain_errors():
        raise RunFailedError("r9", "failed", message="boom")
