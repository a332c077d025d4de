from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
from typing import Any

import pytest

from flyte_jupyter.remote import UnauthenticatedError, UnavailableError
from flyte_jupyter.remote._auth import Authenticator, _renewing, _store
from tests.unit.remote.auth.conftest import FakeBrowser, FakeKeyring, Protected, in_background, run


async def log_in(protected: Protected) -> Authenticator:
    auth = await protected.authenticator("Pkce")
    await protected.ask(auth)
    return auth


def let_end_in(seconds: float, auth: Authenticator) -> None:
    """Makes the tokens of a login as old as if they ended in so many seconds."""
    for place, tokens in _store._memory.items():
        _store._memory[place] = dataclasses.replace(tokens, expires_at=time.time() + seconds)
        auth._tokens = _store._memory[place]  # type: ignore[attr-defined]


def refreshes(protected: Protected) -> list[dict[str, str]]:
    return protected.idp.grants("refresh_token")


def item(protected: Protected, ring: FakeKeyring) -> dict[str, Any]:
    return json.loads(ring.items[f"flyte_jupyter:{protected.endpoint.authority}", "tokens"])


def test_a_refused_token_is_refreshed_once_for_100_callers(protected: Protected, browser: FakeBrowser) -> None:
    auth = run(log_in(protected))
    protected.idp.revoke()

    async def feeds() -> None:
        await asyncio.gather(*(protected.ask(auth) for _ in range(100)))

    in_background(feeds())
    (form,) = refreshes(protected)
    assert form == {"grant_type": "refresh_token", "client_id": "flyte", "refresh_token": "refresh-2"}
    assert len(browser.opened) == 1


def test_a_token_is_refreshed_a_minute_before_its_end(protected: Protected, browser: FakeBrowser) -> None:
    auth = run(log_in(protected))
    asked = protected.backend.count("GetRunDetails")
    let_end_in(59, auth)

    async def feeds() -> None:
        await asyncio.gather(*(protected.ask(auth) for _ in range(100)))

    in_background(feeds())
    assert len(refreshes(protected)) == 1
    # None of them was refused first.
    assert protected.backend.count("GetRunDetails") == asked + 100


def test_a_token_that_lasts_a_minute_is_not_refreshed_with_every_request(
    protected: Protected, browser: FakeBrowser
) -> None:
    protected.idp.expires_in = 60
    auth = run(log_in(protected))
    for _ in range(3):
        in_background(protected.ask(auth))
    assert refreshes(protected) == []
    let_end_in(14, auth)
    auth._tokens = dataclasses.replace(auth._tokens, early=15)
    in_background(protected.ask(auth))
    assert len(refreshes(protected)) == 1


@pytest.mark.parametrize("lifetime", [None, 0])
def test_a_token_that_says_no_end_is_used_until_it_is_refused(
    protected: Protected, browser: FakeBrowser, lifetime: int | None
) -> None:
    protected.idp.expires_in = lifetime
    auth = run(log_in(protected))
    in_background(protected.ask(auth))
    assert refreshes(protected) == []
    protected.idp.revoke()
    in_background(protected.ask(auth))
    assert len(refreshes(protected)) == 1


def test_a_provider_that_keeps_the_refresh_token_need_not_repeat_it(protected: Protected, browser: FakeBrowser) -> None:
    auth = run(log_in(protected))
    protected.idp.valid = {"third", "fourth"}
    protected.idp.failures["/token"].extend([(200, {"access_token": "third"}), (200, {"access_token": "fourth"})])
    in_background(protected.ask(auth))
    protected.idp.valid = {"fourth"}
    in_background(protected.ask(auth))
    assert [form["refresh_token"] for form in refreshes(protected)] == ["refresh-2", "refresh-2"]


