"""ClientSecret: a program's own login."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any
from urllib.parse import quote_plus

from flyte_jupyter.remote._auth._login import FindServer, OpenHttp
from flyte_jupyter.remote._auth._person import Person
from flyte_jupyter.remote._auth._tokens import Tokens
from flyte_jupyter.remote._errors import InvalidArgumentError


class SecretSource:
    """Tokens for a client id and its secret.

    Args:
        client_id: The OAuth client; the backend does not name one for programs.
        secret: Its secret.
        find: Finds out where tokens come from.
        open_http: Opens an HTTP client.

    Raises:
        InvalidArgumentError: One of the two is missing.
    """

    eager = True

    def __init__(self, client_id: str, secret: str, find: FindServer, open_http: OpenHttp) -> None:
        self._client_id, self._secret = client_id, secret
        self._find, self._open_http = find, open_http
        if not client_id or not secret:
            raise InvalidArgumentError(
                "ClientSecret needs a client id and a secret.",
                "Give both, or an API key; in a file, clientId with clientSecretEnvVar or clientSecretLocation.",
            )

    def elsewhere(self) -> Tokens | None:
        """See `Source`."""
        return None

    async def renewed(self, current: Tokens | None) -> Tokens | None:
        """See `Source`."""
        from oauthlib.oauth2 import BackendApplicationClient

        async with self._open_http() as http:
            server = await self._find(http)
            if server is None:
                return None
            client: Any = BackendApplicationClient(self._client_id)
            form = {"audience": server.audience} if server.audience else {}
            headers: dict[str, str] = {}
            if server.secret_in_body:
                form["client_secret"] = self._secret
            else:
                # Flyte escapes the secret and not the id.
                pair = f"{self._client_id}:{quote_plus(self._secret)}"
                headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
            body: str = client.prepare_request_body(
                scope=list(server.scopes), include_client_id=server.secret_in_body, **form
            )
            tokens = await http.token(server.token_endpoint, body, headers)
        return dataclasses.replace(tokens, header_key=server.header_key, client_id=self._client_id, refresh="")

    async def login(self, person: Person) -> Tokens | None:
        """See `Source`: no person can help here."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._client_id})"
