"""Where a backend listens."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from urllib.parse import quote, urlsplit

from flyte_jupyter.remote._errors import InvalidArgumentError

_FORMS = "Give host:port, dns:///host:port, http://host:port or https://host."
_LOCAL_TOKEN = re.compile(r"/([A-Za-z0-9_-]{32,})/?")


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A backend's address.

    Attributes:
        host: Name or address, an IPv6 address without brackets.
        port: TCP port.
        insecure: True for plain text, False for TLS.
        prefix: Path in front of every RPC on Connect, "" or "/something"; gRPC knows no paths.
        token: What a backend on this machine demands with every request, or "". Never shown.
        console_base: Base URL of the web console where it is elsewhere than the API, or "".
    """

    host: str
    port: int
    insecure: bool
    prefix: str = ""
    token: str = dataclasses.field(default="", repr=False)
    console_base: str = dataclasses.field(default="", repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, *, insecure: bool | None = None, console: str = "") -> Endpoint:
        """Reads an endpoint in any of the documented forms.

        Args:
            text: "host", "host:port", "dns:///host:port", "http://host:port[/path]" or "https://host[:port][/path]".
                "http://localhost:PORT/TOKEN" is a backend of this machine.
            insecure: True for plain text, False for TLS; None takes it from the scheme, and without one it is plain
                text on this machine and TLS elsewhere.
            console: The web console's endpoint where it is elsewhere, in the same forms.

        Raises:
            InvalidArgumentError: The text is none of these.

        Example:
            >>> Endpoint.parse("dns:///flyte.example.com")
            Endpoint(host='flyte.example.com', port=443, insecure=False, prefix='')
        """
        text = text.strip()
        scheme, separator, rest = text.partition("://")
        if not separator:
            scheme, rest = "", text
        elif scheme == "dns":
            rest = rest.lstrip("/")
        elif scheme not in ("http", "https"):
            raise InvalidArgumentError(f"An endpoint cannot begin with {scheme + '://'!r}.", _FORMS)
        try:
            parts = urlsplit("//" + rest)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise InvalidArgumentError(f"The endpoint's address cannot be read: {error}.", _FORMS) from None
        if not host or any(character.isspace() for character in host) or parts.username is not None:
            raise InvalidArgumentError("The endpoint names no host.", _FORMS)
        if insecure is None:
            insecure = scheme == "http" or (scheme != "https" and _is_loopback(host))
        path, token = parts.path.rstrip("/"), ""
        if _is_loopback(host) and (match := _LOCAL_TOKEN.fullmatch(parts.path)):
            path, token = "", match.group(1)
        if console:
            page = cls.parse(console)
            console = f"{page.console}{page.prefix}"
        return cls(host, port or (80 if insecure else 443), insecure, path, token, console)

    @property
    def authority(self) -> str:
        """What is shown: "host:port"."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the backend is on this machine."""
        return _is_loopback(self.host)

    @property
    def grpc_target(self) -> str:
        """What a gRPC channel is opened to."""
        return f"dns:///{self.authority}"

    @property
    def connect_address(self) -> str:
        """The base URL of the RPCs on Connect. Contains the token: not for showing."""
        scheme = "http" if self.insecure else "https"
        return f"{scheme}://{self.authority}{f'/{self.token}' if self.token else self.prefix}"

    @property
    def console(self) -> str:
        """The base URL of the web console, "" for a backend that has none."""
        if self.token or self.console_base:
            return self.console_base
        scheme, default = ("http", 80) if self.insecure else ("https", 443)
        # The devbox serves its console next to the API's port.
        port = 8080 if (self.host, self.port) == ("localhost", 8090) else self.port
        return f"{scheme}://{_bracketed(self.host)}{'' if port == default else f':{port}'}"

    def console_url(self, project: str, domain: str, run: str, action: str | None = None) -> str:
        """The page of a run, or of one action of it, "" where there is no console.

        Args:
            project: The run's project.
            domain: Its domain.
            run: Its name.
            action: The action to open; None for the run.

        Example:
            >>> Endpoint.parse("flyte.example.com").console_url("flytesnacks", "development", "r1", "a0")
            'https://flyte.example.com/v2/domain/development/project/flytesnacks/runs/r1?i=a0'
        """
        if not self.console:
            return ""
        path = "/".join(quote(part, safe="") for part in ("v2", "domain", domain, "project", project, "runs", run))
        query = f"?i={quote(action, safe='')}" if action else ""
        return f"{self.console}/{path}{query}"

    def redact(self, text: str) -> str:
        """The text without the token.

        Args:
            text: What may contain it.

        Example:
            >>> Endpoint.parse("http://localhost:1234/" + 40 * "x").redact("no route to /" + 40 * "x")
            'no route to /...'
        """
        return text.replace(self.token, "...") if self.token else text

    def __str__(self) -> str:
        return self.authority


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
