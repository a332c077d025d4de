"""What a person reads below the cells of `conftest.CELLS`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.integration.magics.conftest import Output

Outputs = dict[str, list[Any]]


def html(outputs: Outputs, name: str) -> list[str]:
    pages = [output["data"].get("text/html", "") for output in outputs[name] if "data" in output]
    return [page for page in pages if "flyte-jupyter" in page]  # the SDK writes its own progress, too


def test_loading_prints_nothing(outputs: Outputs) -> None:
    assert outputs["load"] == []
    assert outputs["reload"] == []


def test_not_connected_says_how_to_connect(text: Output) -> None:
    assert "%flyte_local" in text("not connected")
    assert "%flyte_connect" in text("not connected")
    assert "Traceback" not in text("not connected")


def test_local_starts_once_and_tells_its_state(text: Output) -> None:
    assert "pid" in text("local")
    assert text("local") == text("local again")
    assert "0 runs" in text("status")
    assert "stopped" in text("stop")
    assert "No embedded backend" in text("stopped")


def test_no_token_is_shown(outputs: Outputs) -> None:
    shown = str({name: cell for name, cell in outputs.items() if name != "wrong token"})
    assert not re.search(r"localhost:\d+/[\w-]{32}", shown)


def test_a_run_is_shown_as_html_and_text(outputs: Outputs, text: Output) -> None:
    (page,) = html(outputs, "display")
    assert "double" in page
    assert "fj-view-" in page
    assert "double" in text("display")


def test_wait_shows_every_run_that_the_cell_made(outputs: Outputs) -> None:
    pages = html(outputs, "wait")
    assert len(pages) == 2
    assert all("Succeeded" in page for page in pages)


def test_wait_shows_a_run_that_is_the_last_expression_once(outputs: Outputs) -> None:
    assert len(html(outputs, "wait shows the last expression once")) == 1


def test_wait_takes_top_level_await(outputs: Outputs, text: Output) -> None:
    assert "slept" in text("wait awaits")
    assert len(html(outputs, "wait awaits")) == 1


@pytest.mark.parametrize("name", ["wait fails", "wait fails awaiting"])
def test_a_failed_run_fails_the_cell_with_its_error(outputs: Outputs, text: Output, name: str) -> None:
    (error,) = [output for output in outputs[name] if output["output_type"] == "error"]
    assert error["ename"] == "RunFailedError"
    assert "nothing works" in error["evalue"]
    assert "flyte_jupyter/magics" not in text(name)


def test_no_raise_keeps_the_cell_from_failing(outputs: Outputs) -> None:
    assert not [output for output in outputs["wait keeps quiet"] if output["output_type"] == "error"]
    assert "Failed" in html(outputs, "wait keeps quiet")[0]


def test_an_error_of_the_cell_itself_is_shown_as_ever(outputs: Outputs, text: Output) -> None:
    (error,) = [output for output in outputs["wait body fails"] if output["output_type"] == "error"]
    assert error["ename"] == "ZeroDivisionError"
    assert "1 / 0" in text("wait body fails") or "1 \x1b" in text("wait body fails")


def test_wait_for_running_does_not_wait_for_the_end(outputs: Outputs) -> None:
    assert len(html(outputs, "wait for running")) == 1
    assert not [output for output in outputs["wait for running"] if output["output_type"] == "error"]


def test_a_timeout_is_one_sentence(text: Output) -> None:
    assert "The runs go on" in text("wait times out")
    assert "Traceback" not in text("wait times out")


def test_abort(text: Output) -> None:
    assert "is being aborted" in text("abort")
    assert "a0" in text("abort an action")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wait without a cell", "needs a cell"),
        ("abort what is over", "nothing to abort"),
        ("abort nothing", "rnothing"),
        ("no report", "has no report"),
        ("run of another life", "rnothing"),
        ("wrong option", "lost is no phase"),
        ("wrong tab", "everything"),
        ("wrong height", "3 pixels"),
        ("signal wrongly", "yes or no is wanted"),
        ("signal nothing", "waits for an answer"),
        ("connect to nobody", "localhost:1"),
        ("wrong token", "refused"),
    ],
)
def test_wrong_input_is_one_sentence_and_a_hint(text: Output, name: str, words: str) -> None:
    shown = text(name).strip()
    assert words in shown
    assert "Traceback" not in shown
    assert len(shown.splitlines()) == 1


def test_runs_are_a_table(outputs: Outputs, text: Output) -> None:
    page = outputs["runs"][0]["data"]["text/html"]
    assert page.count("<tr>") == 3  # the head and two runs
    assert "broken" in text("runs")
    assert "There are no runs" in text("no runs")
    assert "No runs match the search" in text("runs by text")


def test_a_report_stands_in_a_frame_of_its_own(outputs: Outputs) -> None:
    page = outputs["report alone"][-1]["data"]["text/html"]
    assert "sandbox" in page
    assert "height:300px" in page
    assert "&lt;h1&gt;all is well&lt;/h1&gt;" in page


def test_logs_are_in_the_file(outputs: Outputs, text: Output) -> None:
    (page,) = html(outputs, "logs")
    assert "said &lt;b&gt;hello&lt;/b&gt;" in page
    assert "said <b>hello</b>" in text("logs")


def test_inputs_and_outputs_are_in_the_file(outputs: Outputs, text: Output) -> None:
    (page,) = html(outputs, "io")
    assert "&lt;b&gt;hello&lt;/b&gt;" in page
    assert "numbers (list[int]): [1, 2]" in text("io")
    assert "{<b>hello</b>: 3}" in text("tab")


def test_rerun_shows_the_new_run(outputs: Outputs) -> None:
    (page,) = html(outputs, "rerun")
    assert "talks" in page


def test_a_condition_is_signalled(outputs: Outputs, text: Output) -> None:
    assert "is answered" in text("signal")
    assert outputs["signalled"] == []


def test_freeze_counts_outputs(text: Output) -> None:
    assert "Written anew: " in text("freeze")


@pytest.mark.parametrize("name", ["projects", "tasks of the project", "triggers", "secrets"])
def test_tables(outputs: Outputs, text: Output, name: str) -> None:
    assert len(html(outputs, name)) == 1
    assert "Traceback" not in text(name)


def test_help(text: Output) -> None:
    assert "--phase" in text("help")


def test_show_and_wait_from_python(outputs: Outputs) -> None:
    assert "Succeeded" in html(outputs, "show")[0]
    assert outputs["python wait"] == []
