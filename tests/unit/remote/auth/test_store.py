from __future__ import annotations

import json
from typing import Any

import keyring.errors
import pytest

from flyte_jupyter.remote import background
from flyte_jupyter.remote._auth import _store
from flyte_jupyter.remote._auth._store import TokenStore
from flyte_jupyter.remote._auth._tokens import Tokens
from tests.unit.remote.auth.conftest import FakeBrowser, FakeKeyring, Protected, in_background, run

PLACE = "flyte_jupyter:flyte.example.com:443", "tokens"
TOKENS = Tokens("a1", "r1", 2_000_000_000.0, "authorization", "flyte")


def store(**fields: Any) -> TokenStore:
    return TokenStore("flyte.example.com:443", **{"keyring": True, **fields})


def test_tokens_are_one_item(ring: FakeKeyring) -> None:
    run(store().save(TOKENS))
    assert json.loads(ring.items.pop(PLACE)) == {
        "access_token": "a1",
        "refresh_token": "r1",
        "expires_at": 2_000_000_000.0,
        "header_key": "authorization",
        "client_id": "flyte",
    }
    assert ring.items == {}


def test_the_next_process_finds_them(ring: FakeKeyring) -> None:
    run(store().save(TOKENS))
    _store._memory.clear()
    assert run(store().load()) == TOKENS


def test_without_the_keyring_they_live_in_memory(ring: FakeKeyring) -> None:
    alone = store(keyring=False)
    run(alone.save(TOKENS))
    assert run(store(keyring=False).load()) == TOKENS
    run(alone.forget(TOKENS))
    assert run(alone.load()) is None
    assert ring.asked == []


@pytest.mark.parametrize(
    "failure", [keyring.errors.NoKeyringError(), keyring.errors.KeyringLocked(), OSError("dbus a1 r1")]
)
def test_a_keyring_that_is_of_no_use_is_left_alone(
    ring: FakeKeyring, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    ring.failure = failure
    kept = store()
    assert run(kept.load()) is None
    run(kept.save(TOKENS))
    assert run(kept.load()) == TOKENS
    run(kept.forget(TOKENS))
    assert run(kept.load()) is None
    assert "a1" not in caplog.text


def test_a_keyring_that_hangs_is_not_waited_for(ring: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    gate = threading.Event()
    monkeypatch.setattr(_store, "_SECONDS", 0.05)
    monkeypatch.setattr(ring, "get_password", lambda service, username: gate.wait(20))
    assert run(store().load()) is None
    gate.set()


def test_a_keyring_that_is_a_plain_file_is_not_used(ring: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeKeyring, "__module__", "keyrings.alt.file")
    run(store().save(TOKENS))
    assert ring.asked == []
    assert run(store().load()) == TOKENS


def test_where_only_short_items_fit_the_refresh_token_is_kept(ring: FakeKeyring) -> None:
    ring.longest = 200
    run(store().save(Tokens("a" * 500, "r1", 2_000_000_000.0, "authorization", "flyte")))
    assert json.loads(ring.items[PLACE])["access_token"] == ""
    _store._memory.clear()
    assert run(store().load()) == Tokens("", "r1", None, "authorization", "flyte")


def test_a_store_that_keeps_nothing_is_not_believed_afterwards(ring: FakeKeyring) -> None:
    kept = store()
    run(kept.save(TOKENS))
    ring.longest = 0
    newer = Tokens("a2", "r2", None, "authorization", "flyte")
    run(kept.save(newer))
    assert run(kept.load()) == newer


def test_only_what_was_refused_is_forgotten(ring: FakeKeyring) -> None:
    kept = store()
    run(kept.save(TOKENS))
    run(kept.forget(Tokens("a0", "r0")))
    assert run(kept.load()) == TOKENS
    assert PLACE in ring.items
    run(kept.forget(TOKENS))
    assert ring.items == {}


def test_older_tokens_do_not_replace_newer_ones(ring: FakeKeyring) -> None:
    kept = store()
    run(kept.save(TOKENS))
    older = {"access_token": "a0", "refresh_token": "r0", "expires_at": 1_900_000_000, "client_id": "flyte"}
    ring.items[PLACE] = json.dumps(older)
    assert run(kept.load()) == TOKENS
    ring.items[PLACE] = json.dumps({**older, "expires_at": 2_100_000_000})
    assert run(kept.load()).access == "a0"


def test_tokens_of_another_client_are_none_of_ours(ring: FakeKeyring) -> None:
    run(store().save(TOKENS))
    assert run(store(client_id="robot").load()) is None
    assert run(store(client_id="flyte").load()) == TOKENS


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "3", "null", '{"expires_at": "soon"}', '{"expires_at": {}}'])
def test_an_item_that_nobody_can_read_is_no_item(ring: FakeKeyring, text: str) -> None:
    ring.items[PLACE] = text
    assert run(store().load()) is None
    run(store().forget(TOKENS))


