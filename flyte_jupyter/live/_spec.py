"""What a view shows of a task's specification, secrets hidden: the topic `spec` of docs/protocol.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flyteidl2.core.interface_pb2 import VariableMap
from flyteidl2.core.tasks_pb2 import Container, Resources, TaskTemplate
from flyteidl2.task.task_definition_pb2 import TaskSpec
from flyteidl2.workflow.run_definition_pb2 import ActionDetails

from flyte_jupyter.remote import type_name

HIDDEN = "hidden"

_RESOURCES = {1: "CPU", 2: "GPU", 3: "Memory", 4: "Storage", 5: "Ephemeral storage"}
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|api_?key|access_?key|private|credential|auth|cookie|signature|_key$|dsn|conn",
    re.IGNORECASE,
)
# Keys of well-known makes, JSON web tokens, PEM blocks, and links with a password in them.
_SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{12,}|\b(gh[pousr]|glpat|xox[abprs]|sk|pk|rk|hf|dapi)[_-]?[A-Za-z0-9_-]{16,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.|-----BEGIN|://[^/\s:@]*:[^/\s@]+@"
)
_LONG = 4_000

Row = tuple[str, str]


def spec_of(details: ActionDetails) -> dict[str, Any]:
    """The value of the topic `spec`."""
    sections = _task(details) if details.WhichOneof("spec") == "task" else _other(details)
    return {"sections": [{"title": title, "rows": [list(row) for row in rows]} for title, rows in sections if rows]}


def hidden(name: str, value: str) -> str:
    """The value of a variable, or that it is hidden because it looks like a secret."""
    if _SECRET_NAME.search(name) or _SECRET_VALUE.search(value):
        return HIDDEN
    return _short(value)


def _task(details: ActionDetails) -> Iterable[tuple[str, list[Row]]]:
    spec, template = details.task, details.task.task_template
    yield "Task", _identity(details, spec, template)
    yield "Inputs", _variables(template.interface.inputs)
    yield "Outputs", _variables(template.interface.outputs)
    if template.HasField("container"):
        yield from _container(template.container)
    if template.HasField("k8s_pod"):
        yield "Pod", [("Primary container", template.k8s_pod.primary_container_name)]
    yield "Secrets", [(_secret_place(secret), HIDDEN) for secret in template.security_context.secrets]
    yield "Settings", _settings(template)


def _other(details: ActionDetails) -> Iterable[tuple[str, list[Row]]]:
    if details.WhichOneof("spec") == "trace":
        yield "Inputs", _variables(details.trace.interface.inputs)
        yield "Outputs", _variables(details.trace.interface.outputs)
    elif details.WhichOneof("spec") == "condition":
        yield "Condition", _filled(("Name", details.condition.name), ("Description", details.condition.description))


def _identity(details: ActionDetails, spec: TaskSpec, template: TaskTemplate) -> list[Row]:
    name = template.id
    return _filled(
        ("Name", name.name or spec.short_name),
        ("Version", name.version),
        ("Project", "/".join(part for part in (name.project, name.domain) if part)),
        ("Environment", spec.environment.name or details.metadata.environment_name),
        ("Type", template.type),
        ("Description", spec.documentation.short_description),
        ("Code bundle", hidden("", template.metadata.code_bundle_uri)),
    )


def _variables(variables: VariableMap) -> list[Row]:
    return [(entry.key, type_name(entry.value.type)) for entry in variables.variables]


def _container(container: Container) -> Iterable[tuple[str, list[Row]]]:
    yield (
        "Container",
        _filled(
            ("Image", _without_password(container.image)),
            ("Command", _short(" ".join(_without_secrets(container.command)))),
            ("Arguments", _short(" ".join(_without_secrets(container.args)))),
        ),
    )
    yield "Resources", _resources(container.resources)
    yield "Variables", [(pair.key, hidden(pair.key, pair.value)) for pair in container.env]


def _resources(resources: Resources) -> list[Row]:
    asked = {int(entry.name): entry.value for entry in resources.requests}
    most = {int(entry.name): entry.value for entry in resources.limits}
    rows: list[Row] = []
    for number, title in _RESOURCES.items():
        low, high = asked.get(number, ""), most.get(number, "")
        if low or high:
            rows.append((title, low if low == high or not high else f"{low or '0'} to {high}"))
    return rows


def _settings(template: TaskTemplate) -> list[Row]:
    metadata = template.metadata
    timeout = metadata.timeout.ToSeconds() if metadata.HasField("timeout") else 0
    return _filled(
        ("Retries", str(metadata.retries.retries) if metadata.retries.retries else ""),
        ("Timeout", f"{timeout:,} s" if timeout else ""),
        ("Cache", f"version {metadata.discovery_version}" if metadata.discoverable else ""),
        ("Interruptible", "yes" if metadata.interruptible else ""),
        ("Report", "yes" if metadata.generates_deck.value else ""),
        ("SDK", " ".join(part for part in (metadata.runtime.flavor, metadata.runtime.version) if part)),
        *((key, hidden(key, value)) for key, value in sorted(metadata.tags.items())),
        *((key, hidden(key, value)) for key, value in sorted(template.config.items())),
    )


def _secret_place(secret: Any) -> str:
    name = f"{secret.group}/{secret.key}" if secret.group else secret.key
    return f"{name} as {secret.env_var}" if secret.env_var else name


def _without_secrets(words: Iterable[str]) -> Iterable[str]:
    """The words of a command; what follows an option that asks for a secret is hidden."""
    asked = False
    for word in words:
        name, equals, value = word.partition("=")
        if asked and not word.startswith("-"):
            yield HIDDEN
        elif equals and hidden(name, value) == HIDDEN:
            yield f"{name}={HIDDEN}"
        else:
            yield HIDDEN if _SECRET_VALUE.search(word) else word
        asked = word.startswith("-") and not equals and bool(_SECRET_NAME.search(word))


def _without_password(image: str) -> str:
    return HIDDEN if _SECRET_VALUE.search(image) else image


def _filled(*rows: Row) -> list[Row]:
    return [row for row in rows if row[1]]


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
