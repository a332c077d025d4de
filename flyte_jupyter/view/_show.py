"""`show`: a run below the running cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from flyte_jupyter.view import _marimo, _mode
from flyte_jupyter.view._brief import brief_errors
from flyte_jupyter.view._mode import Form

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState
    from flyte_jupyter.remote import Client

_shown: set[str] = set()
_shown_by_cell: set[str] = set()


@brief_errors()
def show(run: Any, *, client: Client | None = None) -> None:
    """Show a run below the running cell, live; in a terminal, print it as it is now.

    Args:
        run: a run's name; or a run or action of `flyte_jupyter.remote` or of the `flyte` SDK.
        client: the connection to its backend; if None that of the object, else the current one.

    Raises:
        NotFoundError: there is no such run.
        NotConnectedError: there is no connection, and the object brings none.
        FlyteError: the backend does not answer.
        ValueError: FLYTE_JUPYTER_DISPLAY asks for something that there is not.

    Example:
        >>> flyte_jupyter.show("rabc123")  # doctest: +SKIP
    """
    # These pull in the widgets and the messages; `%load_ext` should not wait for them.
    from flyte_jupyter.view._session import session
    from flyte_jupyter.view._target import target_of
    from flyte_jupyter.view._text import text_tree

    ip = get_ipython()
    kernel = _mode.kernel_of(ip)
    if ip is None and _marimo.runs_us():
        _marimo.display(session().widget(target_of(run, client)))
        return
    if ip is None or kernel is None:
        print(text_tree(look(run, client)))  # noqa: T201
        return
    asked, batch = _mode.setting(), _mode.is_batch(kernel)
    form = _mode.choose(asked, batch=batch, front_end=session().front_end)
    target = target_of(run, client)
    session().show(
        target, form, ip.display_pub, keep_widget=form is Form.WIDGET and asked == "widget", at_cell_end=batch
    )
    _shown.add(target.key)
    _shown_by_cell.add(target.key)


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
