"""`on(run).failed.do(Notify())`: arming in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

from flyte_jupyter.actions._arm import Ask, arm, ask_person, filter_of, policy_of
from flyte_jupyter.actions._armed import Armed
from flyte_jupyter.actions._errors import InvalidConfigurationError
from flyte_jupyter.actions._place import placed
from flyte_jupyter.remote import Client, Run, current_client
from flyte_jupyter.remote._brief import brief_errors

if TYPE_CHECKING:
    from flyte_jupyter.actions._models import ActionConfig, Permission

ENDS = ("succeeded", "failed", "aborted", "timed_out")


class When:
    """Something that may happen; `do` says what is to be done then."""

    def __init__(self, client: Client, wanted: dict[str, Any]) -> None:
        self._client, self._wanted = client, wanted

    @brief_errors()
    def do(
        self,
        action: ActionConfig | Callable[..., Any],
        *,
        allow: Iterable[Permission] | None = None,
        max: int | None = None,  # noqa: A002 - what the magic calls it
        cooldown: float | None = None,
        attempts: int | None = None,
        timeout: float | None = None,
        busy: Literal["queue", "skip"] | None = None,
        window: float | None = None,
        replay: bool = False,
        name: str = "",
        ask: Ask = ask_person,
    ) -> Armed:
        """Arm an action.

        Args:
            action: What to do: `Notify()`, `RunTask(...)`, `Rerun()`, `Abort()`, `Signal(...)`, `Callback(...)`, the
                configuration of another action; or a function, called with the event and the run.
            allow: What it may do ("read", "launch", "abort", "signal"); asked if not given.
            max: Fire at most so many times.
            cooldown: After it fired, do not fire for so many seconds. 60 where lines of a log are waited for.
            attempts: Tries while failures may pass; 3 if not given.
            timeout: Seconds for one try.
            busy: What becomes of an event while the one before is going on: "queue" (default) or "skip".
            window: Hours for which `allow` holds; 48 if not given, 0 for ever.
            replay: Let what has happened already count, too.
            name: A name for the action.
            ask: Asks a question, and returns whether the answer was yes.

        Raises:
            InvalidConfigurationError: It makes no sense.
            NotAllowedError: It was not allowed.

        Example:
            >>> on("my-run").failed.do(Notify(text="{run}: {error}"))  # doctest: +SKIP
            Armed(1: my-run failed -> notify, armed)
        """
        event_filter = filter_of(self._client, **self._wanted)
        settings = {"max": max, "cooldown": cooldown, "attempts": attempts, "timeout": timeout, "busy": busy}
        trigger = arm(
            self._client,
            event_filter,
            action,
            policy=policy_of(settings, event_filter),
            allow=allow,
            window=window,
            replay=replay,
            name=name,
            ask=ask,
        )
        return Armed(trigger.id)


class On:
    """What may happen to a run, to the runs of a task, or in a project."""

    def __init__(self, client: Client, target: dict[str, Any]) -> None:
        self._client, self._target = client, target

    def phase(self, *phases: str) -> When:
        """It reaches one of these phases."""
        return self._when(kind="phase", phases=tuple(phases))

    @property
    def running(self) -> When:
        """It runs."""
        return self.phase("running")

    @property
    def succeeded(self) -> When:
        """It succeeded."""
        return self.phase("succeeded")

    @property
    def failed(self) -> When:
        """It failed."""
        return self.phase("failed")

    @property
    def aborted(self) -> When:
        """It was aborted."""
        return self.phase("aborted")

    @property
    def timed_out(self) -> When:
        """It took longer than it was allowed to."""
        return self.phase("timed_out")

    @property
    def ended(self) -> When:
        """It ended, whichever way."""
        return self.phase(*ENDS)

    @property
    @brief_errors()
    def appeared(self) -> When:
        """A run appeared."""
        if self._target.get("run"):
            raise InvalidConfigurationError("A run that has a name is there already.", "Wait for a task or a project.")
        return self._when(kind="appeared")

    @property
    def paused(self) -> When:
        """A condition waits for its value."""
        return self._when(kind="paused")

    @brief_errors()
    def log(self, pattern: str) -> When:
        """A line of its log matches a regular expression; of all its tasks' logs, unless an action was named."""
        if not self._target.get("run"):
            raise InvalidConfigurationError("Logs are read of a run that has a name.", "on(RUN).log(PATTERN)")
        wanted = {"action": "*", **self._target}
        return When(self._client, {**wanted, "kind": "log", "pattern": pattern})

    @brief_errors()
    def do(self, action: ActionConfig | Callable[..., Any], **settings: Any) -> Armed:
        """Short for `.paused.do(...)`, where a condition is waited for."""
        if "condition" not in self._target:
            raise InvalidConfigurationError("Say what has to happen first: on(...).failed.do(...).")
        return self.paused.do(action, **settings)

    def _when(self, **wanted: Any) -> When:
        return When(self._client, {**self._target, **wanted})


@brief_errors()
def on(
    run: Any = None,
    *,
    task: str = "",
    condition: str = "",
    action: str = "",
    project: str = "",
    domain: str = "",
    client: Client | None = None,
) -> On:
    """What may happen, to do something then.

    Args:
        run: A run, ours or the SDK's, or its name. None: any run of `task`, or of the project.
        task: Full name of a task ("environment.function").
        condition: A condition's name; "paused" for any that waits.
        action: An action of the run; "*" for all of them.
        project: Project; that of the run or the connection if not given.
        domain: Domain; likewise.
        client: The connection; that of the run, or the current one, if not given.

    Raises:
        NotFoundError: There is no such run.
        NotConnectedError: There is no connection.

    Example:
        >>> on(task="train.fit").succeeded.do(  # doctest: +SKIP
        ...     RunTask("eval.score", inputs={"model": "outputs.o0"})
        ... )
        >>> on("my-run").log(r"loss=nan").do(Abort(reason="diverged"))  # doctest: +SKIP
        >>> on(condition="paused").do(Notify(webhook="env:SLACK_URL"))  # doctest: +SKIP
    """
    if run is not None and task:
        raise InvalidConfigurationError("Give a run or a task, not both.")
    target: dict[str, Any] = {"task": task, "action": action}
    if condition:
        target["condition"] = "" if condition == "paused" else condition
    if run is not None:
        found = _run_of(run, client, project, domain)
        client = client or found._client
        target.update(run=found.name, project=found.project, domain=found.domain)
    else:
        target.update(project=project, domain=domain)
    return On(client or current_client(), target)


def _run_of(run: Any, client: Client | None, project: str, domain: str) -> Run:
    if isinstance(run, Run):
        return run
    if isinstance(run, str):
        client = client or current_client()
        return Run.get(run, client=placed(client, project or client.project, domain or client.domain))
    if any(base.__module__.partition(".")[0] == "flyte" for base in type(run).__mro__) and hasattr(run, "pb2"):
        return Run.from_sdk(run)
    raise InvalidConfigurationError(f"A {type(run).__name__} is not a run.", "Give a run, or the name of a run.")
