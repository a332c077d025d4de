"""Each line of the documentation, as written, in a real kernel against a real backend."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flyte_jupyter.remote import Client, Condition, Run
from tests.integration.actions.conftest import Start
from tests.integration.actions.kernels import Kernel
from tests.integration.support import REPOSITORY, Backend, until


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def kernel(backend: Backend, home: Path) -> Iterator[Kernel]:
    kernel = Kernel(backend.sdk.python, home, {"may this": "y"})
    kernel.run("import os\n%load_ext flyte_jupyter")
    assert "Connected" in kernel.tell(f"%flyte_connect {backend.endpoint}")
    yield kernel
    kernel.kill()


def number(text: str) -> str:
    """The number of what a line armed."""
    found = re.match(r"\[(\d+)\] ", text)
    assert found is not None, text
    return found.group(1)


PAGE = (REPOSITORY / "docs" / "actions.md").read_text()


def documented(line: str, **names: str) -> str:
    """A line of the documentation, with names of what there is here in the place of those that it has."""
    assert f"    {line}\n" in PAGE, "it is not written there"
    for written, here in {"my_run": "my-run", "fit": "train.fit", "score": "eval.score"}.items():
        if written in names:
            assert here in line
            line = line.replace(here, names[written])
    return line


def tell_to_fail(run: str) -> None:
    condition = until(lambda: Condition.get("fail", run), "the condition")
    assert condition is not None
    until(lambda: condition.sync().phase == "paused", "its wait")
    condition.signal(True)


def run_of(start: Start, name: str) -> str:
    return start(name)[name]


def test_a_failure_is_told_below_the_line(kernel: Kernel, start: Start, client: Client) -> None:
    run = run_of(start, "fails_when_told")
    cell = kernel.run(documented("%flyte_on my-run failed -> notify", my_run=run))
    kernel.run(f"my_run = {run!r}")
    filled = kernel.run("%flyte_on {my_run} failed -> notify text='{task} {phase}'")
    assert f"{run} failed -> notify is armed; it may read until 2" in kernel.text(cell)
    tell_to_fail(run)
    kernel.until(cell, f"{run} (acting.fails_when_told) failed")
    kernel.until(filled, "acting.fails_when_told failed")
    again = f"%flyte_on {run} failed -> notify text=again"
    assert "its run is over, and it has not fired. With --replay" in kernel.tell(again)
    assert "its run is over, and it has fired once." in kernel.tell(f"{again} --replay")


def test_a_task_starts_another_with_its_output(kernel: Kernel, start: Start, client: Client) -> None:
    line = "%flyte_on task train.fit succeeded -> run_task eval.score inputs.model=outputs.o0 --max 5"
    armed = kernel.tell(documented(line, fit="acting.train", score="acting.score"))
    assert "it may launch and read" in armed
    assert "may this launch in your name for 48 h?" in kernel.asked[-1]
    start("train")
    done = until(lambda: re.findall(r"started (fja\w+)", kernel.tell(f"%flyte_on history {number(armed)}")), "a run")
    score = Run.get(done[0])
    score.wait()
    assert score.outputs().o0 == 50
    kernel.run(f"%flyte_on rm {number(armed)}")


def test_a_line_of_the_log_aborts(kernel: Kernel, start: Start, client: Client) -> None:
    run = Run.get(run_of(start, "diverges"))
    kernel.run(documented('%flyte_on my-run log /loss=nan/ -> abort --reason "diverged"', my_run=run.name))
    assert "may this abort" in kernel.asked[-1]
    run.wait()
    assert run.details().action_details.abort_info.reason == "diverged"  # type: ignore[union-attr]


def test_a_failure_is_rerun(kernel: Kernel, start: Start, client: Client) -> None:
    run = run_of(start, "fails_when_told")
    armed = number(kernel.tell(documented("%flyte_on my-run failed -> rerun --recover --max 2", my_run=run)))
    tell_to_fail(run)
    # What was answered is recovered, so they fail by themselves.
    until(lambda: kernel.tell(f"%flyte_on history {armed}").count("started fja") == 2, "two reruns")
    until(lambda: "It has fired 2 times" in kernel.tell(f"%flyte_on history {armed}"), "the end of them")


def test_what_waits_is_sent_to_a_webhook(kernel: Kernel, start: Start, client: Client) -> None:
    received: list[object] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kernel.run(f"os.environ['SLACK_URL'] = 'http://127.0.0.1:{server.server_port}/very-secret'")
    line = documented("%flyte_on condition paused -> notify webhook=env:SLACK_URL")
    refused, allowed = kernel.tell(line), kernel.tell(f"{line} insecure=true private=true")
    run = run_of(start, "asks")
    until(lambda: received, "the webhook", 30)
    server.shutdown()
    server.server_close()
    assert received == [{"text": f"{run} waits for approve: Go on?"}]
    assert "is not encrypted" in kernel.tell(f"%flyte_on history {number(refused)}")
    shown = "".join(kernel.tell(f"%flyte_on {work} {number(allowed)}") for work in ("show", "history", "test"))
    assert "env:SLACK_URL" in shown
    assert "very-secret" not in shown
    Run.get(run).abort()
    for armed in (refused, allowed):
        assert "removed" in kernel.tell(f"%flyte_on rm {number(armed)}")


def test_a_cell_runs_in_this_kernel(kernel: Kernel, start: Start, client: Client) -> None:
    kernel.run("import threading\nfactor = 100")
    run = run_of(start, "train")
    first = documented("%%flyte_on my-run succeeded", my_run=run)
    cell = kernel.run(
        f"{first} --replay\n"
        "answer = run.outputs().o0 * factor\n"
        "print(event.words, answer, threading.current_thread() is threading.main_thread())"
    )
    kernel.until(cell, f"{run} (acting.train) succeeded 500 True")
    assert "500" in kernel.tell("answer")
    awaiting = kernel.run(
        f"%%flyte_on {run} succeeded --replay\nimport asyncio\nprint(await asyncio.sleep(0, 'slept'))"
    )
    kernel.until(awaiting, "slept")


TASKS = """
import flyte

