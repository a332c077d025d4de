"""Tasks, what they are run with, and what surrounds them, on the embedded backend with the SDK's own deployments."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from flyte_jupyter import remote
from flyte_jupyter.remote import Client, Condition, Project, Run, Secret, Task, TaskDetails, Trigger, User
from tests.integration.support import Backend, until

SCRIPT = Path(__file__).with_name("deployed_by_the_sdk.py")


@pytest.fixture(scope="session")
def deployed(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The versions of the tasks that are deployed, the newest last."""
    return backend.script(tmp_path_factory.mktemp("deployed") / "tasks.py", SCRIPT.read_text())


@pytest.fixture
def add(client: Client, deployed: list[str]) -> TaskDetails:
    return Task.get("deployed.add", auto_version="latest").fetch()


def finished(run: Run) -> Run:
    run.wait(quiet=True)
    run.raise_for_status()
    return run


def test_tasks_are_listed(client: Client, deployed: list[str]) -> None:
    names = [task.name for task in Task.listall(by_task_env="deployed", sort_by=("name", "asc"))]
    assert names[:3] == ["deployed.add", "deployed.asks", "deployed.everything"]
    (found,) = Task.listall(by_task_name="deployed.add")
    assert (found.name, found.version) == ("deployed.add", deployed[-1])
    assert len(list(Task.listall(by_task_env="deployed", limit=2))) == 2
    assert list(Task.listall(by_task_env="deploye")) == []
    assert list(Task.listall(project="nobody")) == []
    assert [each.version for each in Task.versions("deployed.add")] == deployed[::-1]


def test_what_a_task_says_of_itself(add: TaskDetails, deployed: list[str]) -> None:
    assert (add.name, add.version, add.task_type) == ("deployed.add", deployed[-1], "python")
    assert (add.required_args, add.default_input_args) == (("a",), ("b",))
    assert str(add.interface) == "(a: int, b: int = 2) -> int"
    assert (add.cache.behavior, add.secrets, add.queue, add.overridden) == ("disable", [], None, False)
    assert add.resources is not None
    everything = Task.get("deployed.everything", version=deployed[0]).fetch()
    assert everything.version == deployed[0]
    assert everything.interface.inputs["either"].type == "int | str | None"
    assert everything.interface.inputs["point"].type == "Point"


def test_a_call_launches_a_run(add: TaskDetails) -> None:
    run = finished(add(a=40))
    assert run.outputs() == (42,)
    assert run.inputs() == {"a": 40, "b": 2}
    assert run.task_name == "deployed.add"
    assert finished(Task.get("deployed.add", version=add.version)(a=1, b=1)).outputs()[0] == 2


def test_inputs_of_every_kind_arrive(client: Client, deployed: list[str]) -> None:
    task = Task.get("deployed.everything", auto_version="latest")
    run = task(
        number=7,
        ratio=2,
        text="hé",
        flag=True,
        moment=datetime(2026, 1, 2, 3, tzinfo=timezone.utc),
        span=timedelta(minutes=1),
        items=(1, 2),
        table={"a": 0.5},
        either="x",
        color="GREEN",
        point={"x": 3, "near": [1]},
        loose={"deep": [{"k": None}]},
    )
    expected = (7, 2.0, "hé", True, "2026-01-02T03:00:00+00:00", 60.0, [1, 2], {"a": 0.5}, "x", "GREEN")
    assert finished(run).outputs()[0] == repr((*expected, 3, "origin", [1], {"deep": [{"k": None}]}))


def test_what_a_run_is_given(client: Client, add: TaskDetails) -> None:
    name = f"launch-{client.transport}"
    run = add.launch(
        {"a": 1},
        name=name,
        labels={"why": "test"},
        annotations={"note": "x"},
        envs={"LEVEL": "1"},
        overwrite_cache=True,
    )
    assert (run.name, run.labels) == (name, {"why": "test"})
    spec = finished(run).details().pb2.run_spec
    assert dict(spec.annotations.values) == {"note": "x"}
    assert [(pair.key, pair.value) for pair in spec.envs.values] == [("LEVEL", "1")]
    assert spec.overwrite_cache
    with pytest.raises(remote.AlreadyExistsError, match=f"There is a run '{name}' already"):
        add.launch({"a": 1}, name=name)
    elsewhere = add.launch({"a": 1}, project="elsewhere", domain="staging")
    assert (elsewhere.project, elsewhere.domain) == ("elsewhere", "staging")
    assert finished(elsewhere).outputs() == (3,)


