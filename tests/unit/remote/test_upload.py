from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import sys
import time
import traceback
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flyteidl2.dataproxy import dataproxy_service_pb2 as pb2

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, _upload_progress, _upload_put, upload_dir, upload_file
from flyte_jupyter.remote._upload_progress import UploadProgress, size
from tests.unit.remote.fake_backend import FakeBackend, StatusError
from tests.unit.remote.fake_storage import Answer, FakeStorage, fake_storage

SECRET = "X-Amz-Signature=00112233445566778899aabbccddeeff"


@pytest.fixture
def storage(backend: FakeBackend, client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStorage]:
    """A store that the fake backend gives links to, and no pauses between attempts."""
    monkeypatch.setattr(_upload_put, "_LONGEST_PAUSE", 0.0)
    with fake_storage() as storage:

        def locate(request: pb2.CreateUploadLocationRequest) -> pb2.CreateUploadLocationResponse:
            path = f"{request.filename_root or request.content_md5.hex()}/{request.filename}"
            count = sum(rpc == "CreateUploadLocation" for rpc, _ in backend.calls)
            return pb2.CreateUploadLocationResponse(
                signed_url=f"{storage.url}/{path}?{SECRET}{count}",
                native_url=f"s3://bucket/up/{path}",
                headers={"x-amz-meta": "m"},
            )

        backend.scripts["CreateUploadLocation"] = locate
        yield storage


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file.txt"
    path.write_bytes(b"hello")
    return path


def test_a_file(file: Path, backend: FakeBackend, storage: FakeStorage) -> None:
    md5 = hashlib.md5(b"hello", usedforsecurity=False).hexdigest()
    assert upload_file(file) == (md5, f"s3://bucket/up/{md5}/a file.txt")
    assert list(storage.files.values()) == [b"hello"]
    (headers,) = storage.headers.values()
    assert (headers["Content-Length"], headers["x-amz-meta"]) == ("5", "m")
    assert "Content-Type" not in headers
    (request,) = [request for rpc, request in backend.calls if rpc == "CreateUploadLocation"]
    assert (request.project, request.domain, request.filename) == ("flytesnacks", "development", "a file.txt")
    assert request.add_content_md5_metadata


def test_a_file_under_another_name_and_of_a_type(file: Path, storage: FakeStorage) -> None:
    assert upload_file(str(file), True, "b.html", "text/html")[1].endswith("/b.html")  # type: ignore[arg-type]
    (headers,) = storage.headers.values()
    assert headers["Content-Type"] == "text/html"


def test_an_empty_file(tmp_path: Path, storage: FakeStorage) -> None:
    (tmp_path / "empty").touch()
    upload_file(tmp_path / "empty")
    assert list(storage.files.values()) == [b""]


def test_a_long_file_is_never_in_memory(tmp_path: Path, storage: FakeStorage) -> None:
    path, megabytes = tmp_path / "long", 48
    storage.keep_content = False
    with path.open("wb") as stream:
        for number in range(megabytes):
            stream.write(number.to_bytes(1, "big") * (1 << 20))
    tracemalloc.start()
    try:
        upload_file(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(storage.files) == 1
    assert peak < 24 << 20


@pytest.mark.parametrize(
    "setbacks",
    [
        [Answer(503), Answer(500), Answer(429, {"Retry-After": "0"})],
        [Answer(408)],
        [Answer(400, body="<Error><Code>RequestTimeout</Code></Error>")],
        [Answer(0)],
    ],
)
def test_a_store_that_fails_is_asked_again(file: Path, storage: FakeStorage, setbacks: list[Answer]) -> None:
    storage.answers = list(setbacks)
    upload_file(file)
    assert list(storage.files.values()) == [b"hello"]
    assert len(storage.queries) == len(setbacks) + 1


def test_a_link_that_is_too_old_is_replaced(file: Path, backend: FakeBackend, storage: FakeStorage) -> None:
    storage.answers = [Answer(403, body="<Message>Request has expired</Message>")]
    upload_file(file)
    assert backend.count("CreateUploadLocation") == 2
    assert storage.queries == [f"{SECRET}1", f"{SECRET}2"]


def test_a_store_that_keeps_failing(file: Path, storage: FakeStorage) -> None:
    storage.answers = [Answer(503)] * 9
    with pytest.raises(remote.UnavailableError, match="the storage said 503, 4 times") as caught:
        upload_file(file)
    assert len(storage.queries) == 4
    assert "Signature" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (Answer(403, body="AccessDenied"), remote.PermissionDeniedError, "it does not allow it"),
        (Answer(400, body="BadDigest"), remote.ServerError, r"the storage said 400 \(BadDigest\)"),
        (Answer(409, body=f"no {SECRET}1 for you"), remote.ServerError, "the storage said 409"),
    ],
)
def test_what_cannot_get_better_is_said_at_once(
    file: Path, storage: FakeStorage, answer: Answer, kind: type[Exception], text: str
) -> None:
    storage.answers = [answer]
    with pytest.raises(kind, match=text) as caught:
        upload_file(file)
    assert len(storage.queries) == 1
    assert SECRET.partition("=")[2] not in f"{caught.value} {caught.value!r}"


