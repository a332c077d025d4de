from __future__ import annotations

import contextlib
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from flyte_jupyter import remote
from flyte_jupyter.remote import FileRef, _storage, background


def read(uri: str, *, local: bool = False) -> bytes:
    return background().run(_storage.read(uri, local=local))


@contextlib.contextmanager
def web(answers: dict[str, tuple[int, bytes]]) -> Iterator[str]:
    """A web server that answers paths (without query) so."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path.partition("?")[0], (404, b""))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_files_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_bytes(b"here")
    assert read(str(tmp_path / "a b.txt"), local=True) == b"here"
    assert read((tmp_path / "a b.txt").as_uri(), local=True) == b"here"
    with pytest.raises(remote.NotFoundError, match="nothing at"):
        read(str(tmp_path / "nothing"), local=True)
    with pytest.raises(remote.NotFoundError, match="no place"):
        read("", local=True)


def test_a_path_of_another_machine_is_not_one_of_ours(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"mine")
    for uri in (str(tmp_path / "secret"), (tmp_path / "secret").as_uri()):
        with pytest.raises(remote.InvalidArgumentError, match="not this one"):
            read(uri)


def test_links() -> None:
    answers = {"/f": (200, b"x" * 100_000), "/old": (403, b""), "/broken": (500, b"")}
    with web(answers) as address:
        assert read(f"{address}/f?signature=hush") == b"x" * 100_000
        for path, kind in (
            ("old", remote.PermissionDeniedError),
            ("no", remote.NotFoundError),
            ("broken", remote.ServerError),
        ):
            with pytest.raises(kind) as caught:
                read(f"{address}/{path}?signature=hush")
            assert "hush" not in str(caught.value)
    with pytest.raises(remote.UnavailableError) as caught:
        read(f"{address}/f?signature=hush")
    assert "hush" not in str(caught.value)


def test_what_fsspec_opens(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe({"/kept/d/a.txt": b"a", "/kept/d/e/b.txt": b"b"})
    try:
        assert read("memory://kept/d/a.txt") == b"a"
        copy = FileRef("memory://kept/d", is_dir=True).download(tmp_path / "copy")
        assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*.txt")) == ["a.txt", "e/b.txt"]
        with pytest.raises(remote.NotFoundError):
            read("memory://kept/nothing")
    finally:
        memory.rm("/kept", recursive=True)


class FakeStore(MemoryFileSystem):
    """A store whose keys are any text."""

    def find(self, path: str, *_: Any, **__: Any) -> list[str]:
        return [f"{path}/a.txt", f"{path}/../../outside.txt"]


def test_a_key_does_not_lead_out_of_the_directory(tmp_path: Path) -> None:
    store = FakeStore()
    store.pipe({"/keys/d/a.txt": b"a"})
    try:
        (tmp_path / "in").mkdir()
        with pytest.raises(remote.ServerError, match="written elsewhere"):
            _storage._fetch_directory(store, "/keys/d", tmp_path / "in" / "copy")
        assert sorted(path.name for path in tmp_path.rglob("*.txt")) == ["a.txt"]
    finally:
        fsspec.filesystem("memory").rm("/keys", recursive=True)


def test_names_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [_storage.name_of(uri, "data") for uri in ("s3://b/k/x.txt?v=1", "s3://b/..", "", "s3://b/d/", "/.")]
    assert found == ["x.txt", "data", "data", "d", "data"]


def test_an_object_store_through_obstore(monkeypatch: pytest.MonkeyPatch) -> None:
    with web({"/bucket/k": (200, b"from s3")}) as address:
        for name, value in (
            ("AWS_ENDPOINT_URL", address),
            ("AWS_ENDPOINT", address),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "k"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_REGION", "us-east-1"),
        ):
            monkeypatch.setitem(os.environ, name, value)
        assert read("s3://bucket/k") == b"from s3"


def test_what_nothing_here_opens() -> None:
    with pytest.raises(remote.InvalidArgumentError, match="Nothing here can read nosuch://x/y"):
        read("nosuch://x/y")


def test_downloads_say_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.txt").write_bytes(b"a")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    file = FileRef(str(tmp_path / "there" / "a.txt"), local=True)
    assert file.download() == Path("a.txt")
    assert file.download("b.txt").read_bytes() == b"a"
    assert file.download(tmp_path) == tmp_path / "a.txt"
    directory = FileRef(str(tmp_path / "there"), is_dir=True, local=True)
    assert sorted(path.name for path in directory.download("copy").iterdir()) == ["a.txt"]
    assert directory.download().name == "there"
    with pytest.raises(remote.InvalidArgumentError, match="is a directory"):
        directory.read()
    with pytest.raises(remote.FlyteError):
        file.download(tmp_path / "no" / "such" / "place")


async def test_awaited(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a")
    assert await FileRef(str(tmp_path / "a.txt"), local=True).read.aio() == b"a"
