"""The connection of the `flyte` SDK of this process, found without importing the SDK."""

from __future__ import annotations

import sys
from typing import Any

from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._endpoint import Endpoint
from flyte_jupyter.remote._errors import NotConnectedError
from flyte_jupyter.remote._transport import Transport
from flyte_jupyter.remote._transport_connect import ConnectTransport

# Where a client set of the SDK keeps its Connect client of a service.
_ATTRIBUTES = {
    methods.RUN_SERVICE: "run_service",
    methods.RUN_LOGS_SERVICE: "logs_service",
    methods.DATA_PROXY_SERVICE: "dataproxy_service",
    methods.TASK_SERVICE: "task_service",
    methods.TRIGGER_SERVICE: "trigger_service",
    methods.PROJECT_SERVICE: "project_domain_service",
    methods.SECRET_SERVICE: "secrets_service",
    methods.IDENTITY_SERVICE: "identity_service",
    methods.CLUSTER_SERVICE: "cluster_service",
}


def sdk_connection() -> tuple[object, Endpoint, Transport, str | None, str | None, str | None]:
    """The SDK's set of clients, its endpoint, a transport over its clients, and its project, domain and organization.

    Raises:
        NotConnectedError: The SDK is not loaded or not initialised.
    """
    initialize: Any = sys.modules.get("flyte._initialize")
    config: Any = initialize._get_init_config() if initialize is not None else None
    clients: Any = getattr(config, "client", None)
    if clients is None:
        raise NotConnectedError(
            "There is no endpoint to connect to: none was given, and the flyte SDK is not initialised.",
            'Connect with flyte_jupyter.connect("HOST:PORT"), or call flyte.init first.',
        )
    session = clients.session_config
    endpoint = Endpoint.parse(session.endpoint, insecure=bool(session.insecure))

    async def client(service: str) -> Any:
        return getattr(clients, _ATTRIBUTES[service])

    transport = ConnectTransport("sdk", client, endpoint.redact)
    return clients, endpoint, transport, config.project, config.domain, config.org
