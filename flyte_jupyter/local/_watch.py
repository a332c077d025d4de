"""Streams about runs: a snapshot, then what changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from flyteidl2.common import list_pb2
from flyteidl2.workflow import run_definition_pb2
from flyteidl2.workflow import run_service_pb2 as pb2

from flyte_jupyter.local._backend import Backend
from flyte_jupyter.local._cut import cut
from flyte_jupyter.local._faults import Faults
from flyte_jupyter.local._groups import groups
from flyte_jupyter.local._lists import newest_runs
from flyte_jupyter.local._model import RUNNING, TERMINAL, Action, RunKey, to_us
from flyte_jupyter.local._status import invalid, not_found

PAGE = 1000
_RUNS = 100
_GROUPS_EVERY = 5.0


async def watch_actions(backend: Backend, request: pb2.WatchActionsRequest) -> AsyncIterator[pb2.WatchActionsResponse]:
    """The tree of a run.

    The snapshot comes in pages of 1000 actions in the order in which they came, parents first; every message repeats
    the ancestors of its actions, whose counts change with them. It never ends by itself: whoever has seen enough closes
    it.
    """
    run = backend.state.run(request.run_id)
    faults = backend.faults
    match = ActionFilter(request.filter)
    sent = 0
    with run.topic.subscribe() as subscription:
        view = _View(match, faults)
        for repeat in range(2):
            if repeat and not faults.on("duplicate-snapshot"):
                break
            actions = iter(list(run.actions.values()))
            while page := list(islice(actions, PAGE)):
                message = view.message(page)
                if message is not None:
                    yield message
                    sent += 1
        if faults.on("early-end"):
            return
        if faults.on("parent-not-found"):
            await asyncio.sleep(0.05)
            raise ConnectError(Code.UNKNOWN, f"parent node [a0] not found for action [{next(reversed(run.actions))}]")
        while True:
            names = await subscription.take()
            if faults.on("silent-stream"):
                continue
            for chunk in _chunks([run.actions[str(name)] for name in names if not faults.drop()], PAGE):
                message = view.message(chunk)
                if message is not None:
                    yield message
                    sent += 1
                    if faults.on("reset") and sent > 1:
                        await cut()


def _chunks(items: Sequence[Action], size: int) -> Iterator[Sequence[Action]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


class ActionFilter:
    """What WatchActions may be narrowed by: phases and a part of the name.

    Raises:
        ConnectError: INVALID_ARGUMENT, any other filter.
    """

    def __init__(self, filters: Iterable[list_pb2.Filter]) -> None:
        self.phases: set[int] | None = None
        self.part = ""
        for item in filters:
            field = item.field.upper()
            if field == "PHASE" and item.function == list_pb2.Filter.VALUE_IN:
                try:
                    self.phases = {int(value) for value in item.values}
                except ValueError:
                    raise invalid(f"Phases are numbers, and {list(item.values)} are not.") from None
            elif field == "NAME" and item.function == list_pb2.Filter.CONTAINS_CASE_INSENSITIVE and item.values:
                self.part = item.values[0].lower()
            else:
                raise invalid("WatchActions filters by PHASE (VALUE_IN) and NAME (CONTAINS_CASE_INSENSITIVE) only.")

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self.phases is None and not self.part

    def __call__(self, action: Action) -> bool:
        """Whether `action` itself is what is looked for."""
        if self.phases is not None and action.phase not in self.phases:
            return False
        metadata = action.details.metadata
        name = metadata.funtion_name.rpartition(".")[2] or metadata.task.short_name or action.name
        return self.part in name.lower()


class _View:
    """What one stream has shown: for a filtered one, which actions match below each action."""

    def __init__(self, match: ActionFilter, faults: Faults) -> None:
        self._match = match
        self._faults = faults
        self._matching: set[str] = set()
        self._below: dict[str, int] = {}
        self._shown: set[str] = set()

    def message(self, changed: Sequence[Action]) -> pb2.WatchActionsResponse | None:
        """The changed actions and their ancestors, parents first; None if this stream shows none of them."""
        items: dict[str, Action] = {}
        for action in changed:
            self._rematch(action)
            for node in reversed([action, *action.ancestors()]):
                items.setdefault(node.name, node)
        enriched = [item for node in items.values() if (item := self._enriched(node)) is not None]
        if not enriched:
            return None
        if self._faults.on("random-order"):
            self._faults.random.shuffle(enriched)
        return pb2.WatchActionsResponse(enriched_actions=enriched)

    def _rematch(self, action: Action) -> None:
        if self._match.everything or self._match(action) == (action.name in self._matching):
            return
        step = -1 if action.name in self._matching else 1
        self._matching.symmetric_difference_update([action.name])
        for node in [action, *action.ancestors()]:
            self._below[node.name] = self._below.get(node.name, 0) + step

    def _enriched(self, action: Action) -> run_definition_pb2.EnrichedAction | None:
        visible = self._match.everything or self._below.get(action.name, 0) > 0
        if not visible and action.name not in self._shown:
            return None
        if not self._match.everything:
            (self._shown.add if visible else self._shown.discard)(action.name)
        summary = action.summary()
        if self._faults.on("attempts-flicker") and action.phase == RUNNING and action.children:
            summary.status.attempts = 0
            summary.status.cache_status = 0  # pyright: ignore[reportAttributeAccessIssue]
        return run_definition_pb2.EnrichedAction(
            action=summary, meets_filter=visible, children_phase_counts=action.phases_below
        )


async def watch_action_details(
    backend: Backend, request: pb2.WatchActionDetailsRequest
) -> AsyncIterator[pb2.WatchActionDetailsResponse]:
    """One action, whole, now and after each change; ends when it is over."""
    action = backend.state.action(request.action_id)
    async for _ in _changes(backend, action):
        yield pb2.WatchActionDetailsResponse(details=action.full())


async def watch_run_details(
    backend: Backend, request: pb2.WatchRunDetailsRequest
) -> AsyncIterator[pb2.WatchRunDetailsResponse]:
    """One run, now and after each change of its root; ends when that is over."""
    run = backend.state.run(request.run_id)
    async for _ in _changes(backend, run.root):
        yield pb2.WatchRunDetailsResponse(details=run.details())


async def _changes(backend: Backend, action: Action) -> AsyncIterator[None]:
    faults = backend.faults
    with action.run.topic.subscribe(lambda name: name == action.name) as subscription:
        yield
        while not action.terminal:
            if faults.on("early-end"):
                return
            await subscription.take()
            if not faults.on("silent-stream"):
                yield
        if faults.on("silent-stream"):
            await asyncio.Event().wait()


async def watch_runs(backend: Backend, request: pb2.WatchRunsRequest) -> AsyncIterator[pb2.WatchRunsResponse]:
    """The newest runs in one message, then each that is new or changed; never ends."""
    state = backend.state
    project = request.project_id if request.WhichOneof("target") == "project_id" else None

    def wanted(key: object) -> bool:
        assert isinstance(key, RunKey)
        return project is None or (project.name in ("", key.project) and project.domain in ("", key.domain))

    with state.runs_topic.subscribe(wanted) as subscription:
        runs = newest_runs(state, _RUNS, project)
        if runs:
            yield pb2.WatchRunsResponse(runs=runs)
        while True:
            for key in await subscription.take():
                assert isinstance(key, RunKey)
                run = state.find_key(key)
                if run is not None and not backend.faults.on("silent-stream"):
                    yield pb2.WatchRunsResponse(runs=[run.summary()])


async def watch_cluster_events(
    backend: Backend, request: pb2.WatchClusterEventsRequest
) -> AsyncIterator[pb2.WatchClusterEventsResponse]:
    """The events of an attempt, until it is over."""
    action = backend.state.action(request.id)
    number = request.attempt or 1
    sent = 0
    with action.run.topic.subscribe(lambda name: name == action.name) as subscription:
        while True:
            attempt = next((item for item in action.details.attempts if item.attempt == number), None)
            if attempt is not None and len(attempt.cluster_events) > sent:
                yield pb2.WatchClusterEventsResponse(cluster_events=attempt.cluster_events[sent:])
                sent = len(attempt.cluster_events)
            if attempt is not None and attempt.phase in TERMINAL:
                return
            if action.terminal:
                if attempt is None:
                    raise not_found(f"Action {action.name!r} has no attempt {number}.")
                return
            await subscription.take()


async def watch_groups(backend: Backend, request: pb2.WatchGroupsRequest) -> AsyncIterator[pb2.WatchGroupsResponse]:
    """Runs counted by task; again after changes, every 5 s at most. With an end date: once."""
    start = to_us(request.start_date) if request.HasField("start_date") else None
    end = to_us(request.end_date) if request.HasField("end_date") else None
    project = request.project_id if request.WhichOneof("scope_by") == "project_id" else None
    with backend.state.runs_topic.subscribe() as subscription:
        while True:
            yield pb2.WatchGroupsResponse(task_groups=groups(backend.state, project, start, end), sentinel=True)
            if end is not None:
                return
            await asyncio.sleep(_GROUPS_EVERY)
            await subscription.take()
