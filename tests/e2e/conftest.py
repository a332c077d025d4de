"""Fixtures of the end-to-end tests: the applications, the kernels and the browser, each started once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.jupyter import Notebook, Server, chromium

ROOT = Path(__file__).resolve().parents[2]
# ipykernel 7.4 with the newest SDK, ipykernel 6.30 with the one before.
KERNELS = {"newest": str(ROOT / ".venv/bin/python"), "before": str(ROOT / ".venv-before/bin/python")}

OpenNotebook = Callable[..., Notebook]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    running: dict[str, Server] = {}

    def get(application: str) -> Server:
        if application not in running:
            running[application] = Server(tmp_path_factory.mktemp(application), application, KERNELS)
        return running[application]

    yield get
    for server in running.values():
        server.stop()


@pytest.fixture(params=["lab", "notebook"])
def application(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["newest", "before"])
def kernel(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def open_notebook(
    servers: Callable[[str], Server], browser: Browser, request: pytest.FixtureRequest
) -> Iterator[OpenNotebook]:
    """Opens notebooks; at the end no page may have logged an error, and failures leave a picture in build/."""
    opened: list[Notebook] = []
    numbers = itertools.count()
    context = browser.new_context(viewport={"width": 1280, "height": 900})

    def open_(application: str, kernel: str, cells: list[str]) -> Notebook:
        name = f"{request.node.originalname}-{application}-{kernel}-{next(numbers)}.ipynb"
        notebook = Notebook(servers(application), context, name, cells, kernel)
        opened.append(notebook)
        return notebook

    yield open_
    try:
        for notebook in opened:
            if request.node.stash.get(FAILED, False):
                pictures = ROOT / "build" / "e2e"
                pictures.mkdir(parents=True, exist_ok=True)
                notebook.page.screenshot(path=str(pictures / f"{notebook.path.stem}.png"))
            notebook.close()
            assert notebook.errors == [], "the page logged errors"
    finally:
        context.close()


FAILED: pytest.StashKey[bool] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
