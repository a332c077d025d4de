"""The calls that read and change a run or action."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote import _storage
from flyte_jupyter.remote._client import Client
from flyte_jupyter.remote._common import check_attempt
from flyte_jupyter.remote._errors import (
    AlreadyFinishedError,
    NotFoundError,
    UnimplementedError,
)
from flyte_jupyter.remote._methods import Method
from flyte_jupyter.remote._phase import ActionPhase

if TYPE_CHECKING:
    import flyteidl2.workflow.run_definition_pb2 as definition
    from flyteidl2.common.identifier_pb2 import ActionIdentifier, RunIdentifier
    from flyteidl2.task.common_pb2 import Inputs, Outputs


async def fetch_run(client: Client, run: RunIdentifier) -> definition.RunDetails:
    """RunService.GetRunDetails."""
    request = pb.GetRunDetailsRequest(run_id=run)
    answer = await _fetch(client, methods.GET_RUN_DETAILS, request, f"run {run.name!r}")
    return answer.details


async def fetch_action(client: Client, action: ActionIdentifier) -> definition.ActionDetails:
    """RunService.GetActionDetails."""
    request = pb.GetActionDetailsRequest(action_id=action)
    what = f"action {action.name!r} of run {action.run.name!r}"
    answer = await _fetch(client, methods.GET_ACTION_DETAILS, request, what)
    return answer.details


async def fetch_data(client: Client, action: ActionIdentifier) -> tuple[Inputs, Outputs]:
    """DataProxyService.GetActionData, or RunService.GetActionData of an older backend."""
    try:
        answer = await client.unary(methods.GET_ACTION_DATA, pb.GetActionDataRequest(action_id=action))
    except UnimplementedError:
        request = pb.OldGetActionDataRequest(action_id=action)
        answer = await client.unary(methods.OLD_GET_ACTION_DATA, request)
    return answer.inputs, answer.outputs


def condition_data(details: definition.ActionDetails) -> tuple[Inputs, Outputs]:
    """What a condition was signalled, as if it were the output of a task."""
    outputs = pb.Outputs()
    if details.HasField("signal_info"):
        outputs.literals.append(pb.NamedLiteral(name="o0", value=details.signal_info.output))
    return pb.Inputs(), outputs


async def abort_run(client: Client, run: RunIdentifier, reason: str) -> None:
    """RunService.AbortRun, unless the run is over: it would overwrite how it ended.

    Raises:
        AlreadyFinishedError: The run is over.
    """
    details = await fetch_run(client, run)
    _check_not_over(f"Run {run.name}", int(details.action.status.phase))
    await client.unary(methods.ABORT_RUN, pb.AbortRunRequest(run_id=run, reason=reason))


async def abort_action(client: Client, action: ActionIdentifier, reason: str) -> None:
    """RunService.AbortAction, unless the action is over: it would overwrite how it ended.

    Raises:
        AlreadyFinishedError: The action is over.
    """
    details = await fetch_action(client, action)
    _check_not_over(f"Action {action.name} of run {action.run.name}", int(details.status.phase))
    await client.unary(methods.ABORT_ACTION, pb.AbortActionRequest(action_id=action, reason=reason))


def _check_not_over(what: str, number: int) -> None:
    phase = ActionPhase.from_number(number)
    if phase.is_terminal:
        raise AlreadyFinishedError(f"{what} is over ({phase.value.upper()}): there is nothing to abort.")


async def _fetch(client: Client, method: Method, request: Any, what: str) -> Any:
    try:
        return await client.unary(method, request)
    except NotFoundError:
        # The real backend says NOT_FOUND of any trouble with its database too.
        await asyncio.sleep(0.2)
    try:
        return await client.unary(method, request)
    except NotFoundError as error:
        message = f"There is no {what} in {client.endpoint.authority}, {_place(request)}."
        raise NotFoundError(message, "Is it another project or domain?", error.code) from None


def _place(request: Any) -> str:
    run: RunIdentifier = request.action_id.run if hasattr(request, "action_id") else request.run_id
    return f"project {run.project!r}, domain {run.domain!r}"


async def fetch_report(client: Client, action: ActionIdentifier, attempt: int) -> str:
    """DataProxyService.CreateDownloadLink and what is at that link."""
    try:
        link = await signed_link(client, pb.ArtifactType.ARTIFACT_TYPE_REPORT, action, attempt)
        return (await _storage.read(link)).decode("utf-8", "replace")
    except NotFoundError:
        raise NotFoundError(
            f"Attempt {attempt} of {action.run.name}/{action.name} has no report.", code="NOT_FOUND"
        ) from None


async def signed_link(client: Client, artifact: int, action: ActionIdentifier, attempt: int) -> str:
    """DataProxyService.CreateDownloadLink: where an artifact of an attempt can be fetched for a while.

    Raises:
        NotFoundError: There is none.
        InvalidArgumentError: The backend gives no links to this kind of artifact, or attempts have no such number.
    """
    check_attempt(attempt)
    request = pb.CreateDownloadLinkRequest(
        artifact_type=artifact,  # pyright: ignore[reportArgumentType]
        action_attempt_id=pb.ActionAttemptIdentifier(action_id=action, attempt=attempt),
    )
    answer = await client.unary(methods.CREATE_DOWNLOAD_LINK, request)
    links: list[str] = list(answer.pre_signed_urls.signed_url)
    if not links:
        raise NotFoundError("The backend gives no link to it.", code="NOT_FOUND")
    return links[0]
