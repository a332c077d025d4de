"""A real JupyterLab or Notebook 7 in a real browser, for the end-to-end tests.

Cells are run through the application's own commands and outputs are read from the notebook's model, so the same test
drives both applications; what a person sees is looked at with Playwright's locators.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

CHROMIUM = Path(__file__).resolve().parents[2] / ".tools" / "chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
Settings = dict[str, dict[str, Any]]
SETTINGS: Settings = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
# Errors that the applications make on their own, with no extension and no notebook of ours.
NOISE = (
    "favicon",
    "reading 'schema'",
    "Failed to load resource",
    "ERR_ABORTED",
    "beforeunload",
    # A kernel that is restarted while JupyterLab asks it for a subshell.
    "Canceled future for create_subshell_request",
)

FIND_PANEL = """
const panel = [...window.jupyterapp.shell.widgets('main')].find(widget => widget.content?.model?.cells);
"""


def until(probe: Callable[[], Any], what: str, timeout: float = 60.0, page: Page | None = None) -> Any:
    """The first true value of `probe`; an AssertionError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < end, f"not seen in {timeout:.0f} s: {what}"
        if page is not None:
            page.wait_for_timeout(50)  # lets Playwright's own events through
        else:
            time.sleep(0.05)


def write_kernels(home: Path, kernels: dict[str, str]) -> None:
    """Make a kernel of each interpreter known below `home`."""
    for name, python in kernels.items():
        spec = home / "data" / "kernels" / name
        spec.mkdir(parents=True)
        argv = [python, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (spec / "kernel.json").write_text(
            json.dumps({"argv": argv, "display_name": name, "language": "python", "metadata": {"debugger": False}})
        )


def environment(home: Path) -> dict[str, str]:
    """An environment in which every file of Jupyter, and of ours, is below `home`."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "JPY"))}
    return inherited | {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def stop_backends(home: Path, pythons: Iterable[str]) -> None:
    """End the embedded backends that notebooks below `home` have started."""
    for python in pythons:
        command = [python, "-m", "flyte_jupyter.cli", "local", "stop"]
        subprocess.run(command, env=environment(home), check=False, capture_output=True)


def write_notebook(path: Path, cells: list[str], kernel: str) -> None:
    """Write a notebook that has not been run."""
    path.write_text(
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
                "cells": [
                    {
                        "cell_type": "code",
                        "id": f"cell{index}",
                        "metadata": {},
                        "execution_count": None,
                        "outputs": [],
                        "source": source,
                    }
                    for index, source in enumerate(cells)
                ],
            }
        )
    )


class Server:
    """JupyterLab or Notebook 7 on a free port, all its files in one directory, a kernel for each interpreter."""

    def __init__(self, home: Path, application: str, kernels: dict[str, str], settings: Settings | None = None) -> None:
        self.work = home / "work"
        self.application = application
        self._log = home / "server.log"
        self._home = home
        self._kernels = kernels
        self.work.mkdir(parents=True, exist_ok=True)
        write_kernels(home, kernels)
        self._write_settings({**SETTINGS, **(settings or {})})
        self._process = self._start()
        self.url = until(self._find_url, f"{application} answers; its log is {self._log}")

    def _write_settings(self, settings: Settings) -> None:
        for plugin, values in settings.items():
            path = self._home / "settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def _start(self) -> subprocess.Popen[bytes]:
        module, app = {"lab": ("jupyterlab", "LabApp"), "notebook": ("notebook", "JupyterNotebookApp")}[
            self.application
        ]
        command = [
            sys.executable,
            *("-m", module, "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"),
            *("--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
            *(f"--ServerApp.root_dir={self.work}", "--ServerApp.terminals_enabled=False"),
            "--ServerApp.jpserver_extensions={'jupyter_lsp': False, 'jupyter_server_terminals': False}",
            *(f"--{app}.expose_app_in_browser=True", "--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.work,
                env=environment(self._home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _find_url(self) -> str | None:
        assert self._process.poll() is None, self._log.read_text()[-3000:]
        for path in (self._home / "runtime").glob("jpserver-*.json"):
            try:
                url = json.loads(path.read_text())["url"].rstrip("/")
                with urllib.request.urlopen(f"{url}/api/status", timeout=5):
                    return url
            except (OSError, ValueError):
                continue
        return None

    def stop(self) -> None:
        """End the server, its kernels, and the embedded backends that notebooks have started."""
        stop_backends(self._home, self._kernels.values())
        try:
            urllib.request.urlopen(urllib.request.Request(f"{self.url}/api/shutdown", method="POST"), timeout=10)
            self._process.wait(15)
        except (OSError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


class Notebook:
    """One notebook in one tab."""

    def __init__(self, server: Server, context: BrowserContext, name: str, cells: list[str], kernel: str) -> None:
        self.server, self.name = server, name
        self.path = server.work / name
        if cells:
            write_notebook(self.path, cells, kernel)
        self.page = context.new_page()
        self.errors: list[str] = []
        self.page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.open()

    def _note(self, text: str) -> None:
        if not any(noise in text for noise in NOISE):
            self.errors.append(text)

    def open(self) -> None:
        """Load the page and wait until the kernel is ready."""
        if self.server.application == "lab":
            address = f"{self.server.url}/doc/workspaces/{self.path.stem}/tree/{self.name}?reset"
        else:
            address = f"{self.server.url}/notebooks/{self.name}"
        self.page.goto(address)
        self.wait_kernel()

    def reload(self) -> None:
        """Reload the page as a person would."""
        self.page.reload()
        self.wait_panel()

    def wait_panel(self) -> None:
        """Until the notebook is on the page."""
        self.page.wait_for_function("() => window.jupyterapp", timeout=60_000)
        self._until("panel?.context.isReady && panel.content.widgets.length > 0", "the notebook is open")

    def wait_kernel(self) -> None:
        """Until the kernel is idle."""
        self.wait_panel()
        kernel = "panel.sessionContext.session?.kernel"
        self._until(f"{kernel}?.connectionStatus === 'connected' && {kernel}.status === 'idle'", "the kernel is idle")

    def script(self, body: str, argument: Any = None) -> Any:
        """Evaluate JavaScript statements with `panel` and `argument` at hand."""
        return self.page.evaluate(f"async argument => {{ {FIND_PANEL} {body} }}", argument)

    def _until(self, expression: str, what: str, timeout: float = 60.0) -> None:
        def probe() -> Any:
            return self.page.evaluate(f"() => {{ {FIND_PANEL} return !!({expression}); }}")

        until(probe, what, timeout, self.page)

    def start(self, index: int) -> None:
        """Run a cell without waiting for it."""
        self.script(
            """
            panel.content.activeCellIndex = argument;
            panel.content.deselectAll();
            window.jupyterapp.shell.activateById(panel.id);
            window.ended = {...window.ended, [argument]: false};
            window.jupyterapp.commands.execute('notebook:run-cell').finally(() => { window.ended[argument] = true; });
            """,
            index,
        )

    def wait(self, index: int, timeout: float = 90.0) -> None:
        """Until a started cell has ended."""
        until(lambda: self.ended(index), f"the end of cell {index}", timeout, self.page)

    def ended(self, index: int) -> bool:
        """Whether a started cell has ended."""
        return bool(self.page.evaluate("index => window.ended?.[index]", index))

    def run(self, index: int, timeout: float = 90.0) -> None:
        """Run a cell to its end."""
        self.start(index)
        self.wait(index, timeout)

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """A cell's outputs in the notebook format."""
        return self.script("return panel.content.model.cells.get(argument).outputs.toJSON();", index)

    def text(self, index: int) -> str:
        """All text that a cell printed or raised."""
        parts: list[str] = []
        for output in self.outputs(index):
            found = output.get("text") or output.get("traceback") or output.get("data", {}).get("text/plain") or ""
            parts.append("\n".join(found) if isinstance(found, list) else found)
        return "\n".join(parts)

    def cell(self, index: int) -> Locator:
        """What a person sees below a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-Cell-outputArea")

    def save(self) -> dict[str, Any]:
        """Save, and return the file's content."""
        self.script("await panel.context.save();")
        return json.loads(self.path.read_text())

    def interrupt(self) -> None:
        """The stop button."""
        self.script("await panel.sessionContext.session.kernel.interrupt();")

    def restart_kernel(self) -> None:
        """Restart the kernel and wait until it is idle."""
        self.script("await panel.sessionContext.session.kernel.restart();")
        self.wait_kernel()

    def close(self) -> None:
        """End the kernel and close the tab."""
        self.wait_kernel()
        self.script("await panel.sessionContext.shutdown();")
        self.page.close(run_before_unload=False)
