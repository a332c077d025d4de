"""What is open of an action, as plain sections of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from flyte_jupyter.view import _format, _phases

SHARES = (1.0, 0.5, 0.2, 0.05)  # of what is open that a snapshot shows, tried until it is small enough
_CHARACTERS = 12_000
_PAIRS = 60
_TABLE_ROWS = 10
_FEW = 8  # items that a view shows unasked
_CACHE_HIT = 2
_CACHE = {
    1: "miss",
    _CACHE_HIT: "hit: the outputs came from the cache",
    3: "populated: the outputs were written to the cache",
    4: "lookup failed",
    5: "the outputs could not be written to it",
    6: "skipped",
    7: "evicted",
}

Pair = tuple[str, str]


class Section(NamedTuple):
    """A part of a snapshot: pairs of words, then a text; `left_out` says what is missing. `tail` keeps its end."""

    title: str
    pairs: Sequence[Pair] = ()
    text: str = ""
    left_out: str = ""
    tail: bool = False

    def cut(self, share: float) -> Section:
        """Return as much of it as may be shown."""
        most_pairs, most = round(_PAIRS * share), round(_CHARACTERS * share)
        pairs = [(_format.shortened(key, 100), _format.shortened(value, 300)) for key, value in self.pairs]
        text, left_out = _format.printable(self.text), self.left_out
        if len(pairs) > most_pairs:
            left_out = f"{_format.count(len(pairs) - most_pairs)} more are left out. {left_out}".strip()
        if len(text) > most:
            left_out = f"{_format.count(len(text) - most)} more characters are left out. {left_out}".strip()
            text = text[len(text) - most :] if self.tail else text[:most]
        title = _format.shortened(self.title, 100)
        return self._replace(title=title, pairs=pairs[:most_pairs], text=text, left_out=left_out)


def overview(action: str, details: Mapping[str, Any], number: int | None) -> Section:
    """Return what is known of an action.

    Args:
        action: its name.
        details: the value of the topic `details`.
        number: the attempt that is chosen, None for the latest.
    """
    attempts = [one for one in details["attempts"] if number in (None, one["attempt"])]
    chosen: Mapping[str, Any] = attempts[-1] if attempts else {}
    error = (details["error"] if number is None else None) or chosen.get("error")
    pairs = [*_course(details), *((f"Attempt {one['attempt']}", _attempt(one)) for one in attempts)]
    pairs += _facts(details, chosen)
    text = "" if not error else str(error["message"] or error["code"])
    return Section(f"Action {action}", [pair for pair in pairs if pair[1]], text, tail=True)


def _course(details: Mapping[str, Any]) -> Iterator[Pair]:
    phase = _phases.look(int(details["phase"]))
    yield "Phase", f"{phase.icon} {phase.word}"
    if abort := details["abort"]:
        yield f"Aborted by {abort['by']}" if abort["by"] else "Aborted", abort["reason"] or "No reason was given."
    if condition := details["condition"]:
        yield "Prompt", str(condition["prompt"])
        if condition["answered"]:
            yield f"Answer by {condition['by']}" if condition["by"] else "Answer", str(condition["answer"]) or '""'


def _facts(details: Mapping[str, Any], attempt: Mapping[str, Any]) -> Iterator[Pair]:
    relation = details["relation"]
    source = f"({details['source']})" if details["source"] else ""
    yield "Task", str(details["task"])
    yield "Version", str(details["version"])
    yield "Environment", str(details["environment"])
    yield "Started by", f"{details['who']} {source}".strip()
    yield "Parent", str(details["parent"])
    yield "Group", str(details["group"])
    yield "Cache", _CACHE.get(int(details["cache"]), "")
    yield "Relation", f"{relation['kind']} of {relation['run']}" if relation else ""
    yield "Recovered from", str(details["recovered_from"])
    yield "Cluster", str(attempt.get("cluster", ""))
    for link in attempt.get("links", ()):
        yield f"Logs elsewhere: {link['name']}" if link["name"] else "Logs elsewhere", str(link["url"])


def _attempt(attempt: Mapping[str, Any]) -> str:
    words = [_phases.look(int(attempt["phase"])).word + (", retried" if attempt["retried"] else "")]
    for phase, begin, end in attempt["phases"]:
        if begin is not None and end is not None and end > begin:
            words.append(f"{_phases.look(int(phase)).word.lower()} {_format.duration(end - begin)}")
    return "; ".join(words)


def values(title: str, nodes: Sequence[Mapping[str, Any]] | None, note: str = "") -> Section:
    """Return the inputs or outputs of an action, with what a view shows of them unasked.

    Args:
        title: "Inputs" or "Outputs".
        nodes: the values, None where they are not there yet.
        note: a sentence in place of what is missing.
    """
    pairs: list[Pair] = []
    hidden = sum(_add(pairs, node, str(node["name"])) for node in nodes or ())
    pictures = sum("image" in node for node in _all(nodes or ()))
    left_out = [
        f"{_format.count(hidden)} values inside of these are left out." if hidden > 1 else "",
        "One value inside of these is left out." if hidden == 1 else "",
        f"Pictures are left out: {_format.count(pictures)}." if pictures else "",
    ]
    missing = "Not there yet." if nodes is None else "" if nodes else f"There are no {title.lower()}."
    return Section(title, pairs, note or missing, " ".join(filter(None, left_out)))


def _add(pairs: list[Pair], node: Mapping[str, Any], name: str) -> int:
    """Add a value and what is inside of it; return how many values are inside that are not added."""
    pairs.append((f"{name} ({node['type']})", _value(node)))
    items, rows = node.get("items", ()), node.get("rows", ())
    size = node.get("size", max(len(items), len(rows)))
    if rows:
        for number, row in enumerate(rows[:_TABLE_ROWS]):
            cells = zip(node.get("columns", ()), row, strict=False)
            pairs.append((f"{name}[{number}]", ", ".join(f"{column}: {cell}" for column, cell in cells)))
        return size - min(len(rows), _TABLE_ROWS)
    if len(items) > _FEW:
        return size
    inside = sum(
        _add(pairs, item, f"{name}[{item['name']}]" if node["kind"] == "list" else f"{name}.{item['name']}")
        for item in items
    )
    return inside + size - len(items)


def _value(node: Mapping[str, Any]) -> str:
    text = str(node["text"])
    facts = [
        f"{_format.count(node['full'])} characters" if "full" in node else "",
        f"{_format.count(node['bytes'])} bytes" if "bytes" in node and node.get("uri") else "",
        f"{_format.count(node['files'])} files" if "files" in node else "",
        f"{_format.count(node['size'])} rows" if node["kind"] == "table" and "size" in node else "",
    ]
    words = ", ".join(filter(None, facts))
    return f"{text or repr(text)} ({words})" if words else text or '""'


def _all(nodes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for node in nodes:
        yield node
        yield from _all(node.get("items", ()))


def events(value: Mapping[str, Any]) -> Section:
    """Return the events of an action, from the value of the topic."""
    lines = [
        f"{'' if event['time'] is None else _format.timestamp(event['time'])}  {event['message']}"
        for found in value.get("attempts", {}).values()
        for event in found
    ]
    return Section("Events", text="\n".join(lines) or "There are no events.", tail=True)
