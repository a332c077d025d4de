"""Values of the types that the caller names, made by the SDK where it is installed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote._errors import InvalidArgumentError

if TYPE_CHECKING:
    from flyteidl2.core.literals_pb2 import Literal

Types = Mapping[str, type]
Deserializers = Mapping[type, Callable[[Any], Any]]


async def typed(literals: Mapping[str, Literal], types: Types, deserializers: Deserializers | None) -> dict[str, Any]:
    """The named literals as values of the named types; those that are not there are left out.

    Args:
        literals: Literals by name.
        types: For each name that is wanted, the Python type it shall have.
        deserializers: For a type, what makes the value out of the plain data instead of the SDK.

    Raises:
        InvalidArgumentError: The SDK is not installed, or a value is not of the type.
    """
    wanted = {name: literal for name, literal in literals.items() if name in types}
    if not wanted:
        return {}

    async def convert() -> dict[str, Any]:
        engine, found = _type_engine(), dict[str, Any]()
        for name, literal in wanted.items():
            make = (deserializers or {}).get(types[name])
            try:
                if make is None:
                    found[name] = await engine.to_python_value(literal, types[name])
                else:
                    found[name] = make(await engine.to_python_value(literal, dict))
            except Exception as error:  # whatever the SDK, or the caller's own code, raises
                wanted_type = getattr(types[name], "__name__", str(types[name]))
                raise InvalidArgumentError(f"{name} cannot be read as {wanted_type}: {error}") from error
        return found

    # The type engine takes its time to be loaded, reads files and parses tables: it gets a loop of its own.
    return await asyncio.to_thread(asyncio.run, convert())


def _type_engine() -> Any:
    try:
        return importlib.import_module("flyte.types").TypeEngine
    except ImportError:
        raise InvalidArgumentError(
            "Values of types of your own are made by the flyte SDK, which is not installed here.",
            "Install flyte, or use outputs() and inputs(), which need no SDK.",
        ) from None
