"""Files, tables, code and pickles that the SDK's tasks left in the backend's storage."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, DatasetRef, FileRef, OpaqueValue, Run
from tests.integration.remote.conftest import WIRES, connected


@pytest.fixture(params=WIRES)
def client(request: pytest.FixtureRequest, documented_endpoint: str) -> Iterator[Client]:
    """A current client of the backend with the documented runs, once over each wire."""
    with connected(documented_endpoint, request.param) as client:
        yield client


TABLE = pd.DataFrame({"n": [1, 2, 3], "t": ["a", "b", "c"]})


def test_files_and_directories(client: Client, tmp_path: Path) -> None:
    file, directory, opaque = Run.get("r3").outputs()
    assert isinstance(file, FileRef)
    assert file.read() == b"a"
    assert file.download(tmp_path / "copy.txt").read_text() == "a"
    assert [path.name for path in directory.download(tmp_path / "copy").iterdir()] == ["a.txt"]
    assert isinstance(opaque, OpaqueValue)
    assert pickle.loads(opaque.save(tmp_path / "set").read_bytes()) == {1, 2}


def test_tables(client: Client) -> None:
    outputs = Run.get("r4").outputs()
    for table in outputs:
        assert isinstance(table, DatasetRef)
        pd.testing.assert_frame_equal(table.to_pandas(), TABLE)
        assert table.to_polars().to_dicts() == TABLE.to_dict("records")
    typed = Run.get("r4").typed_outputs({"o0": pd.DataFrame})
    pd.testing.assert_frame_equal(typed["o0"], TABLE)


def test_code(client: Client, tmp_path: Path) -> None:
    code = Run.get("r1").download_code(tmp_path / "code")
    assert "async def add" in (code / "example.py").read_text()
    archive = Run.get("r2").download_code(tmp_path / "kept", extract=False)
    assert archive.name.endswith(".tar.gz")
    assert archive.parent == tmp_path / "kept"


def test_phases_and_failures(client: Client) -> None:
    details = Run.get("r1").details().action_details
    transitions = details.get_phase_transitions()
    assert [each.phase.value for each in transitions][-2:] == ["running", "succeeded"]
    assert details.running_time == transitions[-2].duration == details.phase_durations[remote.ActionPhase.RUNNING]
    assert details.logs_available()
    failure = Run.get("r2").first_failure()
    assert failure is not None
    assert (failure.task_name, failure.parent_name) == ("example.broken", "a0")
    assert "no 7 today" in failure.error_message
    assert Run.get("r1").first_failure() is None


def test_a_foreign_path_is_refused(client: Client) -> None:
    with pytest.raises(remote.InvalidArgumentError, match="not this one"):
        FileRef("/etc/hostname").read()
