from __future__ import annotations

from typing import Any

import pytest

from flyte_jupyter.actions import ActionsError, InvalidConfigurationError, Line, read_line

PHASE = {"kind": "phase"}
LINES: dict[str, Line] = {
    "my-run failed -> notify": Line({"run": "my-run", **PHASE, "phases": ("failed",)}, "notify"),
    "task train.fit succeeded -> run_task eval.score inputs.model=outputs.o0 --max 5": Line(
        {"task": "train.fit", **PHASE, "phases": ("succeeded",)},
        "run_task",
        {"inputs": {"model": "outputs.o0"}},
        {"max": 5},
        ["eval.score"],
    ),
    'my-run log /loss=nan/ -> abort --reason "diverged"': Line(
        {"run": "my-run", "kind": "log", "pattern": "loss=nan", "action": "*"}, "abort", {"reason": "diverged"}
    ),
    "my-run failed -> rerun --recover --max 2": Line(
        {"run": "my-run", **PHASE, "phases": ("failed",)}, "rerun", {"recover": True}, {"max": 2}
    ),
    "condition paused -> notify webhook=env:SLACK_URL": Line(
        {"kind": "paused"}, "notify", {"webhook": "env:SLACK_URL"}
    ),
    r"my-run log /a\d+ -> \/b/ --action x -> notify": Line(
        {"run": "my-run", "kind": "log", "pattern": r"a\d+ -> /b", "action": "x"}, "notify"
    ),
    "my-run FAILED,timed-out --action * -> notify text='it is {phase}' --cooldown 1.5 --yes": Line(
        {"run": "my-run", **PHASE, "phases": ("failed", "timed_out"), "action": "*"},
        "notify",
        {"text": "it is {phase}"},
        {"cooldown": 1.5, "yes": True},
    ),
    "my-run ended --replay -> notify": Line(
        {"run": "my-run", **PHASE, "phases": ("succeeded", "failed", "aborted", "timed_out")},
        "notify",
        {},
        {"replay": True},
    ),
    "task t.a appeared --project q -> notify": Line({"task": "t.a", "kind": "appeared", "project": "q"}, "notify"),
    "project appeared -> notify": Line({"kind": "appeared"}, "notify"),
    "project failed -> notify": Line({**PHASE, "phases": ("failed",)}, "notify"),
    "condition approve paused -> signal true": Line(
        {"kind": "paused", "condition": "approve"}, "signal", words=["true"]
    ),
    "my-run condition approve paused -> signal true": Line(
        {"run": "my-run", "kind": "paused", "condition": "approve"}, "signal", words=["true"]
    ),
    'task t.a failed -> run_task t.b inputs.n=3 inputs.s="\\"3\\"" inputs.b=true --busy=skip': Line(
        {"task": "t.a", **PHASE, "phases": ("failed",)},
        "run_task",
        {"inputs": {"n": 3, "s": "3", "b": True}},
        {"busy": "skip"},
        ["t.b"],
    ),
    'my-run failed -> abort --reason "loss=nan" --what action': Line(
        {"run": "my-run", **PHASE, "phases": ("failed",)}, "abort", {"reason": "loss=nan", "what": "action"}
    ),
    "my-run failed -> rerun --recover inputs.x=2": Line(
        {"run": "my-run", **PHASE, "phases": ("failed",)}, "rerun", {"recover": True, "inputs": {"x": 2}}
    ),
    "my-run failed -> rerun --recover false --max 2": Line(
        {"run": "my-run", **PHASE, "phases": ("failed",)}, "rerun", {"recover": "false"}, {"max": 2}
    ),
    r'my-run log /"loss": "nan"|it\'s over/ -> notify': Line(
        {"run": "my-run", "kind": "log", "pattern": r'"loss": "nan"|it\'s over', "action": "*"}, "notify"
    ),
    "my-run failed -> callback shop.bells:ring": Line(
        {"run": "my-run", **PHASE, "phases": ("failed",)}, "callback", words=["shop.bells:ring"]
    ),
}


@pytest.mark.parametrize("text", LINES)
def test_a_line_is_read(text: str) -> None:
    assert read_line(text) == LINES[text]


def test_the_line_over_a_cell_has_no_action() -> None:
    assert read_line("my-run succeeded --max 1", cell=True) == Line(
        {"run": "my-run", **PHASE, "phases": ("succeeded",)}, options={"max": 1}
    )
    with pytest.raises(InvalidConfigurationError, match="cell is the action"):
        read_line("my-run succeeded -> notify", cell=True)


WRONG: dict[str, str] = {
    "my-run failed": "no ->",
    "my-run failed ->": "no action behind",
    "my-run lost -> notify": "lost is no phase",
    "my-run -> notify": "my-run says not what to wait for",
    "-> notify": "Nothing before the -> says what to wait for",
    "my-run log loss=nan -> notify": "between slashes",
    "my-run failed -> notify --max many": "--max takes a number, not many",
    "my-run failed --colour red -> notify": "no option --colour before",
    "my-run failed -> notify 'half": "cannot be read",
    "my-run failed --action": "no ->",
    "my-run failed -> norify": "no action norify",
    "my-run failed -> rerun --recovr --max 2": "rerun has no setting recovr",
    "my-run failed -> notify --maxx 2": "notify has no setting maxx",
    "my-run failed -> abort --reason --max 2": "--reason needs a value",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_line_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ActionsError, match=WRONG[text]) as raised:
        read_line(text)
    assert raised.value.message.endswith(".")


def test_variables_are_filled_in_before_the_arrow_and_not_in_the_pattern() -> None:
    line = read_line(
        r"{a} log /x{3}/ --action {b} -> notify text='{run}'", fill=lambda text: text.format(a="r1", b="x")
    )
    assert line == Line({"run": "r1", "kind": "log", "pattern": "x{3}", "action": "x"}, "notify", {"text": "{run}"})


def test_an_option_without_a_value_is_refused() -> None:
    with pytest.raises(InvalidConfigurationError, match="--action needs a value"):
        read_line("my-run failed --action -> notify")


def test_settings_of_settings_are_plain_data() -> None:
    line: dict[str, Any] = read_line("r failed -> run_task t.a inputs.a=null inputs.b=[1,2]").configuration
    assert line == {"inputs": {"a": None, "b": [1, 2]}}
