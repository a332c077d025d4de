"""What a connection is made of, wherever it was written: arguments, environment, a file, an API key, the SDK."""

from __future__ import annotations

import dataclasses
from typing import Literal

AuthType = Literal["Pkce", "DeviceFlow", "ClientSecret", "ExternalCommand", "Passthrough"]


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
        http_proxy_url: HTTP proxy for the identity provider and the backend, or "".
        disable_keyring: Keep tokens in memory only.
        rpc_retries: How often an idempotent RPC is tried while the backend is unavailable.
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
    http_proxy_url: str = ""
    disable_keyring: bool = False
    rpc_retries: int = 3
    console_endpoint: str = ""
    org: str = ""
    project: str = ""
    domain: str = ""