def test_a_refused_refresh_token_is_forgotten_and_a_person_asked(
    protected: Protected, browser: FakeBrowser, ring: FakeKeyring
) -> None:
    auth = run(log_in(protected))
    protected.idp.revoke()
    protected.idp.refreshing.clear()
    auth._logged_in -= 3600  # type: ignore[attr-defined]
    with pytest.raises(UnauthenticatedError, match=r"There is no valid login at .*Log in with flyte_jupyter\.connect"):
        in_background(protected.ask(auth))
    assert ring.items == {}
    assert len(browser.opened) == 1
    run(protected.ask(auth))
    assert len(browser.opened) == 2
    assert item(protected, ring)["refresh_token"] == "refresh-4"


@pytest.mark.parametrize("failure", [(503, "<html>"), (429, "")])
def test_a_network_blip_keeps_the_refresh_token(
    protected: Protected, browser: FakeBrowser, ring: FakeKeyring, failure: tuple[int, str]
) -> None:
    auth = run(log_in(protected))
    protected.idp.revoke()
    protected.idp.failures["/token"].append(failure)
    with pytest.raises(UnavailableError, match=f"HTTP {failure[0]}"):
        run(protected.ask(auth))
    assert item(protected, ring)["refresh_token"] == "refresh-2"
    auth._failure = None  # type: ignore[attr-defined]
    in_background(protected.ask(auth))
    assert len(browser.opened) == 1


def test_a_blip_before_the_end_does_not_matter_while_the_token_holds(
    protected: Protected, browser: FakeBrowser
) -> None:
    auth = run(log_in(protected))
    let_end_in(59, auth)
    protected.idp.failures["/token"].extend([(503, "")] * 100)
    noted: list[Any] = []
    for _ in range(3):
        in_background(protected.ask(auth))
        noted.append(auth._failure)  # type: ignore[attr-defined]
    assert len(refreshes(protected)) == 1
    # Asking again meanwhile does not put the next try off.
    assert noted[0] == noted[1] == noted[2]


def test_another_refusal_keeps_the_refresh_token_for_later(
    protected: Protected, browser: FakeBrowser, ring: FakeKeyring
) -> None:
    auth = run(log_in(protected))
    protected.idp.revoke()
    protected.idp.refuse("invalid_client")
    auth._logged_in -= 3600  # type: ignore[attr-defined]
    with pytest.raises(UnauthenticatedError, match="There is no valid login"):
        in_background(protected.ask(auth))
    assert item(protected, ring)["refresh_token"] == "refresh-2"


def test_the_next_process_needs_no_login(protected: Protected, browser: FakeBrowser, ring: FakeKeyring) -> None:
    protected.header = "flyte-authorization"
    protected.config["authorization_metadata_key"] = "Flyte-Authorization"
    run(log_in(protected))
    kept = item(protected, ring)
    assert kept.pop("expires_at") == pytest.approx(time.time() + 3600, abs=120)
    assert kept == {
        "access_token": "access-2",
        "refresh_token": "refresh-2",
        "header_key": "flyte-authorization",
        "client_id": "flyte",
    }
    _store._memory.clear()
    asked = len(protected.idp.requests)

    async def go() -> None:
        auth = await protected.authenticator("Pkce")
        assert await auth.renew(())
        assert await auth.headers() == (("flyte-authorization", "Bearer access-2"),)

    in_background(go())
    assert len(protected.idp.requests) == asked


def test_tokens_that_another_process_renewed_are_taken_over(
    protected: Protected, browser: FakeBrowser, ring: FakeKeyring
) -> None:
    auth = run(log_in(protected))
    protected.idp.valid = {"of-another"}
    place = f"flyte_jupyter:{protected.endpoint.authority}", "tokens"
    ring.items[place] = json.dumps(
        {**item(protected, ring), "access_token": "of-another", "expires_at": time.time() + 7200}
    )
    in_background(protected.ask(auth))
    assert refreshes(protected) == []


