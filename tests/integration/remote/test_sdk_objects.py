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


ENTITIES = """
import json
import sys
from pathlib import Path

import flyte

from flyte_jupyter.remote import Client, Project, Secret, Task, Trigger, User, rerun, set_current_client, upload_file

env = flyte.TaskEnvironment(name="by_the_sdk")


@env.task
async def double(x: int) -> int:
    return 2 * x


if __name__ == "__main__":
    flyte.init(
        endpoint=sys.argv[1], insecure=True, project="flytesnacks", domain="development", root_dir=Path.cwd()
    )
    flyte.deploy(env, version="v1")
    client = Client.from_sdk()
    set_current_client(client)
    run = Task.get("by_the_sdk.double", auto_version="latest")(x=21)
    run.wait(quiet=True)
    again = rerun(run, x=4)
    again.wait(quiet=True)
    Secret.create("by-the-sdk", "hush")
    found = [client.transport, list(run.outputs()), list(again.outputs()), Secret.get("by-the-sdk").type]
    found.append([task.name for task in Task.listall(by_task_env="by_the_sdk")])
    found.append(Trigger.create("t", "by_the_sdk.double", every=5, inputs={"x": 1}).automation)
    found.append([Project.get("flytesnacks").id, User.get().subject() != "", upload_file(__file__)[1][-7:]])
    print(json.dumps(found))
"""


def test_entities_over_the_connection_of_the_sdk(backend: Backend, tmp_path: Path) -> None:
    assert backend.script(tmp_path / "mine.py", ENTITIES) == [
        "sdk",
        [42],
        [8],
        "regular",
        ["by_the_sdk.double"],
        "every 5 minutes",
        ["flytesnacks", True, "mine.py"],
    ]


SERVICES = """
import json
import sys

import flyte

from flyte_jupyter.remote import FlyteError, Project, Run, Secret, Task, Trigger, User, background, connect, methods
from flyte_jupyter.remote import _messages as pb


def outcome(call):
    try:
        call()
    except FlyteError as error:
        return error.code
    return "OK"


if __name__ == "__main__":
    flyte.init(endpoint=sys.argv[1], insecure=True, project="flytesnacks", domain="development")
    client = connect()
    assert client.transport == "sdk"
    question = pb.SelectClusterRequest(org_id={"name": "o"})
    calls = {
        "runs": lambda: list(Run.listall()),
        "projects": lambda: list(Project.listall()),
        "tasks": lambda: list(Task.listall()),
        "triggers": lambda: list(Trigger.listall()),
        "secrets": lambda: list(Secret.listall()),
        "user": User.get,
        "cluster": lambda: background().run(client.unary(methods.SELECT_CLUSTER, question)),
    }
    print(json.dumps({name: outcome(call) for name, call in calls.items()}))
"""


def test_every_service_over_the_connection_of_the_sdk(backend: Backend, tmp_path: Path) -> None:
    outcomes = backend.script(tmp_path / "services.py", SERVICES)
    assert outcomes.pop("user") in ("OK", "UNAUTHENTICATED", "UNIMPLEMENTED")
    assert outcomes.pop("cluster") in ("OK", "UNIMPLEMENTED")
    assert outcomes == dict.fromkeys(("runs", "projects", "tasks", "triggers", "secrets"), "OK")
