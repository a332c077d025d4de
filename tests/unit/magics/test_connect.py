from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from flyte_jupyter import remote
from flyte_jupyter.magics._magics import FlyteMagics
from tests.unit.remote.fake_backend import FakeBackend, fake_backend


@pytest.fixture(scope="module")
def backend() -> Iterator[FakeBackend]:
    with fake_backend() as backend:
        yield backend


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path
    remote.set_current_client(None)


def connect(line: str) -> remote.Client:
    magic: Any = FlyteMagics().flyte_connect
    magic(line)
    return remote.current_client()


def test_an_endpoint_with_everything(backend: FakeBackend, nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client = connect(
        f"localhost:{backend.grpc_port} -p p -d d --org o --insecure --transport grpc --auth-type external-command"
        " --command 'echo token' --no-keyring"
    )
    assert (client.project, client.domain, client.org, client.transport) == ("p", "d", "o", "grpc")
    assert capsys.readouterr().out == f"Connected to localhost:{backend.grpc_port}, project p, domain d.\n"
    client.close()


def test_a_file_says_where(backend: FakeBackend, nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (nowhere / "mine.yaml").write_text(f"admin: {{endpoint: 'localhost:{backend.connect_port}'}}\ntask: {{project: p}}")
    client = connect("--config mine.yaml --transport connect")
    assert (client.project, client.transport) == ("p", "connect")
    client.close()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "There is no endpoint to connect to"),
        ("host --auth-type magic", "'magic' is no auth type"),
        ("host --config nowhere.yaml", "'nowhere.yaml' cannot be read"),
        ("host --transport pigeon", "invalid choice"),
        ("ftp://host", "An endpoint cannot begin with 'ftp://'"),
    ],
)
def test_mistakes_are_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        connect(line)
    assert "\n" not in str(caught.value)
