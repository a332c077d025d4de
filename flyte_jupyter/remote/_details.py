"""Everything that a backend knows about one action."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from flyte_jupyter.remote import _fetch, _watch
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._code import CodeBundle, code_bundle
from flyte_jupyter.remote._common import ROOT_ACTION, ActionFacts, Connected, action_id, run_id, to_datetime
from flyte_jupyter.remote._data import ActionInputs, ActionOutputs, inputs_of, outputs_of
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import (
    InvalidArgumentError,
    NotFinishedError,
    RunAbortedError,
    RunFailedError,
    RunTimedOutError,
)
from flyte_jupyter.remote._phase import ActionPhase, PhaseTransition
from flyte_jupyter.remote._typed import Deserializers, Types, typed

if TYPE_CHECKING:
    import flyteidl2.workflow.run_definition_pb2 as definition
    from flyteidl2.common.identifier_pb2 import ActionIdentifier
    from flyteidl2.core.literals_pb2 import Literal
    from flyteidl2.task.common_pb2 import Inputs, Outputs

_PAGE = re.compile(r"/domain/([^/]+)/project/([^/]+)/runs/([^/]+)/?$")


class ActionDetails(ActionFacts["definition.ActionDetails"], Connected):
    """The details of an action: status, attempts, error, and on demand its inputs and outputs.

    Args:
        pb2: The message.
        _inputs: Its inputs if they are known already.
        _outputs: Its outputs likewise.
        client: The connection; the current one if not given.
    """

    def __init__(
        self,
        pb2: definition.ActionDetails,
        _inputs: ActionInputs | None = None,
        _outputs: ActionOutputs | None = None,
        *,
        client: Client | None = None,
    ) -> None:
        self.pb2 = pb2
        self._inputs = _inputs
        self._outputs = _outputs
        self._data: tuple[Inputs, Outputs] | None = None
        self._given_client = client

    @dual
    @classmethod
    async def get(
        cls,
        uri: str | None = None,
        /,
        run_name: str | None = None,
        name: str | None = None,
        *,
        client: Client | None = None,
    ) -> ActionDetails:
        """Reads the details of an action (RunService.GetActionDetails).

        Args:
            uri: The URL of its page in the web console, as in `url`; comes before the names.
            run_name: The run.
            name: The action.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such action.
            InvalidArgumentError: A name is missing, or the URL is not that of a page.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").phase.value
            'succeeded'
        """
        client = client or current_client()
        return await cls.get_details.aio(named_action(client, uri, run_name, name), client=client)

    @dual
    @classmethod
    async def get_details(cls, action_id: ActionIdentifier, *, client: Client | None = None) -> ActionDetails:
        """Reads the details of an action by its full identifier (RunService.GetActionDetails).

        Args:
            action_id: The identifier, as in `action_id` of every action.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such action.

        Example:
            >>> ActionDetails.get_details(Run.get("r1").action.action_id).task_name
            'kinds.add'
        """
        client = client or current_client()
        return cls(await _fetch.fetch_action(client, action_id), client=client)

    @dual
    @classmethod
    async def watch(
        cls, action_id: ActionIdentifier, *, client: Client | None = None
    ) -> AsyncGenerator[ActionDetails, None]:
        """Yields the details of an action whenever they change, until it is over (RunService.WatchActionDetails).

        The stream is opened again when it breaks or ends early, and checked when it is silent.

        Args:
            action_id: The identifier, as in `action_id` of every action.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such action.
            FlyteError: The backend cannot be reached, or does not allow it.

        Example:
            >>> [details.phase.value for details in ActionDetails.watch(Run.get("r1").action.action_id)]
            ['succeeded']
        """
        client = client or current_client()
        updates = _watch.watch_action(client, action_id)
        try:
            async for pb2 in updates:
                yield cls(pb2, client=client)
        finally:
            await updates.aclose()

    @dual
    async def watch_updates(self, cache_data_on_done: bool = False) -> AsyncGenerator[ActionDetails, None]:
        """Yields this object, brought up to date, whenever the action changes, until it is over.

        Made of RunService.WatchActionDetails, as `watch`.

        Args:
            cache_data_on_done: Read inputs and outputs before the last one is yielded.

        Raises:
            NotFoundError: There is no such action.
            FlyteError: The backend cannot be reached, or does not allow it.

        Example:
            >>> details = ActionDetails.get(run_name="r1", name="a0")
            >>> [each is details for each in details.watch_updates()]
            [True]
        """
        updates = _watch.watch_action(self._client, self.action_id)
        try:
            async for pb2 in updates:
                self.pb2 = pb2
                if cache_data_on_done and self.done():
                    await self._read_data()
                yield self
        finally:
            await updates.aclose()

    @property
    def metadata(self) -> definition.ActionMetadata:
        """Parent, group, who started it and what it is."""
        return self.pb2.metadata

    @property
    def status(self) -> definition.ActionStatus:
        """Phase, times, attempts and cache status as the backend sent them."""
        return self.pb2.status

    @property
    def attempts(self) -> int:
        """How often it was tried, at least 1."""
        # The status lags behind, and is 0 for a while whenever a child appears.
        return max([1, self.pb2.status.attempts, *(attempt.attempt for attempt in self.pb2.attempts)])

    @property
    def runtime(self) -> timedelta | None:
        """From start to end, or until now while it is not over."""
        return self.duration

    @property
    def is_running(self) -> bool:
        """Whether its phase is RUNNING."""
        return self.phase is ActionPhase.RUNNING

    @property
    def error_info(self) -> definition.ErrorInfo | None:
        """The error if it failed, else None."""
        if self.pb2.HasField("error_info"):
            return self.pb2.error_info
        # The backend leaves it out where the number of attempts is behind.
        if self.phase is ActionPhase.FAILED and self.pb2.attempts and self.pb2.attempts[-1].HasField("error_info"):
            return self.pb2.attempts[-1].error_info
        return None

    @property
    def error_message(self) -> str:
        """The text of the error, or the reason of the abort; "" if there is neither."""
        error, abort = self.error_info, self.abort_info
        return error.message if error is not None else abort.reason if abort is not None else ""

    @property
    def abort_info(self) -> definition.AbortInfo | None:
        """Who aborted it and why, None if nobody did."""
        return self.pb2.abort_info if self.pb2.HasField("abort_info") else None

    def logs_available(self, attempt: int | None = None) -> bool:
        """Whether there are logs of an attempt.

        Args:
            attempt: Which, counted from 1; the latest if not given.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").logs_available()
            True
        """
        number = self.attempts if attempt is None else attempt
        return any(each.attempt == number and each.logs_available for each in self.pb2.attempts)

    def get_phase_transitions(self, attempt: int | None = None) -> list[PhaseTransition]:
        """The phases that an attempt went through, in order.

        Args:
            attempt: Which, counted from 1; the latest if not given.

        Example:
            >>> transitions = ActionDetails.get(run_name="r1", name="a0").get_phase_transitions()
            >>> [each.phase.value for each in transitions[-2:]]
            ['running', 'succeeded']
        """
        number = self.attempts if attempt is None else attempt
        return [
            PhaseTransition(
                ActionPhase.from_number(int(transition.phase)),
                to_datetime(transition.start_time),
                to_datetime(transition.end_time) if transition.HasField("end_time") else None,
            )
            for each in self.pb2.attempts
            if each.attempt == number
            for transition in each.phase_transitions
        ]

    @property
    def phase_durations(self) -> dict[ActionPhase, timedelta]:
        """How long the latest attempt spent in each phase."""
        durations: dict[ActionPhase, timedelta] = {}
        for transition in self.get_phase_transitions():
            durations[transition.phase] = durations.get(transition.phase, timedelta()) + transition.duration
        return durations

    @property
    def queued_time(self) -> timedelta | None:
        """How long the latest attempt was QUEUED, None if it never was."""
        return self.phase_durations.get(ActionPhase.QUEUED)

    @property
    def waiting_for_resources_time(self) -> timedelta | None:
        """How long the latest attempt was WAITING_FOR_RESOURCES, None if it never was."""
        return self.phase_durations.get(ActionPhase.WAITING_FOR_RESOURCES)

    @property
    def initializing_time(self) -> timedelta | None:
        """How long the latest attempt was INITIALIZING, None if it never was."""
        return self.phase_durations.get(ActionPhase.INITIALIZING)

    @property
    def running_time(self) -> timedelta | None:
        """How long the latest attempt was RUNNING, None if it never was."""
        return self.phase_durations.get(ActionPhase.RUNNING)

    @property
    def code_bundle(self) -> CodeBundle | None:
        """Where the code that it ran was uploaded to; None for code that is part of its image, and for no task."""
        return code_bundle(self.pb2.task.task_template) if self.pb2.HasField("task") else None

    @dual
    async def inputs(self) -> ActionInputs:
        """The inputs by name; read once (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").inputs()["a"]
            1
        """
        if self._inputs is None:
            await self._read_data()
        assert self._inputs is not None
        return self._inputs

    @dual
    async def outputs(self) -> ActionOutputs:
        """The outputs in order; read once the action is over (DataProxyService.GetActionData).

        An action that ended without success has none.

        Raises:
            NotFinishedError: It is not over, so there are none yet.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").outputs().named_outputs
            {'o0': 42}
        """
        if self._outputs is None and not self.done():
            self.pb2 = await _fetch.fetch_action(self._client, self.action_id)
            if not self.done():
                raise NotFinishedError(
                    f"{self.run_name}/{self.name} has no outputs yet: it is {self.phase.value.upper()}.",
                    "Wait for it first.",
                )
        if self._outputs is None:
            await self._read_data()
        assert self._outputs is not None
        return self._outputs

    @dual
    async def input_literals(self) -> dict[str, Literal]:
        """The inputs by name as they are on the wire (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").input_literals()["a"].scalar.primitive.integer
            1
        """
        inputs, _ = await self._literals()
        return {literal.name: literal.value for literal in inputs.literals}

    @dual
    async def output_literals(self) -> dict[str, Literal]:
        """The outputs by name as they are on the wire; empty while there are none (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").output_literals()["o0"].scalar.primitive.integer
            42
        """
        _, outputs = await self._literals()
        return {literal.name: literal.value for literal in outputs.literals}

    @dual
    async def typed_inputs(self, types: Types, deserializers: Deserializers | None = None) -> dict[str, Any]:
        """The inputs that are asked for, as values of types of your own (DataProxyService.GetActionData).

        Args:
            types: The type for each input that is wanted: {"n": int}.
            deserializers: For a type, what makes a value of plain data instead, as for `typed_outputs`.

        Returns:
            Values by name; those inputs that are not there are left out.

        Raises:
            InvalidArgumentError: The SDK is not installed, or an input is not of the type.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").typed_inputs({"a": int})
            {'a': 1}
        """
        return await typed(await self.input_literals.aio(), types, deserializers)

    @dual
    async def typed_outputs(self, types: Types, deserializers: Deserializers | None = None) -> dict[str, Any]:
        """The outputs that are asked for, as values of types of your own (DataProxyService.GetActionData).

        The `flyte` SDK makes them, so it must be installed; `outputs` needs no SDK.

        Args:
            types: The type for each output that is wanted: {"o0": MyModel}.
            deserializers: For a type, what makes a value of plain data instead: {MyModel: MyModel.load}.

        Returns:
            Values by name; those outputs that are not there are left out.

        Raises:
            InvalidArgumentError: The SDK is not installed, or an output is not of the type.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").typed_outputs({"o0": int})
            {'o0': 42}
        """
        return await typed(await self.output_literals.aio(), types, deserializers)

    def raise_for_status(self) -> None:
        """Returns if the action succeeded.

        Raises:
            NotFinishedError: It is not over.
            RunFailedError: It ended without success; RunAbortedError and RunTimedOutError are kinds of it.

        Example:
            >>> ActionDetails.get(run_name="r1", name="a0").raise_for_status()
        """
        phase = self.phase
        if phase in (ActionPhase.SUCCEEDED, ActionPhase.RECOVERED):
            return
        name = self.run_name if not self.parent_name else f"{self.run_name}/{self.name}"
        if not phase.is_terminal:
            raise NotFinishedError(f"{name} is not over: it is {phase.value.upper()}.", "Wait for it first.")
        error = self.error_info
        kinds = {ActionPhase.ABORTED: RunAbortedError, ActionPhase.TIMED_OUT: RunTimedOutError}
        raise kinds.get(phase, RunFailedError)(
            name,
            phase.value,
            kind={1: "USER", 2: "SYSTEM"}.get(int(error.kind), "") if error is not None else "",
            code=error.code if error is not None else "",
            message=self.error_message,
        )

    async def _read_data(self) -> None:
        inputs, outputs = await self._literals()
        local = self._client.endpoint.is_loopback
        self._inputs = inputs_of(self.pb2, inputs, local=local)
        if self.done():
            self._outputs = outputs_of(self.pb2, outputs, local=local)

    async def _literals(self) -> tuple[Inputs, Outputs]:
        if self.pb2.WhichOneof("spec") == "condition":
            # A condition has no files: its value is what it was signalled.
            return _fetch.condition_data(self.pb2)
        if self._data is not None:
            return self._data
        over = self.done()
        data = await _fetch.fetch_data(self._client, self.action_id)
        if over:
            self._data = data
        return data


def named_action(client: Client, uri: str | None, run_name: str | None, name: str | None) -> ActionIdentifier:
    """The identifier of an action, by its page's URL or by names.

    Raises:
        InvalidArgumentError: A name is missing, or the URL is not that of an action or run.
    """
    if uri is not None:
        try:
            page = _PAGE.search(urlsplit(uri).path)
        except (ValueError, TypeError, AttributeError):
            page = None
        if page is None:
            raise InvalidArgumentError(
                f"{uri!r} is not the page of a run or action.", "Give its URL, or run_name= and name=."
            )
        domain, project, run = (unquote(part) for part in page.groups())
        chosen = parse_qs(urlsplit(uri).query).get("i", [ROOT_ACTION])[0]
        return action_id(run_id(client, run, project, domain), chosen)
    if not run_name or not name:
        raise InvalidArgumentError("An action is named by its run and its own name.", "Give run_name= and name=.")
    return action_id(run_id(client, run_name), name)
