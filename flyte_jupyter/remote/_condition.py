"""Conditions: actions that wait for an answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _fetch, _listing
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._action import action_of
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import Connected, ToJson, run_id
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._interface import BOOLEAN, FLOAT, INTEGER, STRING
from flyte_jupyter.remote._literals import to_python
from flyte_jupyter.remote._phase import ActionPhase

if TYPE_CHECKING:
    import flyteidl2.workflow.run_definition_pb2 as definition
    from flyteidl2.core.types_pb2 import LiteralType

ConditionPayload = bool | int | float | str
_TYPES: dict[int, type] = {BOOLEAN: bool, INTEGER: int, FLOAT: float, STRING: str}
_INT64 = range(-(2**63), 2**63)


class Condition(ToJson, Connected):
    """A condition of a run: an action that is paused until somebody answers.

    Args:
        pb2: The action's message.
        client: The connection; the current one if not given.

    Example:
        >>> for condition in Condition.listall("waits"):
        ...     print(condition.name, condition.phase.value, condition.prompt())
        go paused Shall we?
    """

    pb2: definition.Action

    def __init__(self, pb2: definition.Action, *, client: Client | None = None) -> None:
        self.pb2 = pb2
        self._details: definition.ActionDetails | None = None
        self._given_client = client

    @dual
    @classmethod
    async def listall(
        cls,
        run_name: str,
        action_name: str | None = None,
        limit: int | None = None,
        *,
        client: Client | None = None,
    ) -> AsyncGenerator[Condition, None]:
        """Lists the conditions of a run (RunService.ListActions, and GetActionDetails where lists have no names).

        Args:
            run_name: The run.
            action_name: Only those of this action. Filtered here, as backends cannot.
            limit: How many at most; None for all.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: A limit that there is not.

        Example:
            >>> [condition.name for condition in Condition.listall("waits")]
            ['go']
        """
        client = client or current_client()
        run = run_id(client, run_name)
        listed = _listing.pages(
            client,
            methods.LIST_ACTIONS,
            lambda page: pb.ListActionsRequest(request=page, run_id=run),
            lambda answer: answer.actions,
            filters=_listing.equal_filters(action_type="3"),
            sort_by=None,
            limit=limit,
            keep=None if action_name is None else lambda action: action.metadata.parent == action_name,
        )
        async for pb2 in listed:
            condition = cls(pb2, client=client)
            if not pb2.metadata.HasField("condition"):
                await condition._read()
            yield condition

    @dual
    @classmethod
    async def get(
        cls, name: str, run_name: str, action_name: str | None = None, *, client: Client | None = None
    ) -> Condition | None:
        """Finds a condition of a run by its name; the first of those that have it (RunService.ListActions).

        Args:
            name: The condition's name, as the task has given it.
            run_name: The run.
            action_name: Only one of this action.
            client: The connection; the current one if not given.

        Returns:
            The condition, or None if the run has none of that name (yet).

        Raises:
            FlyteError: The backend cannot be reached, or does not allow it.

        Example:
            >>> Condition.get("go", "waits").expected_type
            <class 'bool'>
        """
        async for condition in cls.listall.aio(run_name, action_name, client=client):
            if condition.name == name:
                return condition
        return None

    @dual
    async def signal(self, payload: ConditionPayload) -> None:
        """Answers the condition, so that the run goes on (RunService.SignalEvent). Its phase follows.

        Args:
            payload: The answer, of the type that the condition wants (see `expected_type`).

        Raises:
            InvalidArgumentError: The answer is of another type.
            ServerError: The condition is over already (code FAILED_PRECONDITION).

        Example:
            >>> Condition.get("go", "waits").signal("yes")
            Traceback (most recent call last):
                ...
            flyte_jupyter...InvalidArgumentError: Condition 'go' wants a bool, and not the str 'yes'.
        """
        if self.expected_type is None:
            await self._read()
        request = pb.SignalEventRequest(
            action_id=self.pb2.id, parent_action_name=self.pb2.metadata.parent, payload=self._payload(payload)
        )
        await self._client.unary(methods.SIGNAL_EVENT, request)

    @dual
    async def sync(self) -> Condition:
        """Brings this object up to date and returns it (RunService.GetActionDetails).

        Raises:
            NotFoundError: There is no such condition any more.

        Example:
            >>> Condition.get("go", "waits").sync().done()
            False
        """
        await self._read()
        return self

    @dual
    async def prompt(self) -> str:
        """What the task asks, "" if nothing (RunService.GetActionDetails).

        Raises:
            NotFoundError: There is no such condition any more.

        Example:
            >>> Condition.get("go", "waits").prompt()
            'Shall we?'
        """
        return (await self._read_once()).condition.prompt

    @dual
    async def description(self) -> str:
        """What the task says about it, "" if nothing (RunService.GetActionDetails).

        Raises:
            NotFoundError: There is no such condition any more.

        Example:
            >>> Condition.get("go", "waits").description()
            ''
        """
        return (await self._read_once()).condition.description

    @dual
    async def value(self) -> ConditionPayload | None:
        """The answer that was given; None while there is none (RunService.GetActionDetails).

        Raises:
            NotFoundError: There is no such condition any more.

        Example:
            >>> Condition.get("go", "waits").value() is None
            True
        """
        details = await self._read()
        return to_python(details.signal_info.output) if details.HasField("signal_info") else None

    @property
    def name(self) -> str:
        """The condition's name, as the task has given it."""
        return self.pb2.metadata.condition.name or self.pb2.id.name

    @property
    def action_name(self) -> str:
        """The name of the action that the condition is."""
        return self.pb2.id.name

    @property
    def run_name(self) -> str:
        """The run that waits."""
        return self.pb2.id.run.name

    @property
    def parent_name(self) -> str:
        """The name of the action that asks."""
        return self.pb2.metadata.parent

    @property
    def phase(self) -> ActionPhase:
        """The phase when this was last read; "paused" while there is no answer."""
        return ActionPhase.from_number(int(self.pb2.status.phase))

    @property
    def expected_type(self) -> type | None:
        """The type that the answer must have: bool, int, float or str; None where the backend has not told."""
        declared: list[LiteralType] = [self.pb2.metadata.condition.type]
        if self._details is not None:
            declared.append(self._details.condition.type)
        for type_ in declared:
            if type_.WhichOneof("type") == "simple":
                return _TYPES.get(int(type_.simple))
        return None

    def done(self) -> bool:
        """Whether it was over when this was last read."""
        return self.phase.is_terminal

    def __repr__(self) -> str:
        return f"Condition({self.run_name}/{self.name}, {self.phase.value})"

    def _payload(self, payload: Any) -> pb.EventPayload:
        wanted = self.expected_type
        if wanted is float and type(payload) is int:
            payload = float(payload)
        # A bool is an int to Python, and not to Flyte.
        kind = next((kind for kind in (bool, int, float, str) if isinstance(payload, kind)), None)
        if kind is None or (wanted is not None and kind is not wanted):
            form = f"a {wanted.__name__}" if wanted is not None else "a bool, an int, a float or a str"
            form = "an int" if wanted is int else form
            raise InvalidArgumentError(
                f"Condition {self.name!r} wants {form}, and not the {type(payload).__name__} {payload!r}."
            )
        if kind is int and payload not in _INT64:
            raise InvalidArgumentError(f"Condition {self.name!r} wants an int of at most 64 bits.")
        field: dict[str, Any] = {f"{'string' if kind is str else kind.__name__}_value": payload}
        return pb.EventPayload(**field)

    async def _read(self) -> definition.ActionDetails:
        self._details = await _fetch.fetch_action(self._client, self.pb2.id)
        self.pb2.CopyFrom(action_of(self._details))
        if not self.pb2.metadata.condition.name:
            self.pb2.metadata.condition.name = self._details.condition.name
        return self._details

    async def _read_once(self) -> definition.ActionDetails:
        return self._details if self._details is not None else await self._read()
