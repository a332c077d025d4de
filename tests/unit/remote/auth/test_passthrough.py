from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from flyte_jupyter.remote import InvalidArgumentError, background, dual_function
from flyte_jupyter.remote._auth import Authenticator, auth_metadata
from flyte_jupyter.remote._transport import WireError
from tests.unit.remote.auth.conftest import Protected, run


@pytest.fixture
def auth(protected: Protected) -> Authenticator:
    protected.idp.valid |= {"mine", "yours"}
    return run(protected.authenticator("Passthrough"))


def test_what_the_caller_holds_is_sent(protected: Protected, auth: Authenticator) -> None:
    with auth_metadata(("Authorization", "Bearer mine"), ("x-tenant", "t1")):
        run(protected.ask(auth))
    assert protected.backend.metadata[-1]["x-tenant"] == "t1"
    with pytest.raises(WireError, match="no valid token"):
        run(protected.ask(auth))


def test_each_caller_has_its_own(protected: Protected, auth: Authenticator) -> None:
    async def own_headers() -> Any:
        await asyncio.sleep(0)
        return await auth.headers()

    blocking = dual_function(own_headers)
    results: dict[str, Any] = {}
    barrier = threading.Barrier(2)

    def work(name: str) -> None:
        with auth_metadata(("authorization", f"Bearer {name}")):
            barrier.wait(20)
            results[name] = blocking()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("mine", "yours")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == {name: (("authorization", f"Bearer {name}"),) for name in ("mine", "yours")}


async def test_it_holds_where_a_call_is_awaited_or_runs_on(protected: Protected, auth: Authenticator) -> None:
    async def own_headers() -> Any:
        return await auth.headers()

    mine = (("authorization", "Bearer mine"),)
    with auth_metadata(*mine):
        assert await dual_function(own_headers).aio() == mine
        later = background().submit(own_headers())
        with auth_metadata(("authorization", "Bearer yours")):
            assert await dual_function(own_headers).aio() == (("authorization", "Bearer yours"),)
        assert await dual_function(own_headers).aio() == mine
    assert await asyncio.wrap_future(later) == mine
    assert await dual_function(own_headers).aio() == ()


@pytest.mark.parametrize(
    "pairs",
    [
        (),
        (("authorization",),),
        ("authorization: Bearer s3cret",),
        (("authorization", "Bearer s3cret\r\nx: y"),),
        (("two words", "s3cret"),),
        (("", "s3cret"),),
        (("authorization", 3),),
        (("authorization", "s3cret-ü"),),
    ],
)
def test_what_is_no_header_is_refused_without_showing_it(pairs: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="header") as caught, auth_metadata(*pairs):
        pass
    assert "s3cret" not in str(caught.value)
