"""`show`: a run below the running cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from flyte_jupyter.remote._brief import brief_errors
from flyte_jupyter.view import _marimo, _mode
from flyte_jupyter.view._mode import Form

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState
    from flyte_jupyter.remote import Client
    from flyte_jupyter.view._freeze import Frozen
    from flyte_jupyter.view._views import Opening

_shown: set[str] = set()
_shown_by_cell: set[str] = set()


TABS = ("overview", "inputs", "outputs", "logs", "report", "events", "spec")
"""What can be opened of an action."""


@brief_errors()
def show(
    run: Any,
    *,
    action: str | None = None,
    tab: str | None = None,
    height: int | None = None,
    client: Client | None = None,
) -> None:
    """Show a run below the running cell, live; in a terminal, print it as it is now.

    Args:
        run: a run's name; or a run or action of `flyte_jupyter.remote` or of the `flyte` SDK.
        action: the name of the action to choose at first; the root where only `tab` is given.
        tab: what to open of it: "overview", "inputs", "outputs", "logs", "report", "events" or "spec".
        height: of the view in pixels; None leaves it to the page.
        client: the connection to its backend; if None that of the object, else the current one.

    Raises:
        NotFoundError: there is no such run, or no such action in it.
        NotConnectedError: there is no connection, and the object brings none.
        InvalidArgumentError: a tab or height that there is not.
        FlyteError: the backend does not answer.
        ValueError: FLYTE_JUPYTER_DISPLAY asks for something that there is not.

    Example:
        >>> flyte_jupyter.show("rabc123", tab="logs", height=480)  # doctest: +SKIP
    """
    from flyte_jupyter.remote import InvalidArgumentError
    from flyte_jupyter.view._views import Opening

    if tab is not None and tab not in TABS:
        raise InvalidArgumentError(f"{tab!r} is no tab.", f"Tabs are {', '.join(TABS)}.")
    _show(run, Opening("run", action or ("a0" if tab else ""), tab or "", checked_height(height)), client)


@brief_errors()
def show_logs(
    run: Any,
    action: str = "a0",
    *,
    attempt: int | None = None,
    height: int | None = None,
    client: Client | None = None,
) -> None:
    """Show the log of an action alone, followed while it goes on.

    Args:
        run: as for `show`.
        action: the action's name.
        attempt: which attempt's, counted from 1; None for the latest, and the next one when it begins.
        height: as for `show`.
        client: as for `show`.

    Raises:
        FlyteError: as for `show`.

    Example:
        >>> flyte_jupyter.show_logs("rabc123", "a0", attempt=1)  # doctest: +SKIP
    """
    from flyte_jupyter.remote._common import check_attempt
    from flyte_jupyter.view._views import Opening

    if attempt is not None:
        check_attempt(attempt)
    _show(run, Opening("logs", action, "logs", checked_height(height), attempt), client)


def show_io(run: Any, action: str = "a0", *, height: int | None = None, client: Client | None = None) -> None:
    """Show a run with the inputs of one of its actions open; the outputs are beside them.

    Args:
        run: as for `show`.
        action: the action's name.
        height: as for `show`.
        client: as for `show`.

    Raises:
        FlyteError: as for `show`.

    Example:
        >>> flyte_jupyter.show_io("rabc123")  # doctest: +SKIP
    """
    show(run, action=action, tab="inputs", height=height, client=client)


def checked_height(height: int | None) -> int | None:
    from flyte_jupyter.remote import InvalidArgumentError

    if height is not None and (isinstance(height, bool) or not isinstance(height, int) or not 80 <= height <= 4000):
        raise InvalidArgumentError(f"A view cannot be {height!r} pixels high.", "Give a number from 80 to 4000.")
    return height


def _show(run: Any, opening: Opening, client: Client | None) -> None:
    # These pull in the widgets and the messages; `%load_ext` should not wait for them.
    from flyte_jupyter.view._session import session
    from flyte_jupyter.view._target import target_of
    from flyte_jupyter.view._text import text_tree

    ip = get_ipython()
    kernel = _mode.kernel_of(ip)
    if ip is None and _marimo.runs_us():
        _marimo.display(session().widget(target_of(run, client), opening))
        return
    if ip is None or kernel is None:
        state, frozen = look_closely(run, opening, client)
        print(text_tree(state, frozen=frozen))  # noqa: T201
        return
    asked, batch = _mode.setting(), _mode.is_batch(kernel)
    form = _mode.choose(asked, batch=batch, front_end=session().front_end)
    target = target_of(run, client)
    keep = form is Form.WIDGET and asked == "widget"
    session().show(target, form, ip.display_pub, opening=opening, keep_widget=keep, at_cell_end=batch)
    _shown.add(target.key)
    _shown_by_cell.add(target.key)


def look_closely(run: Any, opening: Opening, client: Client | None = None) -> tuple[RunState, Frozen]:
    """Return the state of a run as it is now, and what `opening` opens of it, read once.

    Args:
        run: as for `show`.
        opening: what to open.
        client: as for `show`.

    Raises:
        FlyteError: as for `show`.
    """
    from flyte_jupyter.live import Looks
    from flyte_jupyter.remote import background
    from flyte_jupyter.view._freeze import Frozen
    from flyte_jupyter.view._rows import complete_rows
    from flyte_jupyter.view._target import target_of
    from flyte_jupyter.view._views import check_action, look_once

    target = target_of(run, client)

    async def read() -> tuple[RunState, Frozen]:
        state = await look_once(target)
        await check_action(target, state, opening.action)
        frozen = await Frozen.opened(opening, state).filled(Looks(), target)
        await complete_rows(state, frozen, target.client)
        return state, frozen

    return background().run(read())


def look(run: Any, client: Client | None = None) -> RunState:
    """Return the state of a run as it is now, read once.

    Args:
        run: as for `show`.
        client: as for `show`.

    Raises:
        FlyteError: as for `show`.
    """
    from flyte_jupyter.remote import background
    from flyte_jupyter.view._target import target_of
    from flyte_jupyter.view._views import look_once

    return background().run(look_once(target_of(run, client)))


def shown_runs() -> set[str]:
    """Return the keys (`AUTHORITY|PROJECT/DOMAIN/RUN`) of the runs that this kernel has shown."""
    return set(_shown)


def show_wait(run: Any) -> bool:
    """Show what a cell waits for, unless the cell has shown it already; `remote.set_wait_display` takes this.

    Args:
        run: as for `show`.

    Returns:
        Whether it is shown; a thread beside the cell has no output of its own.
    """
    import threading

    from flyte_jupyter.view._target import target_of

    ip = get_ipython()
    if ip is None or threading.current_thread() is not threading.main_thread():
        return False
    if target_of(run).key not in _shown_by_cell:
        show(run)
    return True


def cell_begins(*_: object) -> None:
    """Note that nothing is shown by this cell yet; an IPython event handler."""
    _shown_by_cell.clear()
