"""An object store that only plays what a test scripts."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Answer:
    """What the store says to a PUT: a status of 0 hangs up in the middle of the body."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


class FakeStorage:
    """Takes PUTs. `answers` are said one after the other, then 200; `files` has what was put, by path."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.answers: list[Answer] = []
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.queries: list[str] = []
        self.underway = 0
        self.most_underway = 0
        self.keep_content = True
        self.hold = threading.Event()
        self.hold.set()
        self.lock = threading.Lock()


@contextlib.contextmanager
def fake_storage() -> Iterator[FakeStorage]:
    """Runs a fake store on threads of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            with storage.lock:
                storage.underway += 1
                storage.most_underway = max(storage.most_underway, storage.underway)
                answer = storage.answers.pop(0) if storage.answers else Answer()
                storage.queries.append(urlsplit(self.path).query)
            try:
                self._put(answer)
            finally:
                with storage.lock:
                    storage.underway -= 1

        def _put(self, answer: Answer) -> None:
            if answer.status == 0:
                self.rfile.read(1)
                self.connection.close()
                self.close_connection = True
                return
            left, digest, content = int(self.headers["Content-Length"]), hashlib.md5(usedforsecurity=False), bytearray()
            while left:
                piece = self.rfile.read(min(left, 1 << 16))
                if not piece:
                    return
                left -= len(piece)
                digest.update(piece)
                if storage.keep_content:
                    content += piece
                if answer.status == 200:
                    storage.hold.wait(20)
            if answer.status == 200:
                if base64.b64encode(digest.digest()).decode() != self.headers["Content-MD5"]:
                    answer = Answer(400, body="BadDigest")
                else:
                    path = urlsplit(self.path).path
                    storage.files[path], storage.headers[path] = bytes(content), dict(self.headers)
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - of the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    storage = FakeStorage(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield storage
    finally:
        storage.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