def test_a_store_that_is_not_there(file: Path, backend: FakeBackend, storage: FakeStorage) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x?{SECRET}"
        backend.scripts["CreateUploadLocation"] = lambda request: pb2.CreateUploadLocationResponse(signed_url=url)
        with pytest.raises(remote.UnavailableError, match="Is the storage reachable from here") as caught:
            upload_file(file)
    assert "Signature" not in str(caught.value)


def test_a_file_that_changes_meanwhile(tmp_path: Path, backend: FakeBackend, storage: FakeStorage) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a" * (3 << 20))
    locate = backend.scripts["CreateUploadLocation"]

    def change(request: Any) -> Any:
        path.write_bytes(b"b" * (3 << 20))
        return locate(request)

    backend.scripts["CreateUploadLocation"] = change
    with pytest.raises(remote.InvalidArgumentError, match="has changed while it was uploaded"):
        upload_file(path)
    path.write_bytes(b"a" * (3 << 20))

    def remove(request: Any) -> Any:
        path.unlink()
        return locate(request)

    backend.scripts["CreateUploadLocation"] = remove
    with pytest.raises(remote.InvalidArgumentError, match="log cannot be read: No such file or directory"):
        upload_file(path)
    assert storage.files == {}


def test_what_is_no_file_and_what_is_refused(
    tmp_path: Path, file: Path, backend: FakeBackend, storage: FakeStorage
) -> None:
    with pytest.raises(remote.InvalidArgumentError, match=r"is not a file. Upload a directory with upload_dir\(\)"):
        upload_file(tmp_path)
    with pytest.raises(remote.InvalidArgumentError, match="is not a directory"):
        upload_dir(file)

    def refuse(request: Any) -> Any:
        raise StatusError("NOT_FOUND", 'project "flytesnacks" not found')

    backend.scripts["CreateUploadLocation"] = refuse
    with pytest.raises(
        remote.NotFoundError, match=r'cannot be uploaded to project .*: project "flytesnacks" not found'
    ):
        upload_file(file)


