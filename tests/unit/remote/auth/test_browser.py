from __future__ import annotations

import threading
import webbrowser
from pathlib import Path

import pytest

from flyte_jupyter.remote._auth import _browser
from flyte_jupyter.remote._auth._browser import open_browser, why_elsewhere


@pytest.mark.parametrize(
    ("environ", "platform", "reason"),
    [
        ({"DISPLAY": ":0"}, "linux", ""),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", ""),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", ""),
        ({"BROWSER": "firefox"}, "linux", ""),
        ({}, "darwin", ""),
        ({}, "win32", ""),
        ({}, "linux", "this machine has no display"),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "1 2 3 4"}, "linux", "this is a remote machine, reached over SSH"),
        ({"JUPYTERHUB_API_URL": "http://hub"}, "linux", "this kernel runs under JupyterHub"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "linux", "this process runs in a pod"),
        ({"CODESPACES": "true"}, "linux", "this is a codespace"),
        ({"COLAB_RELEASE_TAG": "r"}, "linux", "this kernel runs in Colab"),
        ({"BINDER_SERVICE_HOST": "b"}, "linux", "this kernel runs on Binder"),
    ],
)
def test_where_the_browser_is(environ: dict[str, str], platform: str, reason: str, tmp_path: Path) -> None:
    assert why_elsewhere(environ, platform, tmp_path) == reason


@pytest.mark.parametrize("mark", [".dockerenv", "run/.containerenv"])
def test_a_container_has_no_browser(mark: str, tmp_path: Path) -> None:
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).touch()
    assert why_elsewhere({"DISPLAY": ":0"}, "linux", tmp_path) == "this process runs in a container"


class FakeController(webbrowser.BaseBrowser):
    def __init__(self, opens: bool | Exception | threading.Event) -> None:
        super().__init__("fake")
        self.opens = opens

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        if isinstance(self.opens, Exception):
            raise self.opens
        return self.opens.wait(20) if isinstance(self.opens, threading.Event) else self.opens


@pytest.mark.parametrize(
    ("opens", "opened"), [(True, True), (False, False), (webbrowser.Error("none"), False), (OSError("no"), False)]
)
async def test_a_browser_is_opened_if_there_is_one(
    opens: bool | Exception, opened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", FakeController(opens).open)
    assert await open_browser("https://x") is opened


async def test_a_browser_that_returns_when_it_is_closed_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(webbrowser, "open", FakeController(gate).open)
    monkeypatch.setattr(_browser, "_SECONDS", 0.05)
    assert await open_browser("https://x") is True
    gate.set()
