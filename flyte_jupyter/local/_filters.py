"""Filters, sorting and paging of lists, as SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flyteidl2.common import list_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from flyte_jupyter.local._status import invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

F = list_pb2.Filter
_COMPARE = {
    F.EQUAL: "=",
    F.NOT_EQUAL: "!=",
    F.GREATER_THAN: ">",
    F.GREATER_THAN_OR_EQUAL: ">=",
    F.LESS_THAN: "<",
    F.LESS_THAN_OR_EQUAL: "<=",
}
_PATTERNS = {
    F.CONTAINS: "instr({0}, ?) > 0",
    F.CONTAINS_CASE_INSENSITIVE: "instr(lower({0}), lower(?)) > 0",
}

# field of a filter -> (SQL expression, type)
ACTION_FIELDS: Mapping[str, tuple[str, type]] = {
    "project": ("a.project", str),
    "domain": ("a.domain", str),
    "run_name": ("a.run", str),
    "name": ("a.name", str),
    "parent_name": ("coalesce(a.parent, '')", str),
    "parent_action_name": ("coalesce(a.parent, '')", str),
    "group": ("a.grp", str),
    "phase": ("a.phase", int),
    "action_type": ("a.action_type", int),
    "run_source": ("a.run_source", int),
    "created_by": ("a.created_by", str),
    "created_by_subject": ("a.created_by", str),
    "trigger_task_name": ("a.trigger_task_name", str),
    "trigger_name": ("a.trigger_name", str),
    "trigger_revision": ("a.trigger_revision", int),
    "task_project": ("a.task_project", str),
    "task_domain": ("a.task_domain", str),
    "task_name": ("a.task_name", str),
    "task_version": ("a.task_version", str),
    "function_name": ("a.function_name", str),
    "environment_name": ("a.environment_name", str),
    "created_at": ("a.created_at", datetime),
    "updated_at": ("a.updated_at", datetime),
    "ended_at": ("a.ended_at", datetime),
    "duration_ms": ("a.duration_ms", int),
}
TASK_FIELDS: Mapping[str, tuple[str, type]] = {
    "project": ("t.project", str),
    "domain": ("t.domain", str),
    "name": ("t.name", str),
    "version": ("t.version", str),
    "environment": ("t.environment", str),
    "function_name": ("t.function_name", str),
    "short_name": ("t.short_name", str),
    "short_description": ("t.short_description", str),
    "env_description": ("t.env_description", str),
    "deployed_by": ("t.deployed_by", str),
    "created_at": ("t.created_at", datetime),
    "updated_at": ("t.updated_at", datetime),
}
TRIGGER_FIELDS: Mapping[str, tuple[str, type]] = {
    "project": ("g.project", str),
    "domain": ("g.domain", str),
    "task_name": ("g.task_name", str),
    "name": ("g.name", str),
    "active": ("g.active", bool),
    "deployed_at": ("g.created_at", datetime),
    "updated_at": ("g.updated_at", datetime),
    "task_version": ("g.task_version", str),
    "automation_type": ("g.automation_type", int),
}


@dataclass
class Page:
    """Which rows of a list to answer with."""

    limit: int
    offset: int

    @classmethod
    def of(cls, request: list_pb2.ListRequest) -> Page:
        """The page that a request asks for: limit 0 means 50, at most 200; the token is a decimal offset.

        Raises:
            ConnectError: INVALID_ARGUMENT.
        """
        if request.limit > MAX_LIMIT:
            raise invalid(f"A page holds {MAX_LIMIT} items at most, and {request.limit} were asked for.")
        if request.token and not (request.token.isascii() and request.token.isdecimal()):
            raise invalid(f"{request.token!r} is not a page token of this backend.")
        return cls(request.limit or DEFAULT_LIMIT, int(request.token or 0))

    @property
    def sql(self) -> str:
        """One row more than the page has, to see whether there is another page."""
        return f"LIMIT {self.limit + 1} OFFSET {self.offset}"

    def cut(self, rows: Sequence[Any]) -> tuple[Sequence[Any], str]:
        """The page's rows, and the token of the next page or an empty string."""
        if len(rows) <= self.limit:
            return rows, ""
        return rows[: self.limit], str(self.offset + self.limit)


