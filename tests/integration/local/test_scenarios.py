"""Everything the SDK can do against the embedded backend: one test per check of `scenarios/`."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable

import pytest

from tests.integration.support import LEAVING, SCENARIOS, Backend


def _checks() -> list[tuple[str, str]]:
    return [
        (path.stem, node.name)
        for path in sorted(SCENARIOS.glob("*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("check_")
    ]


@pytest.fixture(scope="session")
def outcomes(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    """Run a scenario once, and tell how each of its checks ended."""
    known: dict[str, dict[str, str]] = {}

    def run(scenario: str) -> dict[str, str]:
        if scenario not in known:
            place = tmp_path_factory.mktemp(scenario)
            results = place / "results.json"
            known[scenario] = {}
            done = backend.sdk.run(
                f"{scenario}.py",
                backend.endpoint,
                str(results),
                cwd=SCENARIOS,
                env={**LEAVING, "SCENARIO_DIRECTORY": str(place), "HOME": str(place)},
            )
            assert done.returncode == 0, f"ended with {done.returncode}\n{done.out}\n{done.err}"
            known[scenario] = json.loads(results.read_text())
        return known[scenario]

    return run


@pytest.mark.parametrize(("scenario", "check"), _checks())
def test_scenario(outcomes: Callable[[str], dict[str, str]], scenario: str, check: str) -> None:
    traceback = outcomes(scenario)[check]
    assert not traceback, traceback
