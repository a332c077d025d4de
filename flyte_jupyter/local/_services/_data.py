"""DataProxyService: uploads, inputs and outputs, reports, logs."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.common import run_pb2 as common_run_pb2
from flyteidl2.dataproxy import dataproxy_service_connect as connect
from flyteidl2.dataproxy import dataproxy_service_pb2 as pb2
from flyteidl2.task import common_pb2

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._files import Links
from flyte_jupyter.local._literals import inputs_hash
from flyte_jupyter.local._logs import follow
from flyte_jupyter.local._model import RECOVERED, SUCCEEDED, TRACE, Action, now_us, timestamp
from flyte_jupyter.local._paths import component
from flyte_jupyter.local._services._tasks import task_spec
from flyte_jupyter.local._status import exists, invalid, not_found

Context = RequestContext[Any, Any]

_DEFAULT_EXPIRY = 3600.0


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [connect.DataProxyServiceASGIApplication(DataProxyService(backend))]


class DataProxyService(connect.DataProxyService):
    """Data goes through plain files below the state directory."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._links = Links(backend)

    async def create_upload_location(
        self, request: pb2.CreateUploadLocationRequest, ctx: Context
    ) -> pb2.CreateUploadLocationResponse:
        """Where to PUT a file. Equal content again is welcome, other content under the same name is not."""
        if not request.filename_root and not request.content_md5:
            raise invalid("An upload needs filename_root or content_md5.")
        if not request.project or not request.domain:
            raise invalid("An upload needs project and domain.")
        root = request.filename_root or base64.b32encode(request.content_md5).decode()
        directory = self._backend.paths.uploads / component(request.project) / component(request.domain)
        path = directory.joinpath(*map(_part, [*root.split("/"), *(request.filename or "data").split("/")]))
        if request.filename_root and path.exists() and not self._links.same(path, request.content_md5):
            raise exists(
                f"{request.filename!r} was uploaded below {request.filename_root!r} already, with other content."
            )
        seconds = request.expires_in.ToTimedelta().total_seconds() or _DEFAULT_EXPIRY
        return pb2.CreateUploadLocationResponse(
            signed_url=self._links.upload(path),
            native_url=str(path),
            expires_at=timestamp(now_us() + int(seconds * 1e6)),
        )

    async def upload_inputs(self, request: pb2.UploadInputsRequest, ctx: Context) -> pb2.UploadInputsResponse:
        """Write a run's inputs, to be named in CreateRun."""
        spec = task_spec(self._backend, request)
        ignored = spec.task_template.metadata.cache_ignore_input_vars if spec else ()
        digest = inputs_hash(request.inputs, ignored)
        directory = self._backend.paths.data / "offloaded-inputs" / inputs_hash(request.inputs)
        write(directory / "inputs.pb", request.inputs.SerializeToString())
        return pb2.UploadInputsResponse(
            offloaded_input_data=common_run_pb2.OffloadedInputData(uri=str(directory), inputs_hash=digest)
        )

    async def get_action_data(self, request: pb2.GetActionDataRequest, ctx: Context) -> pb2.GetActionDataResponse:
        """Inputs, and outputs if there are any; what does not exist stays empty."""
        action = self._backend.state.action(request.action_id)
        response = pb2.GetActionDataResponse()
        inputs = read(inputs_path(action))
        if inputs is not None:
            response.inputs.CopyFrom(common_pb2.Inputs.FromString(inputs))
            response.inputs_uri = inputs_path(action)
        path = outputs_path(action)
        outputs = read(path)
        if outputs is not None:
            response.outputs.CopyFrom(common_pb2.Outputs.FromString(outputs))
            response.outputs_uri = path
        return response

    async def tail_logs(self, request: pb2.TailLogsRequest, ctx: Context) -> AsyncIterator[pb2.TailLogsResponse]:
        """What an attempt printed so far and, while it runs, what it prints; ends when it is over and all is sent."""
        action = self._backend.state.action(request.action_id)
        attempt = request.attempt or max(1, len(action.details.attempts))
        async for message in follow(self._backend, action, attempt):
            yield message

    async def create_download_link(
        self, request: pb2.CreateDownloadLinkRequest, ctx: Context
    ) -> pb2.CreateDownloadLinkResponse:
        """A URL of an attempt's report, or of the code bundle that a task or an attempt runs."""
        if request.artifact_type == pb2.ARTIFACT_TYPE_REPORT and request.WhichOneof("source") == "action_attempt_id":
            path = self._report(request)
        elif request.artifact_type == pb2.ARTIFACT_TYPE_CODE_BUNDLE:
            path = self._code_bundle(request)
        else:
            raise invalid(
                "A download is a report of an action attempt or a code bundle of a task or an action attempt."
            )
        seconds = request.expires_in.ToTimedelta().total_seconds() or _DEFAULT_EXPIRY
        return pb2.CreateDownloadLinkResponse(
            pre_signed_urls=pb2.PreSignedURLs(
                signed_url=[self._links.download(path)], expires_at=timestamp(now_us() + int(seconds * 1e6))
            )
        )

    def _report(self, request: pb2.CreateDownloadLinkRequest) -> Path:
        action = self._backend.state.action(request.action_attempt_id.action_id)
        number = request.action_attempt_id.attempt or max(1, len(action.details.attempts))
        for attempt in action.details.attempts:
            if attempt.attempt == number:
                path = Path(attempt.outputs.report_uri)
                if path.is_file():
                    return path
                raise not_found(f"Attempt {number} of action {action.name!r} has no report.")
        raise not_found(f"Action {action.name!r} has no attempt {number}.")

    def _code_bundle(self, request: pb2.CreateDownloadLinkRequest) -> Path:
        if request.WhichOneof("source") == "task_id":
            spec = task_spec(self._backend, request)
        elif request.WhichOneof("source") == "action_attempt_id":
            spec = self._backend.state.action(request.action_attempt_id.action_id).spec
        else:
            raise invalid("A code bundle belongs to a task or an action attempt.")
        arguments = list(spec.task_template.container.args) if spec else []
        for option in ("--tgz", "--pkl"):
            if option in arguments[:-1]:
                path = Path(arguments[arguments.index(option) + 1])
                if path.is_file():
                    return path
        raise not_found("There is no code bundle.")


def _part(name: str) -> str:
    """One component of an upload's path: its name as it is, where no harm can come of it."""
    return component(name) if name in (".", "..") or "\0" in name or "\\" in name else name


def inputs_path(action: Action) -> str:
    """The file with an action's inputs."""
    uri = action.input_uri
    if action.kind == TRACE:
        return uri if uri.endswith(".pb") else f"{action.run.base}/{action.name}/inputs.pb"
    return uri if uri.endswith(".pb") or not uri else f"{uri}/inputs.pb"


def outputs_path(action: Action) -> str:
    """The file with an action's outputs, or an empty string while there can be none."""
    if action.phase not in (SUCCEEDED, RECOVERED) or not action.output_uri:
        return ""
    return action.output_uri if re.search(r"\.pb$", action.output_uri) else f"{action.output_uri}/outputs.pb"


def read(path: str) -> bytes | None:
    """The content of a file; None where there is none."""
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.replace(path)
