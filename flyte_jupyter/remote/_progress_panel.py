"""The live panel of a wait in a terminal, drawn by rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel as Frame
from rich.spinner import Spinner
from rich.text import Text

from flyte_jupyter.remote._phase import ActionPhase
from flyte_jupyter.remote._progress_text import Progress, plain

if TYPE_CHECKING:
    from flyte_jupyter.remote._details import ActionDetails

_STYLES = {
    ActionPhase.RUNNING: "cyan",
    ActionPhase.PAUSED: "magenta",
    ActionPhase.SUCCEEDED: "green",
    ActionPhase.RECOVERED: "green",
    ActionPhase.FAILED: "red",
    ActionPhase.ABORTED: "yellow",
    ActionPhase.TIMED_OUT: "red",
}


class Panel:
    """The phase with a spinner, the way there, and in the end one line that stays.

    Args:
        progress: What to show.
        console: Where to; the terminal of stderr if not given.
    """

    def __init__(self, progress: Progress, console: Console | None = None) -> None:
        self._progress = progress
        self._console = console or Console(stderr=True)
        self._spinner = Spinner("dots")
        self._live = Live(get_renderable=self._render, console=self._console, transient=True, refresh_per_second=8)

    def __enter__(self) -> Panel:
        """Begins to draw."""
        self._live.start()
        return self

    def tell(self, details: ActionDetails) -> None:
        """What is waited for has changed; the next picture shows it."""
        self._progress.update(details)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Takes the panel away and leaves the line that says how it ended."""
        self._live.stop()
        text = self._progress.end(kind) or ("" if kind is not None else self._progress.line())
        if text:
            self._console.print(Text(text, style=self._style()), soft_wrap=True)

    def _render(self) -> RenderableType:
        # Text, never markup: what comes from outside is not rich's to interpret.
        self._spinner.update(text=Text(self._progress.line(), style=self._style()))
        parts: list[RenderableType] = [self._spinner]
        details = self._progress.details
        if details is not None:
            path = self._progress.path()
            parts += [Text(line, style="dim") for line in (plain(details.task_name or ""), path) if line]
        return Frame(Group(*parts), title=Text(self._progress.name), title_align="left", expand=False)

    def _style(self) -> str:
        details = self._progress.details
        return "" if details is None else _STYLES.get(details.phase, "")