def test_an_override_is_run(client: Client, add: TaskDetails) -> None:
    changed = add.override(short_name="sum", env_vars={"A": "b"}, retries=1, timeout=60, queue="q")
    assert (changed.queue, changed.overridden, add.overridden) == ("q", True, False)
    run = finished(changed(a=1, b=2))
    details = run.action.details()
    assert details.pb2.task.short_name == "sum"
    assert details.pb2.task.task_template.metadata.retries.retries == 1
    assert run.details().pb2.run_spec.queue == "q"
    assert Task.get("deployed.add", auto_version="latest").override(short_name="s").fetch().pb2.spec.short_name == "s"


def test_what_is_wrong_is_said(client: Client, add: TaskDetails) -> None:
    with pytest.raises(remote.InvalidArgumentError, match="Input 'a' must be an int, and is the str 'x'"):
        add(a="x")
    with pytest.raises(remote.InvalidArgumentError, match=r"Task deployed\.add has no input 'c'; its inputs are a, b"):
        add(a=1, c=2)
    with pytest.raises(remote.InvalidArgumentError, match=r"Task deployed\.add needs the input 'a'"):
        add()
    with pytest.raises(remote.NotFoundError, match=r"There is no task 'no\.task' in"):
        Task.get("no.task", auto_version="latest")(a=1)
    with pytest.raises(remote.NotFoundError, match=r"There is no task 'deployed\.add' in version 'v9'"):
        Task.get("deployed.add", version="v9").fetch()


async def test_a_call_is_awaited(add: TaskDetails) -> None:
    run = await add.aio(a=1, b=1)
    await run.wait.aio(quiet=True)
    assert (await run.outputs.aio())[0] == 2
    assert [task.name async for task in Task.listall.aio(by_task_name="deployed.add")] == ["deployed.add"]


def test_a_task_finds_others_of_its_own_version(client: Client, deployed: list[str]) -> None:
    run = Task.get("deployed.version_of_add", version=deployed[0])()
    assert finished(run).outputs() == (deployed[0],)


def test_a_run_is_run_again(client: Client, add: TaskDetails) -> None:
    first = finished(add.launch({"a": 1, "b": 2}, labels={"kept": "yes"}))
    again = finished(remote.rerun(first.name))
    assert (again.outputs(), again.inputs()) == ((3,), {"a": 1, "b": 2})
    assert (again.labels, again.name != first.name) == ({"kept": "yes"}, True)
    relation = again.details().pb2.run_spec.relation
    assert (relation.related_to.name, int(relation.relation_type)) == (first.name, 1)
    changed = finished(first.rerun(b=40, labels={"more": "yes"}, name=f"again-{client.transport}"))
    assert (changed.outputs(), changed.name) == ((41,), f"again-{client.transport}")
    assert changed.labels == {"kept": "yes", "more": "yes"}
    with pytest.raises(remote.InvalidArgumentError, match="has no input 'c'; its inputs are a, b"):
        first.rerun(c=1)
    with pytest.raises(remote.NotFoundError, match="no run 'nobody'"):
        remote.rerun("nobody")


def test_a_run_is_recovered(client: Client, deployed: list[str], tmp_path: Path) -> None:
    first = Task.get("deployed.outer", auto_version="latest")(place=str(tmp_path))
    first.wait(quiet=True)
    assert first.phase == "failed"
    executed = tmp_path / "executed.txt"
    assert executed.read_text().split("\n")[:-1] == ["once 2", "look", "once 1"]
    (tmp_path / "allowed.txt").touch()
    again = finished(first.rerun(recover=True, extra=10_000))
    assert again.outputs()[0] == 11_103
    assert executed.read_text().count("\n") == 3, "what had succeeded was not executed again"
    actions = {action.details().task_name or "look": action for action in remote.Action.listall(again.name)}
    assert {name: action.phase.value for name, action in actions.items() if name is not None} == {
        "deployed.outer": "succeeded",
        "deployed.once": "recovered",
        "look": "recovered",
        "deployed.inner": "succeeded",
        "deployed.fails_until_allowed": "succeeded",
    }
    kept = actions["deployed.once"]
    assert kept.pb2.metadata.recovered_from.run.name == first.name
    assert kept.done()
    assert kept.outputs()[0] in (1, 2)
    kept.raise_for_status()
    forced = finished(first.rerun(recover=True, force_rerun_actions=[kept.name]))
    assert forced.outputs()[0] == 1103
    assert executed.read_text().count("\n") == 4
    with pytest.raises(remote.InvalidArgumentError, match="Only a whole run can be recovered"):
        first.rerun(kept.name, recover=True)


