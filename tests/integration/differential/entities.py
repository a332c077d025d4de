"""Questions about tasks, triggers, projects, secrets, users, uploads and conditions; `LATER` as in `runs`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.differential.answers import World

Question = Callable[[World], Any]

TASKS = (("deployed.add", "v1"), ("deployed.add", "v2"), ("deployed.point", "v1"), ("other.nothing", "v1"))


OWN = "triggered.rarely"
"""The task that has a trigger for each client to change."""


def task(w: World, name: str = "deployed.add", **which: Any) -> Any:
    """The details of a task."""
    return w.value(w.Task.get(name, **which).fetch())


def task_facts(w: World, name: str, version: str) -> dict[str, Any]:
    """What the details of a task tell."""
    details = task(w, name, version=version)
    names = ("name", "version", "task_type", "default_input_args", "required_args", "resources", "secrets", "queue")
    found = {each: getattr(details, each) for each in names}
    found["cache"] = [details.cache.behavior, details.cache.version_override, details.cache.serialize]
    found["message"] = details.to_dict()
    return found


def tasks(w: World, **how: Any) -> list[Any]:
    """Names and versions of tasks, in order."""
    return [[each.name, each.version] for each in w.items(w.Task.listall(**how))]


def trigger(w: World, name: str, task_name: str = "deployed.add") -> Any:
    """The details of a trigger."""
    return w.value(w.Trigger.get(name=name, task_name=task_name))


def trigger_facts(details: Any) -> dict[str, Any]:
    """What the details of a trigger tell."""
    names = ("name", "id", "task_name", "automation_spec", "metadata", "status", "is_active", "trigger")
    return {"message": details.to_dict(), **{name: getattr(details, name) for name in names}}


def triggers(w: World, **how: Any) -> list[Any]:
    """The world's triggers, by name: a backend does not order those that were made together."""
    found = [each for each in w.items(w.Trigger.listall(**how)) if not each.name.startswith("own-")]
    return sorted([each.name, each.task_name, each.is_active] for each in found)


def switched(w: World) -> list[bool]:
    """A trigger of one's own, activated and paused."""
    name, seen = f"own-{w.peer}", [trigger(w, f"own-{w.peer}", OWN).is_active]
    for active in (True, False):
        w.value(w.Trigger.update(name, OWN, active))
        seen.append(trigger(w, name, OWN).is_active)
    return seen


def deleted(w: World) -> Any:
    """A trigger of one's own, and then no more."""
    w.value(w.Trigger.delete(f"own-{w.peer}", OWN))
    return trigger(w, f"own-{w.peer}", OWN)


def secrets(w: World, **how: Any) -> list[Any]:
    """The world's secrets, in order."""
    return [[each.name, each.type] for each in w.items(w.Secret.listall(**how)) if not each.name.startswith("own-")]


def secret_of_ones_own(w: World, value: str | bytes) -> list[Any]:
    """A secret that is made, read and deleted."""
    name = f"own-{w.peer}"
    w.value(w.Secret.create(name, value))
    there = w.value(w.Secret.get(name))
    again = w.answer(lambda w: w.value(w.Secret.create(name, value)))
    w.value(w.Secret.delete(name))
    gone = w.answer(lambda w: w.value(w.Secret.get(name)))
    return [there.name == name, there.type, again, gone]


def projects(w: World, **how: Any) -> list[str]:
    """The world's projects, in order."""
    return [each.pb2.id for each in w.items(w.Project.listall(**how)) if not each.pb2.id.startswith("own-")]


def overridden(w: World, **changes: Any) -> Any:
    """A task with changes."""
    return task(w, version="v1").override(**changes).to_dict()


def uploaded(w: World, content: bytes, **how: Any) -> list[Any]:
    """A file, and what is to be had where it went to."""
    path = w.place / f"{len(content)}.bin"
    path.write_bytes(content)
    md5, uri = w.value(w.upload_file(path, **how))
    return [md5, Path(uri).name, Path(uri).read_bytes() == content]


