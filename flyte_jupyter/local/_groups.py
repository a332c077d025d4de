"""Runs counted by task, as WatchGroups shows them."""

from __future__ import annotations

from typing import Any

from flyteidl2.common import identifier_pb2
from flyteidl2.workflow import run_definition_pb2
from google.protobuf.duration_pb2 import Duration

from flyte_jupyter.local._backend import identity
from flyte_jupyter.local._model import ABORTED, FAILED, TIMED_OUT, timestamp
from flyte_jupyter.local._state import State

_MOST_RUNS = 1000
_RECENT = 10


def groups(
    state: State, project: identifier_pb2.ProjectIdentifier | None, start: int | None, end: int | None
) -> list[run_definition_pb2.TaskGroup]:
    """One group per task over the newest 1000 runs that were created between two times (µs), newest first."""
    conditions, values = ["parent IS NULL"], list[Any]()
    for condition, value in (
        ("project = ?", project.name if project else ""),
        ("domain = ?", project.domain if project else ""),
        ("created_at >= ?", start),
        ("created_at <= ?", end),
    ):
        if value not in ("", None):
            conditions.append(condition)
            values.append(value)
    rows = state.store.rows(
        "SELECT run, phase, task_name, environment_name, created_at, ended_at, duration_ms FROM actions "  # noqa: S608
        f"WHERE {' AND '.join(conditions)} ORDER BY created_at DESC LIMIT {_MOST_RUNS}",
        values,
    )
    tasks: dict[str, list[Any]] = {}
    for row in rows:
        tasks.setdefault(row["task_name"], []).append(row)
    return [_group(name, members) for name, members in tasks.items()]


def _group(name: str, rows: list[Any]) -> run_definition_pb2.TaskGroup:
    group = run_definition_pb2.TaskGroup(
        task_name=name,
        environment_name=rows[0]["environment_name"],
        short_name=name.rpartition(".")[2],
        total_runs=len(rows),
        latest_run_time=timestamp(rows[0]["created_at"]),
        created_by=[identity()],
    )
    counts: dict[int, int] = {}
    for row in rows:
        counts[row["phase"]] = counts.get(row["phase"], 0) + 1
    for phase, count in sorted(counts.items()):
        group.phase_counts.add(phase=phase, count=count)  # pyright: ignore[reportArgumentType]
    for row in rows[:_RECENT]:
        group.recent_statuses.add(run_name=row["run"], phase=row["phase"])
    ended = [row for row in rows if row["ended_at"] is not None]
    if ended:
        failed = sum(counts.get(phase, 0) for phase in (FAILED, ABORTED, TIMED_OUT))
        group.average_failure_rate = failed / len(ended)
        milliseconds = sum(row["duration_ms"] or 0 for row in ended) // len(ended)
        group.average_duration.CopyFrom(Duration(seconds=milliseconds // 1000, nanos=milliseconds % 1000 * 1_000_000))
        group.latest_finished_time.CopyFrom(timestamp(max(row["ended_at"] for row in ended)))
    return group