def test_one_action_is_run_again(client: Client, deployed: list[str], tmp_path: Path) -> None:
    (tmp_path / "allowed.txt").touch()
    first = finished(Task.get("deployed.outer", auto_version="latest")(place=str(tmp_path)))
    inner = next(each for each in remote.Action.listall(first.name) if each.details().task_name == "deployed.inner")
    again = finished(first.rerun(inner.name))
    assert (again.task_name, again.outputs()) == ("deployed.inner", (1001,))
    look = next(each for each in remote.Action.listall(first.name) if each.details().task_name is None)
    with pytest.raises(remote.InvalidArgumentError, match="is no task, so it cannot be run again"):
        first.rerun(look.name)


def test_a_condition_is_answered(client: Client, deployed: list[str]) -> None:
    run = Task.get("deployed.asks", auto_version="latest")(question="Shall we?")
    condition = until(lambda: Condition.get("go", run.name), "the condition")
    assert condition is not None
    assert (condition.phase, condition.expected_type, condition.parent_name) == ("paused", bool, "a0")
    assert (condition.prompt(), condition.value()) == ("Shall we?", None)
    assert [each.name for each in Condition.listall(run.name)] == ["go"]
    assert list(Condition.listall(run.name, "another")) == []
    assert Condition.get("stop", run.name) is None
    with pytest.raises(remote.InvalidArgumentError, match="Condition 'go' wants a bool, and not the int 1"):
        condition.signal(1)
    condition.signal(True)
    assert finished(run).outputs() == ("went",)
    assert condition.sync().phase == "succeeded"
    assert (condition.value(), condition.done()) == (True, True)
    with pytest.raises(remote.ServerError, match="over already"):
        condition.signal(False)


def test_projects(client: Client) -> None:
    name = f"made-{client.transport}"
    made = Project.create(name, "Made", "for a test", {"a": "b"})
    assert (made.id, made.state) == (name, "active")
    with pytest.raises(remote.AlreadyExistsError, match=f"There is a project '{name}' already"):
        Project.create(name, "Again")
    got = Project.get(name)
    assert (got.name, got.description, got.labels) == ("Made", "for a test", {"a": "b"})
    assert "development" in got.domains
    assert Project.update(name, description="changed").name == "Made"
    assert Project.get(name).description == "changed"
    assert name in [project.id for project in Project.listall()]
    assert got.archive().state == "archived"
    assert name not in [project.id for project in Project.listall()]
    assert [project.id for project in Project.listall(f"eq(identifier,{name})", archived=True)] == [name]
    assert Project.get(name).unarchive().state == "active"
    assert len(list(Project.listall(limit=1))) == 1
    assert Project.get(name).to_dict()["id"] == name
    with pytest.raises(remote.NotFoundError, match="There is no project 'nobody'"):
        Project.get("nobody")
    with pytest.raises(remote.InvalidArgumentError, match='"active" or "archived"'):
        Project.update(name, state="gone")  # pyright: ignore[reportArgumentType]


def test_secrets(client: Client) -> None:
    names = [f"{client.transport}-{n}" for n in range(5)]
    for name in names:
        Secret.create(name, "hush-hush")
    Secret.create(f"{client.transport}-bytes", b"hush-hush")
    listed = [secret.name for secret in Secret.listall(limit=2) if secret.name.startswith(client.transport)]
    assert sorted(listed) == sorted([*names, f"{client.transport}-bytes"])
    secret = Secret.get(names[0])
    assert (secret.name, secret.type) == (names[0], "regular")
    assert "hush" not in f"{secret!r} {secret.to_dict()} {secret.to_json()} {secret.pb2}"
    with pytest.raises(remote.AlreadyExistsError, match="There is a secret") as caught:
        Secret.create(names[0], "hush-hush")
    assert "hush" not in str(caught.value)
    Secret.update(names[0], "another", "regular")
    assert Secret.get(names[0]).created_at == secret.created_at
    for name in names:
        Secret.delete(name)
    with pytest.raises(remote.NotFoundError, match=f"There is no secret '{names[0]}' in project 'flytesnacks'"):
        Secret.get(names[0])
    with pytest.raises(remote.NotFoundError, match="There is no secret"):
        Secret.delete(names[0])
    registry = f"{client.transport}-registry"
    Secret.create(registry, "hush-hush", "image_pull")
    assert Secret.get(registry, project="", domain="").type == "image_pull"


def test_who_we_are(client: Client) -> None:
    user = User.get()
    assert user.subject()
    assert user.subject() in {user.name(), user.to_dict()["subject"]}


