"""Reads what stands behind `%flyte_on`: "my-run failed -> notify text='it is over' --max 2"."""

from __future__ import annotations

import difflib
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, get_args

from pydantic.fields import FieldInfo

from flyte_jupyter.actions._errors import InvalidConfigurationError
from flyte_jupyter.actions._filter import PHASES
from flyte_jupyter.actions._registry import registry

FORMS = (
    "RUN PHASE -> ACTION",
    "RUN log /REGEX/ -> ACTION",
    "task NAME PHASE -> ACTION",
    "project PHASE -> ACTION",
    "condition paused -> ACTION",
)
_HINT = f"Write {'; '.join(FORMS)}."

# Options of the trigger, with what they are given.
NUMBERS = {"max": int, "attempts": int, "cooldown": float, "timeout": float, "window": float}
WORDS = ("busy", "name")
FLAGS = ("yes", "replay")
LINE_OPTIONS = tuple(f"--{name}" for name in (*NUMBERS, *WORDS, *FLAGS))
_REGEX = re.compile(r"\slog\s+/((?:\\.|[^/\\])+)/(?=\s|$)")
_ENDED = ("succeeded", "failed", "aborted", "timed_out")


@dataclass
class Line:
    """What a line says.

    Attributes:
        target: What is waited for, as `EventFilter` has it; `run` as it was written.
        flavor: The action's flavor, "" where the cell is the action.
        configuration: The action's configuration.
        options: The trigger's options.
        words: What stood alone behind the flavor.
    """

    target: dict[str, Any]
    flavor: str = ""
    configuration: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def read_line(text: str, *, cell: bool = False, fill: Callable[[str], str] = str) -> Line:
    """What a line says.

    Args:
        text: The line, without the magic's name.
        cell: A cell stands below it, and is the action.
        fill: Fills in variables before the arrow; not in the pattern, and behind the arrow only the event does.

    Raises:
        InvalidConfigurationError: It cannot be read; says what is wrong and what can be written.
        UnknownActionError: There is no such flavor.
    """
    pattern = _REGEX.search(text)
    left, arrow, right = _split(text, pattern.end() if pattern is not None else 0)
    if not cell and not arrow:
        raise InvalidConfigurationError("There is no -> with an action behind it.", _HINT)
    if cell and arrow:
        raise InvalidConfigurationError("The cell is the action: leave out what stands behind the ->.")
    words = _words(fill(_REGEX.sub(" log ", left) if pattern is not None else left))
    line = Line({})
    plain = _options(words, line, of_action=False)
    wanted = _target(plain, None if pattern is None else pattern.group(1).replace("\\/", "/"))
    line.target = {**wanted, **line.target}
    if arrow:
        behind = _options(_words(right), line, of_action=True)
        if not behind:
            raise InvalidConfigurationError("There is no action behind the ->.", "For example: -> notify")
        line.flavor, *line.words = behind
        _refuse_misspelt(line)
    return line


def _split(text: str, start: int) -> tuple[str, str, str]:
    """What stands before and behind the arrow, which the pattern before `start` does not contain."""
    place = re.search(r"(?:^|\s)->(?=\s|$)", text[start:])
    if place is None:
        return text, "", ""
    return text[: start + place.start()], "->", text[start + place.end() :]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidConfigurationError(
            f"The line cannot be read: {str(error).rstrip('.').lower()}.",
            "Quotes come in pairs; \\' is one itself.",
        ) from None


def _options(words: list[str], line: Line, *, of_action: bool) -> list[str]:
    """Take the options and settings out of the words; return what is left."""
    left: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith("--") and len(word) > 2:
            _option(word[2:], rest, line, left[0] if of_action and left else "", of_action=of_action)
        elif of_action and left and re.match(r"[A-Za-z_][\w.]*=", word):
            name, _, value = word.partition("=")
            _set(line.configuration, name, _value(value) if "." in name else value)
        else:
            left.append(word)
    return left


