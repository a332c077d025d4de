"""Completion of the magics' options, of their choices, and of the runs that this kernel has seen."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from flyte_jupyter import view
from flyte_jupyter.magics._arguments import PHASES

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

TAKES_RUN = {"flyte_run", "flyte_abort", "flyte_report"}


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
        if option is not None and option.nargs != 0:
            return self._values(option)
        if symbol.startswith("-"):
            return [text for text in options if text.startswith("--") and text not in before]
        positionals = [action for action in self._parser._actions if not action.option_strings]
        values = self._values(positionals[0]) if positionals and not before else []
        if self._name in TAKES_RUN and not before:
            values += [key.rpartition("/")[2] for key in sorted(view.shown_runs())]
        return values or [text for text in options if text.startswith("--") and text not in before]

    @staticmethod
    def _values(action: argparse.Action) -> list[str]:
        if action.dest == "phase":
            return list(PHASES)
        return [str(choice) for choice in action.choices or ()]
