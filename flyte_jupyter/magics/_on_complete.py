"""Completion of `%flyte_on`: what is waited for, what is done, and the numbers of armed actions."""

from __future__ import annotations

from flyte_jupyter.magics import _names
from flyte_jupyter.magics._arguments import PHASES
from flyte_jupyter.magics._on import WORKS

_OF_ONE = frozenset(WORKS) - {"list", "flavors"}
_SCOPE = {"--project": _names.projects, "--domain": _names.domains}
_WHEN = (*PHASES, "ended")


def complete_on(line: str, symbol: str) -> list[str]:
    """What may stand at the end of a line of `%flyte_on`.

    Args:
        line: the line up to the cursor.
        symbol: the beginning of the word at the cursor.
    """
    words = line[: len(line) - len(symbol)].split()[1:]
    if "->" in words:
        return _behind(words[words.index("->") + 1 :], symbol)
    return _before(words, symbol)


def _before(words: list[str], symbol: str) -> list[str]:
    last = words[-1] if words else ""
    if last in _SCOPE:
        return _SCOPE[last]()
    if symbol.startswith("-"):
        return ["->", "--action", *_SCOPE, *_options()]
    match words:
        case []:
            return [*_names.runs(), "task", "project", "condition", *WORKS]
        case [work] if work in _OF_ONE:
            return _numbers()
        case ["task"]:
            return _names.tasks()
        case ["task", _] | ["project"]:
            return [*_WHEN, "appeared"]
        case ["condition"] | [_, "condition"]:
            return ["paused"]
        case [run, "--action"]:
            return _names.actions(run)
        case [_] | [_, "--action", _]:
            return [*_WHEN, "log", "condition"]
    return ["->"]


def _behind(words: list[str], symbol: str) -> list[str]:
    if not words:
        return _flavors()
    if symbol.startswith("-"):
        return _options()
    return _names.tasks() if words == ["run_task"] else []


def _options() -> list[str]:
    from flyte_jupyter.actions import LINE_OPTIONS

    return list(LINE_OPTIONS)


def _flavors() -> list[str]:
    from flyte_jupyter.actions import registry

    return [flavor.name for flavor in registry().flavors()]


def _numbers() -> list[str]:
    from flyte_jupyter.actions import armed_rows

    return [str(row.id) for row in armed_rows()]
