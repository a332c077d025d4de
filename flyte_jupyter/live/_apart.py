"""What tells siblings apart: short texts of their inputs, with the parts in which these differ."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flyte_jupyter.live._nodes import brief, children, node
from flyte_jupyter.remote import DatasetRef, FileRef, OffloadedRef

_MOST = 80  # characters of a label
_KEPT = 400  # characters of a value, to compare it
_PART = 48  # characters of the part in which values differ
_SPARED = 4  # characters that "…" does not stand for
_OUTER = '"[]{}'  # stays around what is shortened
# What stands beside a difference is shown, as far as it belongs to the same step of a path or item of a list.
_BEFORE = re.compile(r"/?[^/,\[{(]{0,16}$")
_AFTER = re.compile(r"[^/,\]})]{0,16}/?")


class Brief(NamedTuple):
    """A value as it is shown by itself, and all of it that is compared with those of siblings."""

    short: str
    long: str


def briefs(values: Mapping[str, Any]) -> dict[str, Brief]:
    """A few characters of each value by its name, plain ones first."""
    ordered = sorted(values.items(), key=lambda item: children(item[1]) is not None)
    return {name: Brief(_short(value), _ends(_long(value), _KEPT)) for name, value in ordered}


def tell_apart(family: Mapping[str, Mapping[str, Brief]]) -> dict[str, str]:
    """The labels of siblings: inputs in which they differ come first, then the name where these are alike.

    Args:
        family: The inputs of each by its name.
    """
    count = Counter((key, one.long) for inputs in family.values() for key, one in inputs.items())
    common = {pair for pair, n in count.items() if n == len(family)}
    shown: dict[str, dict[str, str]] = {}
    for key in {key for inputs in family.values() for key in inputs}:
        values = list(dict.fromkeys(inputs[key] for inputs in family.values() if key in inputs))
        shorts, parts = [one.short for one in values], _parts([one.long for one in values])
        best = max(shorts, parts, key=lambda texts: len(set(texts)))
        shown[key] = {value.long: text for value, text in zip(values, best, strict=True)}
    texts: dict[str, tuple[str, str]] = {}
    for name, inputs in family.items():
        written = {key: f"{key}={shown[key][one.long]}" for key, one in inputs.items()}
        own, shared = (
            ", ".join(written[key] for key, one in inputs.items() if ((key, one.long) in common) is everywhere)
            for everywhere in (False, True)
        )
        texts[name] = _cut(own), shared
    alike = Counter(texts.values())
    return {
        name: _joined(own, name if alike[own, shared] > 1 and (own or shared) else "", shared)
        for name, (own, shared) in texts.items()
    }


def _joined(own: str, name: str, shared: str) -> str:
    if name:
        mark = f"[{name}]"
        own = f"{_cut(own, _MOST - len(mark) - 2)}, {mark}" if own else mark
    return _cut(f"{own}, {shared}" if own and shared else own or shared)


def _cut(text: str, most: int = _MOST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _parts(texts: Sequence[str]) -> list[str]:
    """Of each text the part in which they differ: what they begin and end with in common becomes "…"."""
    begin = _begin(texts)
    end = _begin([text[: len(begin) - 1 if begin else None : -1] for text in texts])[::-1]
    before, after = _BEFORE.findall(begin)[0].lstrip(), _AFTER.findall(end)[0].rstrip()
    before = begin if len(begin) - len(before) <= _SPARED else f"{begin[0] if begin[0] in _OUTER else ''}…{before}"
    after = end if len(end) - len(after) <= _SPARED else f"{after}…{end[-1] if end[-1] in _OUTER else ''}"
    return [f"{before}{_ends(text[len(begin) : len(text) - len(end)], _PART)}{after}" for text in texts]


def _begin(texts: Sequence[str]) -> str:
    """What all begin with."""
    first, last = min(texts), max(texts)
    unlike = (number for number, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(unlike, len(first))]


def _ends(text: str, most: int, begin: int = 0) -> str:
    """Both ends of a text, which may differ at either."""
    begin = begin or most // 2
    return text if len(text) <= most else f"{text[:begin]}…{text[begin + 1 - most :]}"


def _short(value: Any) -> str:
    return json.dumps(_ends(value, 30, 10), ensure_ascii=False) if isinstance(value, str) else brief(value)


def _long(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(_ends(value, _KEPT), ensure_ascii=False)
    if isinstance(value, (FileRef, DatasetRef, OffloadedRef)):
        return value.uri
    items = children(value)
    if items is None:
        return str(node("", value, (), "")["text"])
    shown: list[str] = []
    length = 0
    for key, item in items:
        text = f"{key}: {_long(item)}" if isinstance(value, Mapping) else _long(item)
        shown.append(text)
        length += len(text)
        if length > 10 * _KEPT:
            break
    left, right = "{}" if isinstance(value, Mapping) else "[]"
    return f"{left}{', '.join(shown)}{right}"