def where(
    filters: Sequence[list_pb2.Filter], fields: Mapping[str, tuple[str, type]], labels: str = ""
) -> tuple[list[str], list[Any]]:
    """Conditions and parameters for filters, which are all to hold.

    Args:
        filters: What to filter by.
        fields: What may be filtered by.
        labels: SQL expression of a JSON object for filters on `labels.NAME`.

    Raises:
        ConnectError: INVALID_ARGUMENT.
    """
    conditions: list[str] = []
    parameters: list[Any] = []
    for item in filters:
        condition, values = _condition(item, fields, labels)
        conditions.append(condition)
        parameters.extend(values)
    return conditions, parameters


def _condition(item: list_pb2.Filter, fields: Mapping[str, tuple[str, type]], labels: str) -> tuple[str, list[Any]]:
    prefix: list[Any] = []
    if labels and item.field.startswith("labels."):
        expression, kind = f"(SELECT value FROM json_each({labels}) WHERE key = ?)", str  # noqa: S608
        prefix = [item.field.removeprefix("labels.")]
    elif item.field in fields:
        expression, kind = fields[item.field]
    else:
        raise invalid(f"There is no filter on {item.field!r}; there are {', '.join(fields)}.")
    if item.function in (F.EXISTS, F.NOT_EXISTS):
        return f"{expression} IS {'NOT ' if item.function == F.EXISTS else ''}NULL", prefix
    values = [_value(item.field, text, kind) for text in item.values]
    if item.function in (F.VALUE_IN, F.VALUE_NOT_IN):
        marks = ", ".join("?" * len(values))
        negation = "NOT " if item.function == F.VALUE_NOT_IN else ""
        return f"{expression} {negation}IN ({marks})", prefix + values
    if len(values) != 1:
        raise invalid(f"The filter on {item.field!r} needs one value and has {len(values)}.")
    if item.function in _COMPARE:
        return f"{expression} {_COMPARE[item.function]} ?", prefix + values
    if kind is not str:
        raise invalid(f"{item.field!r} is no text, so it cannot be searched in.")
    if item.function in (F.ENDS_WITH, F.NOT_ENDS_WITH):
        sign = "=" if item.function == F.ENDS_WITH else "!="
        return f"substr({expression}, -max(1, length(?))) {sign} ?", prefix + values + values
    if item.function not in _PATTERNS:
        raise invalid(f"The filter on {item.field!r} has a function that this backend does not know.")
    return _PATTERNS[item.function].format(expression), prefix + values


def _value(field: str, text: str, kind: type) -> Any:
    try:
        if kind is datetime:
            stamp = Timestamp()
            stamp.FromJsonString(text)
            return stamp.ToMicroseconds()
        if kind is bool:
            return {"true": 1, "false": 0, "1": 1, "0": 0}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        raise invalid(f"{text!r} is no value for {field!r}.") from None


def order(request: list_pb2.ListRequest, fields: Mapping[str, tuple[str, type]], default: str, ties: str) -> str:
    """The ORDER BY of a list.

    Raises:
        ConnectError: INVALID_ARGUMENT, there is no such field.
    """
    sorts = list(request.sort_by_fields)
    if not sorts and request.HasField("sort_by") and request.sort_by.key:
        sorts = [request.sort_by]
    terms: list[str] = []
    for sort in sorts:
        if sort.key not in fields:
            raise invalid(f"There is no sorting by {sort.key!r}; there is {', '.join(fields)}.")
        terms.append(fields[sort.key][0] + (" ASC" if sort.direction == list_pb2.Sort.ASCENDING else " DESC"))
    return "ORDER BY " + ", ".join([*(terms or [default]), ties])
