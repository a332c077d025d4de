from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from flyte_jupyter.remote import InvalidArgumentError, UnauthenticatedError, UnavailableError
from flyte_jupyter.remote._auth import Authenticator, _http
from flyte_jupyter.remote._transport import WireError
from tests.unit.remote.auth.conftest import Protected, in_background, run

WIRES = ["grpc", "connect"]


async def robot(protected: Protected, **fields: Any) -> Authenticator:
    return await protected.authenticator(
        "ClientSecret", **{"client_id": "robot", "client_secret": "se/c r+et:ü", **fields}
    )


def test_a_token_is_had_before_the_first_request(protected: Protected) -> None:
    async def go() -> None:
        auth = await robot(protected, scopes=("['own", "scopes']"), audience="own")
        await protected.ask(auth)
        await protected.ask(auth)

    in_background(go())
    (form,) = protected.idp.grants("client_credentials")
    assert form == {"grant_type": "client_credentials", "scope": "own scopes", "audience": "own"}
    assert protected.backend.count("GetRunDetails") == 2


def test_scopes_and_audience_are_the_backend_s_where_none_are_given(protected: Protected) -> None:
    async def go() -> None:
        await protected.ask(await robot(protected))

    run(go())
    (form,) = protected.idp.grants("client_credentials")
    assert form == {"grant_type": "client_credentials", "scope": "all offline", "audience": "flyte-api"}


def test_the_secret_goes_in_the_form_where_the_server_takes_it_only_there(protected: Protected) -> None:
    protected.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]

    async def go() -> None:
        await protected.ask(await robot(protected))

    run(go())
    ((_, form, headers),) = protected.idp.requests
    assert form["client_secret"] == "se/c r+et:ü"
    assert "authorization" not in headers


def test_the_header_is_the_one_that_the_backend_names(protected: Protected) -> None:
    protected.header = "flyte-authorization"
    protected.config["authorization_metadata_key"] = "Flyte-Authorization"

    async def go() -> None:
        auth = await robot(protected)
        await protected.ask(auth)
        assert [key for key, _ in await auth.headers()] == ["flyte-authorization"]

    run(go())
    assert protected.backend.count("GetRunDetails") == 1


def test_a_revoked_token_is_renewed_once_for_100_callers(protected: Protected) -> None:
    async def go() -> None:
        auth = await robot(protected)
        await protected.ask(auth)
        protected.idp.revoke()
        await asyncio.gather(*(protected.ask(auth) for _ in range(100)))

    run(go())
    assert len(protected.idp.grants("client_credentials")) == 2
    assert len(protected.idp.valid) == 1


def test_a_wrong_secret_is_told_to_everybody_and_asked_once(protected: Protected) -> None:
    async def go() -> list[Any]:
        auth = await robot(protected, client_secret="not-that-one")
        return await asyncio.gather(*(protected.ask(auth) for _ in range(20)), return_exceptions=True)

    errors = run(go())
    for error in errors:
        assert isinstance(error, UnauthenticatedError)
        assert error.code == "UNAUTHENTICATED"
        assert str(error).endswith(
            "refused the login (invalid_client): unknown client. Check the client id and the secret."
        )
    assert len(protected.idp.grants("client_credentials")) == 1
    assert protected.backend.count("GetRunDetails") == 0


def test_a_refused_secret_is_not_tried_by_every_feed_but_by_who_asks_later(protected: Protected) -> None:
    auth = in_background(robot(protected))
    protected.idp.refuse("invalid_client")
    for _ in range(3):
        with pytest.raises(UnauthenticatedError, match="invalid_client"):
            in_background(protected.ask(auth))
    assert len(protected.idp.grants("client_credentials")) == 1
    run(protected.ask(auth))
    in_background(protected.ask(auth))
    assert len(protected.idp.grants("client_credentials")) == 2


def test_a_provider_that_is_not_well_is_no_refusal(protected: Protected) -> None:
    protected.idp.failures["/token"].append((503, "<html>busy</html>"))

    async def go() -> None:
        await protected.ask(await robot(protected))

    with pytest.raises(UnavailableError, match=r"answered HTTP 503 to the login\. Try again in a while\."):
        run(go())


def test_a_provider_that_does_not_answer_is_not_waited_for(
    protected: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(_http, "_SECONDS", 0.1)

    def silent(path: str) -> None:
        gate.wait(20)

    protected.idp.before = silent

    async def go() -> None:
        await protected.ask(await robot(protected))

    with pytest.raises(UnavailableError, match="cannot be reached for the login: ReadTimeout"):
        run(go())
    gate.set()


def test_each_of_many_callers_gets_an_error_of_its_own(protected: Protected) -> None:
    protected.idp.failures["/token"].append((503, ""))

    async def go() -> list[Any]:
        auth = await robot(protected)
        return await asyncio.gather(*(protected.ask(auth) for _ in range(5)), return_exceptions=True)

    errors = run(go())
    assert len({id(error) for error in errors}) == 5
    assert {(type(error), str(error), error.code) for error in errors} == {
        (UnavailableError, str(errors[0]), "UNAVAILABLE")
    }


@pytest.mark.parametrize("answer", ["<html>", {"token_type": "bearer"}, {"access_token": "two words"}, [1]])
def test_an_answer_that_makes_no_sense_is_a_sentence(protected: Protected, answer: Any) -> None:
    protected.idp.failures["/token"].append((200, answer))

    async def go() -> None:
        await protected.ask(await robot(protected))

    with pytest.raises(UnauthenticatedError, match=r"^127\.0\.0\.1:\d+ gave ") as caught:
        run(go())
    assert "two words" not in str(caught.value)


def test_an_unreachable_provider_is_told_so(protected: Protected) -> None:
    protected.metadata["token_endpoint"] = "http://127.0.0.1:1/token"

    async def go() -> None:
        await protected.ask(await robot(protected))

    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1 cannot be reached for the login"):
        run(go())


def test_tokens_go_to_no_place_in_plain_text_on_the_net(protected: Protected) -> None:
    protected.metadata["token_endpoint"] = "ftp://example.com/token"

    async def go() -> None:
        await protected.ask(await robot(protected))

    with pytest.raises(UnauthenticatedError, match="where tokens must not go"):
        run(go())


def test_without_oauth_the_backend_s_own_error_stands(protected: Protected) -> None:
    del protected.backend.scripts["GetOAuth2Metadata"]

    async def go() -> None:
        await protected.ask(await robot(protected))

    with pytest.raises(WireError, match="no valid token"):
        run(go())
    assert protected.idp.requests == []


def test_both_id_and_secret_are_wanted(protected: Protected) -> None:
    with pytest.raises(InvalidArgumentError, match="client id and a secret"):
        run(robot(protected, client_secret=""))
