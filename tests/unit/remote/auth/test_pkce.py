from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from flyte_jupyter.remote import UnauthenticatedError
from flyte_jupyter.remote._auth import _pkce
from flyte_jupyter.remote._auth._pkce import Pkce
from flyte_jupyter.remote._transport import WireError
from tests.unit.remote.auth.conftest import FakeBrowser, Protected, in_background, run


async def log_in(protected: Protected) -> Any:
    auth = await protected.authenticator("Pkce")
    await protected.ask(auth)
    return auth


def port_of(url: str) -> int:
    port = urlsplit(parse_qs(urlsplit(url).query)["redirect_uri"][0]).port
    assert port is not None
    return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def paste(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Makes this a remote kernel: what is pasted comes from functions of the login page's address."""
    monkeypatch.setattr(_pkce, "why_elsewhere", lambda environ: "this kernel runs under JupyterHub")
    questions: list[str] = []

    def script(protected: Protected, *answers: Callable[[str], str]) -> list[str]:
        left = list(answers)

        def getpass(question: str) -> str:
            questions.append(question)
            url = next(line for line in protected.told[0].splitlines() if line.startswith("http"))
            return left.pop(0)(url)

        monkeypatch.setattr("getpass.getpass", getpass)
        return questions

    return script


def test_the_browser_comes_back_and_the_port_is_free_again(protected: Protected, browser: FakeBrowser) -> None:
    run(log_in(protected))
    (url,) = browser.opened
    assert browser.pages[0][0] == 200
    assert "You are logged in" in browser.pages[0][1]
    assert not listens(port_of(url))
    assert len(protected.told) == 1
    assert url in protected.told[0]
    asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    assert asked["scope"] == "all offline"
    assert asked["audience"] == "flyte-api"
    # The fake provider checks the verifier, and that each of these is sent once more.
    (form,) = protected.idp.grants("authorization_code")
    assert form.items() >= asked.items()


def test_a_page_with_a_query_keeps_it(protected: Protected, browser: FakeBrowser) -> None:
    protected.metadata["authorization_endpoint"] = f"{protected.idp.address}/authorize?policy=p1"
    run(log_in(protected))
    assert "/authorize?policy=p1&client_id=flyte&" in browser.opened[0]


def test_the_redirect_s_own_port_is_used(protected: Protected, browser: FakeBrowser) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    protected.config["redirect_uri"] = f"http://localhost:{port}/back/here"
    run(log_in(protected))
    assert port_of(browser.opened[0]) == port


def test_stray_requests_and_other_logins_are_left_alone(protected: Protected, browser: FakeBrowser) -> None:
    strays: list[tuple[int, str]] = []

    def before(page: str, final: str) -> str:
        parts = urlsplit(final)
        here = f"{parts.scheme}://{parts.netloc}"
        strays.extend(
            browser.visit(url)
            for url in (
                f"{here}/favicon.ico?",
                f"{here}/callback?",
                f"{here}/callback?code=stolen&state=wrong",
                f"{here}/callback?error=access_denied&state=wrong",
                f"{here}/callback?state={parse_qs(parts.query)['state'][0]}",
            )
        )
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as idle:
            idle.sendall(b"nonsense\r\n\r\n")
            assert idle.recv(100) in (b"", b"HTTP/1.1 404 Not Found")
        return final

    browser.before = before
    # A connection that a browser opened in advance does not hold up the end.
    run(log_in(protected))
    assert [status for status, _ in strays] == [404, 400, 400, 400, 400]
    assert "belongs to another login" in strays[2][1]


def test_a_refusal_in_the_browser_is_a_sentence(protected: Protected, browser: FakeBrowser) -> None:
    def deny(page: str, final: str) -> str:
        state = parse_qs(urlsplit(final).query)["state"][0]
        return f"{final.partition('?')[0]}?error=access_denied&error_description=%3Cb%3Enot+you%3C%2Fb%3E&state={state}"

    browser.before = deny
    with pytest.raises(UnauthenticatedError, match=r"refused the login \(access_denied\): <b>not you</b>\. Log in ag"):
        run(log_in(protected))
    browser.join()
    assert "&lt;b&gt;not you&lt;/b&gt;" in browser.pages[0][1]
    assert not listens(port_of(browser.opened[0]))


def test_a_browser_that_does_not_come_back_is_given_up(
    protected: Protected, browser: FakeBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.before = lambda page, final: None
    monkeypatch.setattr(Pkce.__init__, "__defaults__", (0.2,))
    with pytest.raises(UnauthenticatedError, match=r"No browser came back from the login at 127\.0\.0\.1:\d+ within"):
        run(log_in(protected))
    assert not listens(port_of(browser.opened[0]))


def test_a_refused_code_is_a_sentence(protected: Protected, browser: FakeBrowser) -> None:
    protected.idp.refuse("invalid_grant", "too late")
    with pytest.raises(UnauthenticatedError, match=r"\(invalid_grant\): too late"):
        run(log_in(protected))


def test_100_callers_share_one_login(protected: Protected, browser: FakeBrowser) -> None:
    async def go() -> None:
        auth = await protected.authenticator("Pkce")
        await asyncio.gather(*(protected.ask(auth) for _ in range(100)))

    run(go())
    assert len(browser.opened) == 1
    assert len(protected.told) == 1
    assert len(protected.idp.grants("authorization_code")) == 1


def test_100_callers_hear_of_one_refusal(protected: Protected, browser: FakeBrowser) -> None:
    protected.idp.refuse("access_denied")

    async def go() -> list[Any]:
        auth = await protected.authenticator("Pkce")
        return await asyncio.gather(*(protected.ask(auth) for _ in range(100)), return_exceptions=True)

    errors = run(go())
    assert all(isinstance(error, UnauthenticatedError) and "access_denied" in str(error) for error in errors)
    assert len(browser.opened) == 1


def test_who_asks_after_a_refusal_may_log_in(protected: Protected, browser: FakeBrowser) -> None:
    protected.idp.refuse("access_denied")
    auth = run(protected.authenticator("Pkce"))
    with pytest.raises(UnauthenticatedError, match="access_denied"):
        run(protected.ask(auth))
    run(protected.ask(auth))
    assert len(browser.opened) == 2


def test_the_background_never_opens_a_browser(protected: Protected, browser: FakeBrowser) -> None:
    auth = in_background(protected.authenticator("Pkce"))
    for _ in range(2):
        with pytest.raises(UnauthenticatedError, match=r"no valid login at localhost:\d+\. Log in with flyte_jupyter"):
            in_background(protected.ask(auth))
    assert browser.opened == []
    assert protected.told == []
    run(protected.ask(auth))
    in_background(protected.ask(auth))
    assert len(browser.opened) == 1


def test_the_background_waits_for_a_login_in_progress(protected: Protected, browser: FakeBrowser) -> None:
    auth = run(protected.authenticator("Pkce"))
    feeds: list[Any] = []

    def before(page: str, final: str) -> str:
        from flyte_jupyter.remote import background

        feeds.extend(background().submit(protected.ask(auth)) for _ in range(20))
        return final

    browser.before = before
    run(protected.ask(auth))
    for feed in feeds:
        feed.result(20)
    assert len(browser.opened) == 1


def test_a_token_that_is_not_accepted_is_not_logged_in_for_again(protected: Protected, browser: FakeBrowser) -> None:
    async def go() -> None:
        auth = await log_in(protected)
        protected.idp.revoke()
        protected.idp.refreshing.clear()
        await protected.ask(auth)

    with pytest.raises(UnauthenticatedError, match="does not accept the token of the login that was just made"):
        run(go())
    assert len(browser.opened) == 1


def test_another_connection_of_the_process_uses_the_login(protected: Protected, browser: FakeBrowser) -> None:
    early = run(protected.authenticator("Pkce"))
    run(log_in(protected))
    run(log_in(protected))
    in_background(protected.ask(early))
    assert len(browser.opened) == 1


def test_without_oauth_nobody_is_asked(protected: Protected, browser: FakeBrowser) -> None:
    del protected.backend.scripts["GetOAuth2Metadata"]
    for how in (run, in_background):
        with pytest.raises(WireError, match="no valid token"):
            how(log_in(protected))
    assert browser.opened == []


def test_a_backend_without_a_client_says_so(protected: Protected, browser: FakeBrowser) -> None:
    protected.config["client_id"] = ""
    with pytest.raises(UnauthenticatedError, match="names no OAuth client"):
        run(log_in(protected))


@pytest.mark.parametrize("page", ["", "file:///etc/passwd", "javascript:alert(1)"])
def test_only_a_web_page_is_opened(protected: Protected, browser: FakeBrowser, page: str) -> None:
    protected.metadata["authorization_endpoint"] = page
    with pytest.raises(UnauthenticatedError, match=r"no page to log in at|where tokens must not go"):
        run(log_in(protected))
    assert browser.opened == []


def test_in_a_remote_kernel_the_address_is_pasted(
    protected: Protected, browser: FakeBrowser, paste: Callable[..., list[str]]
) -> None:
    questions = paste(protected, lambda url: f"  {browser.log_in(url)} \n")
    run(log_in(protected))
    assert browser.opened == []
    assert questions == ["Address: "]
    assert "this kernel runs under JupyterHub" in protected.told[0]


def test_what_is_pasted_wrong_is_asked_again(
    protected: Protected, browser: FakeBrowser, paste: Callable[..., list[str]]
) -> None:
    questions = paste(
        protected,
        lambda url: "",
        lambda url: url,
        lambda url: "http://[broken",
        lambda url: browser.log_in(url).partition("state=")[0] + "state=other",
        browser.log_in,
    )
    run(log_in(protected))
    assert len(questions) == 5
    assert [text.partition(".")[0] for text in protected.told[1:]] == [
        "That is not the address to which the login leads in the end",
        "That is not the address to which the login leads in the end",
        "That is no address",
        "That answer belongs to another login",
    ]


def test_nonsense_is_not_asked_for_ever(
    protected: Protected, browser: FakeBrowser, paste: Callable[..., list[str]]
) -> None:
    paste(protected, *[lambda url: "x"] * 9)
    with pytest.raises(UnauthenticatedError, match="given up after 5 addresses"):
        run(log_in(protected))


def test_a_refusal_can_be_pasted(protected: Protected, browser: FakeBrowser, paste: Callable[..., list[str]]) -> None:
    def refused(url: str) -> str:
        return browser.log_in(url).replace("code=", "error=access_denied&x=")

    paste(protected, refused)
    with pytest.raises(UnauthenticatedError, match=r"\(access_denied\)"):
        run(log_in(protected))


def test_a_browser_that_did_come_back_needs_only_enter(
    protected: Protected, browser: FakeBrowser, paste: Callable[..., list[str]]
) -> None:
    def enter(url: str) -> str:
        browser.visit(browser.log_in(url))
        return ""

    paste(protected, enter)
    run(log_in(protected))
    assert "press Enter" in protected.told[0]


def test_a_busy_port_ends_in_a_paste(
    protected: Protected, browser: FakeBrowser, paste: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pkce, "why_elsewhere", lambda environ: "")
    paste(protected, browser.log_in)
    with socket.create_server(("127.0.0.1", 0)) as busy:
        protected.config["redirect_uri"] = f"http://localhost:{busy.getsockname()[1]}/callback"
        run(log_in(protected))
    assert "its port may be in use" in protected.told[0]
    assert browser.opened == []


@pytest.mark.parametrize("uri", ["https://flyte.example.com/callback", "http://localhost:99999/callback", "nonsense"])
def test_a_redirect_that_is_not_here_ends_in_a_paste(
    protected: Protected,
    browser: FakeBrowser,
    paste: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    uri: str,
) -> None:
    monkeypatch.setattr(_pkce, "why_elsewhere", lambda environ: "")
    protected.config["redirect_uri"] = uri
    paste(protected, browser.log_in)
    run(log_in(protected))
    assert "cannot be listened on here" in protected.told[0]


def test_a_browser_that_cannot_be_opened_ends_in_a_paste(
    protected: Protected, browser: FakeBrowser, paste: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pkce, "why_elsewhere", lambda environ: "")
    browser.exists = False
    paste(protected, browser.log_in)
    run(log_in(protected))
    assert "no browser could be opened" in protected.told[0]


def test_where_nobody_can_be_asked_another_way_is_named(
    protected: Protected, browser: FakeBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pkce, "why_elsewhere", lambda environ: "this process runs in a pod")
    with pytest.raises(UnauthenticatedError, match=r'nobody can be asked here\. Use auth_type="DeviceFlow"'):
        run(log_in(protected))


def test_an_interrupted_paste_ends_the_login(
    protected: Protected, browser: FakeBrowser, paste: Callable[..., list[str]]
) -> None:
    ports: list[int] = []

    def interrupt(url: str) -> str:
        ports.append(port_of(url))
        assert listens(ports[0])
        raise KeyboardInterrupt

    paste(protected, interrupt)
    auth = run(protected.authenticator("Pkce"))
    with pytest.raises(KeyboardInterrupt):
        run(protected.ask(auth))
    # The background hears of it, and somebody who asks later may log in.
    with pytest.raises(UnauthenticatedError, match="was interrupted"):
        in_background(protected.ask(auth))
    assert not listens(ports[0])
    paste(protected, lambda url: "", browser.log_in)
    protected.told.clear()
    run(protected.ask(auth))
