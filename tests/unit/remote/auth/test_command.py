from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flyte_jupyter.remote import InvalidArgumentError, UnauthenticatedError
from flyte_jupyter.remote._auth import proxy_authenticator, together
from flyte_jupyter.remote._auth._command import CommandSource
from flyte_jupyter.remote._auth._threads import in_thread
from flyte_jupyter.remote._settings import Settings
from tests.unit.remote.auth.conftest import Protected, in_background, run
from tests.unit.remote.auth.fake_identity_provider import wait_until


def python(text: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text, *arguments)


def from_file(path: Path) -> tuple[str, ...]:
    """A command that prints what a file holds, and counts how often it ran."""
    return python(
        "import sys; print(open(sys.argv[1]).read()); open(sys.argv[1] + '.count', 'a').write('x')", str(path)
    )


def count(path: Path) -> int:
    counter = path.with_name(path.name + ".count")
    return len(counter.read_text()) if counter.exists() else 0


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("from-command")
    return path


def replace(token: Path) -> None:
    token.write_text("the-next")


async def own_key() -> str:
    return "authorization"


def test_what_a_command_prints_is_the_token(protected: Protected, token: Path) -> None:
    protected.header = "flyte-authorization"
    protected.config["authorization_metadata_key"] = "flyte-authorization"
    protected.idp.valid.add("from-command")
    del protected.backend.scripts["GetOAuth2Metadata"]

    async def go() -> None:
        auth = await protected.authenticator("ExternalCommand", command=from_file(token))
        await protected.ask(auth)
        await protected.ask(auth)

    in_background(go())
    assert count(token) == 1


def test_a_backend_without_metadata_takes_the_usual_header(protected: Protected, token: Path) -> None:
    protected.idp.valid.add("from-command")
    del protected.backend.scripts["GetOAuth2Metadata"], protected.backend.scripts["GetPublicClientConfig"]

    async def go() -> None:
        await protected.ask(await protected.authenticator("ExternalCommand", command=from_file(token)))

    run(go())


def test_a_refused_token_is_asked_for_once_by_100_callers(protected: Protected, token: Path) -> None:
    protected.idp.valid.add("from-command")

    async def go() -> None:
        auth = await protected.authenticator("ExternalCommand", command=from_file(token))
        await protected.ask(auth)
        protected.idp.valid = {"the-next"}
        replace(token)
        await asyncio.gather(*(protected.ask(auth) for _ in range(100)))

    in_background(go())
    assert count(token) == 2


def test_a_command_that_has_no_other_token_leaves_the_backend_s_error(protected: Protected, token: Path) -> None:
    async def go() -> None:
        await protected.ask(await protected.authenticator("ExternalCommand", command=from_file(token)))

    with pytest.raises(Exception, match="no valid token"):
        run(go())


SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("no-such-program-here",), r"'no-such-program-here' cannot be started: No such file or directory\. Run it in"),
        ((str(Path(__file__)),), r"'test_command\.py' cannot be started: Permission denied\."),
        (("nul\0byte",), "cannot be started: embedded null byte"),
        (
            python(f"import sys; print('tok'); sys.exit('expired: tok {SECRET}')"),
            r"ended with exit code 1: expired: \.\.\. \.\.\. Run it",
        ),
        (python("import sys; sys.exit(3)"), r"ended with exit code 3\."),
        (python("import sys; sys.exit('x ' * 1000 + 'the end')"), r"x x the end\."),
        (python("pass"), "gave no token"),
        (python(f"print('{SECRET}'); print('{SECRET}')"), "gave something that is no token"),
    ],
)
def test_a_command_that_fails_is_a_sentence(command: tuple[str, ...], message: str) -> None:
    with pytest.raises(UnauthenticatedError, match=f"^The command .*{message}") as caught:
        run(CommandSource(command, own_key, "command").renewed(None))
    assert SECRET not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("command", [(), ("",)])
def test_a_command_is_wanted(protected: Protected, command: tuple[str, ...]) -> None:
    with pytest.raises(InvalidArgumentError, match="There is no command that prints a token"):
        run(protected.authenticator("ExternalCommand", command=command))


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    command = python("import sys; print(sys.argv[1])", "$(whoami);`id`")
    tokens = run(CommandSource(command, own_key, "command").renewed(None))
    assert tokens.access == "$(whoami);`id`"


