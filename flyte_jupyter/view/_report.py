"""The report that a task wrote, in a frame that can do nothing to the notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from flyte_jupyter.remote._brief import brief_errors
from flyte_jupyter.view import _marimo

if TYPE_CHECKING:
    from flyte_jupyter.remote import Client

HEIGHT = 420


@brief_errors()
def show_report(
    run: Any,
    action: str = "a0",
    *,
    attempt: int | None = None,
    height: int | None = None,
    client: Client | None = None,
) -> None:
    """Show the report that a task wrote, in a frame of its own.

    Args:
        run: as for `show`.
        action: the action's name.
        attempt: which attempt's, counted from 1; the latest if None.
        height: of the frame in pixels.
        client: as for `show`.

    Raises:
        NotFoundError: there is no report.
        FlyteError: as for `show`.

    Example:
        >>> flyte_jupyter.show_report("rabc123")  # doctest: +SKIP
    """
    from flyte_jupyter.view._show import checked_height
    from flyte_jupyter.view._target import target_of

    height = checked_height(height) or HEIGHT
    target = target_of(run, client)
    report = Report(f"report of {target.name}/{action}", target.as_action(action).get_report(attempt), height)
    if get_ipython() is None and _marimo.runs_us():
        _marimo.display(report)
    else:
        display(report)


class Report:
    """A report as the value of a cell.

    Args:
        title: what it is the report of; read by screen readers, and shown where there is no page.
        html: the report. It cannot read or change anything outside of its frame.
        height: of the frame, in pixels.
    """

    def __init__(self, title: str, html: str, height: int = HEIGHT) -> None:
        self.title = title
        self.html = html
        self.height = height

    def __repr__(self) -> str:
        return f"<{self.title}: {len(self.html):,} characters of HTML>"

    def _repr_html_(self) -> str:
        return (
            f'<iframe sandbox="allow-scripts" title="{escape(self.title)}" srcdoc="{escape(self.html)}" '
            f'style="width:100%;height:{int(self.height)}px;border:1px solid #b8bcc4;background:#ffffff"></iframe>'
        )
