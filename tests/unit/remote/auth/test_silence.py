"""Tokens and secrets appear in no repr, log or error, whatever happens."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import traceback
from typing import Any

import pytest

from flyte_jupyter.remote._auth import auth_metadata, proxy_authenticator
from flyte_jupyter.remote._auth._tokens import Tokens
from flyte_jupyter.remote._settings import Settings
from tests.unit.remote.auth.conftest import FakeBrowser, FakeKeyring, Protected, in_background, run

# What the fake provider gives, and what else is nobody's business.
SECRETS = re.compile(r"access-\d|refresh-\d|code-\d|se/c r|se%2Fc|printed-token|brought-along|code_verifier=")


def reprs_of_ours() -> list[str]:
    """The repr of every living object whose class is ours."""
    return [
        repr(thing) for thing in gc.get_objects() if str(type(thing).__module__).startswith("flyte_jupyter.remote.")
    ]


def test_no_token_is_shown(
    protected: Protected, browser: FakeBrowser, ring: FakeKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    logging.getLogger("httpcore").setLevel(1)
    errors: list[BaseException] = []

    async def go() -> list[Any]:
        kept: list[Any] = [
            await protected.authenticator("Pkce"),
            await protected.authenticator("ClientSecret", client_id="robot", client_secret="se/c r+et:ü"),
            await protected.authenticator("ExternalCommand", command=("echo", "printed-token")),
            await protected.authenticator("Passthrough"),
            proxy_authenticator(Settings("localhost", proxy_command=("echo", "printed-token"))),
        ]
        protected.idp.valid |= {"printed-token", "brought-along"}
        with auth_metadata(("authorization", "Bearer brought-along")):
            for auth in kept[:4]:
                await protected.ask(auth)
        await kept[4].headers()
        protected.idp.revoke()
        protected.idp.refuse("invalid_grant", "expired")
        protected.idp.refuse("access_denied", "no")
        for auth in kept[:3]:
            try:
                await protected.ask(auth)
            except Exception as error:
                errors.append(error)
        return kept

    kept = run(go())
    assert len(errors) == 3
    shown = [*reprs_of_ours(), *map(repr, kept), *protected.told]
    shown += [f"{error!r} {error} {error.args} {''.join(traceback.format_exception(error))}" for error in errors]
    shown += [record.getMessage() for record in caplog.records]
    leaks = [SECRETS.sub("<<< leak >>>", text) for text in shown if SECRETS.search(text)]
    assert leaks == []
    assert any("TokenAuthenticator(localhost" in text for text in shown)
    assert any(record.name.startswith("httpcore") for record in caplog.records)


def test_tokens_say_nothing_of_themselves() -> None:
    tokens = Tokens("access-1", "refresh-1", 1.0, "authorization", "flyte")
    assert repr(tokens) == "Tokens(expires_at=1.0, header_key='authorization', client_id='flyte', early=60.0)"
    assert "access-1" not in f"{tokens} {tokens!s}"


def test_an_error_in_the_background_tells_no_token(protected: Protected, browser: FakeBrowser) -> None:
    async def go() -> None:
        auth = await protected.authenticator("Pkce")
        await protected.ask(auth)
        protected.idp.revoke()
        protected.idp.failures["/token"].append((500, "access-1 refresh-1"))
        await asyncio.gather(protected.ask(auth), protected.ask(auth))

    with pytest.raises(Exception, match="HTTP 500") as caught:
        run(go())
    assert not SECRETS.search(str(caught.value))
    with pytest.raises(Exception, match=r"HTTP 500|no valid login"):
        in_background(go())
