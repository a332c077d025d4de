"""Changing what a deployed task asks for."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote._common import to_timedelta
from flyte_jupyter.remote._errors import InvalidArgumentError
from flyte_jupyter.remote._launch import check_texts

if TYPE_CHECKING:
    from flyteidl2.core.tasks_pb2 import TaskMetadata, TaskTemplate

# The names of a container's resources, here, on the wire and in a pod's own words.
_CPU, _GPU, _MEMORY, _DISK = 1, 2, 3, 5
_RESOURCES = {
    "cpu": (_CPU, "cpu"),
    "memory": (_MEMORY, "memory"),
    "gpu": (_GPU, "nvidia.com/gpu"),
    "disk": (_DISK, "ephemeral-storage"),
}


@dataclasses.dataclass(frozen=True)
class Cache:
    """Whether and how the results of a task are cached.

    Attributes:
        behavior: "auto" (by the code), "override" (by `version_override`) or "disable".
        version_override: The version that cached results belong to.
        serialize: Whether of equal executions only one runs at a time.
        ignored_inputs: Inputs that do not matter for the cache.
        max_age: How long results are good for; None for ever.

    Example:
        >>> Cache("override", "v2").version_override
        'v2'
    """

    behavior: str = "auto"
    version_override: str | None = None
    serialize: bool = False
    ignored_inputs: tuple[str, ...] = ()
    max_age: timedelta | None = None


def cache_of(metadata: TaskMetadata) -> Cache:
    """How a task's results are cached."""
    behavior = "override" if metadata.discovery_version else "auto"
    max_age = to_timedelta(metadata.cache_max_age) if _has(metadata, "cache_max_age") else None
    return Cache(
        behavior if metadata.discoverable else "disable",
        metadata.discovery_version or None,
        metadata.cache_serializable,
        tuple(metadata.cache_ignore_input_vars),
        max_age,
    )


def override(
    template: TaskTemplate,
    *,
    resources: Any,
    retries: Any,
    timeout: Any,
    env_vars: Mapping[str, str] | None,
    secrets: Any,
    service_account: str | None,
    cache: Any,
    produces_artifacts: bool | None,
) -> None:
    """Changes a task's template; for the parameters see `TaskDetails.override`."""
    metadata = template.metadata
    if secrets:
        _set_secrets(template, secrets)
    if service_account:
        template.security_context.run_as.k8s_service_account = service_account
    if env_vars:
        check_texts("environment variable", env_vars)
        _set_env(template, env_vars)
    if resources:
        _set_resources(template, resources)
    if retries:
        _set_retries(metadata, retries)
    if timeout:
        _set_timeout(metadata, timeout)
    if cache is not None:
        _set_cache(metadata, cache)
    if produces_artifacts is not None and "produces_artifacts" in metadata.DESCRIPTOR.fields_by_name:
        metadata.produces_artifacts = produces_artifacts


def _has(message: Any, field: str) -> bool:
    return field in message.DESCRIPTOR.fields_by_name and message.HasField(field)


def _set_secrets(template: TaskTemplate, secrets: Any) -> None:
    several = isinstance(secrets, list | tuple)
    wanted: list[Any] = list(cast("Sequence[Any]", secrets)) if several else [secrets]
    context = template.security_context
    del context.secrets[:]
    for secret in wanted:
        named = secret if isinstance(secret, str) else getattr(secret, "key", None)
        if not named:
            raise InvalidArgumentError(
                f"A secret is given by its name, and not by a {type(secret).__name__}.", 'Give secrets=["my-key"].'
            )
        group = getattr(secret, "group", None) or ""
        variable = getattr(secret, "as_env_var", None)
        is_file = not isinstance(secret, str) and not variable
        added = context.secrets.add(key=named, group=group)
        added.mount_requirement = added.FILE if is_file else added.ENV_VAR
        if not is_file:
            added.env_var = variable or named.replace("-", "_").upper()


def _set_env(template: TaskTemplate, env_vars: Mapping[str, str]) -> None:
    if template.HasField("container"):
        del template.container.env[:]
        template.container.env.extend(pb.KeyValuePair(key=key, value=value) for key, value in env_vars.items())
    else:
        env = [{"name": key, "value": value} for key, value in env_vars.items()]
        _change_pod(template, {"env": env})


def _set_resources(template: TaskTemplate, resources: Any) -> None:
    template.ClearField("extended_resources")
    if isinstance(resources, Mapping):
        wanted, extended = _own_resources(cast("Mapping[str, Any]", resources))
    else:
        wanted, extended = _sdk_resources(resources)
    if extended is not None:
        template.extended_resources.CopyFrom(extended)
    if template.HasField("container"):
        template.container.resources.CopyFrom(wanted)
        return
    names = dict(_RESOURCES.values())
    sides = {"requests": wanted.requests, "limits": wanted.limits}
    pod = {side: {names[int(entry.name)]: entry.value for entry in entries} for side, entries in sides.items()}
    _change_pod(template, {"resources": {side: entries for side, entries in pod.items() if entries}})


