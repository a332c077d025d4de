"""The SDK's own run objects, shown over the connection that the SDK has."""

from __future__ import annotations

from pathlib import Path

from tests.integration.support import Backend

SCRIPT = """
import json
import sys

import flyte

from flyte_jupyter.remote import Action, Run, connect, current_client

env = flyte.TaskEnvironment(name="mine")


@env.task
async def double(x: int) -> int:
    return 2 * x


if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="flytesnacks", domain="development")
    theirs = flyte.run(double, x=21)
    ours = Run.from_sdk(theirs)
    first = ours._client.transport
    ours.wait()
    found = [ours.name == theirs.name, first, ours.phase, list(ours.outputs()), dict(ours.inputs())]
    found.append([action.name for action in Action.listall(ours.name, client=ours._client)])
    found.append(len(list(ours.get_logs())) > 0)
    connect(sys.argv[1])
    found.append(Run.from_sdk(theirs)._client.transport)
    found.append(connect().transport)
    theirs.wait(quiet=True)
    found.append([str(theirs.phase), list(theirs.outputs())])
    print(json.dumps(found))
"""


def test_a_run_of_the_sdk(backend: Backend, tmp_path: Path) -> None:
    assert backend.script(tmp_path / "mine.py", SCRIPT) == [
        True,
        "sdk",
        "succeeded",
        [42],
        {"x": 21},
        ["a0"],
        True,
        "grpc",
        "sdk",
        ["ActionPhase.SUCCEEDED", [42]],
    ]