def _option(name: str, rest: list[str], line: Line, flavor: str, *, of_action: bool) -> None:
    name, equals, value = name.partition("=")
    name = name.replace("-", "_")
    if name in FLAGS:
        line.options[name] = True
        return
    if flavor and not equals and _is_flag(flavor, name) and (not rest or rest[0] not in ("true", "false")):
        line.configuration[name] = True
        return
    if not equals:
        if not rest or rest[0].startswith("--"):
            if flavor and name not in (*NUMBERS, *WORDS, *_settings(flavor)):
                line.configuration[name] = True  # it is refused in a moment, with what there is
                return
            raise InvalidConfigurationError(f"--{name} needs a value behind it.")
        value = rest.pop(0)
    if name in NUMBERS:
        try:
            line.options[name] = NUMBERS[name](value)
        except ValueError:
            raise InvalidConfigurationError(f"--{name} takes a number, not {value}.") from None
    elif name in WORDS:
        line.options[name] = value
    elif of_action:
        line.configuration[name] = value
    elif name in ("action", "project", "domain"):
        line.target[name] = value
    else:
        raise InvalidConfigurationError(
            f"There is no option --{name} before the ->.", "Options of the action go behind it."
        )


def _is_flag(flavor: str, name: str) -> bool:
    setting = _settings(flavor).get(name)
    kinds = {*get_args(setting.annotation)} or {setting.annotation} if setting is not None else set()
    return kinds - {NoneType} == {bool}


def _settings(flavor: str) -> dict[str, FieldInfo]:
    return registry().flavor(flavor).ACTION_CONFIG_CLASS.model_fields


def _refuse_misspelt(line: Line) -> None:
    """Say what was meant by a setting that the action does not have, where that is plain.

    Raises:
        InvalidConfigurationError: It looks like another one.
    """
    known = _settings(line.flavor)
    options = [option.removeprefix("--") for option in LINE_OPTIONS]
    for name in line.configuration.keys() - known.keys():
        meant = difflib.get_close_matches(name, [*known, *options], 1, 0.7)
        if meant:
            written = f"--{meant[0]}" if meant[0] in options else meant[0]
            raise InvalidConfigurationError(f"{line.flavor} has no setting {name}.", f"Is {written} meant?")


def _target(words: list[str], pattern: str | None) -> dict[str, Any]:
    match words:
        case [run, "log"] if pattern is not None:
            return {"run": run, "kind": "log", "pattern": pattern, "action": "*"}
        case [_, "log", *_]:
            raise InvalidConfigurationError(
                "What a line of the log has to match stands between slashes.", "log /loss=nan/"
            )
        case ["task", task, "appeared"]:
            return {"task": task, "kind": "appeared"}
        case ["task", task, phases]:
            return {"task": task, "kind": "phase", "phases": _phases(phases)}
        case ["project", "appeared"]:
            return {"kind": "appeared"}
        case ["condition", "paused"]:
            return {"kind": "paused"}
        case ["condition", name, "paused"]:
            return {"kind": "paused", "condition": name}
        case [run, "condition", "paused"]:
            return {"run": run, "kind": "paused"}
        case [run, "condition", name, "paused"]:
            return {"run": run, "kind": "paused", "condition": name}
        case ["project", phases]:
            return {"kind": "phase", "phases": _phases(phases)}
        case [run, phases]:
            return {"run": run, "kind": "phase", "phases": _phases(phases)}
    said = " ".join(words)
    missing = f"{said} says not what to wait for." if said else "Nothing before the -> says what to wait for."
    raise InvalidConfigurationError(missing, _HINT)


def _phases(text: str) -> tuple[str, ...]:
    names: list[str] = []
    for name in text.lower().replace("-", "_").split(","):
        names += _ENDED if name == "ended" else [name]
    wrong = [name for name in names if name not in PHASES]
    if wrong:
        raise InvalidConfigurationError(
            f"{wrong[0] or 'Nothing'} is no phase.", f"Phases are {', '.join(PHASES)}; ended is any of the last."
        )
    return tuple(dict.fromkeys(names))


def _set(configuration: dict[str, Any], name: str, value: Any) -> None:
    first, dot, rest = name.partition(".")
    if dot:
        inner = configuration.setdefault(first, {})
        if isinstance(inner, dict):
            inner[rest] = value
    else:
        configuration[name] = value


def _value(text: str) -> Any:
    """A number, true, false or null, or "..." in quotes, as JSON has them; other text as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text
