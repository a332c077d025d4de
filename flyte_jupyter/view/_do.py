"""Doing something with runs by one call: run again, signal, freeze."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote._brief import brief_errors

if TYPE_CHECKING:
    from flyte_jupyter.remote import Client, Run


@brief_errors()
def rerun(run: Any, *, recover: bool = False, client: Client | None = None, **inputs: Any) -> Run:
    """Run again what has run, show the new run, and return it.

    Args:
        run: as for `show`.
        recover: keep what succeeded, and execute only the rest.
        client: as for `show`.
        inputs: inputs to change, by name.

    Raises:
        FlyteError: it cannot be run again; the sentence says why.

    Example:
        >>> flyte_jupyter.rerun("rabc123", n=5)  # doctest: +SKIP
    """
    from flyte_jupyter import remote
    from flyte_jupyter.view._show import show
    from flyte_jupyter.view._wait import find_run

    again = remote.rerun(find_run(run, client), recover=recover, inputs=inputs)
    show(again)
    return again


@brief_errors()
def abort(
    run: Any, action: str | None = None, *, reason: str = "Aborted from a notebook.", client: Client | None = None
) -> None:
    """Abort a run, or one of its actions and what that started.

    Args:
        run: as for `show`.
        action: the action's name; None for the whole run.
        reason: kept with the run.
        client: as for `show`.

    Raises:
        AlreadyFinishedError: it is over.
        FlyteError: there is no such run or action, or the backend does not answer.

    Example:
        >>> flyte_jupyter.abort("rabc123", reason="the data is wrong")  # doctest: +SKIP
    """
    from flyte_jupyter.view._target import target_of

    target = target_of(run, client)
    what = target.as_run() if action is None else target.as_action(action)
    what.abort(reason=reason)


@brief_errors()
def signal(run: Any, value: bool | int | float | str, name: str | None = None, *, client: Client | None = None) -> str:
    """Answer a condition of a run that waits for it.

    Args:
        run: as for `show`.
        value: the answer, of the condition's type.
        name: the condition's name, or that of its action; may be left out where only one waits.
        client: as for `show`.

    Returns:
        The name of the condition.

    Raises:
        InvalidArgumentError: none waits, or several do, or the answer is of another type.
        FlyteError: the backend does not answer.

    Example:
        >>> flyte_jupyter.signal("rabc123", True)  # doctest: +SKIP
    """
    condition = waiting(run, name, client=client)
    condition.signal(value)
    return condition.name


def waiting(run: Any, name: str | None = None, *, client: Client | None = None) -> Any:
    """Return the condition of a run that waits for an answer; the arguments and errors are those of `signal`."""
    from flyte_jupyter import remote
    from flyte_jupyter.view._wait import find_run

    found = find_run(run, client)
    conditions = list(remote.Condition.listall(found.name, client=found._client))
    if name is not None:
        named = [one for one in conditions if name in (one.name, one.action_name)]
        if not named:
            raise remote.InvalidArgumentError(f"Run {found.name} has no condition {name!r}.", _names(conditions))
        conditions = named
    open_ = [one for one in conditions if not one.done()]
    if len(open_) != 1:
        what = "No condition" if not open_ else "More than one condition"
        raise remote.InvalidArgumentError(f"{what} of run {found.name} waits for an answer.", _names(open_))
    return open_[0]


def _names(conditions: list[Any]) -> str:
    return f"Name one: {', '.join(one.name for one in conditions)}." if conditions else ""


@brief_errors()
def freeze(run: Any, *, client: Client | None = None) -> int:
    """Write the outputs of this notebook that show a run anew, as it is now.

    Args:
        run: as for `show`.
        client: as for `show`.

    Returns:
        How many outputs there are.

    Raises:
        FlyteError: the run cannot be read.

    Example:
        >>> flyte_jupyter.freeze("rabc123")  # doctest: +SKIP
        1
    """
    from flyte_jupyter.view._session import session
    from flyte_jupyter.view._target import target_of

    return session().freeze(target_of(run, client).key)
