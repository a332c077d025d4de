"""A backend per interpreter whose SDK is tested.

FLYTE_JUPYTER_SDK_PYTHONS lists those interpreters, separated as in PATH; each has the SDK, ipykernel and this package.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.support import Backend, Sdk


def _pythons() -> list[str]:
    named = os.environ.get("FLYTE_JUPYTER_SDK_PYTHONS") or sys.executable
    # Not resolved: an environment is known by its link to the interpreter.
    return [os.path.abspath(python) for python in named.split(os.pathsep) if python]  # noqa: PTH100


def _sdk(python: str) -> Sdk:
    code = "import importlib.metadata as m; print(m.version('flyte'), m.version('ipykernel'))"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return Sdk(python, *found)


def newest_sdk() -> Sdk:
    """The first of the interpreters, for what does not depend on the SDK."""
    return _sdk(_pythons()[0])


@pytest.fixture(scope="session", params=[_sdk(python) for python in _pythons()], ids=lambda sdk: f"flyte-{sdk.version}")
def sdk(request: pytest.FixtureRequest) -> Sdk:
    """One of the interpreters with an SDK."""
    return request.param


@pytest.fixture(scope="session")
def backend(sdk: Sdk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The backend that most tests of one interpreter share."""
    backend = Backend(sdk, tmp_path_factory.mktemp(f"backend-{sdk.version}"))
    backend.start()
    yield backend
    backend.stop()


@pytest.fixture
def own_backend(sdk: Sdk, tmp_path: Path) -> Iterator[Backend]:
    """A backend for one test alone, not yet started."""
    backend = Backend(sdk, tmp_path / "state")
    yield backend
    backend.stop()
