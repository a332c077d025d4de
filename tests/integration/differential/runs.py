"""Questions about runs and actions. `LATER` are those that the SDK of the seeds has no names for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from tests.integration.differential.answers import World

Question = Callable[[World], Any]

KINDS_OF_VALUES = ("plain", "nested", "times", "records", "choices", "pickles", "files", "reports", "tree")
OVER = (*KINDS_OF_VALUES, "fails", "aborted", "timeout", "retries", "asks")
MADE = (*OVER, "paused")


def facts(thing: Any) -> dict[str, Any]:
    """What a run, an action and their details tell alike."""
    found = {name: getattr(thing, name) for name in ("name", "done", "to_dict")}
    found = {name: call() if callable(call) else call for name, call in found.items()}
    names = {
        "Run": ("phase", "raw_phase"),
        "Action": ("phase", "raw_phase", "task_name", "run_name", "action_id", "start_time"),
        "RunDetails": ("task_name", "action_id"),
        "ActionDetails": ("phase", "raw_phase", "task_name", "run_name", "action_id"),
    }
    return {**found, **{name: getattr(thing, name) for name in names[type(thing).__name__]}}


def details_facts(details: Any) -> dict[str, Any]:
    """What the details of an action tell beside that."""
    found = facts(details)
    for name in ("is_running", "attempts", "error_info", "abort_info", "metadata", "status"):
        found[name] = getattr(details, name)
    found["runtime"] = details.runtime if details.done() else None
    found["logs_available"] = [details.logs_available(), details.logs_available(1), details.logs_available(9)]
    return found


def listed(w: World, **how: Any) -> list[str]:
    """The names of the world's runs that a listing has, in its order; its limit is not ours to add."""
    return [name for name in w.names(w.Run.listall(**how)) if name in MADE]


def root(w: World, run: str) -> Any:
    """The details of a root action."""
    return w.value(w.ActionDetails.get(run_name=run, name="a0"))


def actions(w: World, run: str) -> list[Any]:
    """The details of all actions of a run."""
    found = w.items(w.Action.listall(for_run_name=run, sort_by=("created_at", "asc")))
    return [w.value(w.ActionDetails.get(run_name=run, name=action.name)) for action in found]


def phases_watched(w: World, updates: Any) -> list[str]:
    """Where a watch ends: it need not show every phase on the way."""
    return [each.phase for each in w.items(updates)][-1:]


def cached(w: World, run: str) -> list[Any]:
    """Inputs and outputs when a watch has ended that was told to keep them."""
    details = w.items(w.value(w.Run.get(run)).watch(cache_data_on_done=True))[-1]
    return [w.value(details.inputs()), w.value(details.outputs())]


def children(w: World, run: str, what: Callable[[World, Any], Any]) -> list[Any]:
    """Something of each action of a run."""
    return [what(w, details) for details in actions(w, run)]


def waited(w: World, run: str) -> list[Any]:
    """A run that was waited for."""
    found = w.value(w.Run.get(run))
    w.value(found.wait(quiet=True))
    return [found.phase, found.done()]


def aborted(w: World, run: str, reason: str) -> list[Any]:
    """A run that this client aborted."""
    found = w.value(w.Run.get(run))
    w.value(found.abort(reason=reason))
    w.value(found.wait(quiet=True))
    return [found.phase, root(w, run).abort_info.reason]


def renamed(w: World, name: str) -> Any:
    """A run that somebody has heard of and that there is not."""
    message = type(get(w, "plain").pb2)()
    message.CopyFrom(get(w, "plain").pb2)
    message.action.id.run.name = name
    return w.Run(message)


def logs(w: World, run: str, **how: Any) -> list[str]:
    """What the log of a run's root action prints."""
    return w.printed(lambda: w.value(w.Run.get(run)).show_logs(**how))


def get(w: World, run: str) -> Any:
    """A run."""
    return w.value(w.Run.get(run))


