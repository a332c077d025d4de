from __future__ import annotations

import getpass
import io
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from flyte_jupyter.remote import UnauthenticatedError
from flyte_jupyter.remote._auth._person import Person
from tests.unit.remote.auth.conftest import FakeBrowser, Protected, in_background, run
from tests.unit.remote.auth.fake_identity_provider import wait_until

PROGRAM = """
import os, sys
{setup}
from flyte_jupyter.remote import Endpoint, background
from flyte_jupyter.remote._auth import authenticator
from flyte_jupyter.remote._settings import Settings
from tests.unit.remote.auth.wires import BareGrpc

async def log_in():
    settings = Settings("localhost:{port}", insecure=True, disable_keyring=True)
    auth = await authenticator(settings, Endpoint.parse("localhost:{port}"), lambda: BareGrpc({port}))
    assert await auth.renew(())
    return await auth.headers()

try:
    ((key, value),) = {call}
    print("logged in with", key, len(value))
except KeyboardInterrupt:
    print("interrupted")
"""


FORGET = "from flyte_jupyter.remote._auth import _store; _store._memory.clear()\n"
ELSEWHERE = 'os.environ["JUPYTERHUB_API_URL"] = "http://hub.example.com"'
# A browser that opens and shows nothing.
HERE = """
os.environ["BROWSER"] = "true"
from flyte_jupyter.remote._auth import _pkce
_pkce.why_elsewhere = lambda environ: ""
"""
BLOCKING, AWAITED = "background().run(log_in())", "await background().run_from(log_in())"


def program(protected: Protected, call: str = BLOCKING, setup: str = ELSEWHERE) -> str:
    return PROGRAM.format(port=protected.endpoint.port, call=call, setup=setup)


def address_in(text: str) -> str | None:
    """The address of the login page in what was told, once it is told whole."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("http://127.0.0.1")]
    return lines[0] if lines and "Address: " in text else None


def test_by_default_standard_output_tells(capsys: pytest.CaptureFixture[str]) -> None:
    run(Person().tell("hello"))
    assert capsys.readouterr().out == "hello\n"


@pytest.mark.parametrize("stdin", [io.StringIO("x\n"), None])
def test_without_a_terminal_nobody_can_be_asked(stdin: io.StringIO | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(UnauthenticatedError, match="nobody can be asked here"):
        run(Person().ask("? "))


@pytest.mark.parametrize("error", [EOFError, OSError, NotImplementedError])
def test_a_front_end_that_asks_nobody_is_told_so(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    # A kernel raises StdinNotImplementedError where nbclient or papermill runs the notebook.
    def refuse(question: str) -> str:
        raise error

    monkeypatch.setattr(getpass, "getpass", refuse)
    with pytest.raises(UnauthenticatedError, match="nobody can be asked here"):
        run(Person().ask("? "))


def test_in_the_background_there_is_nobody() -> None:
    with pytest.raises(UnauthenticatedError, match="was interrupted"):
        in_background(Person().tell("hello"))


@pytest.fixture(scope="module")
def manager() -> Iterator[KernelManager]:
    made = KernelManager()
    made.start_kernel(cwd=str(Path.cwd()))
    yield made
    made.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel(manager: KernelManager) -> Iterator[BlockingKernelClient]:
    """A real kernel."""
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(60)
    yield client
    client.stop_channels()


@pytest.mark.parametrize("call", [BLOCKING, AWAITED])
def test_a_notebook_asks_for_the_address_and_does_not_keep_it(
    protected: Protected, browser: FakeBrowser, kernel: BlockingKernelClient, call: str
) -> None:
    said: list[str] = []

    def output(message: dict[str, object]) -> None:
        content = message["content"]
        assert isinstance(content, dict)
        if message["msg_type"] in ("stream", "error"):
            said.append(content.get("text") or str(content))

    def answer(message: dict[str, object]) -> None:
        content = message["content"]
        assert isinstance(content, dict)
        assert content["password"] is True
        while (page := address_in("".join(said) + str(content["prompt"]))) is None:
            # The question comes another way than what is told.
            output(kernel.get_iopub_msg(timeout=30))
        kernel.input(browser.log_in(page))

    kernel.execute_interactive(FORGET + program(protected, call), output_hook=output, stdin_hook=answer, timeout=60)
    text = "".join(said)
    assert "logged in with authorization 15" in text
    assert "this kernel runs under JupyterHub" in text
    assert "code=code-" not in text
    assert "access-" not in text


def test_a_notebook_can_be_interrupted_while_it_asks(
    protected: Protected, manager: KernelManager, kernel: BlockingKernelClient
) -> None:
    texts: list[str] = []
    kernel.execute_interactive(
        FORGET + program(protected),
        output_hook=lambda message: texts.append(str(message["content"])),
        stdin_hook=lambda message: manager.interrupt_kernel(),
        timeout=60,
    )
    assert "interrupted" in "".join(texts)
    alive = kernel.execute_interactive("1 + 1", output_hook=lambda message: None, timeout=60)
    assert alive["content"]["status"] == "ok"


def test_a_notebook_that_a_program_runs_is_told_another_way(protected: Protected, kernel: BlockingKernelClient) -> None:
    reply = kernel.execute_interactive(
        FORGET + program(protected), allow_stdin=False, output_hook=lambda message: None, timeout=60
    )
    assert reply["content"]["status"] == "error"
    assert 'Use auth_type="DeviceFlow"' in reply["content"]["evalue"]


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, text: str) -> None:
        self.seen = ""
        self._mine, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", text], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def read_until(self, condition: object, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not (condition() if callable(condition) else str(condition) in self.seen):
            assert time.monotonic() < end, self.seen
            ready, _, _ = select.select([self._mine], [], [], 0.1)
            if ready:
                try:
                    self.seen += os.read(self._mine, 65536).decode().replace("\r\n", "\n")
                except OSError:
                    return

    def type(self, line: str) -> None:
        os.write(self._mine, (line + "\n").encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait(20)
        os.close(self._mine)


@pytest.fixture
def terminal(request: pytest.FixtureRequest, protected: Protected) -> Iterator[Terminal]:
    made = Terminal(program(protected, setup=getattr(request, "param", ELSEWHERE)))
    yield made
    made.close()


def test_a_terminal_asks_for_the_address(terminal: Terminal, browser: FakeBrowser) -> None:
    terminal.read_until(lambda: address_in(terminal.seen))
    page = address_in(terminal.seen)
    assert page is not None
    terminal.type(browser.log_in(page))
    terminal.read_until("logged in with authorization 15")
    assert "code=code-" not in terminal.seen


@pytest.mark.parametrize("terminal", [ELSEWHERE, HERE], indirect=True, ids=["asked", "waiting"])
def test_ctrl_c_ends_the_login_and_frees_its_port(terminal: Terminal) -> None:
    terminal.read_until(lambda: re.search(r"^http://127\S+S256$", terminal.seen, re.MULTILINE))
    page = next(line for line in terminal.seen.splitlines() if line.startswith("http://127"))
    port = urlsplit(parse_qs(urlsplit(page).query)["redirect_uri"][0]).port or 0
    with socket.create_connection(("127.0.0.1", port), 20):
        pass
    terminal.process.send_signal(signal.SIGINT)
    terminal.read_until("interrupted")

    def is_free() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    wait_until(is_free)
    assert terminal.process.wait(20) == 0
