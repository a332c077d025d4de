from __future__ import annotations

from typing import Any

import pytest
from flyteidl2.workflow import run_definition_pb2 as definition

from flyte_jupyter import remote
from flyte_jupyter.remote import Action, Client, Run
from tests.unit.remote.fake_backend import FakeBackend

untyped: Any = remote  # as a person at a prompt knows it


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Run.get(""), "A run is asked for by its name, and that is empty"),
        (lambda: untyped.Run.get(3), "A run is asked for by its name, and that is no int"),
        (lambda: Action.listall("").__next__(), "A run is asked for by its name, and that is empty"),
        (lambda: Action.get("https://["), "is not the page of a run or action"),
        (lambda: Action.get("https://flyte.example.com/v2"), "is not the page of a run or action"),
        (lambda: untyped.Task.get("t", version=3), "A version of a task is asked for"),
        (lambda: untyped.Project.get(3), "A project is asked for by its name, and that is no int"),
        (lambda: Run(definition.Run()).get_report(-5), "Attempts are counted from 1"),
        (lambda: list(untyped.Run(definition.Run()).get_logs("last")), "counted from 1"),
    ],
)
def test_what_cannot_be_asked_for(client: Client, backend: FakeBackend, call: Any, sentence: str) -> None:
    with pytest.raises(remote.InvalidArgumentError) as caught:
        call()
    assert sentence in str(caught.value)
    assert backend.calls == []
