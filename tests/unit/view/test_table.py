from flyteidl2.workflow import run_definition_pb2 as definition

from flyte_jupyter.remote import Run
from flyte_jupyter.view import RunTable
from tests.unit.live.messages import FAILED, START, SUCCEEDED, action
from tests.unit.view.survivors import Survivors


def _run(name: str, **kwargs) -> Run:
    one = action("a0", **kwargs)
    one.id.run.name = name
    return Run(definition.Run(action=one))


def test_runs_as_text_and_as_html():
    table = RunTable(
        [
            _run("r2", phase=FAILED, task="env.<b>", ended=START + 62_000),
            _run("r1", phase=SUCCEEDED, ended=START + 340),
        ]
    )
    lines = repr(table).splitlines()
    assert lines[0].split() == ["Phase", "Task", "Run", "Started", "Duration"]
    assert lines[1].split() == ["✗", "Failed", "env.<b>", "r2", *lines[1].split()[4:6], "1m", "02s"]
    assert lines[2].endswith("340ms")
    read = Survivors(f"<div>{table._repr_html_()}</div>")
    assert "✗ Failedenv.<b>r2" in read.text
    assert "As of " in read.text


def test_no_runs():
    assert repr(RunTable([])) == "No runs."
    assert RunTable([])._repr_html_() == "<div>No runs.</div>"