def tree(root: Path) -> None:
    for name in ("x.txt", "a/x.txt", "a/b/x.txt", "ü n/$ %20.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def test_a_directory_keeps_its_paths(tmp_path: Path, backend: FakeBackend, storage: FakeStorage) -> None:
    tree(tmp_path)
    (tmp_path / "nothing").mkdir()
    assert upload_dir(tmp_path, prefix="p/q") == "s3://bucket/up/p/q"
    requests = [request for rpc, request in backend.calls if rpc == "CreateUploadLocation"]
    assert sorted(request.filename for request in requests) == ["a/b/x.txt", "a/x.txt", "x.txt", "ü n/$ %20.txt"]
    assert sorted(content.decode() for content in storage.files.values()) == sorted(
        request.filename for request in requests
    )
    uri = upload_dir(tmp_path)
    assert uri.startswith("s3://bucket/up/")
    assert uri != upload_dir(tmp_path)


def test_links_in_a_directory(tmp_path: Path, backend: FakeBackend, storage: FakeStorage) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (outside / "far.txt").write_text("far")
    root.mkdir()
    (root / "to_file").symlink_to(outside / "far.txt")
    (root / "to_dir").symlink_to(outside)
    (root / "to_nothing").symlink_to(root / "gone")
    (root / "back").symlink_to(root)
    os.mkfifo(root / "pipe")
    upload_dir(root)
    names = sorted(request.filename for rpc, request in backend.calls if rpc == "CreateUploadLocation")
    assert names == ["to_dir/far.txt", "to_file"]


def test_many_files_at_once_but_not_all(tmp_path: Path, storage: FakeStorage) -> None:
    for number in range(60):
        (tmp_path / f"{number}.txt").write_text(str(number))
    upload_dir(tmp_path)
    assert len(storage.files) == 60
    assert storage.most_underway <= 16


def test_an_empty_directory(tmp_path: Path, storage: FakeStorage) -> None:
    with pytest.raises(remote.InvalidArgumentError, match=r"There is no file in .* to upload"):
        upload_dir(tmp_path)
    tree(tmp_path)
    with pytest.raises(remote.InvalidArgumentError, match="cannot be a prefix"):
        upload_dir(tmp_path, prefix="../up")


def test_one_failure_ends_the_others(tmp_path: Path, storage: FakeStorage) -> None:
    for number in range(60):
        (tmp_path / f"{number}.txt").write_text(str(number))
    storage.answers = [Answer(403)]
    storage.hold.clear()
    with pytest.raises(remote.PermissionDeniedError):
        upload_dir(tmp_path)
    assert storage.files == {}


async def test_a_cancelled_upload_ends(tmp_path: Path, storage: FakeStorage) -> None:
    (tmp_path / "long").write_bytes(b"x" * (8 << 20))
    storage.hold.clear()
    upload = asyncio.ensure_future(upload_file.aio(tmp_path / "long"))
    end = time.monotonic() + 20
    while not storage.underway:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    storage.hold.set()
    while storage.underway:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
    assert storage.files == {}


async def test_a_cancelled_upload_reads_no_further(tmp_path: Path, storage: FakeStorage) -> None:
    def reads() -> bool:
        stacks = [traceback.extract_stack(frame) for frame in sys._current_frames().values()]
        return any(call.name == "_measure" for stack in stacks for call in stack)

    with (tmp_path / "endless").open("wb") as file:
        file.truncate(1 << 40)
    upload = asyncio.ensure_future(upload_file.aio(tmp_path / "endless"))
    end = time.monotonic() + 20
    while not reads():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    while reads():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def test_a_long_upload_shows_a_line_in_a_notebook(
    tmp_path: Path, storage: FakeStorage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "long.bin").write_bytes(b"x" * (4 << 20))
    upload_file(tmp_path / "long.bin")
    assert capsys.readouterr().out == "", "a short one shows nothing"
    monkeypatch.setattr(_upload_progress, "_SHORT", 0.0)
    monkeypatch.setattr(_upload_progress, "is_kernel", lambda: True)
    upload_file(tmp_path / "long.bin")
    assert capsys.readouterr().out.endswith("\rUploading long.bin: 4.1 MB of 4.1 MB (100 %)\n")


async def test_a_long_upload_shows_a_bar_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_upload_progress, "_SHORT", 0.0)
    monkeypatch.setattr(_upload_progress, "is_terminal", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    progress = UploadProgress("long.bin", 100)
    progress.advance(50)
    async with _upload_progress.shown(progress):
        end = time.monotonic() + 20
        text = ""
        while "long.bin" not in text:
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
            text += capsys.readouterr().err
    assert "50/100 bytes" in text


def test_sizes_in_words() -> None:
    assert [size(count) for count in (0, 999, 1000, 1_500_000, 10**9, 10**16)] == [
        "0 B", "999 B", "1.0 kB", "1.5 MB", "1.0 GB", "10000 TB",
    ]  # fmt: skip
    progress = UploadProgress("x", 0)
    assert progress.line() == "Uploading x: 0 B of 0 B (0 %)"