def hanging(tmp_path: Path) -> tuple[tuple[str, ...], Callable[[], list[int]]]:
    """A command that never ends, nor does what it starts; and a function that gives the processes that still run."""
    pids = tmp_path / "pids"
    child = f"import os, time; open({str(pids)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]); {child}"

    def running() -> list[int]:
        found = [int(pid) for pid in pids.read_text().split()] if pids.exists() else []
        return [pid for pid in found if Path(f"/proc/{pid}").exists() and not is_zombie(pid)]

    return python(parent), running


def is_zombie(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    command, running = hanging(tmp_path)
    source = CommandSource(command, own_key, "command", seconds=1)
    with pytest.raises(UnauthenticatedError, match="did not end within 1 s"):
        run(source.renewed(None))
    wait_until(lambda: not running())


def test_a_command_that_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    command, running = hanging(tmp_path)

    async def go() -> None:
        asking = asyncio.ensure_future(CommandSource(command, own_key, "command").renewed(None))
        await in_thread(lambda: wait_until(lambda: len(running()) == 2), 30)
        asking.cancel()
        await asyncio.wait({asking})

    run(go())
    wait_until(lambda: not running())


def proxy(token: Path) -> Any:
    return proxy_authenticator(Settings("localhost", proxy_command=from_file(token)))


def test_a_proxy_has_a_header_of_its_own(protected: Protected, token: Path) -> None:
    async def go() -> Any:
        main = await protected.authenticator("ClientSecret", client_id="robot", client_secret="se/c r+et:ü")
        both = together(proxy(token), main)
        assert both is not None
        await protected.ask(both)
        return await both.headers()

    assert in_background(go()) == (("proxy-authorization", "Bearer from-command"), ("authorization", "Bearer access-1"))


def test_a_proxy_s_token_that_is_no_longer_the_same_comes_first(protected: Protected, token: Path) -> None:
    async def go() -> None:
        main = await protected.authenticator("ClientSecret", client_id="robot", client_secret="se/c r+et:ü")
        both = together(proxy(token), main)
        assert both is not None
        rejected = await both.headers()
        replace(token)
        assert await both.renew(rejected)
        assert len(protected.idp.grants("client_credentials")) == 1
        # The same again: then it is the backend's that was refused.
        assert await both.renew(await both.headers())
        assert len(protected.idp.grants("client_credentials")) == 2
        await both.close()

    in_background(go())


def test_a_login_at_the_backend_s_own_host_goes_through_its_proxy(protected: Protected, token: Path) -> None:
    from flyte_jupyter.remote._auth import authenticator

    protected.metadata["token_endpoint"] = protected.idp.address.replace("127.0.0.1", "localhost") + "/token"
    settings = protected.settings("ClientSecret", client_id="robot", client_secret="se/c r+et:ü")

    async def go() -> None:
        auth = await authenticator(settings, protected.endpoint, protected.plain, proxy=proxy(token))
        assert auth is not None
        await auth.headers()
        protected.metadata["token_endpoint"] = f"{protected.idp.address}/token"
        auth = await authenticator(settings, protected.endpoint, protected.plain, proxy=proxy(token))
        assert auth is not None
        await auth.headers()

    run(go())
    sent = [headers.get("proxy-authorization") for _, _, headers in protected.idp.requests]
    assert sent == ["Bearer from-command", None]


def test_without_a_proxy_there_is_no_authenticator_for_it() -> None:
    assert proxy_authenticator(Settings("localhost")) is None
    assert together(None, None) is None


def test_a_proxy_command_that_fails_is_named_so() -> None:
    failing = proxy_authenticator(Settings("localhost", proxy_command=("no-such-program-here",)))
    assert failing is not None
    with pytest.raises(UnauthenticatedError, match="The proxyCommand 'no-such-program-here' cannot be started"):
        run(failing.headers())


async def test_what_takes_too_long_in_a_thread_is_left() -> None:
    with pytest.raises(TimeoutError, match=r"longer than 0\.05 s"):
        await in_thread(lambda: time.sleep(0.3), 0.05)
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0, 20)
    assert await in_thread(os.getpid, 20) == os.getpid()