QUESTIONS: dict[str, Question] = {
    "runs: all, as they come": lambda w: listed(w),
    "runs: oldest first": lambda w: listed(w, sort_by=("created_at", "asc")),
    "runs: newest first": lambda w: listed(w, sort_by=("created_at", "desc")),
    "runs: by name": lambda w: listed(w, sort_by=("run_name", "asc")),
    "runs: by a field that there is not": lambda w: listed(w, sort_by=("luck", "asc")),
    "runs: the first three": lambda w: w.names(w.Run.listall(limit=3)),
    "runs: a limit of one": lambda w: w.names(w.Run.listall(limit=1)),
    "runs: failed": lambda w: listed(w, in_phase=("failed",)),
    "runs: failed, aborted or timed out": lambda w: listed(w, in_phase=("failed", "aborted", "timed_out")),
    "runs: paused root": lambda w: listed(w, in_phase=("paused",)),
    "runs: in a phase that there is not": lambda w: listed(w, in_phase=("lucky",)),
    "runs: of a task": lambda w: listed(w, task_name="world.tree"),
    "runs: of a task that there is not": lambda w: listed(w, task_name="world.luck"),
    "runs: of a version that there is not": lambda w: listed(w, task_version="none"),
    "runs: of somebody": lambda w: listed(w, created_by_subject="somebody"),
    "runs: failed, of a task, newest first": lambda w: listed(
        w, in_phase=("failed",), task_name="world.fails", sort_by=("created_at", "desc"), limit=5
    ),
    "run: missing": lambda w: get(w, "no-such-run"),
    "run details: missing": lambda w: w.value(w.RunDetails.get(name="no-such-run")),
    "action: missing": lambda w: w.value(w.Action.get(run_name="tree", name="luck")),
    "action: of a missing run": lambda w: w.value(w.Action.get(run_name="no-such-run", name="a0")),
    "action details: missing": lambda w: w.value(w.ActionDetails.get(run_name="tree", name="luck")),
    "action: nothing said": lambda w: w.value(w.Action.get()),
    "actions: of a missing run": lambda w: w.names(w.Action.listall(for_run_name="no-such-run")),
    "actions: newest first": lambda w: w.names(w.Action.listall(for_run_name="tree", sort_by=("created_at", "desc"))),
    "actions: failed": lambda w: w.names(w.Action.listall(for_run_name="tree", in_phase=("failed",))),
    "actions: failed or succeeded": lambda w: w.names(
        w.Action.listall(for_run_name="tree", in_phase=("failed", "succeeded"))
    ),
    "actions: a field that there is not": lambda w: w.names(
        w.Action.listall(for_run_name="tree", sort_by=("luck", "asc"))
    ),
    "outputs: of a run that waits": lambda w: w.value(get(w, "paused").outputs()),
    "inputs: of a run that waits": lambda w: w.value(get(w, "paused").inputs()),
    "outputs: by name": lambda w: w.value(get(w, "plain").outputs()).named_outputs,
    "outputs: as attributes": lambda w: [
        getattr(w.value(get(w, "plain").outputs()), name) for name in ("o0", "o1", "o9")
    ],
    "outputs: an attribute that there is not": lambda w: w.value(get(w, "plain").outputs()).o10,
    "outputs: a tuple": lambda w: [len(w.value(get(w, "plain").outputs())), w.value(get(w, "plain").outputs())[-2:]],
    "inputs: a mapping": lambda w: [
        sorted(w.value(get(w, "plain").inputs())),
        w.value(get(w, "plain").inputs())["number"],
        "luck" in w.value(get(w, "plain").inputs()),
    ],
    "json: a run": lambda w: json.loads(get(w, "plain").to_json()),
    "json: details": lambda w: json.loads(w.value(get(w, "plain").details()).to_json()),
    "json: inputs": lambda w: w.value(get(w, "plain").inputs()).to_dict(),
    "json: outputs": lambda w: w.value(get(w, "plain").outputs()).to_dict(),
    "watch: a run that is over": lambda w: phases_watched(w, get(w, "tree").watch()),
    "watch: an action that is over": lambda w: phases_watched(
        w, w.value(w.Action.get(run_name="fails", name="a0")).watch()
    ),
    "watch: by identifier": lambda w: phases_watched(w, w.ActionDetails.watch(root(w, "fails").action_id)),
    "watch: by no identifier": lambda w: phases_watched(w, w.ActionDetails.watch(None)),
    "watch: updates": lambda w: phases_watched(w, root(w, "fails").watch_updates()),
    "watch: with its data": lambda w: cached(w, "plain"),
    "watch: until it runs": lambda w: phases_watched(
        w, w.value(w.Action.get(run_name="tree", name="a0")).watch(wait_for="running")
    ),
    "wait: for one that is over": lambda w: waited(w, "fails"),
    "wait: until it runs": lambda w: w.value(get(w, "paused").wait(quiet=True, wait_for="running")),
    "abort: a run": lambda w: aborted(w, f"sleeping-{w.peer}", "because"),
    "abort: a missing run": lambda w: w.value(renamed(w, "no-such-run").abort()),
    "abort: a run that is over": lambda w: [
        w.answer(lambda w: w.value(get(w, f"over-{w.peer}").abort())),
        get(w, f"over-{w.peer}").phase,
    ],
    "logs: all of the last attempt": lambda w: logs(w, "retries", raw=True, filter_system=True),
    "logs: of the first attempt": lambda w: logs(w, "retries", attempt=1, raw=True, filter_system=True),
    "logs: of no attempt": lambda w: logs(w, "retries", attempt=0, raw=True),
    "logs: of an attempt that there is not": lambda w: logs(w, "retries", attempt=9, raw=True),
    **{f"run: {name}": lambda w, name=name: facts(get(w, name)) for name in MADE},
    **{f"run details: {name}": lambda w, name=name: facts(w.value(get(w, name).details())) for name in MADE},
    **{f"action details: {name}": lambda w, name=name: details_facts(root(w, name)) for name in MADE},
    **{f"actions: {name}": lambda w, name=name: children(w, name, lambda _, each: facts(each)) for name in MADE},
    **{f"inputs: {name}": lambda w, name=name: w.value(get(w, name).inputs()) for name in OVER},
    **{f"outputs: {name}": lambda w, name=name: w.value(get(w, name).outputs()) for name in OVER},
    **{
        f"inputs and outputs of all actions: {name}": lambda w, name=name: children(
            w, name, lambda w, each: [w.value(each.inputs()), w.value(each.outputs())]
        )
        for name in ("tree", "fails", "asks")
    },
}


