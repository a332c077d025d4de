from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flyteidl2.auth import auth_service_pb2

from flyte_jupyter.remote import Endpoint, background
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._auth import Authenticator, authenticator
from flyte_jupyter.remote._settings import Settings
from flyte_jupyter.remote._transport import Transport, WireError
from flyte_jupyter.remote._transport_connect import ConnectTransport
from flyte_jupyter.remote._transport_grpc import GrpcTransport
from tests.unit.remote.auth.fake_identity_provider import FakeIdentityProvider, fake_identity_provider
from tests.unit.remote.fake_backend import FakeBackend, StatusError


@pytest.fixture
def idp() -> Iterator[FakeIdentityProvider]:
    with fake_identity_provider() as provider:
        yield provider


@dataclasses.dataclass
class Protected:
    """A backend that wants tokens of the identity provider, and says where they are had."""

    backend: FakeBackend
    idp: FakeIdentityProvider
    endpoint: Endpoint
    plain: Callable[[], Transport]
    header: str = "authorization"
    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)
    config: dict[str, Any] = dataclasses.field(default_factory=dict)

    def settings(self, auth_type: Any, **fields: Any) -> Settings:
        return Settings(self.endpoint.authority, insecure=True, auth_type=auth_type, **fields)

    async def login(self, settings: Settings, tell: Callable[[str], None] | None = None) -> Authenticator:
        made = await authenticator(settings, self.endpoint, self.plain, tell)
        assert made is not None
        return made

    def is_accepted(self) -> bool:
        """Whether the call that just came in has a token that is valid."""
        return self.backend.metadata[-1].get(self.header, "").removeprefix("Bearer ") in self.idp.valid

    async def ask(self, auth: Authenticator) -> Any:
        """One RPC, asked once more after a renewal, as the transports do."""
        transport = self.plain()
        try:
            for again in (True, False):
                headers = await auth.headers()
                try:
                    return await self._call(transport, headers)
                except WireError as error:
                    if error.code != "UNAUTHENTICATED" or not again or not await auth.renew(headers):
                        raise
        finally:
            await transport.close()

    async def _call(self, transport: Transport, headers: Any) -> Any:
        method, request = methods.GET_RUN_DETAILS, pb.GetRunDetailsRequest()
        return await transport.unary(method, request, 30, headers)


@pytest.fixture(params=["grpc", "connect"])
def protected(request: pytest.FixtureRequest, backend: FakeBackend, idp: FakeIdentityProvider) -> Protected:
    """A protected backend, once over each wire."""
    grpc = request.param == "grpc"
    port = backend.grpc_port if grpc else backend.connect_port
    endpoint = Endpoint.parse(f"localhost:{port}")

    def plain() -> Transport:
        return GrpcTransport(endpoint) if grpc else ConnectTransport.to(endpoint)

    made = Protected(backend, idp, endpoint, plain, metadata=idp.metadata())
    made.config = {
        "client_id": idp.client_id,
        "redirect_uri": "http://localhost/callback",
        "scopes": ["all", "offline"],
    }

    def run_details(request: Any) -> Any:
        if not made.is_accepted():
            raise StatusError("UNAUTHENTICATED", "no valid token")
        from flyteidl2.workflow.run_service_pb2 import GetRunDetailsResponse

        return GetRunDetailsResponse()

    backend.scripts |= {
        "GetOAuth2Metadata": lambda _: auth_service_pb2.GetOAuth2MetadataResponse(**made.metadata),
        "GetPublicClientConfig": lambda _: auth_service_pb2.GetPublicClientConfigResponse(**made.config),
        "GetRunDetails": run_details,
    }
    return made


def run(coro: Any) -> Any:
    """Runs a coroutine as a blocking call does."""
    return background().run(coro)