def test_a_refresh_that_another_process_won_is_no_failure(
    protected: Protected, browser: FakeBrowser, ring: FakeKeyring
) -> None:
    auth = run(log_in(protected))
    protected.idp.revoke()

    def another_was_faster(path: str) -> None:
        protected.idp.refreshing.clear()
        protected.idp.valid.add("of-another")
        ring.items[f"flyte_jupyter:{protected.endpoint.authority}", "tokens"] = json.dumps(
            {
                **item(protected, ring),
                "access_token": "of-another",
                "refresh_token": "next",
                "expires_at": time.time() + 7200,
            }
        )

    protected.idp.before = another_was_faster
    in_background(protected.ask(auth))
    assert len(refreshes(protected)) == 1
    assert item(protected, ring)["refresh_token"] == "next"


@pytest.mark.parametrize("auth_type", ["Pkce", "DeviceFlow"])
def test_the_refresh_form_is_that_of_the_flow(
    protected: Protected, browser: FakeBrowser, auth_type: str, ring: FakeKeyring
) -> None:
    protected.idp.refreshing.add("earlier")
    ring.items[f"flyte_jupyter:{protected.endpoint.authority}", "tokens"] = json.dumps(
        {"access_token": "", "refresh_token": "earlier", "client_id": "flyte"}
    )

    async def go() -> None:
        await protected.ask(await protected.authenticator(auth_type))

    in_background(go())
    extra = {"scope": "all offline", "audience": "flyte-api"} if auth_type == "DeviceFlow" else {}
    (form,) = refreshes(protected)
    assert form == {"grant_type": "refresh_token", "client_id": "flyte", "refresh_token": "earlier", **extra}


def test_tokens_of_another_client_are_left_alone(protected: Protected, browser: FakeBrowser, ring: FakeKeyring) -> None:
    run(log_in(protected))

    async def go() -> None:
        await protected.ask(await protected.authenticator("Pkce", client_id="someone-else"))

    with pytest.raises(UnauthenticatedError, match="no valid login"):
        in_background(go())


def test_a_slow_provider_holds_up_nobody_else(protected: Protected, browser: FakeBrowser) -> None:
    auth = run(log_in(protected))
    protected.idp.revoke()
    gate, entered = threading.Event(), threading.Event()

    def wait(path: str) -> None:
        entered.set()
        gate.wait(20)

    protected.idp.before = wait

    async def go() -> None:
        slow = asyncio.ensure_future(protected.ask(auth))
        await asyncio.to_thread(entered.wait, 20)
        # The loop goes on, and whoever leaves takes nobody along.
        impatient = asyncio.ensure_future(protected.ask(auth))
        await asyncio.sleep(0)
        impatient.cancel()
        gate.set()
        await slow

    in_background(go())
    assert len(refreshes(protected)) == 1


def test_a_refresh_goes_on_when_whoever_began_it_leaves(protected: Protected, browser: FakeBrowser) -> None:
    auth = run(log_in(protected))
    protected.idp.revoke()
    gate, entered = threading.Event(), threading.Event()

    def wait(path: str) -> None:
        entered.set()
        gate.wait(20)

    protected.idp.before = wait

    async def go() -> None:
        first = asyncio.ensure_future(protected.ask(auth))
        await asyncio.to_thread(entered.wait, 20)
        second = asyncio.ensure_future(protected.ask(auth))
        first.cancel()
        await asyncio.wait({first})
        assert first.cancelled()
        gate.set()
        await second

    in_background(go())
    assert len(refreshes(protected)) == 1
    assert len(browser.opened) == 1


def test_closing_ends_a_renewal_that_hangs(
    protected: Protected, browser: FakeBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_renewing, "_CLOSE_SECONDS", 0.05)
    auth = run(log_in(protected))
    protected.idp.revoke()
    gate, entered = threading.Event(), threading.Event()

    def wait(path: str) -> None:
        entered.set()
        gate.wait(20)

    protected.idp.before = wait

    async def go() -> None:
        waiting = asyncio.ensure_future(protected.ask(auth))
        await asyncio.to_thread(entered.wait, 20)
        await auth.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    in_background(go())
    gate.set()
