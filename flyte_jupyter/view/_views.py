"""The views that this kernel has shown, and the runs they show; used on the background loop's thread only."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

from flyte_jupyter.live import watcher
from flyte_jupyter.remote import FlyteError, InvalidArgumentError, NotFoundError
from flyte_jupyter.view import _phases

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState, Subscription
    from flyte_jupyter.view._tables import Table
    from flyte_jupyter.view._target import Target

# How much is kept of runs that are over: so many runs, and so many actions in all of them. Older ones are read again.
KEPT_RUNS = 50
KEPT_ROWS = 300_000

# Seconds that a look may take at a run that has ended, and at one that goes on; seconds without a change after which
# it is complete as far as we can know.
LOOK = 2.0
GLANCE = 0.25
QUIET = 0.15
# Seconds in which a feed has made sure that nothing is missing of a run whose end it saw.
END = 5.0


def random_id() -> str:
    """Return an id as the protocol wants them: lower case letters and digits."""
    return secrets.token_hex(8)


class Opening(NamedTuple):
    """What a view opens at first.

    Attributes:
        kind: "run", or "logs" for the log of an action alone.
        action: the action that is chosen, "" for none.
        tab: the tab of its details, "" for the first one.
        height: of the view in pixels; None leaves it to the page.
        attempt: which attempt of the action, None for the latest.
    """

    kind: str = "run"
    action: str = ""
    tab: str = ""
    height: int | None = None
    attempt: int | None = None

    def written(self) -> str:
        """Return it as one word, for a placeholder; "" for a run with nothing open."""
        if self == RUN:
            return ""
        numbers = ("" if number is None else str(number) for number in (self.height, self.attempt))
        parts = (self.kind, self.action, self.tab, *numbers)
        return "/".join(quote(part, safe=".-_~") for part in parts)

    @classmethod
    def read(cls, word: Any) -> Opening:
        """Return what `written` wrote; a run with nothing open for anything else."""
        parts = [unquote(part) for part in word.split("/")] if isinstance(word, str) else []
        if len(parts) != 5 or parts[0] not in ("run", "logs"):
            return RUN
        kind, action, tab, *numbers = parts
        height, attempt = (int(number) if re.fullmatch("[1-9][0-9]{0,3}", number) else None for number in numbers)
        return cls(kind, action, tab, height, attempt)


RUN = Opening()


@dataclass(eq=False)
class View:
    """One display of a run."""

    id: str
    target: Target
    run: str  # the run key
    opening: Opening = RUN

    def welcome(self, console: str) -> dict[str, Any]:
        """Return what a mount is told of it."""
        name = self.target.name
        title = f"Log of {name}/{self.opening.action}" if self.opening.kind == "logs" else name
        return {**self.opening._asdict(), "run": self.run, "console": console, "title": title}


@dataclass(eq=False)
class TableView:
    """One display of a table."""

    id: str
    table: Table
    height: int | None = None

    def welcome(self) -> dict[str, Any]:
        """Return what a mount is told of it."""
        opening = Opening("table", height=self.height)
        return {**opening._asdict(), "run": "", "console": "", "title": self.table.title}


@dataclass(eq=False)
class WatchedRun:
    """A run that views show: followed while it goes on, kept as it was when it is over."""

    target: Target
    subscription: Subscription
    followed: bool = True

    @property
    def state(self) -> RunState:
        """What is known of the run."""
        return self.subscription.state

    @property
    def failed(self) -> bool:
        """Whether following it ended before the run did."""
        head = self.state.head
        return head.over and head.stale is not None


class Views:
    """Every view this kernel has shown, by id.

    Args:
        changed: called with a state that has changed.
        replaced: called with the state that takes the place of an earlier one of the same run.
    """

    def __init__(self, changed: Callable[[RunState], None], replaced: Callable[[RunState], None]) -> None:
        self._changed = changed
        self._replaced = replaced
        self._views: dict[str, View] = {}
        self._tables: dict[str, TableView] = {}
        self._mounted: dict[str, str] = {}  # mounts of tables: the view's id by the mount's
        self._runs: OrderedDict[str, WatchedRun] = OrderedDict()

    async def open(self, target: Target, opening: Opening = RUN) -> View:
        """Watch a run and make a view of it; returns as soon as there is something to show of one that goes on.

        Raises:
            NotFoundError: there is no such run, or no such action in it.
            FlyteError: the run cannot be watched.
        """
        known = set(self._runs)
        run = await self._watch(target)
        if run.followed and run.state.key not in known:
            await _catch_up(run.subscription, LOOK, briefly=True)
            self._rest_if_over(run)
        await check_action(target, run.state, opening.action)
        view = View(random_id(), target, run.state.key, opening)
        self._views[view.id] = view
        return view

    def open_table(self, table: Table, height: int | None = None) -> TableView:
        """Make a view of a table."""
        view = TableView(random_id(), table, height)
        self._tables[view.id] = view
        return view

    def table(self, view_id: str) -> TableView | None:
        """Return the view of a table with this id, None if this kernel has not shown it."""
        return self._tables.get(view_id)

    def mount_table(self, vid: str, view: TableView) -> None:
        """Note which table a mount shows."""
        self._mounted[vid] = view.id

    def unmount(self, vid: str) -> None:
        """Forget a mount."""
        self._mounted.pop(vid, None)

    def table_of(self, vid: str) -> TableView | None:
        """Return the table that a mount shows."""
        return self._tables.get(self._mounted.get(vid, ""))

    def target_by_key(self, key: str) -> Target:
        """Return which run has this key.

        Raises:
            InvalidArgumentError: no view of this kernel shows it.
        """
        for view in self._views.values():
            if view.run == key:
                return view.target
        raise InvalidArgumentError("This kernel shows no such run.", "Run its cell again.")

    def get(self, view_id: str) -> View | None:
        """Return the view with this id, None if this kernel has not shown it."""
        return self._views.get(view_id)

    async def run(self, view: View) -> WatchedRun:
        """Return the run of a view; one that was let go is read again.

        Raises:
            FlyteError: the run cannot be watched.
        """
        run = self._runs.get(view.run)
        if run is None:
            return await self._watch(view.target)
        self._runs.move_to_end(view.run)
        return run

    async def catch_up(self, view: View) -> None:
        """Wait a moment for what the backend has to say about the view's run: to the end where that has come."""
        run = self._runs.get(view.run)
        if run is not None and run.followed:
            await _catch_up(run.subscription, END)
            self._rest_if_over(run)

    def changed(self, state: RunState) -> None:
        """Tell that something was written into a state that its stream did not tell."""
        self._changed(state)

    async def run_by_key(self, key: str) -> WatchedRun:
        """Return the run with this key.

        Raises:
            FlyteError: no view of this kernel shows it, or it was let go and cannot be watched.
        """
        run = self._runs.get(key)
        return await self._watch(self.target_by_key(key)) if run is None else run

    async def _watch(self, target: Target) -> WatchedRun:
        subscription = await subscribe(target)
        key = subscription.state.key
        held = self._runs.get(key)
        if held is not None and not held.failed:
            subscription.close()
            self._runs.move_to_end(key)
            return held
        run = WatchedRun(target, subscription)
        self._runs[key] = run
        subscription.on_change(lambda: self._on_change(run))
        if held is not None:
            held.subscription.close()
            self._replaced(run.state)
        return run

    def _on_change(self, run: WatchedRun) -> None:
        self._changed(run.state)
        # Closing ends the callbacks, also of others who wait for this change.
        asyncio.get_running_loop().call_soon(self._rest_if_over, run)

    def _rest_if_over(self, run: WatchedRun) -> None:
        if run.followed and run.state.head.over:
            run.followed = False
            run.subscription.close()
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        over = [(key, run) for key, run in self._runs.items() if not run.followed]
        rows = sum(run.state.n for _, run in over)
        for number, (key, run) in enumerate(over[:-1]):
            if len(over) - number <= KEPT_RUNS and rows <= KEPT_ROWS:
                break
            rows -= run.state.n
            del self._runs[key]


