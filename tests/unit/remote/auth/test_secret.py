from __future__ import annotations

import asyncio

import pytest

from flyte_jupyter.remote import InvalidArgumentError, UnauthenticatedError, UnavailableError
from flyte_jupyter.remote._transport import WireError
from tests.unit.remote.auth.conftest import Protected, run


def secret(protected: Protected, **fields: str):
    return protected.settings("ClientSecret", **{"client_id": "robot", "client_secret": "se/c r+et:ü", **fields})


def test_a_token_is_had_before_the_first_request(protected: Protected) -> None:
    async def go() -> None:
        auth = await protected.login(secret(protected, audience="flyte-api"))
        await protected.ask(auth)
        await protected.ask(auth)

    run(go())
    (form,) = protected.idp.grants("client_credentials")
    assert form == {"grant_type": "client_credentials", "scope": "all offline", "audience": "flyte-api"}
    assert protected.backend.count("GetRunDetails") == 2


def test_the_secret_goes_in_the_form_where_the_server_takes_it_only_there(protected: Protected) -> None:
    protected.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]

    async def go() -> None:
        await protected.ask(await protected.login(secret(protected)))

    run(go())
    ((_, form, headers),) = protected.idp.requests
    assert form["client_secret"] == "se/c r+et:ü"
    assert "authorization" not in headers


def test_a_revoked_token_is_renewed_once_for_100_callers(protected: Protected) -> None:
    async def go() -> None:
        auth = await protected.login(secret(protected))
        await protected.ask(auth)
        protected.idp.revoke()
        headers = await auth.headers()
        assert all(await asyncio.gather(*(auth.renew(headers) for _ in range(100))))
        await protected.ask(auth)

    run(go())
    assert len(protected.idp.grants("client_credentials")) == 2


def test_a_wrong_secret_is_told_once_to_everybody(protected: Protected) -> None:
    async def go() -> list[BaseException]:
        auth = await protected.login(secret(protected, client_secret="wrong"))
        return await asyncio.gather(*(protected.ask(auth) for _ in range(20)), return_exceptions=True)  # type: ignore[return-value]

    errors = run(go())
    assert all(isinstance(error, UnauthenticatedError) for error in errors)
    assert all("invalid_client" in str(error) and "unknown client" in str(error) for error in errors)
    assert all("Check the client id and the secret." in str(error) and "wrong" not in str(error) for error in errors)
    assert len(protected.idp.grants("client_credentials")) == 1
    assert protected.backend.count("GetRunDetails") == 0


def test_a_provider_that_is_not_well_is_no_refusal(protected: Protected) -> None:
    protected.idp.failures["/token"].append((503, "<html>busy</html>"))

    async def go() -> None:
        await protected.ask(await protected.login(secret(protected)))

    with pytest.raises(UnavailableError, match="HTTP 503"):
        run(go())


def test_without_oauth_the_backend_s_own_error_stands(protected: Protected) -> None:
    del protected.backend.scripts["GetOAuth2Metadata"]

    async def go() -> None:
        await protected.ask(await protected.login(secret(protected)))

    with pytest.raises(WireError, match="no valid token"):
        run(go())
    assert protected.idp.requests == []


def test_both_id_and_secret_are_wanted(protected: Protected) -> None:
    with pytest.raises(InvalidArgumentError, match="client id and a secret"):
        run(protected.login(secret(protected, client_secret="")))
