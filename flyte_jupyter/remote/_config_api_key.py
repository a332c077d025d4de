"""API keys: an endpoint and the client that may use it, in one line of text."""

from __future__ import annotations

import base64
import dataclasses

from flyte_jupyter.remote._errors import InvalidArgumentError

_HINT = "An API key is base64 of ENDPOINT:CLIENT_ID:CLIENT_SECRET:ORG; copy it whole, as it was issued."


@dataclasses.dataclass(frozen=True)
class ApiKey:
    """What an API key says.

    Attributes:
        endpoint: The backend, in any of the forms of `Endpoint.parse`.
        client_id: The OAuth client.
        client_secret: Its secret. Never shown.
        org: The organization, "" for none.
    """

    endpoint: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    org: str = ""

    @classmethod
    def decode(cls, key: str) -> ApiKey:
        """Reads an API key; its endpoint may hold colons, the other parts hold none.

        Args:
            key: The key as it was issued.

        Raises:
            InvalidArgumentError: The text is no API key. The key is not shown.

        Example:
            >>> ApiKey.decode(ApiKey("dns:///flyte.example.com", "me", "secret").encode()).endpoint
            'dns:///flyte.example.com'
        """
        try:
            text = base64.b64decode("".join(key.split()), validate=True).decode()
        except ValueError:
            raise InvalidArgumentError("The API key is not base64 of a text.", _HINT) from None
        parts = text.rsplit(":", 3)
        if len(parts) != 4 or not all(part.strip() for part in parts[:3]):
            raise InvalidArgumentError("The API key does not have its four parts.", _HINT)
        endpoint, client_id, client_secret, org = (part.strip() for part in parts)
        return cls(endpoint, client_id, client_secret, "" if org == "None" else org)

    def encode(self) -> str:
        """The key as `decode` reads it. It holds the secret: not for showing."""
        text = f"{self.endpoint}:{self.client_id}:{self.client_secret}:{self.org or 'None'}"
        return base64.b64encode(text.encode()).decode()