async def look_once(target: Target) -> RunState:
    """Return the state of a run as it is now, without following it further.

    Raises:
        NotFoundError: there is no such run.
        FlyteError: the run cannot be watched.
    """
    async with await subscribe(target) as subscription:
        await _catch_up(subscription, LOOK)
        return subscription.state


async def check_action(target: Target, state: RunState, action: str) -> None:
    """Make sure that a run has an action, where its state does not show that.

    Raises:
        NotFoundError: the backend knows no such action.
    """
    if action in ("", "a0") or state.find(action) is not None:
        return
    try:
        await target.as_action(action).details.aio()
    except NotFoundError:
        raise
    except FlyteError:
        pass  # the view tells what cannot be read


async def subscribe(target: Target) -> Subscription:
    """Watch a run: a share in its feed.

    Raises:
        NotFoundError: there is no such run.
        FlyteError: the run cannot be watched.
    """
    return await watcher().watch(
        target.client, target.name, project=target.project, domain=target.domain, org=target.org
    )


async def _catch_up(subscription: Subscription, seconds: float, briefly: bool = False) -> None:
    """Wait until all is known of a run that has ended, or until nothing more comes at once of one that goes on.

    `briefly`: of one that goes on, only until the first of its actions are told.
    """
    state = subscription.state
    changed = asyncio.Event()
    remove = subscription.on_change(changed.set)

    now = asyncio.get_running_loop().time
    end_of_glance = now() + GLANCE

    async def look() -> None:
        while not state.head.over:
            changed.clear()
            goes_on = state.head.phase not in _phases.TERMINAL
            if briefly and goes_on and (state.told or state.n > 1):
                return
            await asyncio.wait_for(changed.wait(), min(QUIET, end_of_glance - now()) if goes_on else None)

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(look(), seconds)
    remove()
