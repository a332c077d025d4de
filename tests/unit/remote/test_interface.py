from __future__ import annotations

import dataclasses
from enum import Enum
from typing import Any

import flyte.io
import flyte.types
import pytest
from flyteidl2.core import types_pb2
from flyteidl2.task import task_definition_pb2

from flyte_jupyter.remote import Interface, Parameter
from flyte_jupyter.remote._interface import interface_of, type_name


class Color(Enum):
    RED = "r"
    GREEN = "g"


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("python_type", "name"),
    [
        (int, "int"),
        (float, "float"),
        (str, "str"),
        (bool, "bool"),
        (list[dict[str, float]], "list[dict[str, float]]"),
        (int | str | None, "int | str | None"),
        (dict, "dict"),
        (Color, "Enum(RED, GREEN)"),
        (Point, "Point"),
        (tuple[int, str], "tuple"),
        (flyte.io.File, "File"),
        (flyte.io.Dir, "Dir"),
        (flyte.io.DataFrame, "DataFrame"),
    ],
)
async def test_types_of_the_sdk(python_type: Any, name: str) -> None:
    found = type_name(flyte.types.TypeEngine.to_literal_type(python_type))
    assert found == name


def test_a_type_that_nobody_knows() -> None:
    assert type_name(types_pb2.LiteralType()) == "object"
    assert type_name(types_pb2.LiteralType.FromString(b"\x08\x63")) == "object"


def test_an_interface_reads_like_a_signature() -> None:
    spec = task_definition_pb2.TaskSpec()
    assert str(interface_of(spec)) == "() -> None"
    spec.task_template.interface.outputs.variables.add(key="o0").value.type.simple = types_pb2.INTEGER
    spec.task_template.interface.outputs.variables.add(key="o1").value.type.simple = types_pb2.STRING
    assert str(interface_of(spec)) == "() -> (int, str)"
    nothing = Parameter("n", "int | None")
    assert str(Interface({"n": nothing}, {})) == "(n: int | None = None) -> None"
