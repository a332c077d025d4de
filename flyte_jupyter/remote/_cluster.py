"""Data and secrets live in clusters: a control plane says which one a call is for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from typing import Any

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._auth._base import Headers
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._methods import Method
from flyte_jupyter.remote._transport import Transport, WireError

_SECONDS = 15.0
_REMEMBERED = 10_000

# An answer of these says nothing of clusters: the call itself would fail in the same way.
_NOT_AN_ANSWER = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "UNAUTHENTICATED", "CANCELLED")

_OPERATIONS = {
    "CreateUploadLocation": "OPERATION_CREATE_UPLOAD_LOCATION",
    "UploadInputs": "OPERATION_UPLOAD_INPUTS",
    "CreateDownloadLink": "OPERATION_CREATE_DOWNLOAD_LINK",
    "GetActionData": "OPERATION_GET_ACTION_DATA",
    "TailLogs": "OPERATION_TAIL_LOGS",
}


class ClusterTransport:
    """Asks `ClusterService.SelectCluster` once for each resource, and sends its calls to that cluster.

    A backend that does not know the call, names no endpoint or names its own answers everything itself.

    Args:
        own: The transport to the control plane; closed with this one.
        endpoint: The control plane.
        open_other: Opens a transport to a cluster, with the credentials of the control plane.
    """

    def __init__(self, own: Transport, endpoint: Endpoint, open_other: Callable[[Endpoint], Transport]) -> None:
        self._own = own
        self._endpoint = endpoint
        self._open_other = open_other
        self._others: dict[Endpoint, Transport] = {}
        self._chosen: OrderedDict[bytes, asyncio.Task[Transport]] = OrderedDict()
        self._is_alone = False

    @property
    def name(self) -> str:
        """See `Transport`."""
        return self._own.name

    async def unary(self, method: Method, request: Any, timeout: float | None, headers: Headers = ()) -> Any:
        """See `Transport`."""
        question = self._question(method, request)
        transport = self._own if question is None else await self._transport(question)
        return await transport.unary(method, request, timeout, headers)

    def stream(self, method: Method, request: Any, headers: Headers = ()) -> AsyncGenerator[Any, None]:
        """See `Transport`."""
        question = self._question(method, request)
        if question is None:
            return self._own.stream(method, request, headers)
        return self._routed(question, method, request, headers)

    async def _routed(self, question: Any, method: Method, request: Any, headers: Headers) -> AsyncGenerator[Any, None]:
        transport = await self._transport(question)
        answers = transport.stream(method, request, headers)
        try:
            async for answer in answers:
                yield answer
        finally:
            await answers.aclose()

    async def close(self) -> None:
        """See `Transport`."""
        for choice in self._chosen.values():
            choice.cancel()
        self._chosen.clear()
        others, self._others = list(self._others.values()), {}
        for transport in (*others, self._own):
            await transport.close()

    def _question(self, method: Method, request: Any) -> Any:
        return None if self._is_alone else _question(method, request)

    async def _transport(self, question: Any) -> Transport:
        key = question.SerializeToString(deterministic=True)
        choice = self._chosen.get(key)
        if choice is None:
            choice = self._chosen[key] = asyncio.ensure_future(self._choose(question))
            if len(self._chosen) > _REMEMBERED:
                self._chosen.popitem(last=False)
        try:
            # Others wait for the same answer: one of them that leaves must not take it along.
            return await asyncio.shield(choice)
        except BaseException:
            if choice.done() and self._chosen.get(key) is choice:
                del self._chosen[key]
            raise

    async def _choose(self, question: Any) -> Transport:
        try:
            answer = await self._own.unary(methods.SELECT_CLUSTER, question, _SECONDS)
        except WireError as error:
            if error.code in _NOT_AN_ANSWER:
                raise
            self._is_alone = self._is_alone or error.code == "UNIMPLEMENTED"
            return self._own
        if not answer.cluster_endpoint:
            return self._own
        try:
            # As secure as the connection that told us of it, whatever scheme it writes.
            endpoint = Endpoint.parse(answer.cluster_endpoint, insecure=self._endpoint.insecure)
        except InvalidArgumentError:
            return self._own
        if (endpoint.host, endpoint.port) == (self._endpoint.host, self._endpoint.port):
            return self._own
        if endpoint not in self._others:
            self._others[endpoint] = self._open_other(endpoint)
        return self._others[endpoint]


def _question(method: Method, request: Any) -> Any:
    """What to ask SelectCluster for a call, None for calls that the control plane answers itself."""
    if method.service == methods.SECRET_SERVICE:
        place = request if method.rpc == "ListSecrets" else request.id
        return _place("OPERATION_USE_SECRETS", place.organization, place.project, place.domain)
    operation = _OPERATIONS.get(method.rpc) if method.service == methods.DATA_PROXY_SERVICE else None
    if operation is None:
        return None
    if method.rpc == "CreateUploadLocation":
        return _place(operation, request.org, request.project, request.domain)
    if method.rpc == "UploadInputs":
        if request.WhichOneof("id") == "run_id":
            return _place(operation, request.run_id.org, request.run_id.project, request.run_id.domain)
        project = request.project_id
        return _place(operation, project.organization, project.name, project.domain)
    if method.rpc == "CreateDownloadLink":
        source = request.WhichOneof("source")
        if source == "task_id":
            task = request.task_id
            return _place(operation, task.org, task.project, task.domain)
        return _action(operation, request.action_attempt_id.action_id) if source == "action_attempt_id" else None
    return _action(operation, request.action_id)


def _action(operation: str, action: Any) -> Any:
    question = pb.SelectClusterRequest(operation=_number(operation))
    question.action_id.CopyFrom(action)
    return question


def _place(operation: str, org: str, project: str, domain: str) -> Any:
    question = pb.SelectClusterRequest(operation=_number(operation))
    if project and domain:
        question.project_id.organization, question.project_id.name, question.project_id.domain = org, project, domain
    elif domain:
        question.domain_id.organization, question.domain_id.name = org, domain
    else:
        question.org_id.name = org
    return question


def _number(operation: str) -> Any:
    return pb.SelectClusterRequest.Operation.Value(operation)
