"""Completion of the magics: options, their choices, and the names of runs, actions, tasks and projects."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flyte_jupyter.magics._arguments import PHASES
from flyte_jupyter.magics._names import actions, domains, projects, runs, tasks

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_NAMED: dict[str, Callable[[list[str]], list[str]]] = {
    "name": lambda _: runs(),
    "action": lambda words: actions(words[0]) if words else [],
    "task": lambda _: tasks(),
    "project": lambda _: projects(),
    "domain": lambda _: domains(),
    "phase": lambda _: list(PHASES),
}


class Completer:
    """Completes the line of one magic; IPython's `complete_command` hook."""

    def __init__(self, name: str, parser: argparse.ArgumentParser) -> None:
        self._name, self._parser = name, parser

    def __call__(self, shell: InteractiveShell, event: Any) -> list[str]:
        """What may stand at the cursor: a value of the option before it, an option, or an argument."""
        return [word for word in self._candidates(event.line, event.symbol) if word.startswith(event.symbol)]

    def _candidates(self, line: str, symbol: str) -> list[str]:
        before = line[: len(line) - len(symbol)].split()[1:]
        options = {text: action for action in self._parser._actions for text in action.option_strings}
        option = options.get(before[-1]) if before else None
        words = self._positionals(before, options)
        if option is not None and option.nargs != 0:
            return self._values(option, words)
        left = [text for text in options if text.startswith("--") and text not in before]
        if symbol.startswith("-"):
            return left
        positionals = [action for action in self._parser._actions if not action.option_strings]
        values = self._values(positionals[len(words)], words) if len(words) < len(positionals) else []
        return values or left

    @staticmethod
    def _positionals(before: list[str], options: dict[str, argparse.Action]) -> list[str]:
        """The words that are no options and no values of options."""
        found: list[str] = []
        value_of: argparse.Action | None = None
        for word in before:
            if word in options:
                value_of = options[word]
            elif value_of is not None and value_of.nargs != 0:
                value_of = None
            else:
                found.append(word)
        return found

    @staticmethod
    def _values(action: argparse.Action, words: list[str]) -> list[str]:
        if action.choices:
            return [str(choice) for choice in action.choices]
        named = _NAMED.get(action.dest)
        return named(words) if named is not None else []
