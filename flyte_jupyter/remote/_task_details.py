"""A deployed task as it can be looked at, changed and run."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from flyte_jupyter.remote import _listing
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import Connected, ToJson, check_name
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import InvalidArgumentError, NotFoundError
from flyte_jupyter.remote._interface import Interface, interface_of, required_inputs
from flyte_jupyter.remote._task_lazy import Launchable, LazyEntity
from flyte_jupyter.remote._task_override import Cache, cache_of, override

if TYPE_CHECKING:
    from datetime import timedelta

    import flyteidl2.task.task_definition_pb2 as definition


AutoVersioning = Literal["latest", "current"]
INLINE_BYTES = 10 * 1024 * 1024
"""How many bytes of inputs or outputs travel inline, if a task does not say."""


class TaskDetails(Launchable, ToJson, Connected):
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
        """A task to be fetched when it is needed, as `Task.get`.

        Args:
            name: The task's full name ("environment.function").
            project: Project; the connection's if not given.
            domain: Domain; the connection's if not given.
            version: The version.
            auto_version: Instead of a version: "latest", or "current" for that of the task that asks.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: Neither a version nor how to find one.

        Example:
            >>> TaskDetails.get("kinds.add", version="v1")
            Future for task with name kinds.add
        """
        check_name("A task", name)
        if version is None and auto_version is None:
            raise InvalidArgumentError(f"Which version of task {name}?", 'Give version="..." or auto_version="latest".')
        if version is not None:
            check_name("A version of a task", version)
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

        Args:
            name: The task's full name ("environment.function").
            project: Project; the connection's if not given.
            domain: Domain; the connection's if not given.
            version: The version.
            auto_version: Instead of a version: "latest", or "current" for that of the task that asks.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: Neither a version nor how to find one.
            NotFoundError: There is no such task or version.

        Example:
            >>> TaskDetails.fetch("kinds.add", version="v1").version
            'v1'
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
