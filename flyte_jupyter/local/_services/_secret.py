"""SecretService: values that tasks get as environment variables; they never leave by an RPC."""

from __future__ import annotations

from typing import Any

from connectrpc.request import RequestContext
from flyteidl2.secret import definition_pb2, payload_pb2, secret_connect

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._model import now_us, timestamp
from flyte_jupyter.local._status import exists, invalid, not_found

Context = RequestContext[Any, Any]


def applications(backend: Backend) -> list[Any]:
    """The ASGI applications of this module."""
    return [secret_connect.SecretServiceASGIApplication(SecretService(backend))]


class SecretService(secret_connect.SecretService):
    """Secrets of a project and domain, of a domain, or of all (empty project, empty domain)."""

    def __init__(self, backend: Backend) -> None:
        self._store = backend.state.store

    async def create_secret(
        self, request: payload_pb2.CreateSecretRequest, ctx: Context
    ) -> payload_pb2.CreateSecretResponse:
        """Keep a new secret."""
        if self._find(request.id) is not None:
            raise exists(f"Secret {request.id.name!r} already exists.")
        self._write(request.id, request.secret_spec)
        return payload_pb2.CreateSecretResponse()

    async def update_secret(
        self, request: payload_pb2.UpdateSecretRequest, ctx: Context
    ) -> payload_pb2.UpdateSecretResponse:
        """Give a secret another value."""
        self._get(request.id)
        self._write(request.id, request.secret_spec)
        return payload_pb2.UpdateSecretResponse()

    async def get_secret(self, request: payload_pb2.GetSecretRequest, ctx: Context) -> payload_pb2.GetSecretResponse:
        """A secret without its value."""
        return payload_pb2.GetSecretResponse(secret=_describe(self._get(request.id)))

    async def delete_secret(
        self, request: payload_pb2.DeleteSecretRequest, ctx: Context
    ) -> payload_pb2.DeleteSecretResponse:
        """Forget a secret."""
        self._get(request.id)
        self._store.execute("DELETE FROM secrets WHERE project = ? AND domain = ? AND name = ?", _key(request.id))
        return payload_pb2.DeleteSecretResponse()

    async def list_secrets(
        self, request: payload_pb2.ListSecretsRequest, ctx: Context
    ) -> payload_pb2.ListSecretsResponse:
        """Secrets by name, without their values."""
        if request.project and not request.domain:
            raise invalid("Secrets of a project are listed per domain, and the domain is empty.")
        if request.token and not request.token.isdecimal():
            raise invalid(f"{request.token!r} is not a page token of this backend.")
        offset = int(request.token or 0)
        limit = request.limit if request.limit > 0 else -1
        rows = self._store.rows(
            "SELECT * FROM secrets WHERE ?1 IN ('', project) AND ?2 IN ('', domain) "
            "ORDER BY name, project, domain LIMIT ?3 OFFSET ?4",
            (request.project, request.domain, limit + 1 if limit > 0 else -1, offset),
        )
        more = 0 < limit < len(rows)
        return payload_pb2.ListSecretsResponse(
            secrets=[_describe(row) for row in (rows[:limit] if more else rows)],
            token=str(offset + limit) if more else "",
        )

    def _find(self, secret: definition_pb2.SecretIdentifier) -> Any:
        if not secret.name:
            raise invalid("The secret has no name.")
        if secret.project and not secret.domain:
            raise invalid("A secret of a project needs a domain too.")
        return self._store.row("SELECT * FROM secrets WHERE project = ? AND domain = ? AND name = ?", _key(secret))

    def _get(self, secret: definition_pb2.SecretIdentifier) -> Any:
        row = self._find(secret)
        if row is None:
            raise not_found(f"Secret {secret.name!r} not found.")
        return row

    def _write(self, secret: definition_pb2.SecretIdentifier, spec: definition_pb2.SecretSpec) -> None:
        value = spec.binary_value if spec.WhichOneof("value") == "binary_value" else spec.string_value.encode()
        self._store.execute(
            "INSERT INTO secrets VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (project, domain, name) DO UPDATE SET value = excluded.value, type = excluded.type",
            (*_key(secret), spec.type, value, now_us()),
        )


def _key(secret: definition_pb2.SecretIdentifier) -> tuple[str, str, str]:
    return secret.project, secret.domain, secret.name


def _describe(row: Any) -> definition_pb2.Secret:
    return definition_pb2.Secret(
        id=definition_pb2.SecretIdentifier(name=row["name"], project=row["project"], domain=row["domain"]),
        secret_metadata=definition_pb2.SecretMetadata(
            created_time=timestamp(row["created_at"]),
            type=row["type"],
            secret_status=definition_pb2.SecretStatus(overall_status=definition_pb2.FULLY_PRESENT),
        ),
    )