def _own_resources(resources: Mapping[str, Any]) -> tuple[Any, Any]:
    unknown = [name for name in resources if name not in (*_RESOURCES, "shm")]
    if unknown:
        raise InvalidArgumentError(f"There is no resource {unknown[0]!r}.", "There are cpu, memory, gpu, disk and shm.")
    wanted = pb.Resources()
    for name, (number, _) in _RESOURCES.items():
        value = resources.get(name)
        if value is None:
            continue
        if name == "gpu" and not str(value).isdecimal():
            raise InvalidArgumentError(
                f"As gpu a number is wanted, and not {value!r}.",
                "To ask for a kind of device give flyte.Resources.",
            )
        pair = cast("Sequence[Any]", value) if isinstance(value, tuple | list) else (value,)
        for side, quantity in zip((wanted.requests, wanted.limits), pair, strict=False):
            side.add(name=cast("Any", number), value=str(quantity))
    shm = resources.get("shm")
    if shm is None:
        return wanted, None
    template = pb.TaskTemplate()
    template.extended_resources.shared_memory.mount_path = "/dev/shm"  # noqa: S108 - where shared memory is
    template.extended_resources.shared_memory.mount_name = "flyte-shm"
    template.extended_resources.shared_memory.size_limit = str(shm)
    return wanted, template.extended_resources


def _sdk_resources(resources: Any) -> tuple[Any, Any]:
    """The SDK's own object, in the words of the SDK that made it: it knows the names of devices."""
    if not type(resources).__module__.startswith("flyte."):
        raise InvalidArgumentError(
            f"Resources cannot be given as a {type(resources).__name__}.",
            'Give flyte.Resources, or a mapping as {"cpu": "1", "memory": "2Gi"}.',
        )
    try:
        serialize: Any = importlib.import_module("flyte._internal.runtime.resources_serde")
        return serialize.get_proto_resources(resources), serialize.get_proto_extended_resources(resources)
    except (ImportError, AttributeError):
        raise InvalidArgumentError(
            "This version of the flyte SDK keeps its resources in another way.",
            'Give a mapping as {"cpu": "1", "memory": "2Gi"}.',
        ) from None


def _change_pod(template: TaskTemplate, changes: Mapping[str, Any]) -> None:
    """Changes the primary container of a task that is a pod."""
    from google.protobuf import json_format

    spec: dict[str, Any] = json_format.MessageToDict(template.k8s_pod.pod_spec)
    primary = template.k8s_pod.primary_container_name or template.config.get("primary_container_name", "")
    containers: list[dict[str, Any]] = spec.get("containers") or []
    chosen = next((each for each in containers if each.get("name") == primary), None)
    if chosen is None and len(containers) == 1:
        chosen = containers[0]
    if chosen is None:
        raise InvalidArgumentError(
            f"Task {template.id.name} has no container whose environment or resources could be overridden."
        )
    chosen.update(changes)
    json_format.ParseDict(spec, template.k8s_pod.pod_spec)


def _set_retries(metadata: TaskMetadata, retries: Any) -> None:
    count = retries if isinstance(retries, int) else getattr(retries, "count", None)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise InvalidArgumentError(f"Retries are a number from 0 on, and not {retries!r}.")
    metadata.retries.Clear()
    metadata.retries.retries = count
    backoff = getattr(retries, "backoff", None)
    if backoff is not None:
        metadata.retries.backoff.base.FromTimedelta(backoff.base)
        metadata.retries.backoff.factor = backoff.factor
        if backoff.cap is not None:
            metadata.retries.backoff.cap.FromTimedelta(backoff.cap)


def _set_timeout(metadata: TaskMetadata, timeout: Any) -> None:
    plain = isinstance(timeout, int | float | timedelta)
    if not plain and not hasattr(timeout, "max_runtime"):
        raise InvalidArgumentError(f"A timeout is seconds or a timedelta, and not {timeout!r}.")
    runtime = _span(timeout if plain else timeout.max_runtime)
    if runtime is not None:
        metadata.timeout.FromTimedelta(runtime)
    metadata.ClearField("timeouts")
    for field, name in (("queued_timeout", "max_queued_time"), ("deadline", "deadline")):
        span = _span(getattr(timeout, name, None))
        if span is not None:
            getattr(metadata.timeouts, field).FromTimedelta(span)


def _span(value: Any) -> timedelta | None:
    if not value:
        return None
    span: timedelta = value if isinstance(value, timedelta) else timedelta(seconds=value)
    if span < timedelta(0):
        raise InvalidArgumentError(f"A timeout cannot be negative, and is {value!r}.")
    return span


def _set_cache(metadata: TaskMetadata, cache: Any) -> None:
    behavior = cache if isinstance(cache, str) else getattr(cache, "behavior", None)
    if behavior not in ("disable", "override"):
        raise InvalidArgumentError(
            f'The cache of a deployed task can be "disable" or "override", and not {behavior or cache!r}.'
        )
    version = getattr(cache, "version_override", None)
    if behavior == "override" and not version:
        raise InvalidArgumentError('To override the cache give a version: Cache("override", version_override="...").')
    metadata.discoverable = behavior == "override"
    metadata.discovery_version = str(version) if behavior == "override" else ""
    metadata.cache_serializable = bool(getattr(cache, "serialize", False))
    metadata.cache_ignore_input_vars[:] = list(getattr(cache, "ignored_inputs", None) or ())
    if "cache_max_age" in metadata.DESCRIPTOR.fields_by_name:
        metadata.ClearField("cache_max_age")
        max_age = _span(getattr(cache, "max_age", None))
        if max_age is not None:
            metadata.cache_max_age.FromTimedelta(max_age)
