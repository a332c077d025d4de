"""What a run has of its root action: the facts, the data, the logs, the report and the code."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from flyte_jupyter.remote._action import Action, log_lines
from flyte_jupyter.remote._common import Connected
from flyte_jupyter.remote._dual import dual, dual_batches
from flyte_jupyter.remote._phase import ActionPhase

if TYPE_CHECKING:
    import flyteidl2.workflow.run_definition_pb2 as definition
    from flyteidl2.core.literals_pb2 import Literal

    from flyte_jupyter.remote._code import CodeBundle
    from flyte_jupyter.remote._data import ActionInputs, ActionOutputs
    from flyte_jupyter.remote._typed import Deserializers, Types


class OfRootAction(Connected):
    """Mixin for what has its root action in `action`."""

    action: Action

    @property
    def task_name(self) -> str | None:
        """The full name of the root action's task."""
        return self.action.task_name

    @property
    def phase(self) -> ActionPhase:
        """The phase when this was last read."""
        return self.action.phase

    @property
    def raw_phase(self) -> int:
        """The phase's number on the wire, also one that this version does not know."""
        return self.action.raw_phase

    @property
    def start_time(self) -> datetime | None:
        """When the run was created, in UTC."""
        return self.action.start_time

    @property
    def duration(self) -> timedelta | None:
        """From start to end, or until now while it is not over."""
        return self.action.duration

    @property
    def error_info(self) -> definition.ErrorInfo | None:
        """The error, as far as the details were read; None if there is none."""
        return self.action.error_info

    def done(self) -> bool:
        """Whether the run was over when this was last read."""
        return self.action.done()

    @dual
    async def raise_for_status(self) -> None:
        """Returns if the run succeeded (RunService.GetActionDetails).

        Raises:
            NotFinishedError: It is not over.
            RunFailedError: It ended without success; RunAbortedError and RunTimedOutError are kinds of it.

        Example:
            >>> Run.get("r1").raise_for_status()
            >>> Run.get("r2").raise_for_status()
            Traceback (most recent call last):
            flyte_jupyter.remote._errors.RunFailedError: r2 ended as FAILED ... no 7 today
        """
        await self.action.raise_for_status.aio()

    @dual
    async def inputs(self) -> ActionInputs:
        """The inputs of the run by name (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> Run.get("r1").inputs()
            ActionInputs(a=1, b=41)
        """
        return await self.action.inputs.aio()

    @dual
    async def outputs(self) -> ActionOutputs:
        """The outputs of the run in order (DataProxyService.GetActionData). A run that failed has none.

        Raises:
            NotFinishedError: It is not over, so there are none yet.

        Example:
            >>> Run.get("r1").outputs()
            ActionOutputs(o0=42)
        """
        return await self.action.outputs.aio()

    @dual
    async def input_literals(self) -> dict[str, Literal]:
        """The inputs by name as they are on the wire (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> Run.get("r1").input_literals()["b"].scalar.primitive.integer
            41
        """
        return await (await self.action.details.aio()).input_literals.aio()

    @dual
    async def output_literals(self) -> dict[str, Literal]:
        """The outputs by name as they are on the wire; empty while there are none (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> Run.get("r1").output_literals()["o0"].scalar.primitive.integer
            42
        """
        return await (await self.action.details.aio()).output_literals.aio()

    @dual
    async def typed_inputs(self, types: Types, deserializers: Deserializers | None = None) -> dict[str, Any]:
        """The inputs that are asked for, as values of types of your own (DataProxyService.GetActionData).

        Args:
            types: The type for each input that is wanted.
            deserializers: For a type, what makes a value of plain data instead.

        Returns:
            Values by name.

        Raises:
            InvalidArgumentError: The SDK, which makes them, is not installed; or an input is not of the type.

        Example:
            >>> Run.get("r1").typed_inputs({"a": int})
            {'a': 1}
        """
        return await (await self.action.details.aio()).typed_inputs.aio(types, deserializers)

    @dual
    async def typed_outputs(self, types: Types, deserializers: Deserializers | None = None) -> dict[str, Any]:
        """The outputs that are asked for, as values of types of your own (DataProxyService.GetActionData).

        Args:
            types: The type for each output that is wanted: {"o0": MyModel}.
            deserializers: For a type, what makes a value of plain data instead: {MyModel: MyModel.load}.

        Returns:
            Values by name.

        Raises:
            InvalidArgumentError: The SDK, which makes them, is not installed; or an output is not of the type.

        Example:
            >>> Run.get("r1").typed_outputs({"o0": int})
            {'o0': 42}
        """
        return await (await self.action.details.aio()).typed_outputs.aio(types, deserializers)

    @dual_batches
    async def get_logs(
        self, attempt: int | None = None, filter_system: bool = False, show_ts: bool = False
    ) -> AsyncGenerator[list[str], None]:
        """Yields the lines of the root action's log, and follows it until that is over (DataProxyService.TailLogs).

        Args:
            attempt: Which attempt's, counted from 1; the latest if not given.
            filter_system: Leave out what the system wrote.
            show_ts: Put the time in front, as "[2026-01-02T03:04:05.678+00:00] ".

        Raises:
            NotFoundError: The attempt is over and the backend has no log of it.

        Example:
            >>> list(Run.get("r1").get_logs(filter_system=True))
            ['adding 1 and 41']
        """
        async for lines in log_lines(self._client, self.action, attempt, filter_system, show_ts):
            yield lines

    @dual
    async def show_logs(
        self,
        attempt: int | None = None,
        max_lines: int = 100,
        show_ts: bool = False,
        raw: bool = False,
        filter_system: bool = False,
    ) -> None:
        """Prints the root action's log, and follows it until that is over (DataProxyService.TailLogs).

        Args:
            attempt: Which attempt's, counted from 1; the latest if not given.
            max_lines: Of a run that is over, only so many of the last lines.
            show_ts: Put the time in front of each.
            raw: Print every line.
            filter_system: Leave out what the system wrote.

        Raises:
            NotFoundError: The attempt is over and the backend has no log of it.

        Example:
            >>> Run.get("r1").show_logs(filter_system=True)
            adding 1 and 41
        """
        await self.action.show_logs.aio(attempt, max_lines, show_ts, raw, filter_system)

    @dual
    async def get_report(self, attempt: int | None = None) -> str:
        """The HTML report of the root action (DataProxyService.CreateDownloadLink).

        It is HTML that a task wrote: show it in a sandbox.

        Args:
            attempt: Which attempt's, counted from 1; the latest if not given.

        Raises:
            NotFoundError: It has none.

        Example:
            >>> "<h1>hello</h1>" in Run.get("r5").get_report()
            True
        """
        return await self.action.get_report.aio(attempt)

    @dual
    async def code_bundle(self) -> CodeBundle | None:
        """Where the code that the run executed was uploaded to (RunService.GetActionDetails).

        None for code that is part of its image.

        Raises:
            NotFoundError: There is no such run any more.

        Example:
            >>> Run.get("r1").code_bundle().destination
            '.'
        """
        return (await self.action.details.aio()).code_bundle

    @dual
    async def download_code(
        self, dest: str | Path | None = None, extract: bool = True, attempt: int | None = None
    ) -> Path:
        """Gets the code that the root action ran (DataProxyService.CreateDownloadLink, else the storage itself).

        Args:
            dest: The directory to put it in, made if it is not there; one named after the run if not given.
            extract: Unpack the source files. The pickle of a task from a notebook is never unpacked.
            attempt: Which attempt's, counted from 1; the latest if not given.

        Returns:
            The directory, or the path of the archive or pickle where that is not unpacked.

        Raises:
            NotFoundError: Its code is part of its image.

        Example:
            >>> Run.get("r1").download_code()
            PosixPath('r1')
        """
        return await self.action.download_code.aio(dest, extract, attempt)

    @dual
    async def get_debug_url(self) -> str | None:
        """The URL of the debugger (VS Code) in the root action's container, as soon as it listens.

        Waits until then (RunService.WatchActionDetails); None if the run is over before, as it is without a debugger.

        Raises:
            FlyteError: The run cannot be watched.

        Example:
            >>> Run.get("r1").get_debug_url() is None
            True
        """
        async for details in self.action.watch.aio():
            for attempt in details.pb2.attempts:
                for log in attempt.log_info:
                    if log.ready and log.link_type == log.IDE:
                        return urljoin(self._client.endpoint.console + "/", log.uri)
        return None
