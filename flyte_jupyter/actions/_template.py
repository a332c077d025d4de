"""Text with places for what an event says: "{run} {phase}"."""

from __future__ import annotations

import re
from typing import Any

from flyte_jupyter.actions._events import BaseEvent

FIELDS = ("words", "run", "action", "task", "project", "domain", "phase", "error", "line", "condition", "prompt", "url")

_PLACE = re.compile(r"\{(\w*)\}")


def check_template(template: str) -> str:
    """The template, if it has places for what there is only.

    Raises:
        ValueError: It has another.
    """
    wrong = [name for name in _PLACE.findall(template) if name not in FIELDS]
    if wrong:
        raise ValueError(f"{{{wrong[0]}}} stands for nothing; there are {', '.join(FIELDS)}")
    return template


def fill(template: Any, event: BaseEvent, url: str = "") -> Any:
    """The template with what the event says in its places; also in all texts of a list or dict."""
    if isinstance(template, dict):
        return {key: fill(value, event, url) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, event, url) for value in template]
    if not isinstance(template, str):
        return template
    values = {name: getattr(event, name, "") for name in FIELDS} | {"url": url}
    return _PLACE.sub(lambda place: str(values.get(place.group(1), place.group(0))), template)