def test_triggers(client: Client, add: TaskDetails) -> None:
    task = "deployed.add"
    name = f"own-{client.transport}"
    made = Trigger.create(name, task, cron="0 3 * * *", inputs={"a": 1}, labels={"by": "us"}, description="at night")
    assert (made.name, made.task_name, made.is_active) == (name, task, True)
    assert made.automation == "cron 0 3 * * * (UTC)"
    details = Trigger.get(name=name, task_name=task)
    assert (details.is_active, details.description) == (True, "at night")
    assert details.pb2.spec.task_version == add.version
    assert dict(details.pb2.spec.run_spec.labels.values) == {"by": "us"}
    assert name in [trigger.name for trigger in Trigger.listall(task)]
    assert name in [trigger.name for trigger in Trigger.listall()]
    Trigger.update(name, task, active=False)
    assert not Trigger.get(name=name, task_name=task).is_active
    (listed,) = [trigger for trigger in Trigger.listall(task) if trigger.name == name]
    assert not listed.is_active
    assert listed.get_details().name == name
    again = Trigger.create(name, task, every=timedelta(hours=2), inputs={"a": 2})
    assert (again.automation, again.id.revision > made.id.revision) == ("every 120 minutes", True)
    Trigger.delete(name, task)
    with pytest.raises(remote.NotFoundError, match=f"Task 'deployed.add' has no trigger '{name}'"):
        Trigger.get(name=name, task_name=task)
    with pytest.raises(remote.NotFoundError, match="has no trigger"):
        Trigger.update(name, task, active=True)
    with pytest.raises(remote.InvalidArgumentError, match="needs the input 'a'"):
        Trigger.create(name, task, cron="0 3 * * *")
    with pytest.raises(remote.NotFoundError, match="There is no task"):
        Trigger.create(name, "no.task", cron="0 3 * * *")


def test_triggers_of_the_sdk(client: Client, add: TaskDetails) -> None:
    import flyte

    name = f"sdk-{client.transport}"
    trigger = flyte.Trigger(
        name,
        automation=flyte.Cron("*/5 * * * *", timezone="Europe/London"),
        inputs={"a": 5},
        env_vars={"A": "b"},
        auto_activate=False,
        overwrite_cache=True,
    )
    made = Trigger.create(trigger, "deployed.add", add.version)
    assert (made.automation, made.is_active) == ("cron */5 * * * * (Europe/London)", False)
    spec = made.get_details().pb2.spec.run_spec
    assert ([(pair.key, pair.value) for pair in spec.envs.values], spec.overwrite_cache) == ([("A", "b")], True)
    timed = flyte.Trigger(f"{name}-t", automation=flyte.FixedRate(60), inputs={"moment": flyte.TriggerTime})
    with pytest.raises(remote.InvalidArgumentError, match="has no input 'moment'"):
        Trigger.create(timed, "deployed.add")
    hourly = flyte.Trigger.hourly(inputs={"a": flyte.TriggerTime})
    made = Trigger.create(hourly, "deployed.add")
    assert made.automation_spec.schedule.kickoff_time_input_arg == "a"
    with pytest.raises(remote.InvalidArgumentError, match="says everything itself"):
        Trigger.create(trigger, "deployed.add", cron="0 3 * * *")


def test_uploads_are_what_a_task_reads(client: Client, deployed: list[str], tmp_path: Path) -> None:
    place = tmp_path / "folder"
    for name in ("a.txt", "deep/a.txt", "deep/er/ü n % 20.txt"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(f"{name} {client.transport}")
    md5, uri = remote.upload_file(place / "a.txt")
    assert (len(md5), uri.rpartition("/")[2]) == (32, "a.txt")
    assert remote.upload_file(place / "a.txt") == (md5, uri)
    directory = remote.upload_dir(place)
    run = Task.get("deployed.read_file", auto_version="latest")(file=uri, directory=directory)
    names = ["a.txt", "deep/a.txt", "deep/er/ü n % 20.txt"]
    assert finished(run).outputs()[0] == f"a.txt {client.transport} {names}"
    prefix = f"mine/{client.transport}"
    assert remote.upload_dir(place, prefix=prefix).endswith(prefix)
    (place / "a.txt").write_text("changed")
    with pytest.raises(remote.AlreadyExistsError, match="other content"):
        remote.upload_dir(place, prefix=prefix)
    with pytest.raises(remote.InvalidArgumentError, match="Upload it with upload_file"):
        Task.get("deployed.read_file", auto_version="latest")(file=place / "a.txt", directory=directory)
