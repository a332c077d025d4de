"""A run: getting, listing and following it, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from flyte_jupyter.remote import _fetch, _listing, _progress
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._action import Action, action_of, list_actions
from flyte_jupyter.remote._client import Client, current_client, sdk_client
from flyte_jupyter.remote._common import ROOT_ACTION, ToJson
from flyte_jupyter.remote._dual import dual, dual_batches
from flyte_jupyter.remote._errors import NotFoundError
from flyte_jupyter.remote._phase import ActionPhase
from flyte_jupyter.remote._run_details import RunDetails
from flyte_jupyter.remote._run_root import OfRootAction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import flyteidl2.workflow.run_definition_pb2 as definition
    from flyteidl2.common.identifier_pb2 import RunIdentifier
    from flyteidl2.common.list_pb2 import ListRequest

    from flyte_jupyter.remote._details import ActionDetails
    from flyte_jupyter.remote._listing import SortBy, TimeFilter

_AT_ONCE = 16


class Run(ToJson, OfRootAction):
    """A run: the execution of a task with everything it starts. Its root action is `action`.

    Args:
        pb2: The message.
        _details: Its details if they are known already.
        client: The connection; the current one if not given.

    Example:
        >>> run = Run.get("r1")
        >>> run.wait()
        >>> run.outputs()
        ActionOutputs(o0=42)
    """

    pb2: definition.Run

    def __init__(
        self, pb2: definition.Run, _details: RunDetails | None = None, *, client: Client | None = None
    ) -> None:
        self.pb2 = pb2
        self._details = _details
        self._given_client = client
        # The root action changes the run's own message, so both always agree.
        self.action = Action(pb2.action, _details.action_details if _details else None, client=client)
        """The root action."""

    @classmethod
    def from_sdk(cls, run: Any) -> Run:
        """Our Run for one of the `flyte` SDK's, over our connection to the same endpoint or else the SDK's own.

        Args:
            run: The SDK's object.

        Raises:
            NotConnectedError: The SDK is not initialised.

        Example:
            >>> Run.from_sdk(flyte.run(task, n=1)).wait()  # doctest: +SKIP
        """
        return cls(run.pb2, client=sdk_client())

    @dual
    @classmethod
    async def get(cls, name: str, *, client: Client | None = None) -> Run:
        """Reads a run (RunService.GetRunDetails).

        Args:
            name: The run's name.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such run in the client's project and domain.

        Example:
            >>> Run.get("r1")
            Run(r1, succeeded, kinds.add)
        """
        client = client or current_client()
        details = await RunDetails.get.aio(name, client=client)
        pb2 = pb.Run(action=action_of(details.pb2.action), labels=dict(details.pb2.run_spec.labels.values))
        return cls(pb2, details, client=client)

    @dual_batches
    @classmethod
    async def listall(
        cls,
        in_phase: Iterable[ActionPhase | str] | None = None,
        task_name: str | None = None,
        task_version: str | None = None,
        created_by_subject: str | None = None,
        sort_by: SortBy | None = None,
        limit: int | None = 100,
        project: str | None = None,
        domain: str | None = None,
        created_at: TimeFilter | None = None,
        updated_at: TimeFilter | None = None,
        with_labels: Mapping[str, str] | None = None,
        with_label_keys: Iterable[str] | str | None = None,
        paused_actions_only: bool = False,
        *,
        client: Client | None = None,
    ) -> AsyncGenerator[list[Run], None]:
        """Lists the runs of a project and domain (RunService.ListRuns).

        Args:
            in_phase: Only those in one of these phases.
            task_name: Only those of the task with this full name ("environment.function").
            task_version: Only those of this version of their task.
            created_by_subject: Only those that this subject started (not a user name).
            sort_by: Field and "asc" or "desc"; ("created_at", "asc") if not given.
            limit: How many at most; None for all.
            project: Project; the client's if not given.
            domain: Domain; the client's if not given.
            created_at: Only those created in this span.
            updated_at: Only those changed in this span.
            with_labels: Only those with all these labels. Filtered here, as backends cannot; where a backend lists runs
                without their labels each is asked for (RunService.GetRunDetails): narrow the list by other means, too.
            with_label_keys: Only those with labels of all these names. Filtered here likewise.
            paused_actions_only: Only those with an action that waits for a signal.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: A phase, order or limit that there is not.

        Example:
            >>> [run.name for run in Run.listall(in_phase=("failed",), limit=3)]
            ['r2']
        """
        client = client or current_client()
        scope = pb.ProjectIdentifier(
            organization=client.org, name=project or client.project, domain=domain or client.domain
        )

        def request(page: ListRequest) -> pb.ListRunsRequest:
            return pb.ListRunsRequest(request=page, project_id=scope, paused_actions_only=paused_actions_only)

        wanted = dict(with_labels or {})
        keys = {with_label_keys} if isinstance(with_label_keys, str) else set(with_label_keys or ())

        def keep(run: definition.Run) -> bool:
            return all(run.labels.get(key) == value for key, value in wanted.items()) and keys <= set(run.labels)

        listed = _listing.pages(
            client,
            methods.LIST_RUNS,
            request,
            lambda answer: answer.runs,
            filters=[
                *_listing.phase_filters(in_phase),
                *_listing.equal_filters(
                    task_name=task_name, task_version=task_version, created_by_subject=created_by_subject
                ),
                *_listing.time_filters("created_at", created_at),
                *_listing.time_filters("updated_at", updated_at),
            ],
            sort_by=sort_by,
            limit=limit,
            keep=keep if wanted or keys else None,
            complete=functools.partial(_read_labels, client) if wanted or keys else None,
        )
        async for page in listed.batches:
            yield [cls(pb2, client=client) for pb2 in page]

    @property
    def run_id(self) -> RunIdentifier:
        """The run's full identifier."""
        return self.pb2.action.id.run

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.run_id.name

    @property
    def project(self) -> str:
        """The project that the run is in."""
        return self.run_id.project

    @property
    def domain(self) -> str:
        """The domain that the run is in."""
        return self.run_id.domain

    @property
    def org(self) -> str:
        """The organization that the run is in, "" where there are none."""
        return self.run_id.org

    @property
    def url(self) -> str:
        """The run's page in the web console, "" if there is none."""
        return self._client.endpoint.console_url(self.project, self.domain, self.name)

    @property
    def labels(self) -> dict[str, str]:
        """The run's labels, as far as the backend tells them."""
        return dict(self.pb2.labels)

    @dual
    async def sync(self) -> Run:
        """Brings this object up to date and returns it (RunService.GetActionDetails).

        Raises:
            NotFoundError: There is no such run any more.

        Example:
            >>> Run.get("r1").sync().done()
            True
        """
        await self.action.sync.aio()
        return self

    @dual
    async def details(self) -> RunDetails:
        """The run's details; read again until it is over (RunService.GetRunDetails).

        Raises:
            NotFoundError: There is no such run any more.

        Example:
            >>> Run.get("r1").details().task_name
            'kinds.add'
        """
        if self._details is None or not self._details.done():
            self._details = await RunDetails.get_details.aio(self.run_id, client=self._client)
            self.action._adopt(self._details.action_details)  # pyright: ignore[reportPrivateUsage]
        return self._details

    @dual
    async def watch(self, cache_data_on_done: bool = False) -> AsyncGenerator[ActionDetails, None]:
        """Yields the root action's details whenever they change, until the run is over (RunService.WatchActionDetails).

        Keeps this object up to date. The stream is opened again when it breaks or ends early, and checked when it is
        silent.

        Args:
            cache_data_on_done: Read inputs and outputs before the last one is yielded.

        Raises:
            NotFoundError: There is no such run.
            FlyteError: The backend cannot be reached, or does not allow it.

        Example:
            >>> for details in Run.get("r1").watch(cache_data_on_done=True):
            ...     print(details.phase.value, details.outputs())
            succeeded ActionOutputs(o0=42)
        """
        async for details in self.action.watch.aio(cache_data_on_done):
            yield details

    @_progress.shown
    @dual
    async def wait(self, quiet: bool = False, wait_for: Literal["terminal", "running"] = "terminal") -> None:
        """Returns when the run is over, or runs (RunService.WatchActionDetails).

        What is shown meanwhile is the same as for `Action.wait`. An interrupt ends the wait and is raised; the run
        goes on.

        Args:
            quiet: Show nothing.
            wait_for: "terminal", or "running" (or over).

        Raises:
            NotFoundError: There is no such run.
            FlyteError: The backend cannot be reached, or does not allow it. That the run failed is no error here: see
                `raise_for_status`.

        Example:
            >>> run = Run.get("r1")
            >>> run.wait(quiet=True)
            >>> run.phase.value
            'succeeded'
        """
        await self.action.wait.aio(quiet, wait_for)

    @dual
    async def abort(self, reason: str = "Manually aborted from flyte-jupyter.") -> None:
        """Aborts the run (RunService.GetRunDetails, then RunService.AbortRun).

        Its phase follows when the backend says so.

        Args:
            reason: Why; kept with the run.

        Raises:
            AlreadyFinishedError: It is over. Nothing is sent then: backends would overwrite how it ended.

        Example:
            >>> Run.get("r1").abort("enough")
            Traceback (most recent call last):
            flyte_jupyter.remote._errors.AlreadyFinishedError: Run r1 is over (SUCCEEDED): there is nothing to abort.
        """
        await _fetch.abort_run(self._client, self.run_id, reason)

    @dual
    async def rerun(
        self,
        action_name: str = ROOT_ACTION,
        *,
        recover: bool = False,
        force_rerun_actions: Sequence[str] | None = None,
        inputs: Mapping[str, Any] | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        envs: Mapping[str, str] | None = None,
        **more_inputs: Any,
    ) -> Run:
        """Runs it again and returns the new run, as `flyte_jupyter.remote.rerun`, whose errors it has.

        RunService.GetRunDetails, DataProxyService.GetActionData, DataProxyService.UploadInputs, RunService.CreateRun.

        Args:
            action_name: The action to run again; "a0" is the root, and with it the whole run.
            recover: Keep what has succeeded and execute only what failed, was aborted or never ran.
            force_rerun_actions: With `recover`, names of actions to execute although they have succeeded.
            inputs: Inputs to change, by name.
            name: The name of the new run; the backend makes one if not given.
            labels: More labels for the new run.
            envs: More environment variables for the new run.
            more_inputs: Inputs to change whose names are none of the above.

        Raises:
            NotFoundError: There is no such action, or its inputs are gone.
            InvalidArgumentError: An input or a combination that cannot be.

        Example:
            >>> again = Run.get("r1").rerun(b=9)
            >>> again.wait(quiet=True)
            >>> again.outputs().o0
            10
        """
        from flyte_jupyter.remote._rerun import rerun

        return await rerun.aio(
            self,
            action_name,
            recover=recover,
            force_rerun_actions=force_rerun_actions,
            inputs=inputs,
            name=name,
            labels=labels,
            envs=envs,
            **more_inputs,
        )

    @dual
    async def first_failure(self) -> ActionDetails | None:
        """The details of the action that failed first (RunService.ListActions, RunService.GetActionDetails).

        That is the first in the order of creation that has a parent: the root's error repeats that of an action below
        it. The root itself only where nothing below it failed; None where nothing did.

        Raises:
            FlyteError: The backend cannot be reached, or does not allow it.

        Example:
            >>> failure = Run.get("r2").first_failure()
            >>> print(failure.task_name, "said:", failure.error_message)
            example.broken said: no 7 today
        """
        root: Action | None = None
        filters = _listing.phase_filters((ActionPhase.FAILED,))
        async for pb2 in list_actions(self._client, self.run_id, filters):
            action = Action(pb2, client=self._client)
            if action.parent_name:
                return await action.details.aio()
            root = action
        return None if root is None else await root.details.aio()

    def __repr__(self) -> str:
        task = f", {self.task_name}" if self.task_name else ""
        return f"Run({self.name}, {self.phase.value}{task})"


async def _read_labels(client: Client, runs: list[definition.Run]) -> None:
    """Fills in the labels of listed runs where the backend leaves them out (RunService.GetRunDetails)."""
    if any(run.labels for run in runs):
        return
    few = asyncio.Semaphore(_AT_ONCE)

    async def read(run: definition.Run) -> None:
        async with few:
            with contextlib.suppress(NotFoundError):
                details = await _fetch.fetch_run(client, run.action.id.run)
                run.labels.update(details.run_spec.labels.values)

    await asyncio.gather(*map(read, runs))
