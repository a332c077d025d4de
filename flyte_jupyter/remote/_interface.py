"""What a task takes and gives, read from its interface without the SDK."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote._literals import to_python

if TYPE_CHECKING:
    from flyteidl2.core.interface_pb2 import VariableMap
    from flyteidl2.core.literals_pb2 import Literal
    from flyteidl2.core.types_pb2 import LiteralType
    from flyteidl2.task.task_definition_pb2 import TaskSpec

NONE, INTEGER, FLOAT, STRING, BOOLEAN, DATETIME, DURATION, BINARY, ERROR, STRUCT = range(10)
"""The numbers of SimpleType."""

_SIMPLE = ("None", "int", "float", "str", "bool", "datetime", "timedelta", "bytes", "an error", "dict")
PICKLE_TAG = "FlytePickle"
PICKLE_FORMAT = "PythonPickle"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One input or output of a task.

    Attributes:
        name: Its name.
        type: Its type in Python's notation ("int", "list[str]", "File", "Enum(RED, GREEN)").
        required: Whether it must be given; an output never is.
        default: The default as a Python value; None where there is none, too.
        description: What the task's author wrote about it, "" if nothing.
    """

    name: str
    type: str
    required: bool = False
    default: Any = None
    description: str = ""

    def __str__(self) -> str:
        text = f"{self.name}: {self.type}"
        return text if self.required else f"{text} = {self.default!r}"


@dataclasses.dataclass(frozen=True)
class Interface:
    """The inputs and outputs of a task, by name, in the order in which the task declares them.

    Attributes:
        inputs: The inputs.
        outputs: The outputs; those that have no names of their own are "o0", "o1", ...

    Example:
        >>> print(Interface({"n": Parameter("n", "int", required=True)}, {"o0": Parameter("o0", "float")}))
        (n: int) -> float
    """

    inputs: Mapping[str, Parameter]
    outputs: Mapping[str, Parameter]

    def __str__(self) -> str:
        outputs = [parameter.type for parameter in self.outputs.values()]
        gives = "None" if not outputs else outputs[0] if len(outputs) == 1 else f"({', '.join(outputs)})"
        return f"({', '.join(map(str, self.inputs.values()))}) -> {gives}"


def interface_of(spec: TaskSpec) -> Interface:
    """The interface of a task.

    Args:
        spec: Its specification.

    Example:
        >>> print(interface_of(TaskDetails.fetch("kinds.add", version="v1").pb2.spec))
        (a: int, b: int) -> int
    """
    declared, types, defaults = spec.task_template.interface, input_types(spec), default_literals(spec)
    required = set(required_inputs(spec))
    texts = {entry.key: entry.value.description for entry in declared.inputs.variables}
    inputs = {
        name: Parameter(
            name,
            type_name(type_),
            name in required,
            to_python(defaults[name], type_) if name in defaults else None,
            texts[name],
        )
        for name, type_ in types.items()
    }
    outputs = {
        entry.key: Parameter(entry.key, type_name(entry.value.type), description=entry.value.description)
        for entry in declared.outputs.variables
    }
    return Interface(inputs, outputs)


def input_types(spec: TaskSpec) -> dict[str, LiteralType]:
    """The types of a task's inputs, in the order of its interface."""
    return _types(spec.task_template.interface.inputs)


def default_literals(spec: TaskSpec) -> dict[str, Literal]:
    """The defaults of a task's inputs."""
    return {named.name: named.parameter.default for named in spec.default_inputs if named.parameter.HasField("default")}


def required_inputs(spec: TaskSpec) -> tuple[str, ...]:
    """The names of the inputs that must be given."""
    optional = {named.name for named in spec.default_inputs if not named.parameter.required}
    return tuple(name for name in input_types(spec) if name not in optional)


def _types(variables: VariableMap) -> dict[str, LiteralType]:
    return {entry.key: entry.value.type for entry in variables.variables}


def type_name(type_: LiteralType) -> str:
    """A type in Python's notation.

    Args:
        type_: The type.

    Example:
        >>> from flyteidl2.core.types_pb2 import LiteralType
        >>> type_name(LiteralType(collection_type=LiteralType(simple="STRING")))
        'list[str]'
    """
    kind = type_.WhichOneof("type")
    if kind == "simple":
        return _simple_name(type_)
    if kind == "collection_type":
        return f"list[{type_name(type_.collection_type)}]"
    if kind == "map_value_type":
        return f"dict[str, {type_name(type_.map_value_type)}]"
    if kind == "union_type":
        return " | ".join(type_name(variant) for variant in type_.union_type.variants)
    if kind == "enum_type":
        return f"{_title(type_) or 'Enum'}({', '.join(type_.enum_type.values)})"
    if kind == "blob":
        if type_.blob.format == PICKLE_FORMAT:
            return class_name(type_) or "object"
        return "Dir" if is_directory(type_) else "File"
    return "DataFrame" if kind in ("structured_dataset_type", "schema") else "object"


def is_directory(type_: LiteralType) -> bool:
    """Whether a blob's type is that of a directory."""
    return int(type_.blob.dimensionality) == 1


def is_pickled(type_: LiteralType) -> bool:
    """Whether values of this type are pickles."""
    return type_.structure.tag == PICKLE_TAG or type_.blob.format == PICKLE_FORMAT


def schema_of(type_: LiteralType) -> dict[str, Any]:
    """The JSON schema, or the name of the class, that a type carries; {} for none."""
    if not type_.HasField("metadata"):
        return {}
    from google.protobuf.json_format import MessageToDict

    return MessageToDict(type_.metadata)


def class_name(type_: LiteralType) -> str:
    """The Python class that a pickled type names, "" for none."""
    return str(schema_of(type_).get("python_class_name", "")).rpartition(".")[2]


def _simple_name(type_: LiteralType) -> str:
    if is_pickled(type_):
        return class_name(type_) or "object"
    number = int(type_.simple)
    if number == STRUCT and (title := _title(type_)):
        return title
    return _SIMPLE[number] if number < len(_SIMPLE) else "object"


def _title(type_: LiteralType) -> str:
    title = str(schema_of(type_).get("title", ""))
    return "tuple" if title.startswith("TupleWrapper_") else title.removeprefix("NamedTupleWrapper_")
