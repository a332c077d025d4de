"""Where tokens are kept: in memory for this process, and in the system's keyring for the next one. Never in a file."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flyte_jupyter.remote._auth._threads import in_thread
from flyte_jupyter.remote._auth._tokens import DEFAULT_HEADER, Tokens

T = TypeVar("T")

logger = logging.getLogger("flyte_jupyter")

_USER = "tokens"
_SECONDS = 60.0  # a keyring may ask its owner first

_memory: dict[str, Tokens] = {}


class TokenStore:
    """The tokens for one backend, shared by all connections of this process, and through the keyring by others.

    Where there is no keyring, or it does not answer, tokens live in memory only.

    Args:
        place: "host:port" of the backend, with its path if it has one.
        keyring: Whether to use the keyring.
        client_id: Tokens of other OAuth clients are left alone; "" takes any.
    """

    def __init__(self, place: str, *, keyring: bool, client_id: str = "") -> None:
        self._service = f"flyte_jupyter:{place}"
        self._keyring = keyring
        self._client_id = client_id

    def here(self) -> Tokens | None:
        """What this process knows, without asking the keyring."""
        return self._ours(_memory.get(self._service))

    async def load(self) -> Tokens | None:
        """The latest tokens: another process may have renewed those that we know."""
        text = await self._ask(lambda keyring: keyring.get_password(self._service, _USER))
        kept = self._ours(_read(text)) if text else None
        known = self.here()
        if kept is not None and (known is None or _is_later(kept, known)):
            _memory[self._service] = known = kept
        return known

    async def save(self, tokens: Tokens) -> None:
        """Keeps tokens."""
        _memory[self._service] = tokens
        # Windows keeps no more than 1,280 characters; the refresh token is what matters, and it is short.
        alone = Tokens("", tokens.refresh, None, tokens.header_key, tokens.client_id)
        if not (await self._put(tokens) or (tokens.refresh and await self._put(alone))):
            # What an earlier process kept there is no longer true.
            self._keyring = False

    async def _put(self, tokens: Tokens) -> bool:
        def put(keyring: Any) -> bool:
            keyring.set_password(self._service, _USER, _write(tokens))
            return True

        return await self._ask(put) or False

    async def forget(self, tokens: Tokens) -> None:
        """Lets tokens go that are of no use any more, unless others have taken their place."""
        if (known := _memory.get(self._service)) is not None and known.refresh == tokens.refresh:
            del _memory[self._service]

        def delete(keyring: Any) -> None:
            kept = _read(keyring.get_password(self._service, _USER) or "")
            if kept is not None and kept.refresh == tokens.refresh:
                keyring.delete_password(self._service, _USER)

        await self._ask(delete)

    async def of_sdk(self, service: str) -> str:
        """The access token that the SDK keeps for a backend, "" if there is none.

        Its refresh token is left to it: where each can be used once only, two programs would end each other's logins.

        Args:
            service: The SDK's name for the backend: its endpoint without the scheme.
        """
        if sys.platform == "darwin":
            # The keychain would ask its owner for each of them.
            return ""
        text = await self._ask(lambda keyring: keyring.get_password(service, _USER))
        if text:
            try:
                return str(json.loads(text)["access_token"] or "")
            except (ValueError, TypeError, KeyError):
                return ""
        return await self._ask(lambda keyring: keyring.get_password(service, "access_token")) or ""

    async def _ask(self, question: Callable[[Any], T]) -> T | None:
        if not self._keyring:
            return None

        def ask() -> T:
            import keyring

            backend = keyring.get_keyring()
            if type(backend).__module__.startswith("keyrings.alt"):
                raise RuntimeError("it is a plain file, or asks for a password in the terminal")
            return question(backend)

        try:
            return await in_thread(ask, _SECONDS)
        except Exception as error:
            # Its text may hold what was to be kept.
            logger.debug("The keyring is of no use: %s", type(error).__name__)
            return None

    def _ours(self, tokens: Tokens | None) -> Tokens | None:
        fits = tokens is not None and (not self._client_id or tokens.client_id == self._client_id)
        return tokens if fits else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._service})"


def _is_later(one: Tokens, other: Tokens) -> bool:
    if (one.access, one.refresh) == (other.access, other.refresh) or not one.access:
        return False
    return one.expires_at is None or other.expires_at is None or one.expires_at > other.expires_at


def _write(tokens: Tokens) -> str:
    return json.dumps(
        {
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_at": tokens.expires_at,
            "header_key": tokens.header_key,
            "client_id": tokens.client_id,
        }
    )


def _read(text: str) -> Tokens | None:
    try:
        item = cast("dict[str, Any]", json.loads(text))
        expires_at = item.get("expires_at")
        return Tokens(
            str(item.get("access_token") or ""),
            str(item.get("refresh_token") or ""),
            None if expires_at is None else float(expires_at),
            str(item.get("header_key") or DEFAULT_HEADER),
            str(item.get("client_id") or ""),
        )
    except (ValueError, TypeError, AttributeError):
        return None
