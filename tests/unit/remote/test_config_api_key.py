from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyte_jupyter.remote import FlyteError, InvalidArgumentError
from flyte_jupyter.remote._config_api_key import ApiKey

# Endpoints hold colons; the other parts hold none, and none begins or ends with a space.
words = st.text(st.characters(exclude_characters=":", exclude_categories=("Cs",)), min_size=1).filter(
    lambda text: text == text.strip()
)
endpoints = st.lists(words, min_size=1, max_size=4).map(":".join)


@given(endpoints, words, words, words.filter(lambda text: text != "None") | st.just(""))
def test_round_trip(endpoint: str, client: str, secret: str, org: str) -> None:
    key = ApiKey(endpoint, client, secret, org)
    assert ApiKey.decode(key.encode()) == key


def attempt(text: str) -> ApiKey | FlyteError:
    try:
        return ApiKey.decode(text)
    except FlyteError as error:
        return error


@given(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_any_text_is_a_key_or_a_plain_error(text: str) -> None:
    outcome = attempt(text)
    if isinstance(outcome, ApiKey):
        assert all((outcome.endpoint, outcome.client_id, outcome.client_secret))
    else:
        assert len(text) < 8 or text not in str(outcome), "a broken key is not shown"


@pytest.mark.parametrize(
    "endpoint", ["flyte.example.com", "dns:///flyte.example.com", "flyte.example.com:8443", "https://h.example.com:1/p"]
)
def test_endpoints_may_hold_colons(endpoint: str) -> None:
    key = ApiKey.decode(base64.b64encode(f"{endpoint}:me:s3cret:None".encode()).decode())
    assert (key.endpoint, key.client_id, key.client_secret, key.org) == (endpoint, "me", "s3cret", "")


def test_line_breaks_of_a_copied_key_do_not_matter() -> None:
    text = ApiKey("flyte.example.com", "me", "s3cret", "acme").encode()
    assert ApiKey.decode(f" {text[:20]}\n{text[20:]} \n").org == "acme"


@pytest.mark.parametrize("parts", ["h:me:secret", "h::secret:org", ":me:secret:org", "h:me: :org", ""])
def test_missing_parts(parts: str) -> None:
    text = base64.b64encode(parts.encode()).decode()
    with pytest.raises(InvalidArgumentError, match="four parts"):
        ApiKey.decode(text)


def test_the_secret_is_not_shown() -> None:
    assert "s3cret" not in repr(ApiKey("h", "me", "s3cret"))
