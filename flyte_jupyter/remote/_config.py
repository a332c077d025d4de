"""What a connection is made of, found in every place that it may be written: arguments, environment, cluster, file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
import json
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from flyte_jupyter.remote._config_api_key import ApiKey
from flyte_jupyter.remote._config_files import find_file, read_file
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import InvalidArgumentError, NotConnectedError
from flyte_jupyter.remote._settings import Settings, auth_type

Layer = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class _Key:
    """A setting in files and in the environment."""

    field: str
    switch: str
    kind: Literal["text", "flag", "argv", "words"] = "text"
    alias: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        derived = f"FLYTE_{self.switch.upper().replace('.', '_')}"
        return (self.alias, derived) if self.alias else (derived,)


_KEYS = (
    _Key("endpoint", "admin.endpoint"),
    _Key("insecure", "admin.insecure", "flag"),
    _Key("insecure_skip_verify", "admin.insecureSkipVerify", "flag"),
    _Key("ca_cert_file_path", "admin.caCertFilePath"),
    _Key("auth_type", "admin.authType", alias="FLYTE_AUTH_TYPE"),
    _Key("command", "admin.command", "argv", "FLYTE_AUTH_COMMAND"),
    _Key("proxy_command", "admin.proxyCommand", "argv", "FLYTE_AUTH_PROXY_COMMAND"),
    _Key("client_id", "admin.clientId"),
    _Key("secret_location", "admin.clientSecretLocation"),
    _Key("secret_variable", "admin.clientSecretEnvVar"),
    _Key("scopes", "admin.scopes", "words"),
    _Key("audience", "admin.audience"),
    _Key("http_proxy_url", "admin.httpProxyURL"),
    _Key("disable_keyring", "admin.disableKeyring", "flag"),
    _Key("console_endpoint", "console.endpoint"),
    _Key("org", "task.org"),
    _Key("project", "task.project"),
    _Key("domain", "task.domain"),
)

_IN_CLUSTER = ("_U_EP_OVERRIDE", "FLYTE_INTERNAL_EXECUTION_PROJECT", "_UNION_EAGER_API_KEY", "EAGER_API_KEY")


def resolve(
    arguments: Mapping[str, Any],
    *,
    api_key: str | None = None,
    config: str | Path | None = None,
    search: bool = True,
) -> Settings:
    """The settings of a connection: argument before environment before file before default.

    An API key (the argument's, or FLYTE_API_KEY's where no endpoint is given) goes before environment and file. Where
    an endpoint is given, an environment or found file that names another one is left out: it describes another
    backend, and its secrets are not for this one. In a task's container, what the cluster says goes before files,
    except one that UCTL_CONFIG or FLYTECTL_CONFIG names.

    Args:
        arguments: Fields of `Settings`; None means that it was not given.
        api_key: An API key, or None.
        config: A configuration file, used whatever endpoint it names; None searches for the SDK's.
        search: False takes the arguments and the API key alone.

    Raises:
        InvalidArgumentError: Something in one of the places cannot be understood.
        NotConnectedError: None of them names an endpoint.
    """
    given = _from_arguments(arguments)
    key = _api_key(api_key, search=search and "endpoint" not in given)
    endpoint = given.get("endpoint") or key.get("endpoint")
    layers = _found(endpoint, config) if search else []
    merged: Layer = {"org": key.pop("org", "")}
    for layer in (*layers, key, given):
        merged.update(layer)
    return _settings(merged, given)


def _found(endpoint: str | None, config: str | Path | None) -> list[Layer]:
    """What stands elsewhere than in the arguments, the weakest first."""
    environment, cluster = _from_environment(), {}
    if config is not None:
        file = _from_file(Path(config), read_file(Path(config)))
        if endpoint:
            file.pop("endpoint", None)
    else:
        in_cluster = any(os.environ.get(name) for name in _IN_CLUSTER)
        found = find_file(in_cluster=in_cluster)
        file = _from_file(*found) if found else {}
        if in_cluster:
            cluster = _from_cluster(with_key=found is None and "auth_type" not in environment)
    return [layer for layer in (cluster, file, environment) if not endpoint or _is_about(endpoint, layer)]


def _settings(merged: Layer, given: Layer) -> Settings:
    if not merged.get("endpoint"):
        raise NotConnectedError(
            "There is no endpoint to connect to: none was given, the flyte SDK is not initialised, and neither the"
            " environment nor a configuration file names one.",
            'Connect with flyte_jupyter.connect("HOST:PORT") or %flyte_connect HOST:PORT, call flyte.init first, set'
            " FLYTE_ADMIN_ENDPOINT, or write admin.endpoint into .flyte/config.yaml.",
        )
    location, variable = merged.pop("secret_location", ""), merged.pop("secret_variable", "")
    if not merged.get("client_secret") and auth_type(given.get("auth_type") or "ClientSecret") == "ClientSecret":
        merged["client_secret"] = _secret(location, variable)
        if merged["client_secret"] and "auth_type" not in given:
            merged["auth_type"] = "ClientSecret"
    if "auth_type" not in given:
        # Whoever gives a secret or a command means to use it.
        if given.get("client_secret"):
            merged["auth_type"] = "ClientSecret"
        elif given.get("command"):
            merged["auth_type"] = "ExternalCommand"
    merged["auth_type"] = auth_type(merged.get("auth_type") or "Pkce")
    merged["org"] = merged.get("org") or _guess_org(merged["endpoint"])
    return Settings(**merged)


def _from_arguments(arguments: Mapping[str, Any]) -> Layer:
    given = {name: value for name, value in arguments.items() if value is not None}
    if isinstance(given.get("endpoint"), str) and not given["endpoint"].strip():
        Endpoint.parse(given["endpoint"])
    retries: object = given.get("rpc_retries", 0)
    if not isinstance(retries, int) or retries < 0:
        raise InvalidArgumentError(f"rpc_retries has to be a number from 0, not {retries!r}.")
    if given.get("compression", "") not in ("", "gzip"):
        raise InvalidArgumentError(f'compression has to be "gzip", not {given["compression"]!r}.')
    kinds = {key.field: key.kind for key in _KEYS}
    return {name: _read(value, kinds[name], name) if name in kinds else value for name, value in given.items()}


def _from_environment() -> Layer:
    layer: Layer = {}
    for key in _KEYS:
        for variable in key.variables:
            if os.environ.get(variable, "").strip():
                layer[key.field] = _read(os.environ[variable], key.kind, variable)
                break
    return layer


def _from_file(path: Path, content: Mapping[str, Any]) -> Layer:
    layer: Layer = {}
    for key in _KEYS:
        section, name = key.switch.split(".")
        values = content.get(section)
        if values is None:
            continue
        if not isinstance(values, dict):
            raise InvalidArgumentError(f"{section} in {str(path)!r} has to be a section with keys below it.")
        value = cast("dict[Any, Any]", values).get(name)
        if value is not None and value != "" and value != []:
            layer[key.field] = _read(value, key.kind, f"{key.switch} in {str(path)!r}")
    return layer


def _from_cluster(*, with_key: bool) -> Layer:
    """What a cluster gives to the containers of its tasks."""
    layer: Layer = {"disable_keyring": True}
    names = {"project": "FLYTE_INTERNAL_EXECUTION_PROJECT", "domain": "FLYTE_INTERNAL_EXECUTION_DOMAIN"}
    for field, variable in {**names, "org": "_U_ORG_NAME"}.items():
        if os.environ.get(variable):
            layer[field] = os.environ[variable]
    for field, variable in {"insecure": "_U_INSECURE", "insecure_skip_verify": "_U_INSECURE_SKIP_VERIFY"}.items():
        if os.environ.get(variable) and _read(os.environ[variable], "flag", variable):
            layer[field] = True
    key = os.environ.get("_UNION_EAGER_API_KEY") or os.environ.get("EAGER_API_KEY")
    if key and with_key:
        return {**_api_key(key, search=False), **layer}
    endpoint = os.environ.get("_U_EP_OVERRIDE") or "host.docker.internal:8090"
    if "localhost" in endpoint or "docker" in endpoint:
        layer["insecure"] = True
    return {"endpoint": endpoint, **layer}


def _api_key(text: str | None, *, search: bool) -> Layer:
    if text is None and search:
        text = os.environ.get("FLYTE_API_KEY")
    if not text:
        return {}
    key = ApiKey.decode(text)
    return {**dataclasses.asdict(key), "auth_type": "ClientSecret"}


def _is_about(endpoint: str, layer: Layer) -> bool:
    """Whether a layer describes this backend, or none in particular."""
    if "endpoint" not in layer:
        return True
    ours = Endpoint.parse(endpoint, insecure=False)
    try:
        theirs = Endpoint.parse(layer["endpoint"], insecure=False)
    except InvalidArgumentError:
        return False
    return (ours.host, ours.port) == (theirs.host, theirs.port)


def _secret(location: str, variable: str) -> str:
    if variable and os.environ.get(variable):
        return os.environ[variable]
    if location:
        try:
            return Path(location).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError, RuntimeError) as error:
            reason = error.strerror or "it cannot be read" if isinstance(error, OSError) else "it is not text"
            raise InvalidArgumentError(
                f"The client secret cannot be read from {location!r}: {reason}.", "Check admin.clientSecretLocation."
            ) from None
    if variable:
        raise InvalidArgumentError(
            f"The environment variable {variable} holds no client secret.",
            "Set it, or correct admin.clientSecretEnvVar: it is the name of a variable.",
        )
    return ""


def _read(value: object, kind: str, where: str) -> Any:
    """A value in the type of its setting."""
    if kind == "flag":
        return _flag(value, where)
    if kind == "text":
        return _text(value, where)
    if isinstance(value, (list, tuple)):
        return tuple(_text(part, where) for part in cast("list[object]", value))
    text = _text(value, where)
    if text.startswith("["):
        try:
            parsed: object = json.loads(text)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, list):
            return tuple(_text(part, where) for part in cast("list[object]", parsed))
    if kind == "words":
        return tuple(word for word in re.split(r"[,\s]+", text) if word)
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidArgumentError(
            f"{where} is not a command: {str(error).rstrip('.')}.", "Quote it as in a shell, or give a JSON array."
        ) from None


def _flag(value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("true", "t", "yes", "y", "on", "1"):
        return True
    if word in ("false", "f", "no", "n", "off", "0", ""):
        return False
    raise InvalidArgumentError(f"{where} has to be true or false, not {word[:40]!r}.")


def _text(value: object, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float, dt.date)):
        raise InvalidArgumentError(f"{where} has to be a text, not {type(value).__name__}.", "Put it in quotes.")
    return str(value).strip()


def _guess_org(endpoint: str) -> str:
    """The first label of a host name of three and more, as the SDK does; never a part of an address."""
    try:
        host = Endpoint.parse(endpoint).host
    except InvalidArgumentError:
        return ""
    labels = host.split(".")
    return labels[0] if len(labels) > 2 and not _is_address(host) else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
