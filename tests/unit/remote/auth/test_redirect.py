from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyte_jupyter.remote._auth._http import RefusalError
from flyte_jupyter.remote._auth._redirect import NotOursError, code_of

TEXTS = st.text(min_size=1)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_the_code_is_found_whatever_it_looks_like(code: str, state: str) -> None:
    address = f"http://localhost:1/callback?{urlencode({'code': code, 'state': state})}"
    assert code_of(address, state, "h") == code


@settings(deadline=None)
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


def test_what_a_provider_says_is_one_line_of_text() -> None:
    query = urlencode({"error": "e\x1b[2J", "error_description": "a\x1b[31m\nb" + "c" * 1000, "state": "s"})
    with pytest.raises(RefusalError) as caught:
        code_of(f"/callback?{query}", "s", "h")
    assert caught.value.message.startswith("h refused the login (e [2J): a [31m bc")
    assert len(caught.value.message) < 400
