import pytest
from flyteidl2.workflow import run_definition_pb2 as definition

from flyte_jupyter.remote import DeadlineExceededError, InvalidArgumentError, Run, RunFailedError, background
from flyte_jupyter.view import find_run, run_key, until, wait
from tests.unit.live.messages import FAILED, START, SUCCEEDED, action
from tests.unit.view.kernels import put


def test_waiting_for_the_end(client):
    client.actions["a0"] = action("a0", SUCCEEDED, ended=START)
    wait("r1")


def test_waiting_ends_when_the_run_does(client):
    waited = background().submit(until([find_run("r1")], "terminal", 60))
    wait("r1", wait_for="running")
    assert not waited.done()
    put(client, action("a0", SUCCEEDED, ended=START))
    waited.result(60)


def test_a_run_that_failed_raises_its_error(client):
    client.actions["a0"] = action("a0", FAILED, ended=START)
    client.errors["a0"] = "ValueError: no"
    with pytest.raises(RunFailedError, match=r"r1.*ValueError: no"):
        wait("r1")
    wait("r1", wait_for="running")


def test_the_time_is_up(client):
    with pytest.raises(DeadlineExceededError, match=r"Not terminal after 0\.01 seconds: r1\. The runs go on"):
        wait("r1", timeout=0.01)


def test_what_cannot_be_waited_for_is_one_sentence(client):
    with pytest.raises(InvalidArgumentError, match="'lunch' cannot be waited for"):
        wait("r1", wait_for="lunch")  # type: ignore[arg-type]


def test_waiting_for_nothing_is_no_wait(client):
    wait(timeout=5)


def test_runs_are_found_however_they_are_named(client, monkeypatch):
    monkeypatch.setattr("flyte_jupyter.remote._run.sdk_client", lambda: client)
    message = definition.Run(action=action("a0"))
    for named in (Run(message), message, "r1"):
        assert run_key(find_run(named)) == "localhost:8090|p/development/r1"
