"""How a run was started, and what is known about its root action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _fetch
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import Connected, ToJson, run_id
from flyte_jupyter.remote._details import ActionDetails
from flyte_jupyter.remote._dual import dual

if TYPE_CHECKING:
    import flyteidl2.workflow.run_definition_pb2 as definition
    from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
    from flyteidl2.common.run_pb2 import Relation
    from flyteidl2.core.literals_pb2 import Literal

    from flyte_jupyter.remote._data import ActionInputs, ActionOutputs
    from flyte_jupyter.remote._typed import Deserializers, Types


class RunDetails(ToJson, Connected):
    """The details of a run: how it was started, and the details of its root action.

    Args:
        pb2: The message.
        client: The connection; the current one if not given.
    """

    pb2: definition.RunDetails

    def __init__(self, pb2: definition.RunDetails, *, client: Client | None = None) -> None:
        self.pb2 = pb2
        self._given_client = client
        self.action_details = ActionDetails(pb2.action, client=client)
        """The details of the root action."""

    @dual
    @classmethod
    async def get(cls, name: str, *, client: Client | None = None) -> RunDetails:
        """Reads the details of a run (RunService.GetRunDetails).

        Args:
            name: The run's name.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such run in the client's project and domain.

        Example:
            >>> RunDetails.get("r1").task_name
            'kinds.add'
        """
        client = client or current_client()
        return await cls.get_details.aio(run_id(client, name), client=client)

    @dual
    @classmethod
    async def get_details(cls, run_id: RunIdentifier, *, client: Client | None = None) -> RunDetails:
        """Reads the details of a run by its full identifier (RunService.GetRunDetails).

        Args:
            run_id: The identifier, as in `run_id` of every run.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such run.

        Example:
            >>> RunDetails.get_details(Run.get("r1").run_id).done()
            True
        """
        client = client or current_client()
        return cls(await _fetch.fetch_run(client, run_id), client=client)

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.action_details.run_name

    @property
    def action_id(self) -> ActionIdentifier:
        """The full identifier of the root action."""
        return self.action_details.action_id

    @property
    def task_name(self) -> str | None:
        """The full name of the root action's task."""
        return self.action_details.task_name

    def done(self) -> bool:
        """Whether the run was over when this was read."""
        return self.action_details.done()

    @dual
    async def inputs(self) -> ActionInputs:
        """The inputs of the run by name (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> dict(RunDetails.get("r1").inputs())
            {'a': 1, 'b': 41}
        """
        return await self.action_details.inputs.aio()

    @dual
    async def outputs(self) -> ActionOutputs:
        """The outputs of the run in order (DataProxyService.GetActionData).

        Raises:
            NotFinishedError: It is not over, so there are none yet.

        Example:
            >>> RunDetails.get("r1").outputs()
            ActionOutputs(o0=42)
        """
        return await self.action_details.outputs.aio()

    @dual
    async def input_literals(self) -> dict[str, Literal]:
        """The inputs by name as they are on the wire (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> sorted(RunDetails.get("r1").input_literals())
            ['a', 'b']
        """
        return await self.action_details.input_literals.aio()

    @dual
    async def output_literals(self) -> dict[str, Literal]:
        """The outputs by name as they are on the wire (DataProxyService.GetActionData).

        Raises:
            FlyteError: The backend does not give them out.

        Example:
            >>> sorted(RunDetails.get("r1").output_literals())
            ['o0']
        """
        return await self.action_details.output_literals.aio()

    @dual
    async def typed_inputs(self, types: Types, deserializers: Deserializers | None = None) -> dict[str, Any]:
        """Inputs as values of types of your own (DataProxyService.GetActionData).

        Args:
            types: The type for each input that is wanted.
            deserializers: For a type, what makes a value of plain data instead.

        Returns:
            Values by name.

        Raises:
            InvalidArgumentError: The SDK, which makes them, is not installed; or an input is not of the type.

        Example:
            >>> RunDetails.get("r1").typed_inputs({"a": int})
            {'a': 1}
        """
        return await self.action_details.typed_inputs.aio(types, deserializers)

    @dual
    async def typed_outputs(self, types: Types, deserializers: Deserializers | None = None) -> dict[str, Any]:
        """Outputs as values of types of your own (DataProxyService.GetActionData).

        Args:
            types: The type for each output that is wanted.
            deserializers: For a type, what makes a value of plain data instead.

        Returns:
            Values by name.

        Raises:
            InvalidArgumentError: The SDK, which makes them, is not installed; or an output is not of the type.

        Example:
            >>> RunDetails.get("r1").typed_outputs({"o0": int})
            {'o0': 42}
        """
        return await self.action_details.typed_outputs.aio(types, deserializers)

    @property
    def relation(self) -> Relation | None:
        """Which run this one was made from and how, where it is a rerun or a recovery."""
        spec = self.pb2.run_spec
        return spec.relation if spec.HasField("relation") else self.action_details.relation

    def __repr__(self) -> str:
        return f"RunDetails({self.name}, {self.action_details.phase.value})"
