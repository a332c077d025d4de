"""Deployed tasks that are run, and fetched when they are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._launch import encode_inputs, launch, run_spec

if TYPE_CHECKING:
    from flyte_jupyter.remote._run import Run
    from flyte_jupyter.remote._task_details import TaskDetails


class Launchable:
    """Mixin for what a call launches."""

    @property
    def name(self) -> str:
        """The task's full name ("environment.function")."""
        raise NotImplementedError

    async def _resolved(self) -> TaskDetails:
        raise NotImplementedError

    @dual
    async def __call__(self, *args: Any, **inputs: Any) -> Run:
        """Starts a run of the task and returns it at once (DataProxyService.UploadInputs, RunService.CreateRun).

        `launch` does the same and takes a name, labels and the like; `aio` is this call, awaited.

        Args:
            args: None: inputs are given by name.
            inputs: Python values by the names of the task's inputs. Those with a default may be left out.

        Raises:
            InvalidArgumentError: An input that the task does not know, of the wrong type, or missing.
            NotFoundError: There is no such task.

        Example:
            >>> task = Task.get("kinds.add", auto_version="latest")
            >>> task(a=1, b=2).wait()
        """
        if args:
            raise InvalidArgumentError(
                f"Task {self.name} takes its inputs by name only.", f"Call it as {self.name.rpartition('.')[2]}(x=...)."
            )
        return await self.launch.aio(inputs)

    async def aio(self, *args: Any, **inputs: Any) -> Run:
        """The call, awaited; from any event loop.

        Args:
            args: None: inputs are given by name.
            inputs: Python values by the names of the task's inputs.

        Example:
            >>> import asyncio
            >>> run = asyncio.run(Task.get("kinds.add", auto_version="latest").aio(a=1, b=2))
            >>> run.wait(quiet=True)
        """
        return await self.__call__.aio(*args, **inputs)

    @dual
    async def launch(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        envs: Mapping[str, str] | None = None,
        overwrite_cache: bool = False,
        interruptible: bool | None = None,
        queue: str | None = None,
        project: str | None = None,
        domain: str | None = None,
    ) -> Run:
        """Starts a run of the task and returns it at once (DataProxyService.UploadInputs, RunService.CreateRun).

        Args:
            inputs: Python values by the names of the task's inputs. Those with a default may be left out.
            name: The run's name: at most 30 lower-case letters, digits and hyphens. The backend makes one if not
                given. With a name of your own a start that is repeated after a lost answer does not run twice.
            labels: Labels of the run.
            annotations: Annotations of the run.
            envs: Environment variables for every task of the run.
            overwrite_cache: Execute what is cached, too.
            interruptible: Whether machines may be taken away; None leaves it to the task.
            queue: Queue to run in; the task's if not given.
            project: Project to run in; the connection's if not given.
            domain: Domain to run in; the connection's if not given.

        Raises:
            InvalidArgumentError: An input or a name that cannot be.
            AlreadyExistsError: There is a run of that name already.
            NotFoundError: There is no such task or project.

        Example:
            >>> run = Task.get("kinds.add", auto_version="latest").launch({"a": 1, "b": 2}, labels={"why": "a test"})
            >>> run.labels
            {'why': 'a test'}
        """
        details = await self._resolved()
        spec = run_spec(
            labels=labels,
            annotations=annotations,
            envs=envs,
            overwrite_cache=overwrite_cache,
            interruptible=interruptible,
            queue=queue or details.queue,
        )
        target = details.pb2.spec if details.overridden else details.pb2.task_id
        literals = encode_inputs(details.pb2.spec, inputs or {}, what=f"Task {details.name}")
        client = details._client  # pyright: ignore[reportPrivateUsage]
        return await launch(client, target, literals, spec, name, project, domain)


class LazyEntity(Launchable):
    """A deployed task that is fetched when it is needed: by `fetch`, `override` or a call. It is fetched once.

    Args:
        name: The task's full name.
        getter: Fetches it.

    Example:
        >>> task = Task.get("kinds.add", auto_version="latest")
        >>> task
        Future for task with name kinds.add
        >>> task.fetch().version == task.fetch().version
        True
    """

    def __init__(self, name: str, getter: Callable[[], Awaitable[TaskDetails]]) -> None:
        self._name = name
        self._getter = getter
        self._task: TaskDetails | None = None
        self._fetching: asyncio.Lock | None = None

    @property
    def name(self) -> str:
        """The task's full name ("environment.function")."""
        return self._name

    @dual
    async def fetch(self) -> TaskDetails:
        """The task (TaskService.GetTaskDetails; for the latest version TaskService.ListTasks before).

        Raises:
            NotFoundError: There is no such task.
        """
        # Made here, on the one loop that uses it.
        self._fetching = self._fetching or asyncio.Lock()
        async with self._fetching:
            if self._task is None:
                self._task = await self._getter()
            return self._task

    @dual
    async def override(self, **changes: Any) -> LazyEntity:
        """The same task with changes.

        Args:
            changes: What `TaskDetails.override` takes.

        Raises:
            InvalidArgumentError: A change that is not possible.
            NotFoundError: There is no such task.

        Example:
            >>> Task.get("kinds.add", auto_version="latest").override(short_name="sum").fetch().pb2.spec.short_name
            'sum'
        """
        changed = LazyEntity(self._name, self._getter)
        changed._task = (await self.fetch.aio()).override(**changes)
        return changed

    async def _resolved(self) -> TaskDetails:
        return await self.fetch.aio()

    def __repr__(self) -> str:
        return f"Future for task with name {self._name}"
