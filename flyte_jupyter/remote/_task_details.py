"""A deployed task as it can be looked at, changed and run."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from flyte_jupyter.remote import _listing
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import Connected, ToJson
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import InvalidArgumentError, NotFoundError
from flyte_jupyter.remote._interface import Interface, interface_of, required_inputs
from flyte_jupyter.remote._launch import encode_inputs, launch, run_spec
from flyte_jupyter.remote._task_override import Cache, cache_of, override

if TYPE_CHECKING:
    from datetime import timedelta

    import flyteidl2.task.task_definition_pb2 as definition

    from flyte_jupyter.remote._run import Run

AutoVersioning = Literal["latest", "current"]
INLINE_BYTES = 10 * 1024 * 1024
"""How many bytes of inputs or outputs travel inline, if a task does not say."""


class _Launchable:
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
        """The call, awaited; from any event loop."""
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


class LazyEntity(_Launchable):
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
        """The same task with changes; see `TaskDetails.override` for what can be changed.

        Raises:
            InvalidArgumentError: A change that is not possible.
            NotFoundError: There is no such task.
        """
        changed = LazyEntity(self._name, self._getter)
        changed._task = (await self.fetch.aio()).override(**changes)
        return changed

    async def _resolved(self) -> TaskDetails:
        return await self.fetch.aio()

    def __repr__(self) -> str:
        return f"Future for task with name {self._name}"


class TaskDetails(_Launchable, ToJson, Connected):
    """A version of a deployed task, with its interface and everything it needs.

    Args:
        pb2: The message.
        max_inline_io_bytes: How many bytes of inputs or outputs travel inline.
        overriden_queue: The queue that `override` has set (spelled as in the SDK).
        overridden: Whether `override` has changed anything.
        client: The connection; the current one if not given.
    """

    pb2: definition.TaskDetails

    def __init__(
        self,
        pb2: definition.TaskDetails,
        max_inline_io_bytes: int = INLINE_BYTES,
        overriden_queue: str | None = None,
        overridden: bool = False,
        *,
        client: Client | None = None,
    ) -> None:
        self.pb2 = pb2
        self.max_inline_io_bytes = max_inline_io_bytes
        self.overriden_queue = overriden_queue
        self.overridden = overridden
        self._given_client = client

    @classmethod
    def get(
        cls,
        name: str,
        project: str | None = None,
        domain: str | None = None,
        version: str | None = None,
        auto_version: AutoVersioning | None = None,
        *,
        client: Client | None = None,
    ) -> LazyEntity:
        """A task to be fetched when it is needed; see `Task.get`."""
        if not name:
            raise InvalidArgumentError("A task is asked for by its name, and that is empty.")
        if version is None and auto_version is None:
            raise InvalidArgumentError(f"Which version of task {name}?", 'Give version="..." or auto_version="latest".')
        if version is None and auto_version not in ("latest", "current"):
            raise InvalidArgumentError(f'auto_version must be "latest" or "current", and is {auto_version!r}.')
        fetch = functools.partial(cls.fetch.aio, name, project, domain, version, auto_version, client=client)
        return LazyEntity(name, fetch)

    @dual
    @classmethod
    async def fetch(
        cls,
        name: str,
        project: str | None = None,
        domain: str | None = None,
        version: str | None = None,
        auto_version: AutoVersioning | None = None,
        *,
        client: Client | None = None,
    ) -> TaskDetails:
        """Reads a task now (TaskService.GetTaskDetails; for the latest version TaskService.ListTasks before).

        Parameters as of `Task.get`.

        Raises:
            InvalidArgumentError: Neither a version nor how to find one.
            NotFoundError: There is no such task or version.
        """
        # Says what is wrong with the arguments.
        cls.get(name, project, domain, version, auto_version, client=client)
        client = client or current_client()
        project, domain = project or client.project, domain or client.domain
        where = f"{client.endpoint.authority}, project {project!r}, domain {domain!r}"
        if version is None:
            version = _current_version() if auto_version == "current" else None
            version = version or await _latest_version(client, name, project, domain, where)
        task = pb.TaskIdentifier(org=client.org, project=project, domain=domain, name=name, version=version)
        try:
            answer = await client.unary(methods.GET_TASK_DETAILS, pb.GetTaskDetailsRequest(task_id=task))
        except NotFoundError as error:
            raise NotFoundError(
                f"There is no task {name!r} in version {version!r} in {where}.",
                "Task.versions(name) lists the versions that are deployed.",
                error.code,
            ) from None
        return cls(answer.details, client=client)

    async def _resolved(self) -> TaskDetails:
        return self

    @property
    def name(self) -> str:
        """The task's full name ("environment.function")."""
        return self.pb2.task_id.name

    @property
    def version(self) -> str:
        """The version."""
        return self.pb2.task_id.version

    @property
    def task_type(self) -> str:
        """The kind of task: "python", "spark", ..."""
        return self.pb2.spec.task_template.type

    @property
    def default_input_args(self) -> tuple[str, ...]:
        """The names of the inputs that have a default."""
        return tuple(named.name for named in self.pb2.spec.default_inputs)

    @property
    def required_args(self) -> tuple[str, ...]:
        """The names of the inputs that have none."""
        return required_inputs(self.pb2.spec)

    @functools.cached_property
    def interface(self) -> Interface:
        """What the task takes and gives."""
        return interface_of(self.pb2.spec)

    @property
    def cache(self) -> Cache:
        """Whether and how the task's results are cached."""
        return cache_of(self.pb2.spec.task_template.metadata)

    @property
    def secrets(self) -> list[str]:
        """The names of the secrets that the task wants."""
        return [secret.key for secret in self.pb2.spec.task_template.security_context.secrets]

    @property
    def resources(self) -> tuple[Any, ...]:
        """What the task's container requests, and its limits; () for a task without a container of its own."""
        template = self.pb2.spec.task_template
        if not template.HasField("container"):
            return ()
        return template.container.resources.requests, template.container.resources.limits

    @property
    def queue(self) -> str | None:
        """The queue that `override` has set, else None."""
        return self.overriden_queue

    @property
    def entrypoint(self) -> bool:
        """Whether the task's author marked it as one to start with."""
        return self.pb2.spec.task_template.metadata.is_entrypoint

    def override(
        self,
        *,
        short_name: str | None = None,
        resources: Any = None,
        retries: Any = 0,
        timeout: int | timedelta | Any = None,
        env_vars: Mapping[str, str] | None = None,
        secrets: str | Sequence[str] | Any = None,
        service_account: str | None = None,
        max_inline_io_bytes: int | None = None,
        cache: Cache | Any = None,
        queue: str | None = None,
        produces_artifacts: bool | None = None,
        **unknown: Any,
    ) -> TaskDetails:
        """The same task with changes; this one stays as it is. Nothing is sent before it is run.

        Args:
            short_name: How it is called in lists of actions.
            resources: `flyte.Resources`, or a mapping of "cpu", "memory", "gpu", "disk" and "shm", each a quantity as
                Kubernetes writes it ("500m", "2Gi") or, for cpu and memory and disk, a pair of request and limit.
                Replaces all that the task requested.
            retries: How often to try again, or `flyte.RetryStrategy`.
            timeout: Seconds or a timedelta for one attempt, or `flyte.Timeout`.
            env_vars: Environment variables. They replace those of the task.
            secrets: Names of secrets, each given to the task as an environment variable of its name in capitals, or
                `flyte.Secret` objects. They replace those of the task.
            service_account: Kubernetes service account to run as.
            max_inline_io_bytes: How many bytes of inputs or outputs travel inline.
            cache: A `Cache` or `flyte.Cache`; its behavior must be "disable" or "override".
            queue: Queue to run in.
            produces_artifacts: Whether the outputs are published as artifacts.
            unknown: None: any other name is an error.

        Raises:
            InvalidArgumentError: A change that is not possible.

        Example:
            >>> task = Task.get("kinds.add", auto_version="latest").fetch()
            >>> task.override(short_name="sum", retries=2).pb2.spec.task_template.metadata.retries.retries
            2
        """
        if unknown:
            raise InvalidArgumentError(
                f"{next(iter(unknown))!r} of task {self.name} cannot be overridden.",
                "What can be is listed in the documentation of TaskDetails.override.",
            )
        pb2 = pb.TaskDetails()
        pb2.CopyFrom(self.pb2)
        if short_name:
            pb2.spec.short_name = short_name
        override(
            pb2.spec.task_template,
            resources=resources,
            retries=retries,
            timeout=timeout,
            env_vars=env_vars,
            secrets=secrets,
            service_account=service_account,
            cache=cache,
            produces_artifacts=produces_artifacts,
        )
        return TaskDetails(
            pb2,
            max_inline_io_bytes or self.max_inline_io_bytes,
            queue or self.overriden_queue,
            overridden=True,
            client=self._given_client,
        )

    def __repr__(self) -> str:
        return f"TaskDetails({self.name}{self.interface}, version {self.version})"


def _current_version() -> str:
    """The version of the task that this process executes."""
    import sys

    sdk: Any = sys.modules.get("flyte")
    context: Any = sdk.ctx() if sdk is not None else None
    if not context:
        raise InvalidArgumentError(
            'auto_version="current" is the version of the task that is running, and none is running here.',
            'Use auto_version="latest", or give a version.',
        )
    return str(context.version)


async def _latest_version(client: Client, name: str, project: str, domain: str, where: str) -> str:
    scope = pb.ProjectIdentifier(organization=client.org, name=project, domain=domain)
    listed = _listing.pages(
        client,
        methods.LIST_TASKS,
        lambda page: pb.ListTasksRequest(project_id=scope, request=page),
        lambda answer: answer.tasks,
        filters=_listing.equal_filters(name=name),
        sort_by=("created_at", "desc"),
        limit=1,
    )
    versions = [str(task.task_id.version) async for task in listed]
    if not versions:
        raise NotFoundError(f"There is no task {name!r} in {where}.", "Is it deployed, and under that name?")
    return versions[0]
