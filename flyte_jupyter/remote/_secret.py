"""Secrets. Their values go to the backend and never come back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from flyte_jupyter.remote import _listing
from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import ToJson, check_name, to_datetime
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import AlreadyExistsError, InvalidArgumentError, NotFoundError

if TYPE_CHECKING:
    from flyteidl2.secret.definition_pb2 import Secret as Message
    from flyteidl2.secret.definition_pb2 import SecretIdentifier, SecretSpec

SecretTypes = Literal["regular", "image_pull"]
_TYPES = ("regular", "image_pull")


class Secret(ToJson):
    """A secret: its name and kind. Its value is known to the backend alone, and to tasks that want it.

    Args:
        pb2: The message.
    """

    pb2: Message

    def __init__(self, pb2: Message) -> None:
        self.pb2 = pb2

    @dual
    @classmethod
    async def create(
        cls,
        name: str,
        value: str | bytes,
        type: SecretTypes = "regular",  # noqa: A002 - as in the SDK
        *,
        project: str | None = None,
        domain: str | None = None,
        client: Client | None = None,
    ) -> None:
        """Creates a secret (SecretService.CreateSecret).

        Args:
            name: Its name.
            value: Its value. It is sent, and kept nowhere here.
            type: "regular", or "image_pull" for the credentials of an image registry. Those are for all projects.
            project: Project whose tasks may have it, "" for all; the connection's if not given.
            domain: Domain likewise.
            client: The connection; the current one if not given.

        Raises:
            AlreadyExistsError: There is one of that name.
            InvalidArgumentError: A value that is neither text nor bytes, a kind that there is not, or a project or
                domain for an "image_pull" secret.

        Example:
            >>> Secret.create("api-key", "...")
            >>> Secret.get("api-key").type
            'regular'
        """
        client = client or current_client()
        spec = _spec(value, type)
        request = pb.CreateSecretRequest(id=_identifier(client, name, *_scope(type, project, domain)), secret_spec=spec)
        try:
            await client.unary(methods.CREATE_SECRET, request)
        except AlreadyExistsError as error:
            raise AlreadyExistsError(
                f"There is a secret {name!r} already {_place(request.id)}.", "Secret.update changes it.", error.code
            ) from None

    @dual
    @classmethod
    async def update(
        cls,
        name: str,
        value: str | bytes,
        type: SecretTypes = "regular",  # noqa: A002 - as for create
        *,
        project: str | None = None,
        domain: str | None = None,
        client: Client | None = None,
    ) -> None:
        """Gives a secret another value (SecretService.UpdateSecret). Tasks that start from then on have it.

        Args:
            name: Its name.
            value: Its new value. It is sent, and kept nowhere here.
            type: The kind that it is of from then on, as for `create`.
            project: Project, "" for those of all; the connection's if not given.
            domain: Domain likewise.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such secret.
            InvalidArgumentError: A value that is neither text nor bytes, a kind that there is not, or a project or
                domain for an "image_pull" secret.

        Example:
            >>> Secret.update("api-key", "... of this month")
        """
        client = client or current_client()
        spec = _spec(value, type)
        request = pb.UpdateSecretRequest(id=_identifier(client, name, *_scope(type, project, domain)), secret_spec=spec)
        try:
            await client.unary(methods.UPDATE_SECRET, request)
        except NotFoundError as error:
            raise _missing(request.id, error) from None

    @dual
    @classmethod
    async def get(
        cls,
        name: str,
        *,
        project: str | None = None,
        domain: str | None = None,
        client: Client | None = None,
    ) -> Secret:
        """Reads what is known of a secret, without its value (SecretService.GetSecret).

        Args:
            name: Its name.
            project: Project, "" for those of all; the connection's if not given.
            domain: Domain likewise.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such secret.

        Example:
            >>> Secret.get("api-key")
            Secret(api-key)
        """
        client = client or current_client()
        request = pb.GetSecretRequest(id=_identifier(client, name, project, domain))
        try:
            answer = await client.unary(methods.GET_SECRET, request)
        except NotFoundError as error:
            raise _missing(request.id, error) from None
        return cls(answer.secret)

    @dual
    @classmethod
    async def listall(
        cls,
        limit: int = 10,
        *,
        project: str | None = None,
        domain: str | None = None,
        client: Client | None = None,
    ) -> AsyncGenerator[Secret, None]:
        """Lists all secrets, without their values (SecretService.ListSecrets).

        Args:
            limit: How many to ask for at once. All are listed, as the SDK does.
            project: Project, "" for those of all; the connection's if not given.
            domain: Domain likewise.
            client: The connection; the current one if not given.

        Raises:
            InvalidArgumentError: A limit that there is not.

        Example:
            >>> sorted(secret.name for secret in Secret.listall())
            ['api-key']
        """
        client = client or current_client()
        _listing.check_limit(limit)
        if limit < 1:
            raise InvalidArgumentError(f"At least one secret must be asked for at once, and not {limit}.")
        where = _identifier(client, "-", project, domain)
        request = pb.ListSecretsRequest(
            organization=where.organization, project=where.project, domain=where.domain, limit=limit
        )
        while True:
            answer = await client.unary(methods.LIST_SECRETS, request)
            for pb2 in answer.secrets:
                yield cls(pb2)
            # Older backends page each cluster by itself; a cluster without a token has no more.
            clusters = {cluster: token for cluster, token in answer.per_cluster_tokens.items() if token}
            before = (request.token, dict(request.per_cluster_tokens))
            if (not answer.token and not clusters) or before == (answer.token, clusters):
                return
            request.token = answer.token
            request.per_cluster_tokens.clear()
            request.per_cluster_tokens.update(clusters)

    @dual
    @classmethod
    async def delete(
        cls,
        name: str,
        *,
        project: str | None = None,
        domain: str | None = None,
        client: Client | None = None,
    ) -> None:
        """Deletes a secret (SecretService.DeleteSecret).

        Args:
            name: Its name.
            project: Project, "" for those of all; the connection's if not given.
            domain: Domain likewise.
            client: The connection; the current one if not given.

        Raises:
            NotFoundError: There is no such secret.

        Example:
            >>> Secret.delete("api-key")
        """
        client = client or current_client()
        request = pb.DeleteSecretRequest(id=_identifier(client, name, project, domain))
        try:
            await client.unary(methods.DELETE_SECRET, request)
        except NotFoundError as error:
            raise _missing(request.id, error) from None

    @property
    def name(self) -> str:
        """The secret's name."""
        return self.pb2.id.name

    @property
    def type(self) -> str:
        """The kind: "regular" or "image_pull".

        Raises:
            ValueError: It is of a kind that this version does not know.
        """
        number = int(self.pb2.secret_metadata.type)
        if not 0 <= number < len(_TYPES):
            raise ValueError(f"Secret {self.name!r} is of a kind that this version does not know ({number}).")
        return _TYPES[number]

    @property
    def created_at(self) -> datetime | None:
        """When it was created, in UTC."""
        metadata = self.pb2.secret_metadata
        return to_datetime(metadata.created_time) if metadata.HasField("created_time") else None

    def __repr__(self) -> str:
        return f"Secret({self.name})"