flyte.init(endpoint={endpoint!r}, project="flytesnacks", domain="development", insecure=True, image_builder="remote")
env = flyte.TaskEnvironment(name="inside")

@env.task
async def twice(model: int) -> int:
    return 2 * model

def ring(event, run):
    return f"rang for {{run.name}}"
"""


def test_tasks_and_functions_of_this_kernel_are_run(
    kernel: Kernel, backend: Backend, start: Start, client: Client
) -> None:
    assert "Error" not in kernel.tell(TASKS.format(endpoint=backend.endpoint))
    run = run_of(start, "train")
    task = number(kernel.tell(f"%flyte_on {run} succeeded --replay -> run_task twice inputs.model=outputs.o0 --yes"))
    function = number(kernel.tell(f"%flyte_on {run} succeeded --replay -> callback ring"))
    until(lambda: f"called ring: rang for {run}" in kernel.tell(f"%flyte_on history {function}"), "the function")
    done = until(lambda: re.findall(r"started (fja\w+)", kernel.tell(f"%flyte_on history {task}")), "the run")
    twice = Run.get(done[0])
    twice.wait()
    assert (twice.task_name, twice.outputs().o0) == ("inside.twice", 10)


def test_they_are_seen_to(kernel: Kernel, start: Start, client: Client) -> None:
    armed = number(kernel.tell("%flyte_on task acting.train failed -> notify text='{run} again'"))
    assert "say 'some-run again'" in kernel.tell(f"%flyte_on test {armed}")
    assert "paused" in kernel.tell(f"%flyte_on pause {armed}")
    assert "but it is paused" in kernel.tell(f"%flyte_on test {armed}")
    assert "is armed" in kernel.tell(f"%flyte_on resume {armed}")
    assert "Nothing has fired yet." in kernel.tell(f"%flyte_on history {armed}")
    assert "task acting.train failed" in kernel.tell("%flyte_on list")
    assert re.search(r"allowed +until 2\d+-", kernel.tell(f"%flyte_on show {armed}"))
    secret = number(
        kernel.tell("%flyte_on task acting.train failed -> notify webhook=https://hooks.example.com/very-secret")
    )
    shown = kernel.tell(f"%flyte_on show {secret}")
    assert "hooks.example.com" in shown
    assert "very-secret" not in shown
    kernel.tell(f"%flyte_on rm {secret}")
    assert "Answer a condition" in kernel.tell("%flyte_on flavors")
    assert "removed" in kernel.tell(f"%flyte_on rm {armed}")
    assert f"There is no armed action {armed}." in kernel.tell(f"%flyte_on show {armed}")


WRONG = {
    "%flyte_on": "%flyte_on my-run failed -> notify",
    "%flyte_on rnothing failed -> notify": "There is no run 'rnothing'",
    "%flyte_on task acting.train lost -> notify": "lost is no phase",
    "%flyte_on task acting.train failed -> norify": "There is no action norify. There are abort, callback",
    "%flyte_on task acting.train failed -> notify colour=red": "colour: there is no such setting. It takes text",
    "%flyte_on task acting.train failed -> notify hello world": "cannot make sense of hello world",
    "%flyte_on task acting.train failed -> run_task acting.train": "starts acting.train, which fires it again",
    "%flyte_on task acting.train failed -> callback nowhere": "does not look like module:function",
    "%flyte_on {nowhere} failed -> notify": "{nowhere} is no variable of this kernel",
    "%flyte_on task acting.train failed -> callback no_such:function": "no_such:function cannot be found",
    "%flyte_on task acting.train failed -> rerun --recovr": "Is recover meant?",
    "%flyte_on show": "needs the number",
    "%%flyte_on task acting.train failed\n   \n": "needs a cell",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_is_said_in_a_sentence(kernel: Kernel, line: str) -> None:
    text = kernel.tell(line)
    assert WRONG[line] in text
    assert "Traceback" not in text


def test_actions_survive_the_kernel(backend: Backend, start: Start, client: Client, tmp_path: Path) -> None:
    first = Kernel(backend.sdk.python, tmp_path)
    first.run(f"%load_ext flyte_jupyter\n%flyte_connect {backend.endpoint}")
    kept = number(first.tell("%flyte_on task acting.train succeeded -> notify"))
    bound = "%%flyte_on task acting.train succeeded\nprint('called for', run.name)"
    lost = number(first.tell(bound))
    first.kill()
    Run.get(run_of(start, "train")).wait()
    second = Kernel(backend.sdk.python, tmp_path)
    try:
        second.run(f"%load_ext flyte_jupyter\n%flyte_connect {backend.endpoint}")
        until(lambda: "succeeded" in second.tell(f"%flyte_on history {kept}"), "what happened while nobody was there")
        assert "unbound" in second.tell("%flyte_on list")
        again = second.run(bound)
        assert second.text(again).startswith(f"[{lost}] ")
        second.until(again, "called for")
        run = run_of(start, "train")
        second.until(again, f"called for {run}")
        assert second.tell(f"%flyte_on history {kept}").count("acting.train) succeeded  succeeded") == 2
    finally:
        second.kill()