def uploaded_directory(w: World, *names: str) -> list[Any]:
    """A directory, and what is to be had where it went to."""
    root = w.place / f"of {' '.join(names)}".replace("/", "-")
    root.mkdir()
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"this is {name}")
    there = Path(w.value(w.upload_dir(root)))
    return sorted([str(path.relative_to(there)), path.read_text()] for path in there.rglob("*") if path.is_file())


QUESTIONS: dict[str, Question] = {
    "tasks: all": lambda w: tasks(w),
    "tasks: by name": lambda w: tasks(w, sort_by=("name", "asc")),
    "tasks: oldest first": lambda w: tasks(w, sort_by=("created_at", "asc")),
    "tasks: by a field that there is not": lambda w: tasks(w, sort_by=("luck", "asc")),
    "tasks: of a name": lambda w: tasks(w, by_task_name="deployed.add"),
    "tasks: of an environment": lambda w: tasks(w, by_task_env="deployed"),
    "tasks: of an environment that there is not": lambda w: tasks(w, by_task_env="luck"),
    "tasks: of another project": lambda w: tasks(w, project="empty"),
    "tasks: of another domain": lambda w: tasks(w, domain="production"),
    "tasks: one": lambda w: len(tasks(w, limit=1)),
    "task: latest": lambda w: task(w, auto_version="latest").version,
    "task: missing": lambda w: task(w, "deployed.luck", version="v1"),
    "task: missing version": lambda w: task(w, version="v9"),
    "task: missing, latest": lambda w: task(w, "deployed.luck", auto_version="latest"),
    "task: no version": lambda w: w.Task.get("deployed.add"),
    "task: fetched lazily": lambda w: [
        str(w.Task.get("deployed.add", version="v1")), w.Task.get("deployed.luck", version="v1").name
    ],
    "task: positional inputs": lambda w: w.value(task(w, version="v1")(1)),
    "task: override retries": lambda w: overridden(w, retries=5),
    "task: override environment variables": lambda w: overridden(w, env_vars={"A": "b"}),
    "task: override names": lambda w: overridden(w, short_name="sum", queue="fast"),
    "task: override inline size": lambda w: overridden(w, max_inline_io_bytes=1000),
    "task: override timeout": lambda w: overridden(w, timeout=60),
    "task: override what there is not": lambda w: overridden(w, luck=1),
    **{f"task: {name} {version}": lambda w, n=name, v=version: task_facts(w, n, v) for name, version in TASKS},
    "triggers: all": lambda w: triggers(w),
    "triggers: of a task": lambda w: triggers(w, task_name="deployed.add"),
    "triggers: of a task that there is not": lambda w: triggers(w, task_name="deployed.luck"),
    "triggers: of a version": lambda w: triggers(w, task_name="deployed.add", task_version="v2"),
    "triggers: one": lambda w: len(triggers(w, task_name="deployed.add", limit=1)),
    "trigger: nightly": lambda w: trigger_facts(trigger(w, "nightly")),
    "trigger: hourly": lambda w: trigger_facts(trigger(w, "hourly")),
    "trigger: missing": lambda w: trigger(w, "luck"),
    "trigger: of a missing task": lambda w: trigger(w, "nightly", "deployed.luck"),
    "trigger: details of one listed": lambda w: [
        trigger_facts(w.value(each.get_details()))
        for each in w.items(w.Trigger.listall(task_name="deployed.add"))
        if each.name == "nightly"
    ],
    "trigger: switched": switched,
    "trigger: switch a missing one": lambda w: w.value(w.Trigger.update("luck", "deployed.add", True)),
    "trigger: deleted": deleted,
    "projects": lambda w: projects(w),
    "projects: by name": lambda w: projects(w, sort_by=("name", "desc")),
    "projects: by a field that there is not": lambda w: projects(w, sort_by=("luck", "desc")),
    "project": lambda w: w.value(w.Project.get("flytesnacks")).to_dict(),
    "project: missing": lambda w: w.value(w.Project.get("luck")),
    "secrets": lambda w: secrets(w),
    "secrets: page by page": lambda w: secrets(w, limit=1),
    "secret": lambda w: [w.value(w.Secret.get("token")).name, w.value(w.Secret.get("token")).type],
    "secret: its value is told to nobody": lambda w: "hidden" in w.value(w.Secret.get("token")).to_json(),
    "secret: missing": lambda w: w.value(w.Secret.get("luck")),
    "secret: made, read and deleted": lambda w: secret_of_ones_own(w, "text"),
    "secret: of bytes": lambda w: secret_of_ones_own(w, b"\x00bytes"),
    "secret: delete a missing one": lambda w: w.value(w.Secret.delete("luck")),
    "secret: of an image, in a project": lambda w: w.value(
        w.Secret.create(f"own-image-{w.peer}", "x", type="image_pull")
    ),
    "upload: a file": lambda w: uploaded(w, b"hello"),
    "upload: a file that was changed": lambda w: [uploaded(w, b"abc"), uploaded(w, b"xyz")],
    "upload: an empty file": lambda w: uploaded(w, b""),
    "upload: two megabytes": lambda w: uploaded(w, b"0123456789abcdef" * 131072),
    "upload: under another name": lambda w: uploaded(w, b"renamed", fname="other.bin"),
    "upload: what is no file": lambda w: w.value(w.upload_file(w.place)),
    "upload: what there is not": lambda w: w.value(w.upload_file(w.place / "luck")),
    "upload: a flat directory": lambda w: uploaded_directory(w, "a.txt", "b.txt"),
    "upload: a deep directory": lambda w: uploaded_directory(w, "a.txt", "deep/b.txt"),
    "upload: equal names in a directory": lambda w: uploaded_directory(w, "one/a.txt", "two/a.txt"),
    "upload: an empty directory": lambda w: uploaded_directory(w),
    "user": lambda w: [w.value(w.User.get()).subject(), w.value(w.User.get()).name()],
}  # fmt: skip


