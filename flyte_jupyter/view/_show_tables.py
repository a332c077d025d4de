"""Tables below the running cell: of runs, tasks, projects, triggers and secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython

from flyte_jupyter.remote._brief import brief_errors
from flyte_jupyter.view import _marimo, _mode
from flyte_jupyter.view._mode import Form

if TYPE_CHECKING:
    from flyte_jupyter.remote import ActionPhase, Client
    from flyte_jupyter.view._tables import Table


@brief_errors()
def show_runs(
    in_phase: Iterable[ActionPhase | str] | str | None = None,
    *,
    task: str | None = None,
    text: str = "",
    mine: bool = False,
    limit: int = 20,
    project: str | None = None,
    domain: str | None = None,
    height: int | None = None,
    client: Client | None = None,
) -> None:
    """Show the runs of a project, the newest first, as a live table.

    Args:
        in_phase: only those in one of these phases.
        task: only those of the task with this full name.
        text: only those in which all these words are found.
        mine: only those that you started, where the backend knows who you are.
        limit: rows on a page, at most 200.
        project: the project; the connection's if not given.
        domain: the domain; the connection's if not given.
        height: of the view in pixels; None leaves it to the page.
        client: the connection; the current one if not given.

    Raises:
        NotConnectedError: there is no connection.
        InvalidArgumentError: a phase or limit that there is not.
        FlyteError: the backend does not answer.

    Example:
        >>> flyte_jupyter.show_runs("failed", limit=20)  # doctest: +SKIP
    """
    from flyte_jupyter.remote import ActionPhase, InvalidArgumentError, User
    from flyte_jupyter.view._tables import Query, Runs

    if not 1 <= limit <= 200:
        raise InvalidArgumentError(f"A page cannot have {limit} rows.", "Give a number from 1 to 200.")
    names = [in_phase] if isinstance(in_phase, str) else list(in_phase or ())
    try:
        numbers = [str(ActionPhase.parse(name).number) for name in names]
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None
    filters = {"phase": ",".join(numbers), "task": task or ""}
    first = Query({key: value for key, value in filters.items() if value}, Runs.order, 0, limit, text)

    def make(connection: Client) -> Table:
        more: dict[str, Any] = {"created_by_subject": User.get(client=connection).subject()} if mine else {}
        return Runs(connection, first, project=project, domain=domain, **more)

    _show(make, height, client)


@brief_errors()
def show_tasks(
    text: str = "",
    *,
    project: str | None = None,
    domain: str | None = None,
    height: int | None = None,
    client: Client | None = None,
) -> None:
    """Show the deployed tasks of a project as a table; the arguments are those of `show_runs`.

    Example:
        >>> flyte_jupyter.show_tasks("train")  # doctest: +SKIP
    """
    from flyte_jupyter.view._tables import Query, Tasks

    first = Query(sort=Tasks.order, text=text)
    _show(lambda connection: Tasks(connection, first, project=project, domain=domain), height, client)


@brief_errors()
def show_projects(text: str = "", *, height: int | None = None, client: Client | None = None) -> None:
    """Show the projects of the backend as a table; the arguments are those of `show_runs`.

    Example:
        >>> flyte_jupyter.show_projects()  # doctest: +SKIP
    """
    from flyte_jupyter.view._tables import Projects, Query

    _show(lambda connection: Projects(connection, Query(sort=Projects.order, text=text)), height, client)


@brief_errors()
def show_triggers(text: str = "", *, height: int | None = None, client: Client | None = None) -> None:
    """Show the triggers of the connection's project as a table in which they can be activated and deactivated.

    The arguments are those of `show_runs`.

    Example:
        >>> flyte_jupyter.show_triggers()  # doctest: +SKIP
    """
    from flyte_jupyter.view._tables import Query, Triggers

    _show(lambda connection: Triggers(connection, Query(sort=Triggers.order, text=text)), height, client)


@brief_errors()
def show_secrets(
    text: str = "",
    *,
    project: str | None = None,
    domain: str | None = None,
    height: int | None = None,
    client: Client | None = None,
) -> None:
    """Show the names of the secrets of a project as a table; the arguments are those of `show_runs`.

    Example:
        >>> flyte_jupyter.show_secrets()  # doctest: +SKIP
    """
    from flyte_jupyter.view._tables import Query, Secrets

    first = Query(sort=Secrets.order, text=text)
    _show(lambda connection: Secrets(connection, first, project=project, domain=domain), height, client)


def show_table(table: Table, height: int | None = None) -> None:
    """Show a table below the running cell, live; in a terminal, print it as it is now.

    Args:
        table: the table.
        height: of the view in pixels; None leaves it to the page.

    Raises:
        FlyteError: the table cannot be read.
    """
    import time

    from flyte_jupyter.remote import background
    from flyte_jupyter.view._session import session
    from flyte_jupyter.view._show import checked_height
    from flyte_jupyter.view._table import table_text

    height = checked_height(height)
    ip = get_ipython()
    kernel = _mode.kernel_of(ip)
    if ip is None and _marimo.runs_us():
        _marimo.display(session().table_widget(table, height))
        return
    if ip is None or kernel is None:
        read = background().run(table.read(table.first))
        print(table_text(table, read.rows, read, time.time() * 1000))  # noqa: T201
        return
    asked = _mode.setting()
    form = _mode.choose(asked, batch=_mode.is_batch(kernel), front_end=session().front_end)
    keep = form is Form.WIDGET and asked == "widget"
    session().show_table(table, form, ip.display_pub, height=height, keep_widget=keep)


def _show(make: Callable[[Client], Table], height: int | None, client: Client | None) -> None:
    from flyte_jupyter.remote import current_client

    show_table(make(client or current_client()), height)
