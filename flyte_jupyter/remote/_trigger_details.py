"""What is known about a trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import ToJson
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import InvalidArgumentError, NotFoundError
from flyte_jupyter.remote._trigger_spec import describe

if TYPE_CHECKING:
    import flyteidl2.trigger.trigger_definition_pb2 as definition
    from flyteidl2.common.identifier_pb2 import TriggerIdentifier, TriggerName
    from flyteidl2.task.common_pb2 import TriggerAutomationSpec


class TriggerDetails(ToJson):
    """A trigger with everything there is: its inputs, how its runs are run, what fires it.

    Args:
        pb2: The message.
    """

    pb2: definition.TriggerDetails

    def __init__(self, pb2: definition.TriggerDetails) -> None:
        self.pb2 = pb2

    @dual
    @classmethod
    async def get(cls, *, name: str, task_name: str, client: Client | None = None) -> TriggerDetails:
        """Reads a trigger (TriggerService.GetTriggerDetails).

        Args:
            name: Its name.
            task_name: The full name of its task.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such trigger.

        Example:
            >>> _ = Trigger.create("hourly", "kinds.add", every=60, inputs={"a": 1, "b": 2}, description="to see")
            >>> TriggerDetails.get(name="hourly", task_name="kinds.add").description
            'to see'
        """
        client = client or current_client()
        request = pb.GetTriggerDetailsRequest(name=trigger_name(client, name, task_name))
        try:
            answer = await client.unary(methods.GET_TRIGGER_DETAILS, request)
        except NotFoundError as error:
            raise NotFoundError(
                f"Task {task_name!r} has no trigger {name!r} in {client.endpoint.authority}, project"
                f" {request.name.project!r}, domain {request.name.domain!r}.",
                "Trigger.listall() lists them.",
                error.code,
            ) from None
        return cls(answer.trigger)

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
    def metadata(self) -> definition.TriggerMetadata:
        """Who deployed and changed it."""
        return self.pb2.metadata

    @property
    def status(self) -> definition.TriggerStatus:
        """When it was deployed, changed and fired."""
        return self.pb2.status

    @property
    def is_active(self) -> bool:
        """Whether it fires."""
        return self.pb2.spec.active

    @property
    def description(self) -> str:
        """What it is for."""
        return self.pb2.spec.description

    @property
    def trigger(self) -> definition.Trigger:
        """The short message that lists have."""
        return pb.Trigger(
            id=self.id,
            automation_spec=self.automation_spec,
            metadata=self.metadata,
            status=self.status,
            active=self.is_active,
        )

    def __repr__(self) -> str:
        paused = "" if self.is_active else ", paused"
        return f"TriggerDetails({self.task_name}/{self.name}, {describe(self.automation_spec)}{paused})"


def trigger_name(
    client: Client, name: str, task_name: str, project: str | None = None, domain: str | None = None
) -> TriggerName:
    if not name or not task_name:
        raise InvalidArgumentError("A trigger is called by its name and its task's, and one of them is empty.")
    return pb.TriggerName(
        org=client.org,
        project=project or client.project,
        domain=domain or client.domain,
        name=name,
        task_name=task_name,
    )
