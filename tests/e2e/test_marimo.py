"""marimo shows a run as a widget: live, and with buttons."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.cells import TASKS
from tests.e2e.jupyter import environment, stop_backends, until
from tests.e2e.view import PATIENCE, abort_run, expect_rows, rows

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import flyte
    import flyte_jupyter
    from tasks import fan

    flyte_jupyter.use_local()
    run = flyte.run(fan, n=3, gate={gate!r})
    flyte_jupyter.show(run)
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[str]:
    """The address of a notebook in which a run waits for the file `gate`."""
    (tmp_path / "tasks.py").write_text(TASKS)
    notebook = tmp_path / "app.py"
    notebook.write_text(NOTEBOOK.format(gate=str(tmp_path / "gate")))
    log = tmp_path / "marimo.log"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "run", str(notebook), "--headless", "--no-token"]
    command += ["--host=127.0.0.1", f"--port={port}"]
    variables = environment(tmp_path) | {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PYTHONUTF8": "1"}
    with log.open("wb") as stream:
        server = subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=stream, stderr=subprocess.STDOUT)
    try:
        until(lambda: f":{port}" in log.read_text(), f"marimo answers; its log is {log}")
        yield f"http://127.0.0.1:{port}/"
    finally:
        stop_backends(tmp_path, [sys.executable])
        server.terminate()
        server.wait(15)


def test_a_run_lives_in_marimo(app: str, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto(app, timeout=120_000)
    body = page.locator("body")
    expect_rows(body, "running", 4)
    (tmp_path / "gate").touch()
    expect_rows(body, "succeeded", 4)
    rows(body).last.click()
    expect(body.get_by_role("tabpanel")).to_contain_text("e2e.leaf", timeout=PATIENCE)
    page.close()


def test_a_click_in_marimo_aborts_the_run(app: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(app, timeout=120_000)
    body = page.locator("body")
    expect_rows(body, "running", 4)
    abort_run(body)
    expect_rows(body, "aborted", 4)
    page.close()
