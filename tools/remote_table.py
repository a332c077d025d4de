"""Writes the tables of docs/remote.md anew from the docstrings: `python -m tools.remote_table`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from flyte_jupyter import remote
from flyte_jupyter.remote import _dual

PAGE = Path(__file__).resolve().parents[1] / "docs" / "remote.md"
BEGIN, END = "<!-- tables: written by python -m tools.remote_table -->\n", "<!-- end of the tables -->\n"

_CALLED = (_dual.Dual, _dual.DualGenerator, classmethod, staticmethod)
_RPC = re.compile(r"\b([A-Z]\w*Service)\.([A-Z]\w*)\b")
_ASIDE = re.compile(r"\s*\([^()]*[A-Z]\w*Service\.[^()]*\)")
# Neither classes nor functions.
_VALUES = {
    "TERMINAL_PHASES": "The phases that end a run or action.",
    "methods": "The RPCs that this package makes, a `Method` each.",
}


def tables() -> str:
    """A table for each class with members of its own, and one for everything else."""
    classes = {name: list(members(getattr(remote, name))) for name in remote.__all__ if is_class(name)}
    parts = [table("Functions", [(name, "", getattr(remote, name)) for name in remote.__all__ if is_function(name)])]
    for name, found in classes.items():
        if found:
            parts.append(table(f"`{name}`", found, summary(getattr(remote, name))))
    rest: list[tuple[str, str, Any]] = [
        (name, "", getattr(remote, name)) for name, found in classes.items() if not found
    ]
    rest += [(name, "", text) for name, text in _VALUES.items()]
    return "\n".join([*parts, table("Errors and plain values", rest)])


def is_class(name: str) -> bool:
    """Whether an exported name is a class."""
    return inspect.isclass(getattr(remote, name))


def is_function(name: str) -> bool:
    """Whether an exported name is something to call that is not a class."""
    return not is_class(name) and name not in _VALUES


def members(cls: type) -> Iterator[tuple[str, str, Any]]:
    """Name, how it is used, and the object that has the docstring, of each public member of a class of ours."""
    seen: set[str] = set()
    for base in cls.__mro__:
        if not base.__module__.startswith("flyte_jupyter.remote"):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            if isinstance(member, (property, cached_property)):
                yield name, "", member
            elif isinstance(member, (_dual.Dual, _dual.DualGenerator, classmethod, staticmethod)) or inspect.isfunction(
                member
            ):
                yield name, "()", member


def table(title: str, rows: list[tuple[str, str, Any]], text: str = "") -> str:
    """One table with its title."""
    lines = [f"### {title}", *([text, ""] if text else []), "| name | RPC | what it does |", "|-|-|-|"]
    for name, call, value in sorted(rows, key=lambda row: row[0].lower()):
        lines.append(f"| `{name}{call}` | {', '.join(rpcs(value))} | {summary(value)} |")
    return "\n".join(lines) + "\n"


def rpcs(value: Any) -> list[str]:
    """The RPCs that a docstring names, in its order."""
    return list(dict.fromkeys(".".join(found) for found in _RPC.findall(docstring(value))))


def summary(value: Any) -> str:
    """The first sentence of a docstring, without the RPC."""
    first = " ".join(docstring(value).partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[.?])\s+(?=[A-Z`])", _ASIDE.sub("", first))[0]
    return sentence.replace("|", "\\|")


def docstring(value: Any) -> str:
    """What documents a value; a text documents itself."""
    return value if isinstance(value, str) else inspect.getdoc(value) or ""


def page() -> str:
    """What docs/remote.md should say."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page())