def moment(w: World, run: str) -> datetime:
    """When a run began."""
    return get(w, run).action.start_time.astimezone(timezone.utc)


def status(w: World, run: str) -> list[Any]:
    """What asking for success says."""
    return [w.answer(lambda w: w.value(get(w, run).raise_for_status()))]


def first_failure(w: World, run: str) -> Any:
    """What failed first."""
    found = w.value(get(w, run).first_failure())
    return found and [found.name, found.error_message]


def code(w: World, run: str) -> list[str]:
    """The files of the code that a run was started with."""
    place = w.value(get(w, run).download_code(dest=w.place / "code"))
    return sorted(path.name for path in place.rglob("*.py"))


def spans(w: World, run: str) -> list[Any]:
    """How long an action was in which phase."""
    details = root(w, run)
    times = ("queued_time", "waiting_for_resources_time", "initializing_time", "running_time")
    return [
        {phase.value: span for phase, span in details.phase_durations.items()},
        *(getattr(details, t) for t in times),
    ]


LATER: dict[str, Question] = {
    "runs: with a label": lambda w: w.names(w.Run.listall(with_labels={"kind": "values"})),
    "runs: with two labels": lambda w: w.names(w.Run.listall(with_labels={"kind": "values", "of": "plain"})),
    "runs: with a label of a name": lambda w: w.names(w.Run.listall(with_label_keys=["of"])),
    "runs: with something that waits": lambda w: listed(w, paused_actions_only=True),
    "runs: of another project": lambda w: w.names(w.Run.listall(project="empty")),
    "runs: of another domain": lambda w: w.names(w.Run.listall(domain="production")),
    "runs: created after": lambda w: listed(w, created_at=w.TimeFilter(after=moment(w, "nested"))),
    "runs: created before": lambda w: listed(w, created_at=w.TimeFilter(before=moment(w, "nested"))),
    "runs: created between": lambda w: listed(
        w, created_at=w.TimeFilter(after=moment(w, "plain"), before=moment(w, "times"))
    ),
    "runs: updated before they were": lambda w: listed(w, updated_at=w.TimeFilter(before=moment(w, "aborted"))),
    "actions: children of the root": lambda w: w.names(w.Action.listall(for_run_name="tree", parent_name="a0")),
    "actions: children of a leaf": lambda w: w.names(w.Action.listall(for_run_name="tree", parent_name="none")),
    "actions: created after": lambda w: w.names(
        w.Action.listall(for_run_name="tree", created_at=w.TimeFilter(after=moment(w, "tree")))
    ),
    "report": lambda w: w.value(get(w, "reports").get_report()),
    "report: none": lambda w: w.value(get(w, "plain").get_report()),
    "logs: as lines": lambda w: w.items(get(w, "retries").get_logs(filter_system=True)),
    "logs: of one attempt as lines": lambda w: w.items(get(w, "retries").get_logs(attempt=2, filter_system=True)),
    "logs: with times": lambda w: [
        line.partition("] ")[2] for line in w.items(get(w, "reports").get_logs(show_ts=True))
    ],
    "code": lambda w: code(w, "plain"),
    "literals: outputs": lambda w: w.value(get(w, "plain").output_literals()),
    "literals: inputs": lambda w: w.value(get(w, "plain").input_literals()),
    "typed outputs": lambda w: w.value(get(w, "plain").typed_outputs({"o0": int, "o4": str})),
    "typed inputs": lambda w: w.value(get(w, "plain").typed_inputs({"number": int, "text": str})),
    "typed outputs: of a name that there is not": lambda w: w.value(get(w, "plain").typed_outputs({"luck": int})),
    **{
        f"first failure: {name}": lambda w, name=name: first_failure(w, name)
        for name in ("fails", "tree", "timeout", "aborted", "retries", "plain")
    },
    **{f"time in phases: {name}": lambda w, name=name: spans(w, name) for name in OVER},
    **{f"parents: {name}": lambda w, name=name: children(w, name, lambda _, each: each.parent_name) for name in MADE},
    **{
        f"error message: {name}": lambda w, name=name: children(w, name, lambda _, each: each.error_message)
        for name in MADE
    },
    **{
        f"phases: {name}": lambda w, name=name: [
            [each.phase, each.start_time, each.end_time] for each in root(w, name).get_phase_transitions()
        ]
        for name in OVER
    },
    **{f"raise for status: {name}": lambda w, name=name: status(w, name) for name in MADE},
}
