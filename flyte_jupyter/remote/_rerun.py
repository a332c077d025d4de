"""Running again what has run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _fetch
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import ROOT_ACTION, action_id, run_id
from flyte_jupyter.remote._dual import dual_function
from flyte_jupyter.remote._errors import InvalidArgumentError, NotFoundError
from flyte_jupyter.remote._interface import input_types
from flyte_jupyter.remote._launch import encode_inputs, launch, run_spec
from flyte_jupyter.remote._run import Run

if TYPE_CHECKING:
    from flyteidl2.common.identifier_pb2 import RunIdentifier
    from flyteidl2.core.literals_pb2 import Literal
    from flyteidl2.task.run_pb2 import RunSpec


@dual_function
async def rerun(
    run: Run | str,
    action_name: str = ROOT_ACTION,
    *,
    recover: bool = False,
    force_rerun_actions: Sequence[str] | None = None,
    inputs: Mapping[str, Any] | None = None,
    name: str | None = None,
    labels: Mapping[str, str] | None = None,
    envs: Mapping[str, str] | None = None,
    client: Client | None = None,
    **more_inputs: Any,
) -> Run:
    """Runs again what has run, with the same code and, where none are given, the same inputs.

    RunService.GetRunDetails, DataProxyService.GetActionData, DataProxyService.UploadInputs, RunService.CreateRun.

    Args:
        run: The run, or its name.
        action_name: The action to run again; "a0" is the root, and with it the whole run. Any other becomes the root of
            the new run.
        recover: Keep what has succeeded and execute only what failed, was aborted or never ran. Where inputs are
            changed, what is kept still has the outputs that it had with the old ones. Only the root can be recovered,
            and not every backend does it.
        force_rerun_actions: With `recover`, names of actions to execute although they have succeeded.
        inputs: Inputs to change, by name.
        name: The name of the new run; the backend makes one if not given.
        labels: More labels for the new run. It keeps those of the old one.
        envs: More environment variables for the new run. It keeps those of the old one.
        client: The connection; the run's own, or the current one.
        more_inputs: Inputs to change whose names are none of the above.

    Raises:
        NotFoundError: There is no such run or action, or its inputs are gone.
        InvalidArgumentError: An input that the task does not know or of the wrong type, something that is no task, or
            a combination that cannot be.

    Example:
        >>> again = rerun("r1", b=40)
        >>> again.wait()
        >>> again.outputs()
        ActionOutputs(o0=41)
    """
    if recover and action_name != ROOT_ACTION:
        raise InvalidArgumentError(
            f"Only a whole run can be recovered, and {action_name} is one action of it.",
            "Leave out recover, or the name of the action.",
        )
    if force_rerun_actions and not recover:
        raise InvalidArgumentError("force_rerun_actions says what not to keep, and nothing is kept without recover.")
    if isinstance(run, Run):
        client = client or run._client  # pyright: ignore[reportPrivateUsage]
        source = run.run_id
    else:
        client = client or current_client()
        source = run_id(client, run)
    details = await _fetch.fetch_run(client, source)
    action = details.action
    if action_name != ROOT_ACTION:
        action = await _fetch.fetch_action(client, action_id(source, action_name))
    what = f"{source.name}/{action_name}"
    if not action.HasField("task"):
        raise InvalidArgumentError(f"{what} is no task, so it cannot be run again.", "Name the action that started it.")
    changed = {**(inputs or {}), **more_inputs}
    kept: dict[str, Literal] = {}
    if not set(input_types(action.task)) <= set(changed):
        try:
            given, _ = await _fetch.fetch_data(client, action.id)
        except NotFoundError as error:
            raise NotFoundError(
                f"The inputs of {what} are gone: {error.message}", "Give all of them anew.", error.code
            ) from None
        kept = {literal.name: literal.value for literal in given.literals}
    literals = encode_inputs(action.task, changed, kept.items(), what)
    spec = run_spec(_spec(details.run_spec, source, recover, force_rerun_actions), labels=labels, envs=envs)
    return await launch(client, action.task, literals, spec, name, source.project, source.domain)


def _spec(base: RunSpec, source: RunIdentifier, recover: bool, force: Sequence[str] | None) -> RunSpec:
    spec = pb.RunSpec()
    spec.CopyFrom(base)
    # Where a run comes from, and when it began, is its own and not handed down.
    for field in ("relation", "related_to", "recover", "run_start_time"):
        spec.ClearField(field)
    spec.relation.related_to.CopyFrom(source)
    spec.relation.relation_type = "RELATION_TYPE_RECOVER" if recover else "RELATION_TYPE_RERUN"  # pyright: ignore[reportAttributeAccessIssue]
    if force:
        spec.recover.force_rerun_actions.extend(force)
    return spec
