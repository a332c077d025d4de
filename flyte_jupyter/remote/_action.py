"""One action of a run."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _code, _fetch, _listing, _logs, _progress, _watch
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client, sdk_client
from flyte_jupyter.remote._common import ActionFacts, Connected, run_id
from flyte_jupyter.remote._details import ActionDetails, named_action
from flyte_jupyter.remote._dual import dual, dual_batches
from flyte_jupyter.remote._errors import NotFoundError
from flyte_jupyter.remote._phase import ActionPhase

if TYPE_CHECKING:
    from collections.abc import Iterable

    import flyteidl2.workflow.run_definition_pb2 as definition
    from flyteidl2.common.identifier_pb2 import RunIdentifier
    from flyteidl2.common.list_pb2 import Filter, ListRequest

    from flyte_jupyter.remote._data import ActionInputs, ActionOutputs
    from flyte_jupyter.remote._listing import SortBy, TimeFilter
    from flyte_jupyter.remote._watch import WaitFor


class Action(ActionFacts["definition.Action"], Connected):
    """An action: the execution of a task, trace or condition. A run is a tree of them.

    Args:
        pb2: The message.
        _details: Its details if they are known already.
        client: The connection; the current one if not given.
    """

    def __init__(
        self, pb2: definition.Action, _details: ActionDetails | None = None, *, client: Client | None = None
    ) -> None:
        self.pb2 = pb2
        self._details = _details
        self._given_client = client

    @classmethod
    def from_sdk(cls, action: Any) -> Action:
        """Our Action for one of the `flyte` SDK's, over our connection to the same endpoint or else the SDK's own.

        Args:
            action: The SDK's object.

        Raises:
            NotConnectedError: The SDK is not initialised.

        Example:
            >>> Action.from_sdk(flyte.run(task, n=1).action).wait()  # doctest: +SKIP
        """
        return cls(action.pb2, client=sdk_client())

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
    ) -> Action:
        """Reads an action (RunService.GetActionDetails).

        Args:
            uri: The URL of its page in the web console, as in `url`; comes before the names.
            run_name: The run.
            name: The action; "a0" is the root.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such action.

        Example:
            >>> Action.get(run_name="r1", name="a0").phase
            <ActionPhase.SUCCEEDED: 'succeeded'>
        """
        client = client or current_client()
        pb2 = await _fetch.fetch_action(client, named_action(client, uri, run_name, name))
        return cls(action_of(pb2), ActionDetails(pb2, client=client), client=client)

    @dual_batches
    @classmethod
    async def listall(
        cls,
        for_run_name: str,
        in_phase: Iterable[ActionPhase | str] | None = None,
        filters: str | None = None,
        sort_by: SortBy | None = None,
        parent_name: str | None = None,
        created_at: TimeFilter | None = None,
        updated_at: TimeFilter | None = None,
        *,
        limit: int | None = None,
        client: Client | None = None,
    ) -> AsyncGenerator[list[Action], None]:
        """Lists the actions of a run (RunService.ListActions). A run that does not exist has none.

        A backend may leave out what an action is (its task's name) here; `details()` has it.

        Args:
            for_run_name: The run.
            in_phase: Only those in one of these phases.
            filters: Only those that pass these, as "eq(task_name,env.main)+contains(function_name,fit)"; functions are
                eq, ne, gt, gte, lt, lte, contains and value_in with values separated by ";".
            sort_by: Field and "asc" or "desc"; ("created_at", "asc") if not given.
            parent_name: Only the children of this action. Filtered here, as backends cannot.
            created_at: Only those created in this span.
            updated_at: Only those changed in this span.
            limit: How many at most; None for all.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: A phase, filter, order or limit that there is not.

        Example:
            >>> [action.parent_name for action in Action.listall("r6")]
            [None, 'a0', 'a0']
            >>> len(list(Action.listall("r6", parent_name="a0", limit=1)))
            1
        """
        client = client or current_client()
        filtered = [
            *_listing.phase_filters(in_phase),
            *_listing.text_filters(filters),
            *_listing.time_filters("created_at", created_at),
            *_listing.time_filters("updated_at", updated_at),
        ]
        listed = list_actions(
            client, run_id(client, for_run_name), filtered, sort_by=sort_by, limit=limit, parent_name=parent_name
        )
        async for page in listed.batches:
            yield [cls(pb2, client=client) for pb2 in page]

    @dual
    async def details(self) -> ActionDetails:
        """The action's details; read again until it is over (RunService.GetActionDetails).

        Raises:
            NotFoundError: There is no such action any more.

        Example:
            >>> Action.get(run_name="r1", name="a0").details().attempts
            1
        """
        if self._details is None or not self._details.done():
            self._adopt(ActionDetails(await _fetch.fetch_action(self._client, self.action_id), client=self._client))
        assert self._details is not None
        return self._details

    @dual
    async def sync(self) -> Action:
        """Brings this object up to date and returns it (RunService.GetActionDetails).

        Raises:
            NotFoundError: There is no such action any more.

        Example:
            >>> Action.get(run_name="r1", name="a0").sync().done()
            True
        """
        pb2 = await _fetch.fetch_action(self._client, self.action_id)
        self._adopt(ActionDetails(pb2, client=self._client))
        return self

    @dual
    async def watch(
        self, cache_data_on_done: bool = False, wait_for: WaitFor = "terminal"
    ) -> AsyncGenerator[ActionDetails, None]:
        """Yields the details whenever they change, and keeps this object up to date (RunService.WatchActionDetails).

        Ends when the action is over, never before, whatever becomes of the stream.

        Args:
            cache_data_on_done: Read inputs and outputs before the last one is yielded.
            wait_for: Where to stop: "terminal", "running" or "logs-ready".

        Raises:
            NotFoundError: There is no such action.
            FlyteError: The backend cannot be reached, or does not allow it.

        Example:
            >>> for details in Action.get(run_name="r1", name="a0").watch():
            ...     print(details.phase.value)
            succeeded
        """
        _watch.check_wait_for(wait_for)
        updates = _watch.watch_action(self._client, self.action_id)
        async with contextlib.aclosing(updates):
            async for pb2 in updates:
                details = ActionDetails(pb2, client=self._client)
                self._adopt(details)
                if cache_data_on_done and details.done():
                    await details.inputs.aio()
                    await details.outputs.aio()
                yield details
                if _watch.is_reached(pb2, wait_for):
                    return

    @_progress.shown
    @dual
    async def wait(self, quiet: bool = False, wait_for: WaitFor = "terminal") -> None:
        """Returns when the action is over, or runs, or has logs (RunService.WatchActionDetails).

        Shows a live panel in a terminal (with rich, where that is installed), the run's view in a notebook whose
        extension is loaded, and otherwise a line for each phase on stderr. An interrupt ends the wait and is raised;
        the action goes on.

        Args:
            quiet: Show nothing.
            wait_for: "terminal", "running" (or over) or "logs-ready" (or over).

        Raises:
            NotFoundError: There is no such action.
            FlyteError: The backend cannot be reached, or does not allow it. That the action failed is no error here:
                see `raise_for_status`.

        Example:
            >>> Action.get(run_name="r1", name="a0").wait(quiet=True)
        """
        del quiet  # seen to by what shows the wait
        _watch.check_wait_for(wait_for)
        if self.done():
            return
        updates = self.watch.aio(wait_for=wait_for)
        async for details in updates:
            _progress.report(details)

    @dual
    async def abort(self, reason: str = "Manually aborted from flyte-jupyter.") -> None:
        """Aborts the action and all below it (RunService.GetActionDetails, then RunService.AbortAction).

        Its phase follows when the backend says so.

        Args:
            reason: Why; kept with the action.

        Raises:
            AlreadyFinishedError: It is over. Nothing is sent then: backends would overwrite how it ended.

        Example:
            >>> Action.get(run_name="r1", name="a0").abort("enough")
            Traceback (most recent call last):
            flyte_jupyter.remote._errors.AlreadyFinishedError: Action a0 of run r1 is over (SUCCEEDED): ...
        """
        await _fetch.abort_action(self._client, self.action_id, reason)

    @dual
    async def inputs(self) -> ActionInputs:
        """The inputs by name (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> Action.get(run_name="r1", name="a0").inputs()["b"]
            41
        """
        return await (await self.details.aio()).inputs.aio()

    @dual
    async def outputs(self) -> ActionOutputs:
        """The outputs in order (DataProxyService.GetActionData). An action that failed has none.

        Raises:
            NotFinishedError: It is not over, so there are none yet.

        Example:
            >>> [action.outputs().o0 for action in Action.listall("r6", parent_name="a0")]
            [0, 2]
        """
        return await (await self.details.aio()).outputs.aio()

    @dual
    async def raise_for_status(self) -> None:
        """Returns if the action succeeded (RunService.GetActionDetails).

        Raises:
            NotFinishedError: It is not over.
            RunFailedError: It ended without success; RunAbortedError and RunTimedOutError are kinds of it.

        Example:
            >>> for action in Action.listall("r6"):
            ...     action.raise_for_status()
        """
        (await self.details.aio()).raise_for_status()

    @dual_batches
    async def get_logs(
        self, attempt: int | None = None, filter_system: bool = False, show_ts: bool = False
    ) -> AsyncGenerator[list[str], None]:
        """Yields the lines of an attempt's log, and follows it until the attempt is over (DataProxyService.TailLogs).

        Args:
            attempt: Which, counted from 1; the latest if not given.
            filter_system: Leave out what the system wrote.
            show_ts: Put the time in front, as "[2026-01-02T03:04:05.678+00:00] ".

        Raises:
            NotFoundError: The attempt is over and the backend has no log of it.

        Example:
            >>> for line in Action.get(run_name="r1", name="a0").get_logs(filter_system=True):
            ...     print(line)
            adding 1 and 41
        """
        async for lines in log_lines(self._client, self, attempt, filter_system, show_ts):
            yield lines

    @dual
    async def show_logs(
        self,
        attempt: int | None = None,
        max_lines: int = 30,
        show_ts: bool = False,
        raw: bool = False,
        filter_system: bool = False,
    ) -> None:
        """Prints an attempt's log, and follows it until the attempt is over (DataProxyService.TailLogs).

        Args:
            attempt: Which, counted from 1; the latest if not given.
            max_lines: Of an action that is over, only so many of the last lines.
            show_ts: Put the time in front of each.
            raw: Print every line.
            filter_system: Leave out what the system wrote.

        Raises:
            NotFoundError: The attempt is over and the backend has no log of it.

        Example:
            >>> Action.get(run_name="r1", name="a0").show_logs(max_lines=1)
            [flyte] ...
        """
        details = await self.details.aio()
        lines = self.get_logs.aio(attempt, filter_system, show_ts)
        await _logs.show(lines, None if raw or not details.done() else max_lines)

    @dual
    async def get_report(self, attempt: int | None = None) -> str:
        """The HTML report of an attempt (DataProxyService.CreateDownloadLink).

        It is HTML that a task wrote: show it in a sandbox.

        Args:
            attempt: Which, counted from 1; the latest if not given.

        Raises:
            NotFoundError: It has none.

        Example:
            >>> "<h1>hello</h1>" in Action.get(run_name="r5", name="a0").get_report()
            True
        """
        if attempt is None:
            attempt = (await self.details.aio()).attempts
        return await _fetch.fetch_report(self._client, self.action_id, attempt)

    @dual
    async def download_code(
        self, dest: str | Path | None = None, extract: bool = True, attempt: int | None = None
    ) -> Path:
        """Gets the code that the action ran (DataProxyService.CreateDownloadLink, else the storage itself).

        Args:
            dest: The directory to put it in, made if it is not there; one named after the run if not given.
            extract: Unpack the source files. The pickle of a task from a notebook is never unpacked.
            attempt: Which attempt's, counted from 1; the latest if not given.

        Returns:
            The directory, or the path of the archive or pickle where that is not unpacked.

        Raises:
            NotFoundError: Its code is part of its image.

        Example:
            >>> sorted(path.name for path in Run.get("r1").download_code("r1-code").glob("*.py"))
            ['example.py']
        """
        details = await self.details.aio()
        bundle = details.code_bundle
        if bundle is None:
            raise NotFoundError(f"{self.run_name}/{self.name} ran no uploaded code: its code is part of its image.")
        place = Path(self.run_name if dest is None else dest)
        return await _code.download(
            self._client, self.action_id, attempt or details.attempts, bundle, place, extract=extract
        )

    @property
    def url(self) -> str:
        """The action's page in the web console, "" if there is none."""
        run = self.pb2.id.run
        return self._client.endpoint.console_url(run.project, run.domain, run.name, self.name)

    @property
    def error_info(self) -> definition.ErrorInfo | None:
        """The error, as far as the details were read; None if there is none."""
        return None if self._details is None else self._details.error_info

    def _adopt(self, details: ActionDetails) -> None:
        self._details = details
        self.pb2.CopyFrom(action_of(details.pb2))


def action_of(details: definition.ActionDetails) -> definition.Action:
    """The short message of an action's details."""
    return pb.Action(id=details.id, metadata=details.metadata, status=details.status)


async def log_lines(
    client: Client, action: Action, attempt: int | None, filter_system: bool, show_ts: bool
) -> AsyncGenerator[list[str], None]:
    """The lines of a log as they come together; the arguments are those of `Action.get_logs`."""
    if attempt is None:
        attempt = (await action.details.aio()).attempts
    batches = _logs.log_batches(client, action.action_id, attempt)
    try:
        async for batch in batches:
            yield _logs.format_lines(batch.lines, filter_system=filter_system, show_ts=show_ts)
    finally:
        await batches.aclose()


def list_actions(
    client: Client,
    run: RunIdentifier,
    filters: list[Filter],
    *,
    sort_by: SortBy | None = None,
    limit: int | None = None,
    parent_name: str | None = None,
) -> _listing.Pages:
    """RunService.ListActions; the arguments are those of `Action.listall`."""

    def request(page: ListRequest) -> pb.ListActionsRequest:
        return pb.ListActionsRequest(request=page, run_id=run)

    def keep(action: definition.Action) -> bool:
        return action.metadata.parent == parent_name

    return _listing.pages(
        client,
        methods.LIST_ACTIONS,
        request,
        lambda answer: answer.actions,
        filters=filters,
        sort_by=sort_by,
        limit=limit,
        keep=None if parent_name is None else keep,
    )
