"""Who we are to a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flyte_jupyter.remote import _messages as pb
from flyte_jupyter.remote import _methods as methods
from flyte_jupyter.remote._client import Client, current_client
from flyte_jupyter.remote._common import ToJson
from flyte_jupyter.remote._dual import dual
from flyte_jupyter.remote._errors import UnauthenticatedError

if TYPE_CHECKING:
    from flyteidl2.auth.identity_pb2 import UserInfoResponse


class User(ToJson):
    """A user, as the backend knows them.

    Args:
        pb2: The message.
    """

    pb2: UserInfoResponse

    def __init__(self, pb2: UserInfoResponse) -> None:
        self.pb2 = pb2

    @dual
    @classmethod
    async def get(cls, *, client: Client | None = None) -> User:
        """Reads who we are (IdentityService.UserInfo).

        Args:
            client: The connection; the current one if not given.

        Raises:
            UnauthenticatedError: The backend does not know: it has no login, as on a devbox, or we are not logged in.

        Example:
            >>> User.get().subject() != ""
            True
        """
        client = client or current_client()
        try:
            return cls(await client.unary(methods.USER_INFO, pb.UserInfoRequest()))
        except UnauthenticatedError as error:
            raise UnauthenticatedError(
                f"{client.endpoint.authority} does not know who you are.",
                "It may have no login at all, as a devbox; else log in.",
                error.code,
            ) from None

    def subject(self) -> str:
        """What the user is identified by; runs are listed by it.

        Example:
            >>> mine = Run.listall(created_by_subject=User.get().subject())
        """
        return self.pb2.subject

    def name(self) -> str:
        """The user's name, "" where the backend does not tell.

        Example:
            >>> name = User.get().name()
        """
        return self.pb2.name

    def __repr__(self) -> str:
        return f"User({self.name() or self.subject()})"
