"""What a connection is made of, wherever it was written: arguments, environment, a file, an API key, the SDK."""

from __future__ import annotations

import dataclasses
from typing import Literal, cast

from flyte_jupyter.remote._errors import InvalidArgumentError

AuthType = Literal["Pkce", "DeviceFlow", "ClientSecret", "ExternalCommand", "Passthrough"]
Compression = Literal["", "gzip"]

# As files, and the command line of the SDK, spell them; hyphens, underscores and capitals do not matter.
_AUTH_TYPES: dict[str, AuthType] = {
    "pkce": "Pkce",
    "deviceflow": "DeviceFlow",
    "headless": "DeviceFlow",
    "clientsecret": "ClientSecret",
    "appcredential": "ClientSecret",
    "externalcommand": "ExternalCommand",
    "command": "ExternalCommand",
    "custom": "ExternalCommand",
    "passthrough": "Passthrough",
}


@dataclasses.dataclass(frozen=True)
class Settings:
    """Everything that decides how a backend is reached and who we are there.

    Attributes:
        endpoint: The backend, in any of the forms of `Endpoint.parse`.
        insecure: True for plain text, False for TLS, None to take it from the endpoint.
        insecure_skip_verify: Trust whatever certificate the backend shows.
        ca_cert_file_path: PEM file with the certificates to trust instead of the system's, or "".
        auth_type: How a token is got where the backend wants one.
        command: Program and arguments that print a token, for "ExternalCommand".
        proxy_command: Program and arguments that print a token for a proxy in front of the backend.
        client_id: OAuth client, "" for the one that the backend names.
        client_secret: Its secret, for "ClientSecret". Never shown.
        scopes: OAuth scopes, empty for those that the backend names.
        audience: OAuth audience, "" for the one that the backend names.
        http_proxy_url: HTTP proxy for the identity provider and the backend, or "". Never shown.
        disable_keyring: Keep tokens in memory only.
        rpc_retries: How often an idempotent RPC is tried while the backend is unavailable.
        compression: "gzip" to compress requests, "" to send them as they are. Answers may be compressed either way.
        console_endpoint: The web console where it is elsewhere than the backend, or "".
        org: Organization, "" for none.
        project: Default project, "" where none is set.
        domain: Default domain, "" where none is set.
    """

    endpoint: str
    insecure: bool | None = None
    insecure_skip_verify: bool = False
    ca_cert_file_path: str = ""
    auth_type: AuthType = "Pkce"
    command: tuple[str, ...] = ()
    proxy_command: tuple[str, ...] = ()
    client_id: str = ""
    client_secret: str = dataclasses.field(default="", repr=False)
    scopes: tuple[str, ...] = ()
    audience: str = ""
    http_proxy_url: str = dataclasses.field(default="", repr=False)
    disable_keyring: bool = False
    rpc_retries: int = 3
    compression: Compression = ""
    console_endpoint: str = ""
    org: str = ""
    project: str = ""
    domain: str = ""


def auth_type(text: str) -> AuthType:
    """The kind of authentication that a text means.

    Raises:
        InvalidArgumentError: There is none of that name.

    Example:
        >>> auth_type("device-flow")
        'DeviceFlow'
    """
    found = _AUTH_TYPES.get(str(text).replace("-", "").replace("_", "").strip().lower())
    if found is None:
        known = ", ".join(cast("dict[AuthType, None]", dict.fromkeys(_AUTH_TYPES.values())))
        raise InvalidArgumentError(f"{text!r} is no auth type.", f"Give one of {known}.")
    return found
