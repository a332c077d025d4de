"""Listing: filters, order, pages and exact limits."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from datetime import datetime, timezone
from typing import Any, Literal

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote._client import Client
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._methods import Method
from flyte_jupyter.remote._phase import ActionPhase

SortBy = tuple[str, Literal["asc", "desc"]]

_PAGE = 100

_FUNCTIONS = {
    "eq": "EQUAL",
    "ne": "NOT_EQUAL",
    "gt": "GREATER_THAN",
    "gte": "GREATER_THAN_OR_EQUAL",
    "lt": "LESS_THAN",
    "lte": "LESS_THAN_OR_EQUAL",
    "contains": "CONTAINS",
    "value_in": "VALUE_IN",
}


@dataclasses.dataclass(frozen=True)
class TimeFilter:
    """A span of time.

    Attributes:
        after: From this moment on; None for no beginning. Without a time zone it is local time.
        before: Up to, but not including, this moment; None for no end.

    Example:
        >>> from datetime import datetime, timedelta, timezone
        >>> today = TimeFilter(after=datetime.now(timezone.utc) - timedelta(days=1))
        >>> "r1" in [run.name for run in Run.listall(created_at=today, limit=None)]
        True
    """

    after: datetime | None = None
    before: datetime | None = None

    def __post_init__(self) -> None:
        for bound in (self.after, self.before):
            if bound is not None and not _is(bound, datetime):
                raise InvalidArgumentError(f"A TimeFilter is made of datetimes, and not of a {type(bound).__name__}.")


def phase_filters(in_phase: Iterable[ActionPhase | str] | str | None) -> list[pb.Filter]:
    """The filter for "in one of these phases"; none for None or no phase.

    Raises:
        InvalidArgumentError: A name is not a phase's.
    """
    if in_phase is None:
        return []
    if not _is(in_phase, Iterable):
        raise InvalidArgumentError(f"in_phase takes phases, and not a {type(in_phase).__name__}.", 'Give ("failed",).')
    numbers = [_number(name) for name in ([in_phase] if isinstance(in_phase, str) else in_phase)]
    if not numbers:
        return []
    # VALUE_IN of a single value is an internal error of the real backend.
    function = pb.Filter.EQUAL if len(numbers) == 1 else pb.Filter.VALUE_IN
    return [pb.Filter(function=function, field="phase", values=numbers)]


def equal_filters(**fields: str | None) -> list[pb.Filter]:
    """The filters for "this field is that", for those that are given.

    Raises:
        InvalidArgumentError: Something is no text.
    """
    for field, value in fields.items():
        if value is not None and not _is(value, str):
            raise InvalidArgumentError(f"{field} is a text, and not a {type(value).__name__}.")
    return [
        pb.Filter(function=pb.Filter.EQUAL, field=field, values=[value])
        for field, value in fields.items()
        if value is not None
    ]


def time_filters(field: str, span: TimeFilter | None) -> list[pb.Filter]:
    """The filters for "this time lies in that span".

    Raises:
        InvalidArgumentError: It is no `TimeFilter`.
    """
    if span is not None and not _is(span, TimeFilter):
        raise InvalidArgumentError(
            f"{field} takes a TimeFilter, and not a {type(span).__name__}.", "Give TimeFilter(after=datetime(...))."
        )
    bounds = [] if span is None else [(pb.Filter.GREATER_THAN_OR_EQUAL, span.after), (pb.Filter.LESS_THAN, span.before)]
    return [
        pb.Filter(function=function, field=field, values=[bound.astimezone(timezone.utc).isoformat()])
        for function, bound in bounds
        if bound is not None
    ]


def text_filters(text: str | None) -> list[pb.Filter]:
    """The filters of a text such as "eq(task_name,env.main)+gte(created_at,2026-01-02T00:00:00Z)".

    The functions are eq, ne, gt, gte, lt, lte, contains and value_in, whose values are separated by ";". A phase may
    be given by its name.

    Raises:
        InvalidArgumentError: The text is not of that form.
    """
    if text is not None and not _is(text, str):
        raise InvalidArgumentError(f"Filters are a text, and not a {type(text).__name__}.", 'Give "eq(FIELD,VALUE)".')
    return [_text_filter(part) for part in re.split(r"(?<=\))\s*\+", text or "") if part.strip()]


def _text_filter(part: str) -> pb.Filter:
    match = re.fullmatch(r"\s*(\w+)\(\s*(\w+)\s*,(.*)\)\s*", part, re.DOTALL)
    name = _FUNCTIONS.get(match[1].lower()) if match else None
    if match is None or name is None:
        raise InvalidArgumentError(
            f"{part.strip()!r} is not a filter.", f'Give "eq(FIELD,VALUE)"; functions are {", ".join(_FUNCTIONS)}.'
        )
    field = match[2]
    values = [value.strip() for value in (match[3].split(";") if name == "VALUE_IN" else [match[3]])]
    if field == "phase":
        values = [value if value.isdecimal() else _number(value) for value in values]
    if name == "VALUE_IN" and len(values) == 1:
        name = "EQUAL"
    return pb.Filter(function=name, field=field, values=values)


def _number(phase: ActionPhase | str) -> str:
    try:
        return str(ActionPhase.parse(phase if _is(phase, str) else repr(phase)).number)
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None


def sorting(sort_by: SortBy | None) -> pb.Sort:
    """The order, by creation if none is given.

    Raises:
        InvalidArgumentError: It is not a field and "asc" or "desc".
    """
    if sort_by is None:
        sort_by = ("created_at", "asc")
    if len(sort_by) != 2 or not _is(sort_by[0], str) or sort_by[1] not in ("asc", "desc"):
        raise InvalidArgumentError(f"{sort_by!r} is not an order.", 'Give ("created_at", "desc") or the like.')
    return pb.Sort(key=sort_by[0], direction=pb.Sort.ASCENDING if sort_by[1] == "asc" else pb.Sort.DESCENDING)


def _is(value: object, kind: type) -> bool:
    # Whatever the annotations say, a caller may give anything.
    return isinstance(value, kind)


def check_limit(limit: int | None) -> None:
    """Refuses a limit that is no number, or below zero."""
    if limit is not None and (not _is(limit, int) or limit < 0):
        raise InvalidArgumentError(f"A limit cannot be {limit!r}.", "Give a number from 0, or None for all.")


def pages(
    client: Client,
    method: Method,
    request: Callable[[pb.ListRequest], Any],
    items: Callable[[Any], Iterable[Any]],
    *,
    filters: list[pb.Filter],
    sort_by: SortBy | None,
    limit: int | None,
    keep: Callable[[Any], bool] | None = None,
    complete: Callable[[list[Any]], Awaitable[None]] | None = None,
) -> Pages:
    """What a listing RPC lists, `limit` of them at most.

    Args:
        client: The connection.
        method: The RPC.
        request: Makes its request of a page's.
        items: Takes the items out of its answer.
        filters: What the server filters by.
        sort_by: Field and direction.
        limit: How many to yield; None for all.
        keep: What we filter by because the server cannot, or None.
        complete: Reads what `keep` needs and a page leaves out, or None.
    """
    return Pages(_pages(client, method, request, items, filters, sort_by, limit, keep, complete))


class Pages:
    """What is listed: iterated item by item, or page by page through `batches`."""

    def __init__(self, batches: AsyncGenerator[list[Any], None]) -> None:
        self.batches = batches

    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        async for page in self.batches:
            for item in page:
                yield item


async def _pages(
    client: Client,
    method: Method,
    request: Callable[[pb.ListRequest], Any],
    items: Callable[[Any], Iterable[Any]],
    filters: list[pb.Filter],
    sort_by: SortBy | None,
    limit: int | None,
    keep: Callable[[Any], bool] | None,
    complete: Callable[[list[Any]], Awaitable[None]] | None,
) -> AsyncGenerator[list[Any], None]:
    check_limit(limit)
    left = limit
    page = pb.ListRequest(filters=filters, sort_by=sorting(sort_by))
    while left is None or left > 0:
        page.limit = _PAGE if left is None or keep is not None else min(_PAGE, left)
        answer = await client.unary(method, request(page))
        found = list(items(answer))
        if complete is not None:
            await complete(found)
        found = [item for item in found if keep is None or keep(item)][:left]
        if found:
            yield found
        if left is not None:
            left -= len(found)
        # One that repeats itself would lead round in a circle.
        if not answer.token or answer.token == page.token:
            return
        page.token = answer.token