def project_of_ones_own(w: World) -> list[Any]:
    """A project that is made, changed, put away and taken out again."""
    name = f"own-{w.peer}"
    made = w.value(w.Project.create(name, "Mine", description="one", labels={"a": "b"}))
    again = w.answer(lambda w: w.value(w.Project.create(name, "Mine")))
    changed = w.value(w.Project.update(name, description="two"))
    found = w.value(w.Project.get(name))
    states = [found.pb2.state]
    for step in ("archive", "unarchive"):
        w.value(getattr(found, step)())
        states.append(w.value(w.Project.get(name)).pb2.state)
    archived = [each.pb2.id for each in w.items(w.Project.listall(archived=True))]
    told = [{**each.to_dict(), "id": ""} for each in (made, changed, found)]
    return [told, again, states, name in archived]


def condition(w: World, name: str, run: str = "asks") -> Any:
    """What a condition tells."""
    found = w.value(w.Condition.get(name, run_name=run))
    return found and [found.name, found.action_name, found.run_name, found.expected_type.__name__, found.to_dict()]


LATER: dict[str, Question] = {
    "project: made, changed, put away": project_of_ones_own,
    "projects: archived": lambda w: projects(w, archived=True),
    "conditions": lambda w: w.names(w.Condition.listall(run_name="asks")),
    "conditions: of an action": lambda w: w.names(w.Condition.listall(run_name="asks", action_name="a0")),
    "conditions: of another action": lambda w: w.names(w.Condition.listall(run_name="asks", action_name="luck")),
    "conditions: of a missing run": lambda w: w.names(w.Condition.listall(run_name="no-such-run")),
    "condition: missing": lambda w: condition(w, "luck"),
    "condition: that waits": lambda w: condition(w, "for_ever", "paused"),
    "condition: signalled with a list": lambda w: w.value(
        w.value(w.Condition.get("for_ever", run_name="paused")).signal([1])
    ),
    "condition: signalled with the wrong type": lambda w: w.value(
        w.value(w.Condition.get("for_ever", run_name="paused")).signal("no")
    ),
    "condition: signalled with another value": lambda w: w.value(
        w.value(w.Condition.get("is_int", run_name="asks")).signal(4)
    ),
    **{f"condition: {name}": lambda w, name=name: condition(w, name) for name in ("is_bool", "is_int", "is_str")},
}