def _identifier(client: Client, name: str, project: str | None, domain: str | None) -> SecretIdentifier:
    check_name("A secret", name)
    return pb.SecretIdentifier(
        organization=client.org,
        project=client.project if project is None else project,
        domain=client.domain if domain is None else domain,
        name=name,
    )


def _spec(value: Any, type_: str) -> SecretSpec:
    if type_ not in _TYPES:
        raise InvalidArgumentError(f'A secret is "regular" or "image_pull", and not {type_!r}.')
    spec = pb.SecretSpec(type=_TYPES.index(type_))  # pyright: ignore[reportArgumentType]
    if isinstance(value, str):
        spec.string_value = value
    elif isinstance(value, bytes):
        spec.binary_value = value
    else:
        # The value itself must not be shown.
        kind = value.__class__.__name__
        raise InvalidArgumentError(f"The value of a secret is text or bytes, and not of type {kind}.")
    return spec


def _scope(type_: str, project: str | None, domain: str | None) -> tuple[str | None, str | None]:
    if type_ != "image_pull":
        return project, domain
    if project or domain:
        raise InvalidArgumentError(
            'An "image_pull" secret is for all projects and domains.', "Leave out project and domain."
        )
    return "", ""


def _place(secret: SecretIdentifier) -> str:
    if not secret.project and not secret.domain:
        return "for all projects"
    return f"in project {secret.project!r}, domain {secret.domain!r}"


def _missing(secret: SecretIdentifier, error: NotFoundError) -> NotFoundError:
    hint = "Is it one of another project, or of all (project='', domain='')?"
    return NotFoundError(f"There is no secret {secret.name!r} {_place(secret)}.", hint, error.code)
