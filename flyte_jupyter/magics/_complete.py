"""Completion of the magics: options, their choices, and the names of runs, actions, tasks and projects."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from flyte_jupyter.magics._arguments import PHASES
from flyte_jupyter.magics._names import actions, conditions, domains, projects, runs, tasks

Complete = Callable[[str, str], list[str]]
"""Takes the line up to the cursor and the beginning of the word there; returns what may stand there."""

_NAMED: dict[str, Callable[[list[str]], list[str]]] = {
    "name": lambda _: runs(),
    "action": lambda words: actions(words[0]) if words else [],
    "condition": lambda words: conditions(words[0]) if words else [],
    "task": lambda _: tasks(),
    "project": lambda _: projects(),
    "domain": lambda _: domains(),
    "phase": lambda _: list(PHASES),
}


class Matcher:
    """IPython's matcher for the lines of our magics.

    Args:
        completers: what completes the line of a magic, by the magic's name.
    """

    def __init__(self, completers: Mapping[str, Complete]) -> None:
        self._completers = completers

    def complete(self, line: str, symbol: str) -> list[str]:
        """What may stand at the cursor; nothing where the line is of no magic of ours."""
        magic, space, _ = line.lstrip().partition(" ")
        complete = self._completers.get(magic.lstrip("%")) if magic.startswith("%") and space else None
        if complete is None:
            return []
        return [word for word in complete(line, symbol) if word.startswith(symbol)]

    # IPython's hook for commands would let Python's own names stand among those of runs.
    @context_matcher(identifier="flyte_jupyter", priority=100)
    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """What IPython asks for; with it nothing else is offered."""
        words = self.complete(context.text_until_cursor, context.token)
        found = [SimpleCompletion(word, type="flyte") for word in words]
        # IPython declares keys as required that its own matchers leave out, too.
        return {"completions": found, "suppress": bool(found), "ordered": True}  # pyright: ignore[reportReturnType]


class Completer:
    """Completes the line of a magic by the parser of its arguments."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._parser = parser

    def __call__(self, line: str, symbol: str) -> list[str]:
        """What may stand at the cursor: a value of the option before it, an option, or an argument."""
        text = line[: len(line) - len(symbol)]
        before = text.split()[1:]
        if before and not text[-1].isspace():
            before.pop()  # the beginning of a list such as "failed,"
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
