from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest
from flyteidl2.dataproxy import dataproxy_service_pb2 as dataproxy

from flyte_jupyter import remote
from flyte_jupyter.remote import ActionPhase, Client, Run
from tests.unit.remote.fake_backend import FakeBackend, action_details
from tests.unit.remote.test_literals import binary, packed
from tests.unit.remote.test_run import integer, serve


@dataclass
class Point:
    x: int
    y: int


def point_run(backend: FakeBackend) -> Run:
    data = dataproxy.GetActionDataResponse()
    data.inputs.literals.add(name="n").value.CopyFrom(integer(3))
    data.outputs.literals.add(name="o0").value.CopyFrom(binary(packed({"x": 1, "y": 2})))
    data.outputs.literals.add(name="o1").value.CopyFrom(integer(4))
    serve(backend, action_details(phase=ActionPhase.SUCCEEDED), data)
    return Run.get("r1")


def test_types_of_the_caller(client: Client, backend: FakeBackend) -> None:
    run = point_run(backend)
    assert run.typed_outputs({"o0": Point}) == {"o0": Point(1, 2)}
    assert run.typed_inputs({"n": int, "nothing": int}) == {"n": 3}
    assert run.details().typed_outputs({"o0": Point, "o1": int}) == {"o0": Point(1, 2), "o1": 4}
    assert run.details().typed_inputs({}) == {}
    assert backend.count("GetActionData") == 1


def test_a_deserializer_gets_the_plain_data(client: Client, backend: FakeBackend) -> None:
    def load(data: dict[str, Any]) -> Point:
        return Point(data["y"], data["x"])

    assert point_run(backend).typed_outputs({"o0": Point}, {Point: load}) == {"o0": Point(2, 1)}


def test_what_is_not_of_that_type(client: Client, backend: FakeBackend) -> None:
    with pytest.raises(remote.InvalidArgumentError, match="o1 cannot be read as Point"):
        point_run(backend).typed_outputs({"o1": Point})


def test_without_the_sdk(client: Client, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    run = point_run(backend)
    monkeypatch.setitem(sys.modules, "flyte.types", None)
    with pytest.raises(remote.InvalidArgumentError, match="flyte SDK, which is not installed"):
        run.typed_outputs({"o0": Point})
    assert run.outputs() == ({"x": 1, "y": 2}, 4)


def test_literals_as_they_are_on_the_wire(client: Client, backend: FakeBackend) -> None:
    run = point_run(backend)
    assert run.input_literals() == run.details().input_literals() == {"n": integer(3)}
    assert set(run.output_literals()) == set(run.details().output_literals()) == {"o0", "o1"}
    serve(backend, action_details(), dataproxy.GetActionDataResponse())
    assert Run.get("r1").output_literals() == {}
