"""Waiting for runs while the buttons in their views work."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

from flyte_jupyter.remote import Client, DeadlineExceededError, InvalidArgumentError, Run, background
from flyte_jupyter.remote._brief import brief_errors
from flyte_jupyter.view._target import target_of
from flyte_jupyter.view._views import subscribe

if TYPE_CHECKING:
    from flyte_jupyter.live import Subscription

Condition = Literal["running", "terminal"]


@brief_errors()
def wait(
    *runs: Any, wait_for: Condition = "terminal", timeout: float | None = None, client: Client | None = None
) -> None:
    """Wait for runs, while the buttons in their views work.

    An interrupt (Ctrl-C, the stop button) ends the wait and not the runs.

    Args:
        runs: names of runs; or runs or actions of `flyte_jupyter.remote` or of the `flyte` SDK.
        wait_for: "terminal" waits for the end, "running" for the start.
        timeout: seconds for all of them; None waits for ever.
        client: the connection for names; if None the current one.

    Raises:
        RunFailedError: a run ended without success, where its end was waited for.
        DeadlineExceededError: the time is up; the runs go on.
        FlyteError: a run cannot be watched.

    Example:
        >>> flyte_jupyter.wait(run, timeout=60)  # doctest: +SKIP
    """
    found = [find_run(run, client) for run in runs]
    background().run(until(found, wait_for, timeout))
    if wait_for == "terminal":
        for run in found:
            run.raise_for_status()


async def until(runs: Sequence[Run], condition: Condition, timeout: float | None = None) -> None:
    """Wait until all `runs` have got as far as `condition`; on the background loop.

    Args:
        runs: which.
        condition: "terminal" or "running".
        timeout: seconds for all of them; None waits for ever.

    Raises:
        DeadlineExceededError: the time is up; the runs go on.
        FlyteError: a run cannot be watched.
    """
    if condition not in ("running", "terminal"):
        raise InvalidArgumentError(f"{condition!r} cannot be waited for.", 'Wait for "running" or "terminal".')
    async with AsyncExitStack() as stack:
        subscriptions: list[Subscription] = []
        for run in runs:
            target = target_of(run)
            subscriptions.append(await stack.enter_async_context(await subscribe(target)))
        try:
            await asyncio.wait_for(asyncio.gather(*(one.wait(condition) for one in subscriptions)), timeout)
        except asyncio.TimeoutError:
            names = ", ".join(run.name for run in runs)
            raise DeadlineExceededError(
                f"Not {condition} after {timeout:g} seconds: {names}.", "The runs go on; only the wait has ended."
            ) from None


def find_run(run: Any, client: Client | None = None) -> Run:
    """Return the Run of `flyte_jupyter.remote` for whatever names a run.

    Args:
        run: as for `wait`; also a `flyteidl2.workflow.Run` that the SDK was answered with.
        client: as for `wait`.

    Raises:
        FlyteError: as for `wait`.
    """
    if isinstance(run, Run):
        return run
    if hasattr(run, "DESCRIPTOR"):
        return Run.from_sdk(SimpleNamespace(pb2=run))
    return target_of(run, client).as_run()


def run_key(run: Run) -> str:
    """Return the key under which everything of a run is shared, as `shown_runs` has it."""
    return target_of(run).key
