"""Voila runs the cells before its page is there; then the page comes alive as a notebook's does."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.cells import LOAD, TASKS
from tests.e2e.conftest import KERNELS
from tests.e2e.jupyter import environment, stop_backends, until, write_kernels, write_notebook
from tests.e2e.view import PATIENCE, abort_run, expect_rows, rows


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[str]:
    """The address of a page in which a run waits for the file `gate`."""
    write_kernels(tmp_path, KERNELS)
    notebook = tmp_path / "dashboard.ipynb"
    run = f"run = flyte.run(fan, n=3, gate={str(tmp_path / 'gate')!r})\nrun"
    write_notebook(notebook, [LOAD, TASKS, run], "newest")
    log = tmp_path / "voila.log"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    with log.open("wb") as stream:
        server = subprocess.Popen(command, env=environment(tmp_path), stdout=stream, stderr=subprocess.STDOUT)
    try:
        until(lambda: f"127.0.0.1:{port}" in log.read_text(), f"Voila answers; its log is {log}")
        yield f"http://127.0.0.1:{port}/"
    finally:
        stop_backends(tmp_path, [KERNELS["newest"]])
        server.terminate()
        server.wait(15)


def test_a_run_lives_in_a_page_of_voila(dashboard: str, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(dashboard, timeout=120_000)
    body = page.locator("body")
    expect_rows(body, "running", 4)
    (tmp_path / "gate").touch()
    expect_rows(body, "succeeded", 4)
    rows(body).last.click()
    expect(body.get_by_role("tabpanel")).to_contain_text("e2e.leaf", timeout=PATIENCE)
    expect(page.get_by_text("model not found")).to_have_count(0)
    page.close()


def test_a_click_in_a_page_of_voila_aborts_the_run(dashboard: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(dashboard, timeout=120_000)
    body = page.locator("body")
    expect_rows(body, "running", 4)
    abort_run(body)
    expect_rows(body, "aborted", 4)
    page.close()
