"""The inputs and outputs of an action."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote._common import ToJson
from flyte_jupyter.remote._literals import literal_types, to_python

if TYPE_CHECKING:
    from flyteidl2.task.common_pb2 import Inputs, NamedLiteral, Outputs
    from flyteidl2.workflow.run_definition_pb2 import ActionDetails


class ActionInputs(UserDict[str, Any], ToJson):
    """The inputs of an action: a mapping from name to Python value, yours to change; nothing goes back.

    Args:
        pb2: The message they came in; `to_dict` and `to_json` tell what it says.
        data: The values.

    Example:
        >>> inputs = Run.get("r1").inputs()
        >>> inputs["a"], inputs["b"], inputs.get("c", "none")
        (1, 41, 'none')
        >>> inputs.to_dict()["literals"][0]
        {'name': 'a', 'value': {'scalar': {'primitive': {'integer': '1'}}}}
    """

    def __init__(self, pb2: Inputs | None = None, data: dict[str, Any] | None = None) -> None:
        self.pb2 = pb.Inputs() if pb2 is None else pb2
        super().__init__(data or {})

    def __repr__(self) -> str:
        return f"ActionInputs({_short(self.data.items())})"


class ActionOutputs(tuple[Any, ...], ToJson):
    """The outputs of an action: a tuple of Python values, each also an attribute by its name (o0, o1, ...).

    Args:
        pb2: The message they came in.
        data: The values.
        fields: Their names; "o0", "o1", ... if not given.

    Example:
        >>> outputs = Run.get("r1").outputs()
        >>> outputs, outputs[0], outputs.o0, outputs.named_outputs
        (ActionOutputs(o0=42), 42, 42, {'o0': 42})
    """

    _fields: tuple[str, ...]

    def __new__(cls, pb2: Outputs, data: tuple[Any, ...], fields: tuple[str, ...] | None = None) -> ActionOutputs:
        """Makes the tuple."""
        self = super().__new__(cls, data)
        self.pb2 = pb2
        self._fields = fields if fields is not None else tuple(f"o{index}" for index in range(len(data)))
        return self

    def __getnewargs__(self) -> Any:
        # What a copy is made of; a tuple's would be its values alone.
        return self.pb2, tuple(self), self._fields

    @property
    def named_outputs(self) -> dict[str, Any]:
        """The values by name."""
        return dict(zip(self._fields, self, strict=False))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            named = self.named_outputs
            if name in named:
                return named[name]
        raise AttributeError(f"There is no output {name!r}.")

    def __repr__(self) -> str:
        return f"ActionOutputs({_short(self.named_outputs.items())})"


def inputs_of(details: ActionDetails, pb2: Inputs, *, local: bool = False) -> ActionInputs:
    """The inputs in a message, in the order of the task's interface; `local` as for `to_python`."""
    return ActionInputs(pb2, _values(details, "inputs", pb2.literals, local))


def outputs_of(details: ActionDetails, pb2: Outputs, *, local: bool = False) -> ActionOutputs:
    """The outputs in a message, in the order in which the task returned them; `local` as for `to_python`."""
    values = _values(details, "outputs", pb2.literals, local)
    # An interface sorts its names as text, where o10 comes before o2.
    names = sorted(values, key=_position) if all(map(_is_positional, values)) else list(values)
    return ActionOutputs(pb2, tuple(values[name] for name in names), tuple(names))


def _is_positional(name: str) -> bool:
    return name[:1] == "o" and name[1:].isdecimal()


def _position(name: str) -> tuple[int, str]:
    return len(name), name


def _values(details: ActionDetails, side: str, literals: Iterable[NamedLiteral], local: bool) -> dict[str, Any]:
    types = literal_types(details, side)
    given = {literal.name: literal.value for literal in literals}
    names = [name for name in types if name in given] + [name for name in given if name not in types]
    return {name: to_python(given[name], types.get(name), local=local) for name in names}


def _short(items: Iterable[tuple[str, Any]]) -> str:
    texts: list[str] = []
    for name, value in items:
        text = repr(value)
        texts.append(f"{name}={text if len(text) <= 80 else text[:77] + '...'}")
    return ", ".join(texts)
