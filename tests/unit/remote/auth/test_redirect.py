from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyte_jupyter.remote._auth._http import RefusalError
from flyte_jupyter.remote._auth._redirect import NotOursError, code_of

TEXTS = st.text(min_size=1)


@given(TEXTS, TEXTS)
def test_the_code_is_found_whatever_it_looks_like(code: str, state: str) -> None:
    address = f"http://localhost:1/callback?{urlencode({'code': code, 'state': state})}"
    assert code_of(address, state, "h") == code


@given(st.text() | st.text("?&=%[]:/#codestaterrx", min_size=5), st.text(min_size=1))
def test_nonsense_is_never_a_crash(text: str, state: str) -> None:
    with pytest.raises((NotOursError, RefusalError)):
        code_of(text, f"wanted {state}", "h")


@pytest.mark.parametrize("error", ["access_denied", "invalid_scope", "something_new", "<b>"])
def test_a_refusal_keeps_its_name(error: str) -> None:
    query = urlencode({"error": error, "error_description": "Not you.", "state": "s"})
    with pytest.raises(RefusalError) as caught:
        code_of(f"/callback?{query}", "s", "login.example.com")
    assert caught.value.error == error
    assert caught.value.message == f"login.example.com refused the login ({error}): Not you."
    assert caught.value.hint