@pytest.mark.parametrize(
    ("items", "access"),
    [
        ({"tokens": '{"access_token": "sdk", "refresh_token": "its-own"}'}, "sdk"),
        ({"access_token": "older", "refresh_token": "its-own"}, "older"),
        ({"tokens": "nonsense"}, ""),
        ({"tokens": '{"refresh_token": "its-own"}'}, ""),
        ({}, ""),
    ],
)
def test_the_sdk_s_access_token_is_read_and_nothing_else(
    ring: FakeKeyring, items: dict[str, str], access: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    ring.items = {("flyte.example.com", user): text for user, text in items.items()}
    before = dict(ring.items)
    assert run(store().of_sdk("flyte.example.com")) == access
    assert ring.items == before
    assert "set" not in ring.asked


def test_the_keychain_of_macos_is_not_asked_for_the_sdk_s_items(
    ring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    ring.items = {("flyte.example.com", "tokens"): '{"access_token": "sdk"}'}
    assert run(store().of_sdk("flyte.example.com")) == ""


def test_a_backend_with_tls_uses_what_the_sdk_logged_in_for(
    protected: Protected, browser: FakeBrowser, ring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    from flyte_jupyter.remote._auth import authenticator

    monkeypatch.setattr("sys.platform", "linux")
    protected.config["authorization_metadata_key"] = "Flyte-Authorization"
    authority = protected.endpoint.authority
    ring.items[authority, "tokens"] = '{"access_token": "of-the-sdk", "refresh_token": "its-own"}'
    settings = dataclasses.replace(protected.settings("Pkce"), endpoint=f"dns:///{authority}")

    async def go() -> Any:
        # The wire stays in plain text; only what is kept depends on TLS.
        endpoint = dataclasses.replace(protected.endpoint, insecure=False)
        auth = await authenticator(settings, endpoint, protected.plain)
        assert auth is not None
        return await auth.headers()

    assert in_background(go()) == (("flyte-authorization", "Bearer of-the-sdk"),)
    assert browser.opened == []


def test_a_backend_in_plain_text_opens_no_keyring_before_it_wants_a_login(
    protected: Protected, ring: FakeKeyring
) -> None:
    async def go() -> None:
        auth = await protected.authenticator("Pkce")
        assert await auth.headers() == ()

    run(go())
    assert ring.asked == []


def test_a_disabled_keyring_is_never_asked(protected: Protected, browser: FakeBrowser, ring: FakeKeyring) -> None:
    async def go() -> None:
        auth = await protected.authenticator("Pkce", disable_keyring=True)
        await protected.ask(auth)
        protected.idp.revoke()
        await protected.ask(auth)

    run(go())
    assert ring.asked == []
    assert len(protected.idp.grants("refresh_token")) == 1


def test_a_client_secret_s_tokens_are_kept_nowhere(protected: Protected, ring: FakeKeyring) -> None:
    async def go() -> None:
        await protected.ask(
            await protected.authenticator("ClientSecret", client_id="robot", client_secret="se/c r+et:ü")
        )

    run(go())
    assert ring.asked == []
    assert _store._memory == {}


def test_the_loop_goes_on_while_the_keyring_asks_its_owner(ring: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    gate = threading.Event()

    def get_password(service: str, username: str) -> None:
        assert gate.wait(20)

    monkeypatch.setattr(ring, "get_password", get_password)
    loading = background().submit(store().load())
    assert background().call(lambda: 1) == 1
    gate.set()
    assert loading.result(20) is None
