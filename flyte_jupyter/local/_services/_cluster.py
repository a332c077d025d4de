"""ClusterService: everything is here."""

from __future__ import annotations

from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.auth import identity_connect, identity_pb2
from flyteidl2.cluster import payload_pb2, service_connect

from flyte_jupyter.local._backend import Backend, user_name

Context = RequestContext[Any, Any]


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [
        service_connect.ClusterServiceASGIApplication(ClusterService()),
        identity_connect.IdentityServiceASGIApplication(IdentityService()),
    ]


class ClusterService(service_connect.ClusterService):
    """Where to go for an operation."""

    async def select_cluster(
        self, request: payload_pb2.SelectClusterRequest, ctx: Context
    ) -> payload_pb2.SelectClusterResponse:
        """The endpoint that was asked (an empty one), whatever the operation."""
        return payload_pb2.SelectClusterResponse(cluster="local")


class IdentityService(identity_connect.IdentityService):
    """Who is asking."""

    async def user_info(self, request: identity_pb2.UserInfoRequest, ctx: Context) -> identity_pb2.UserInfoResponse:
        """The user of this machine who runs the backend."""
        name = user_name()
        return identity_pb2.UserInfoResponse(subject=name, name=name, preferred_username=name)
