"""Starting runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client
from flyte_jupyter.remote._encode import to_literal
from flyte_jupyter.remote._errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    ServerError,
    UnimplementedError,
)
from flyte_jupyter.remote._interface import default_literals, input_types
from flyte_jupyter.remote._run import Run

if TYPE_CHECKING:
    from flyteidl2.common.run_pb2 import OffloadedInputData
    from flyteidl2.core.literals_pb2 import Literal
    from flyteidl2.task.common_pb2 import Inputs
    from flyteidl2.task.run_pb2 import RunSpec
    from flyteidl2.task.task_definition_pb2 import TaskIdentifier, TaskSpec

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?")
_SOURCE = "RUN_SOURCE_CLI"


async def launch(
    client: Client,
    task: TaskIdentifier | TaskSpec,
    inputs: Inputs,
    spec: RunSpec,
    name: str | None = None,
    project: str | None = None,
    domain: str | None = None,
) -> Run:
    """Starts a run (DataProxyService.UploadInputs and RunService.CreateRun).

    Args:
        client: The connection.
        task: A deployed task by its identifier, or any task by its spec.
        inputs: Its inputs, complete.
        spec: How to run it.
        name: The run's name; the backend makes one if not given.
        project: Project; the client's if not given.
        domain: Domain; the client's if not given.

    Raises:
        InvalidArgumentError: The name is none that a run can have.
        AlreadyExistsError: There is a run of that name already.
        NotFoundError: The project or the task does not exist.
    """
    target: dict[str, Any] = {"task_spec": task} if isinstance(task, pb.TaskSpec) else {"task_id": task}
    where = {"project": project or client.project, "domain": domain or client.domain}
    if name is None:
        target["project_id"] = pb.ProjectIdentifier(
            organization=client.org, name=where["project"], domain=where["domain"]
        )
    else:
        target["run_id"] = pb.RunIdentifier(org=client.org, name=check_run_name(name), **where)
    offloaded = await upload_inputs(client, target, inputs, spec.run_base_dir)
    given: dict[str, Any] = {"inputs": inputs} if offloaded is None else {"offloaded_input_data": offloaded}
    request = pb.CreateRunRequest(**target, **given, run_spec=spec, source=_SOURCE)
    try:
        answer = await client.unary(methods.CREATE_RUN, request)
    except AlreadyExistsError as error:
        raise AlreadyExistsError(
            f"There is a run {name!r} already in project {where['project']!r}, domain {where['domain']!r}.",
            "Give it another name, or none.",
            error.code,
        ) from None
    if not answer.run.action.id.name:
        raise ServerError(f"{client.endpoint.authority} has started a run and does not say which.")
    # Not every backend repeats the labels.
    answer.run.labels.update(spec.labels.values)
    return Run(answer.run, client=client)


async def upload_inputs(
    client: Client, target: Mapping[str, Any], inputs: Inputs, base_dir: str = ""
) -> OffloadedInputData | None:
    """Uploads inputs (DataProxyService.UploadInputs).

    Args:
        client: The connection.
        target: The task and the run or project, as fields of the request.
        inputs: The inputs.
        base_dir: Where the run keeps its data, "" for the backend's usual place.

    Returns:
        What stands for them in a request; None where the backend wants them in the request itself.
    """
    request = pb.UploadInputsRequest(**target, inputs=inputs, base_dir=base_dir)
    try:
        answer = await client.unary(methods.UPLOAD_INPUTS, request)
    except UnimplementedError:
        return None
    except NotFoundError as error:
        hint = "Is it another project or domain?"
        raise NotFoundError(f"The inputs cannot be uploaded: {error.message}", hint, error.code) from None
    return answer.offloaded_input_data


def check_run_name(name: str) -> str:
    """The name, if a run can have it.

    Raises:
        InvalidArgumentError: It cannot.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            f"A run cannot be named {name!r}.",
            "Use at most 30 lower-case letters, digits and hyphens; begin with a letter, do not end with a hyphen.",
        )
    return name


def run_spec(
    base: RunSpec | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    envs: Mapping[str, str] | None = None,
    overwrite_cache: bool = False,
    interruptible: bool | None = None,
    queue: str | None = None,
) -> RunSpec:
    """How to run: a copy of `base` with what is given on top."""
    spec = pb.RunSpec()
    if base is not None:
        spec.CopyFrom(base)
    check_texts("label", labels)
    check_texts("annotation", annotations)
    check_texts("environment variable", envs)
    spec.labels.values.update(labels or {})
    spec.annotations.values.update(annotations or {})
    if envs:
        merged = {pair.key: pair.value for pair in spec.envs.values} | dict(envs)
        del spec.envs.values[:]
        spec.envs.values.extend(pb.KeyValuePair(key=key, value=value) for key, value in merged.items())
    if overwrite_cache:
        spec.overwrite_cache = spec.cache_config.overwrite_cache = True
    if interruptible is not None:
        spec.interruptible.value = interruptible
    if queue:
        spec.queue = queue
    return spec


def check_texts(what: str, values: Mapping[str, str] | None) -> None:
    """Refuses names and values that are not text.

    Raises:
        InvalidArgumentError: One is not.
    """
    for key, value in (values or {}).items():
        wrong: list[Any] = [text for text in (key, value) if not isinstance(text, str)]  # pyright: ignore[reportUnnecessaryIsInstance]
        if wrong:
            kind = type(wrong[0]).__name__
            raise InvalidArgumentError(f"The {what} {key!r} must be text, and is the {kind} {wrong[0]!r}.")


def encode_inputs(
    spec: TaskSpec,
    given: Mapping[str, Any],
    kept: Iterable[tuple[str, Literal]] = (),
    what: str = "",
    without: Collection[str] = (),
) -> Inputs:
    """The complete inputs of a task: what is given, what is kept, then the defaults.

    Args:
        spec: The task.
        given: Python values by name.
        kept: Literals by name, for what is not given.
        what: How to call the task in errors; its name if not given.
        without: Names of inputs that somebody else gives.

    Raises:
        InvalidArgumentError: A name that the task does not know, a value of the wrong type, or one that is missing.
    """
    types = input_types(spec)
    what = what or f"Task {spec.task_template.id.name}"
    unknown = [name for name in (*given, *without) if name not in types]
    if unknown:
        known = f"its inputs are {', '.join(types)}" if types else "it has none"
        raise InvalidArgumentError(f"{what} has no input {unknown[0]!r}; {known}.")
    literals = default_literals(spec) | dict(kept)
    literals |= {name: to_literal(name, value, types[name]) for name, value in given.items()}
    wanted = [name for name in types if name not in without]
    missing = [name for name in wanted if name not in literals]
    if missing:
        raise InvalidArgumentError(f"{what} needs the input {', '.join(map(repr, missing))}.", "Give it by its name.")
    return pb.Inputs(literals=[pb.NamedLiteral(name=name, value=literals[name]) for name in wanted])
