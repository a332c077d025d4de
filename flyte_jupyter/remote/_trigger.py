"""Triggers: what starts runs of a task by itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flyte_jupyter.remote import _listing
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import Connected, ToJson
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._launch import encode_inputs, upload_inputs
from flyte_jupyter.remote._task_details import TaskDetails
from flyte_jupyter.remote._trigger_details import TriggerDetails, trigger_name
from flyte_jupyter.remote._trigger_spec import describe, own_plan, sdk_plan

if TYPE_CHECKING:
    import flyteidl2.trigger.trigger_definition_pb2 as definition
    from flyteidl2.common.identifier_pb2 import TriggerIdentifier
    from flyteidl2.common.list_pb2 import ListRequest
    from flyteidl2.task.common_pb2 import TriggerAutomationSpec


class Trigger(ToJson, Connected):
    """A trigger as a list shows it.

    Args:
        pb2: The message.
        details: Its details if they are known already.
        client: The connection; the current one if not given.
    """

    pb2: definition.Trigger

    def __init__(
        self, pb2: definition.Trigger, details: TriggerDetails | None = None, *, client: Client | None = None
    ) -> None:
        self.pb2 = pb2
        self.details = details
        self._given_client = client

    @dual
    @classmethod
    async def create(
        cls,
        trigger: Any,
        task_name: str,
        task_version: str | None = None,
        *,
        cron: str | None = None,
        every: timedelta | int | None = None,
        timezone: str = "UTC",
        start_time: datetime | None = None,
        kickoff_time_input: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        active: bool = True,
        description: str = "",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        envs: Mapping[str, str] | None = None,
        overwrite_cache: bool = False,
        interruptible: bool | None = None,
        queue: str | None = None,
        client: Client | None = None,
    ) -> Trigger:
        """Deploys a trigger; one of the same name is replaced.

        TaskService.GetTaskDetails, DataProxyService.UploadInputs, TriggerService.DeployTrigger.

        Args:
            trigger: Its name, or a `flyte.Trigger` that says everything else, too.
            task_name: The full name of the task to start.
            task_version: Its version; the latest if not given.
            cron: When it fires, as five fields of cron.
            every: How often it fires: a timedelta or minutes. Without both it is started on demand only.
            timezone: The time zone of `cron`.
            start_time: When `every` begins; now if not given. Without a time zone it is local time.
            kickoff_time_input: The input of the task that is given the time at which the trigger fires.
            inputs: Other inputs by name. Those with a default may be left out.
            active: Whether it fires from now on.
            description: What it is for.
            labels: Labels of its runs.
            annotations: Annotations of its runs.
            envs: Environment variables of its runs.
            overwrite_cache: Whether its runs execute what is cached, too.
            interruptible: Whether machines may be taken away from its runs; None leaves it to the task.
            queue: Queue of its runs.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such task.
            InvalidArgumentError: Something that cannot be, or both a `flyte.Trigger` and arguments of our own.

        Example:
            >>> trigger = Trigger.create("nightly", "kinds.add", cron="0 3 * * *", inputs={"a": 1, "b": 2})
            >>> trigger
            Trigger(kinds.add/nightly, cron 0 3 * * * (UTC))
        """
        client = client or current_client()
        run: dict[str, Any] = {
            "labels": labels,
            "annotations": annotations,
            "envs": envs,
            "overwrite_cache": overwrite_cache,
            "interruptible": interruptible,
            "queue": queue,
        }
        if isinstance(trigger, str):
            plan = own_plan(
                trigger,
                cron=cron,
                every=every,
                timezone_name=timezone,
                start_time=start_time,
                kickoff_time_input=kickoff_time_input,
                inputs=inputs,
                active=active,
                description=description,
                run=run,
            )
        else:
            plan = sdk_plan(trigger)
            own = (cron, every, start_time, kickoff_time_input, inputs, description, *run.values())
            if any(own) or not active:
                raise InvalidArgumentError(
                    "A flyte.Trigger says everything itself.", "Change it there, or give a name instead of it."
                )
        how = None if task_version else "latest"
        task = await TaskDetails.fetch.aio(task_name, version=task_version, auto_version=how, client=client)
        given = encode_inputs(task.pb2.spec, plan.inputs, what=f"Task {task_name}", without=plan.without)
        given.context.extend(pb.KeyValuePair(key=key, value=value) for key, value in plan.context.items())
        spec = pb.TriggerSpec(
            active=plan.active, run_spec=plan.run_spec, task_version=task.version, description=plan.description
        )
        project = pb.ProjectIdentifier(organization=client.org, name=client.project, domain=client.domain)
        target = {"project_id": project, "task_id": task.pb2.task_id}
        offloaded = await upload_inputs(client, target, given) if given.literals else None
        if offloaded is None:
            spec.inputs.CopyFrom(given)
        else:
            spec.offloaded_input_data.CopyFrom(offloaded)
        request = pb.DeployTriggerRequest(
            name=trigger_name(client, plan.name, task_name), spec=spec, automation_spec=plan.automation
        )
        details = TriggerDetails((await client.unary(methods.DEPLOY_TRIGGER, request)).trigger)
        return cls(details.trigger, details, client=client)

    @dual
    @classmethod
    async def get(cls, *, name: str, task_name: str, client: Client | None = None) -> TriggerDetails:
        """Reads the details of a trigger (TriggerService.GetTriggerDetails).

        Args:
            name: Its name.
            task_name: The full name of its task.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such trigger.

        Example:
            >>> Trigger.get(name="nightly", task_name="kinds.add").is_active
            True
        """
        return await TriggerDetails.get.aio(name=name, task_name=task_name, client=client)

    @dual
    @classmethod
    async def listall(
        cls,
        task_name: str | None = None,
        task_version: str | None = None,
        limit: int | None = 100,
        *,
        client: Client | None = None,
    ) -> AsyncGenerator[Trigger, None]:
        """Lists triggers, in the backend's own order (TriggerService.ListTriggers).

        Args:
            task_name: Only those of this task, by its full name.
            task_version: Only those that start this version of it.
            limit: How many at most; None for all.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: A version without a task, or a limit that there is not.

        Example:
            >>> [trigger.name for trigger in Trigger.listall("kinds.add")]
            ['nightly']
        """
        client = client or current_client()
        if task_version and not task_name:
            raise InvalidArgumentError("A version is that of a task.", "Give task_name, too.")
        where = {"org": client.org, "project": client.project, "domain": client.domain}
        scope: dict[str, Any]
        if task_name and task_version:
            scope = {"task_id": pb.TaskIdentifier(**where, name=task_name, version=task_version)}
        elif task_name:
            scope = {"task_name": pb.TaskName(**where, name=task_name)}
        else:
            project = pb.ProjectIdentifier(organization=client.org, name=client.project, domain=client.domain)
            scope = {"project_id": project}

        def request(page: ListRequest) -> pb.ListTriggersRequest:
            unsorted = pb.ListRequest(limit=page.limit, token=page.token)
            return pb.ListTriggersRequest(**scope, request=unsorted)

        listed = _listing.pages(
            client,
            methods.LIST_TRIGGERS,
            request,
            lambda answer: answer.triggers,
            filters=[],
            sort_by=None,
            limit=limit,
        )
        async for pb2 in listed:
            yield cls(pb2, client=client)

    @dual
    @classmethod
    async def update(cls, name: str, task_name: str, active: bool, *, client: Client | None = None) -> None:
        """Lets a trigger fire, or pauses it (TriggerService.UpdateTriggers).

        Args:
            name: The trigger.
            task_name: The full name of its task.
            active: Whether it fires.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such trigger.

        Example:
            >>> Trigger.update("nightly", "kinds.add", active=False)
            >>> Trigger.get(name="nightly", task_name="kinds.add").is_active
            False
        """
        client = client or current_client()
        # An update passes over what is not there.
        await TriggerDetails.get.aio(name=name, task_name=task_name, client=client)
        request = pb.UpdateTriggersRequest(names=[trigger_name(client, name, task_name)], active=active)
        await client.unary(methods.UPDATE_TRIGGERS, request)

    @dual
    @classmethod
    async def delete(
        cls,
        name: str,
        task_name: str,
        project: str | None = None,
        domain: str | None = None,
        *,
        client: Client | None = None,
    ) -> None:
        """Deletes a trigger (TriggerService.DeleteTriggers). One that is not there is deleted already.

        Args:
            name: The trigger.
            task_name: The full name of its task.
            project: Project; the connection's if not given.
            domain: Domain; the connection's if not given.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: A name is empty.

        Example:
            >>> Trigger.delete("nightly", "kinds.add")
        """
        client = client or current_client()
        request = pb.DeleteTriggersRequest(names=[trigger_name(client, name, task_name, project, domain)])
        await client.unary(methods.DELETE_TRIGGERS, request)

    @dual
    async def get_details(self) -> TriggerDetails:
        """The trigger's details; read once (TriggerService.GetTriggerDetails).

        Raises:
            NotFoundError: There is no such trigger any more.

        Example:
            >>> trigger = Trigger.create("weekly", "kinds.add", cron="0 3 * * 1", inputs={"a": 1, "b": 2})
            >>> trigger.get_details().is_active
            True
        """
        if self.details is None:
            self.details = await TriggerDetails.get.aio(name=self.name, task_name=self.task_name, client=self._client)
        return self.details

    @property
    def id(self) -> TriggerIdentifier:
        """The full identifier, with the revision."""
        return self.pb2.id

    @property
    def name(self) -> str:
        """The trigger's name."""
        return self.pb2.id.name.name

    @property
    def task_name(self) -> str:
        """The full name of its task."""
        return self.pb2.id.name.task_name

    @property
    def automation_spec(self) -> TriggerAutomationSpec:
        """What fires it."""
        return self.pb2.automation_spec

    @property
    def automation(self) -> str:
        """What fires it, in a line: "cron 0 3 * * * (UTC)", "every 5 minutes", "on demand"."""
        return describe(self.pb2.automation_spec)

    @property
    def is_active(self) -> bool:
        """Whether it fires."""
        return self.pb2.active

    @property
    def url(self) -> str:
        """The trigger's page in the web console, "" if there is none."""
        console, name = self._client.endpoint.console, self.pb2.id.name
        place = ("v2", "domain", name.domain, "project", name.project, "triggers", name.task_name, name.name)
        return f"{console}/{'/'.join(quote(part, safe='') for part in place)}" if console else ""

    def __repr__(self) -> str:
        return f"Trigger({self.task_name}/{self.name}, {self.automation}{'' if self.is_active else ', paused'})"
