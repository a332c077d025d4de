from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flyte_jupyter.remote import UnauthenticatedError
from flyte_jupyter.remote._auth._device import DeviceFlow
from tests.unit.remote.auth.conftest import Protected, run
from tests.unit.remote.auth.fake_identity_provider import DEVICE_GRANT


class FakeTime:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.on_sleep: Callable[[int], None] = lambda count: None

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep(len(self.slept))

    def clock(self) -> float:
        return sum(self.slept)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(DeviceFlow.__init__, "__defaults__", (fake.sleep, fake.clock))
    return fake


async def log_in(protected: Protected) -> Any:
    auth = await protected.authenticator("DeviceFlow")
    await protected.ask(auth)
    return auth


def confirmed_at(protected: Protected, time: FakeTime, count: int) -> None:
    def on_sleep(slept: int) -> None:
        if slept == count:
            protected.idp.device_confirmed.set()

    time.on_sleep = on_sleep


def test_the_login_is_asked_for_until_it_is_confirmed(protected: Protected, time: FakeTime) -> None:
    protected.idp.device_answer = {"expires_in": 600}
    confirmed_at(protected, time, 3)
    run(log_in(protected))
    assert time.slept == [5, 5, 5]
    assert len(protected.told) == 1
    assert f"open {protected.idp.address}/activate?user_code=ABCD-EFGH\n" in protected.told[0]
    assert "ABCD-EFGH." in protected.told[0]
    assert protected.idp.requests[0][1] == {"client_id": "flyte", "scope": "all offline", "audience": "flyte-api"}
    form = protected.idp.grants(DEVICE_GRANT)[0]
    assert form.items() >= {"client_id": "flyte", "scope": "all offline", "audience": "flyte-api"}.items()


def test_the_complete_address_is_preferred(protected: Protected, time: FakeTime) -> None:
    protected.idp.device_answer |= {"verification_uri_complete": f"{protected.idp.address}/go?c=1"}
    protected.idp.device_confirmed.set()
    run(log_in(protected))
    assert f"{protected.idp.address}/go?c=1\n" in protected.told[0]


def test_an_address_with_a_query_gets_the_code_beside_it(protected: Protected, time: FakeTime) -> None:
    protected.idp.device_answer |= {"verification_uri": f"{protected.idp.address}/activate?tenant=1"}
    protected.idp.device_confirmed.set()
    run(log_in(protected))
    assert "/activate?tenant=1&user_code=ABCD-EFGH\n" in protected.told[0]


def test_slow_down_is_obeyed_for_good(protected: Protected, time: FakeTime) -> None:
    protected.idp.device_answer = {"interval": 2, "expires_in": 600}
    for _ in range(2):
        protected.idp.refuse("slow_down")
    confirmed_at(protected, time, 4)
    run(log_in(protected))
    assert time.slept == [2, 7, 12, 12]


def test_a_provider_that_is_not_well_for_a_while_ends_nothing(protected: Protected, time: FakeTime) -> None:
    protected.idp.failures["/token"].extend([(502, "<html>bad gateway</html>"), (429, {}), (200, "<html>wait</html>")])
    protected.idp.device_confirmed.set()
    run(log_in(protected))
    assert len(time.slept) == 4


def test_a_refusal_ends_it(protected: Protected, time: FakeTime) -> None:
    protected.idp.refuse("access_denied", "no")
    with pytest.raises(UnauthenticatedError, match=r"\(access_denied\): no\. Log in again and allow it"):
        run(log_in(protected))
    assert len(time.slept) == 1


def test_a_code_that_the_provider_calls_expired_ends_it(protected: Protected, time: FakeTime) -> None:
    protected.idp.refuse("expired_token")
    with pytest.raises(UnauthenticatedError, match=r"\(expired_token\)\. Log in again, and confirm in time"):
        run(log_in(protected))


def test_a_code_that_nobody_confirms_ends_by_itself(protected: Protected, time: FakeTime) -> None:
    protected.idp.device_answer = {"interval": 10, "expires_in": 30}
    with pytest.raises(UnauthenticatedError, match="Nobody confirmed the login at localhost"):
        run(log_in(protected))
    assert time.slept == [10, 10, 10]


def test_a_backend_without_device_login_says_so(protected: Protected, time: FakeTime) -> None:
    del protected.metadata["device_authorization_endpoint"]
    with pytest.raises(UnauthenticatedError, match="offers no login on another device"):
        run(log_in(protected))


@pytest.mark.parametrize(
    "answer",
    [
        {"device_code": "d"},
        {"device_code": "d", "user_code": "u", "verification_uri": "javascript:alert(1)"},
        {"device_code": "d", "user_code": "u", "verification_uri": "https://x", "interval": "soon"},
        "<html>",
    ],
)
def test_an_answer_that_makes_no_sense_is_a_sentence(protected: Protected, time: FakeTime, answer: Any) -> None:
    protected.idp.failures["/device"].append((200, answer))
    with pytest.raises(UnauthenticatedError, match=r"without saying how|tokens must not go|without JSON"):
        run(log_in(protected))
    assert protected.told == []


def test_the_code_is_shown_as_text(protected: Protected, time: FakeTime) -> None:
    protected.idp.device_answer |= {"user_code": "A\x1b[31m\nB"}
    protected.idp.device_confirmed.set()
    run(log_in(protected))
    assert protected.told[0].endswith("the code A[31mB.")
    assert "user_code=A%1B%5B31m%0AB" in protected.told[0]
