"""The same questions to the SDK of the seeds over gRPC, to the current SDK over Connect, and to us on both wires."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.differential import entities, runs
from tests.integration.differential.differences import DIFFERENCES, LATER_FIELDS, Difference
from tests.integration.support import LEAVING, REPOSITORY, Backend, Sdk

SEED = os.environ.get("FLYTE_JUPYTER_SEED_PYTHON") or str(REPOSITORY / ".venv-seed" / "bin" / "python")
PYTHONS = {"seed": SEED, "sdk": sys.executable, "grpc": sys.executable, "connect": sys.executable}
# No keyring is asked, and no line is broken to fit a terminal.
ENVIRONMENT = {
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    "COLUMNS": "1000",
    "DO_NOT_TRACK": "1",
    "GRPC_VERBOSITY": "NONE",
}
QUESTIONS = [*runs.QUESTIONS, *runs.LATER, *entities.QUESTIONS, *entities.LATER]

Answers = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A backend with everything that is asked about."""
    place = tmp_path_factory.mktemp("world")
    backend = Backend(Sdk(sys.executable, "", ""), place / "state")
    backend.start()
    script = Path(__file__).with_name("world.py").read_text()
    made = backend.sdk.script(place / "world.py", script, backend.endpoint, *PYTHONS)
    assert made.returncode == 0, made.out + made.err
    yield backend
    backend.stop()


@pytest.fixture(scope="module")
def answers(world: Backend, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What each client says to each question; they are asked at the same time."""
    asked: dict[str, subprocess.Popen[str]] = {}
    for peer, python in PYTHONS.items():
        place = str(tmp_path_factory.mktemp(f"of-{peer}"))
        command = [python, "-m", "tests.integration.differential.ask", peer, world.endpoint, place]
        asked[peer] = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **ENVIRONMENT, **LEAVING},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    said: Answers = {}
    try:
        for peer, process in asked.items():
            out, err = process.communicate(timeout=110)
            assert process.returncode == 0, f"{peer}: {err}"
            said[peer] = json.loads(out.splitlines()[-1])
    finally:
        for process in asked.values():
            process.kill()
    return said


def peers_of(question: str) -> list[str]:
    """The SDKs that have names for what is asked."""
    return ["sdk"] if question in {**runs.LATER, **entities.LATER} else ["seed", "sdk"]


def without(value: Any, names: frozenset[str]) -> Any:
    """A value without the fields of these names."""
    if isinstance(value, dict):
        return {name: without(item, names) for name, item in value.items() if name not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value


def same(said: Answers, question: str, peer: str) -> bool:
    """Whether an SDK says what we say."""
    names = LATER_FIELDS if peer == "seed" else frozenset[str]()
    return without(said[peer][question], names) == without(said["grpc"][question], names)


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_the_same(answers: Answers, question: str) -> None:
    assert answers["grpc"][question] == answers["connect"][question]
    for peer in peers_of(question):
        if not any(question in known.questions and peer in known.peers for known in DIFFERENCES):
            assert same(answers, question, peer), f"{peer}: {answers[peer][question]}"


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.what)
def test_each_difference_is_one(answers: Answers, difference: Difference) -> None:
    for question in difference.questions:
        for peer in difference.peers:
            if peer in peers_of(question):
                assert not same(answers, question, peer), f"{question}: {answers[peer][question]}"


@pytest.mark.parametrize("field", sorted(LATER_FIELDS))
def test_later_fields_are_unknown_to_the_seeds(answers: Answers, field: str) -> None:
    mark = f'"{field}":'
    assert mark not in json.dumps(answers["seed"])
    assert mark in json.dumps(answers["grpc"])


def test_no_client_lacks_a_name(answers: Answers) -> None:
    # Equal errors are equal answers; a question that nobody understands asks nothing.
    wrong = {"AttributeError", "ImportError", "KeyError", "TYPE"}
    known = {"outputs: an attribute that there is not", "watch: updates", "condition: signalled with a list"}
    for peer in ("sdk", "grpc", "connect"):
        kinds = {
            question: answer["error"]
            for question, answer in answers[peer].items()
            if isinstance(answer, dict) and answer.get("error") in wrong
        }
        assert set(kinds) <= known, peer


def test_the_documentation_tells_each_difference() -> None:
    text = (REPOSITORY / "docs" / "differences.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| What")]
    assert rows == [difference.row for difference in DIFFERENCES]
