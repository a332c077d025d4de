"""The life of actions: from the queue over attempts to the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

from flyteidl2.common import identity_pb2
from flyteidl2.core import catalog_pb2, literals_pb2

from flyte_jupyter.local._admission import Admission, NoProcessLeftError
from flyte_jupyter.local._attempt import (
    RECOVERABLE,
    Error,
    Site,
    launch,
    launch_spec,
    outcome,
    retry_delay,
    system_error,
)
from flyte_jupyter.local._launch import Launcher, Process
from flyte_jupyter.local._model import (
    ABORTED,
    CONDITION,
    FAILED,
    INITIALIZING,
    PAUSED,
    RUNNING,
    SUCCEEDED,
    TASK,
    TIMED_OUT,
    Action,
    now_us,
)
from flyte_jupyter.local._packages import missing_packages
from flyte_jupyter.local._refuse import refusal
from flyte_jupyter.local._state import State, error_info

_logger = logging.getLogger(__name__)


class _TimedOutError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Engine:
    """Executes what is in the state."""

    def __init__(self, state: State, site: Site, launcher: Launcher, max_parallel: int | None = None) -> None:
        self.state = state
        self.site = site
        self.admission = Admission(max_parallel)
        self.python_path: list[str] = []
        self._launcher = launcher
        self._reaping: set[asyncio.Task[None]] = set()
        self._writing: set[tuple[Action, int]] = set()
        self._drivers: set[asyncio.Task[None]] = set()

    # --- starting and ending ----------------------------------------------------------------------

    def start(self, action: Action) -> None:
        """Take charge of a new action that is in its run."""
        if action.terminal:
            self._settled(action)
            return
        if action.kind == TASK:
            assert action.spec is not None
            sentence = refusal(action.spec)
            if sentence:
                self._end(action, FAILED, system_error(sentence, code="Unimplemented", recoverable=False))
                return
            self._drive(action, self._run_task(action))
        elif action.kind == CONDITION:
            self.state.set_phase(action, PAUSED)
            self._drive(action, self._run_condition(action))
        if action.parent is not None:
            self.admission.poke()

    def _drive(self, action: Action, life: Coroutine[Any, Any, None]) -> None:
        action.driver = asyncio.ensure_future(life)
        self._drivers.add(action.driver)
        action.driver.add_done_callback(self._drivers.discard)

    def abort(self, action: Action, reason: str = "") -> None:
        """End an action and everything below it, whether running, queued or paused; what is over stays as it is."""
        stack = [action]
        while stack:
            node = stack.pop()
            stack.extend(node.children)
            if self.state.set_phase(node, ABORTED, abort_reason=reason) and node.driver is not None:
                node.driver.cancel()
        self.admission.poke()

    def signal(self, action: Action, value: literals_pb2.Literal, by: identity_pb2.EnrichedIdentity) -> None:
        """Give a paused condition its value."""
        self.state.signal(action, value, by)
        self._end(action, SUCCEEDED)
        if action.driver is not None:
            action.driver.cancel()

    def _end(self, action: Action, phase: int, error: Error | None = None, reason: str | None = None) -> None:
        if self.state.set_phase(action, phase, error=error, abort_reason=reason):
            self._settled(action)

    def _settled(self, action: Action) -> None:
        """What an end entails: children have nobody left to work for, and the parent may be busy again."""
        for child in action.children:
            if not child.terminal:
                self.abort(child, f"its parent {action.name} ended")
        self.admission.poke()

    async def close(self) -> None:
        """End all processes; phases are left to the next start of the backend."""
        for driver in self._drivers:
            driver.cancel()
        await asyncio.gather(*self._drivers, return_exceptions=True)
        await self._launcher.close()
        if self._reaping:
            await asyncio.wait(self._reaping, timeout=5)

    def writing(self, action: Action, number: int) -> bool:
        """Whether the process of an attempt lives and may still print."""
        return (action, number) in self._writing

    @property
    def underway(self) -> int:
        """How many actions are not over."""
        return sum(run.open_actions for run in self.state.open_runs())

    # --- conditions -------------------------------------------------------------------------------

    async def _run_condition(self, action: Action) -> None:
        timeout = action.details.condition.timeout.ToTimedelta().total_seconds()
        if timeout:
            await asyncio.sleep(timeout)
            self._end(
                action,
                TIMED_OUT,
                Error(code="ConditionTimedOut", message=f"No signal came within {timeout:g} s.", kind=Error.USER),
            )

    # --- tasks ------------------------------------------------------------------------------------

    async def _run_task(self, action: Action) -> None:
        try:
            if not self._from_cache(action):
                await self._attempts(action)
        except _TimedOutError as late:
            error = Error(code="TaskTimedOut", message=late.reason, kind=Error.USER)
            self._end(action, TIMED_OUT, error)
        except NoProcessLeftError as error:
            self._end(action, FAILED, system_error(str(error), code="NoProcessLeft", recoverable=False))
        except asyncio.CancelledError:
            raise
        except Exception as error:
            _logger.exception("Action %s of run %s cannot be executed", action.name, action.run.key.name)
            sentence = f"The embedded backend cannot execute this task: {error}"
            self._end(action, FAILED, system_error(sentence, code="BackendError", recoverable=False))

    def _from_cache(self, action: Action) -> bool:
        if not action.cache_key:
            return False
        assert action.spec is not None
        project, domain, _ = action.run.key
        status, spec = action.details.status, action.run.spec
        if spec.overwrite_cache or spec.cache_config.overwrite_cache:
            status.cache_status = catalog_pb2.CACHE_SKIPPED
            return False
        hit = self.state.store.cached(project, domain, action.cache_key)
        age = action.spec.task_template.metadata.cache_max_age.ToMicroseconds()
        if hit is None or (age and now_us() - hit[1] > age) or not self.outputs_kept(hit[0]):
            status.cache_status = catalog_pb2.CACHE_MISS
            return False
        status.cache_status = catalog_pb2.CACHE_HIT
        self.state.begin_attempt(action, 1, hit[0])
        self._end(action, SUCCEEDED)
        return True

    @staticmethod
    def outputs_kept(prefix: str) -> bool:
        """Whether the directory of a cached execution is still there."""
        return Path(prefix).is_dir()

    async def _attempts(self, action: Action) -> None:
        assert action.spec is not None
        metadata = action.spec.task_template.metadata
        queue_limit = metadata.timeouts.queued_timeout.ToTimedelta().total_seconds()
        deadline = metadata.timeouts.deadline.ToTimedelta().total_seconds()
        born = time.monotonic()
        number = 0
        while not action.terminal:
            number += 1
            self.state.begin_attempt(action, number, str(self.site.prefix(action, number)))
            left = deadline - (time.monotonic() - born) if deadline else None
            await self._admitted(action, queue_limit, left)
            try:
                left = deadline - (time.monotonic() - born) if deadline else None
                error = await self._attempt(action, number, metadata.timeout.ToTimedelta().total_seconds(), left)
            finally:
                self.admission.leave(action)
            if error is None:
                self._succeed(action)
                return
            if error.recoverability != RECOVERABLE or number > metadata.retries.retries:
                self._end(action, FAILED, error)
                return
            self.state.set_attempt_phase(action, FAILED, error_info(error))
            self.state.changed(action)
            await asyncio.sleep(retry_delay(metadata, number - 1))

    def _succeed(self, action: Action) -> None:
        if action.cache_key:
            project, domain, _ = action.run.key
            self.state.store.remember(project, domain, action.cache_key, action.output_uri, now_us())
            action.details.status.cache_status = catalog_pb2.CACHE_POPULATED
        self._end(action, SUCCEEDED)

    async def _admitted(self, action: Action, queue_limit: float, left: float | None) -> None:
        limits = [limit for limit in (queue_limit or None, left) if limit is not None]
        try:
            await asyncio.wait_for(self.admission.enter(action), min(limits) if limits else None)
        except asyncio.TimeoutError:
            reason = f"queued for more than {queue_limit:g} s" if queue_limit else "its deadline passed in the queue"
            raise _TimedOutError(
                f"The task was {reason}." if queue_limit else f"The task timed out: {reason}."
            ) from None

    async def _attempt(self, action: Action, number: int, timeout: float, left: float | None) -> Error | None:
        assert action.spec is not None
        spec = launch_spec(self.site, action, number, self._secrets(action), self.python_path)
        missing = await asyncio.to_thread(missing_packages, action.spec)
        if missing:
            await asyncio.to_thread(_warn, spec.log, missing)
        self.state.set_phase(action, INITIALIZING)
        process = await launch(self._launcher, spec)
        self._watch_end(action, number, process)
        self.state.set_phase(action, RUNNING)
        limits = [limit for limit in (timeout or None, left) if limit is not None]
        try:
            returncode = await asyncio.wait_for(process.wait(), min(limits) if limits else None)
        except asyncio.TimeoutError:
            self._terminate(process)
            if timeout and (left is None or timeout <= left):
                raise _TimedOutError(f"The task ran for more than {timeout:g} s.") from None
            raise _TimedOutError("The task's deadline passed.") from None
        except asyncio.CancelledError:
            self._terminate(process)
            raise
        return outcome(self.site.prefix(action, number), spec.log, returncode)

    def _watch_end(self, action: Action, number: int, process: Process) -> None:
        async def watch() -> None:
            await process.wait()
            self._writing.discard((action, number))

        self._writing.add((action, number))
        self._keep(watch())

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._reaping.add(task)
        task.add_done_callback(self._reaping.discard)

    def _terminate(self, process: Process) -> None:
        async def reap() -> None:
            with contextlib.suppress(ProcessLookupError):
                await process.terminate()

        self._keep(reap())

    def _secrets(self, action: Action) -> dict[str, str]:
        assert action.spec is not None
        project, domain, _ = action.run.key
        env: dict[str, str] = {}
        for secret in action.spec.task_template.security_context.secrets:
            row = self.state.store.row(
                "SELECT value FROM secrets WHERE name = ? AND project IN (?, '') AND domain IN (?, '') "
                "ORDER BY project DESC, domain DESC",
                (secret.key, project, domain),
            )
            if row is not None:
                env[secret.env_var or secret.key] = bytes(row["value"]).decode(errors="surrogateescape")
        return env


def _warn(path: Path, missing: Iterable[str]) -> None:
    names = ", ".join(missing)
    text = (
        f"[flyte-jupyter] The task's image names packages that this interpreter lacks: {names}. It runs without them.\n"
    )
    with path.open("a") as file:
        file.write(text)
    path.chmod(0o600)
