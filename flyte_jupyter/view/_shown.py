"""One output: what it is made of now, and what the notebook's file holds of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flyte_jupyter.view._bundle import bundle
from flyte_jupyter.view._fallback import Acknowledgement
from flyte_jupyter.view._mode import Form
from flyte_jupyter.view._place import place_of
from flyte_jupyter.view._refresh import Facts, Refresh
from flyte_jupyter.view._table import table_bundle

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState
    from flyte_jupyter.view._freeze import Frozen
    from flyte_jupyter.view._hub import FallbackView
    from flyte_jupyter.view._output import Output
    from flyte_jupyter.view._tables import Read
    from flyte_jupyter.view._views import TableView, View


@dataclass(eq=False)
class Shown:
    """One output.

    Attributes:
        output: where it is.
        form: what it is made of.
        hub_id: the hub that may adopt it.
        keep_widget: the widget was asked for, so it stays when the run is over.
        at_cell_end: it is only written by the cell that runs: a batch program listens to no other.
        adoptions: how often a page had come to the hub when it was shown.
    """

    output: Output
    form: Form
    hub_id: str
    keep_widget: bool = field(default=False, kw_only=True)
    at_cell_end: bool = field(default=False, kw_only=True)
    adoptions: int = field(default=0, kw_only=True)
    widget: FallbackView | None = field(default=None, init=False)
    acknowledgement: Acknowledgement | None = field(default=None, init=False)
    timer: asyncio.TimerHandle | None = field(default=None, init=False)

    @property
    def view_id(self) -> str:
        """The view it shows."""
        raise NotImplementedError

    @property
    def over(self) -> bool:
        """Whether what it shows will not change any more."""
        return False

    @property
    def final(self) -> bool:
        """Whether the record of the end is written."""
        return False

    def bundle(self, now: float) -> dict[str, Any]:
        """Return what to show now, and note it as written.

        Args:
            now: seconds, of the clock that all calls use.
        """
        data = self.snapshot(now)
        return data if self.widget is None else self.widget.mime() | data

    def snapshot(self, now: float) -> dict[str, Any]:
        """Return the static part of it."""
        raise NotImplementedError

    def due(self) -> float | None:
        """Return when the output is to be written anew, None if what it shows will do."""
        return None


@dataclass(eq=False)
class ShownRun(Shown):
    """An output that shows a run.

    Attributes:
        view: the view it shows.
        state: the run.
        frozen: what was open when it was frozen, None if it was not.
        filling: reads what is open, while that goes on.
    """

    view: View
    state: RunState
    frozen: Frozen | None = None
    filling: asyncio.Task[Frozen] | None = field(default=None, init=False)
    refresh: Refresh = field(init=False)

    @property
    def view_id(self) -> str:
        """The view it shows."""
        return self.view.id

    @property
    def over(self) -> bool:
        """Whether the run is over."""
        return self.state.head.over

    @property
    def final(self) -> bool:
        """Whether the record of the run's end is written."""
        return self.refresh.final

    def snapshot(self, now: float) -> dict[str, Any]:
        """Return the snapshot of the run, and note it as written."""
        facts = Facts.of(self.state)
        if hasattr(self, "refresh"):
            self.refresh.written(facts, now)
        else:
            self.refresh = Refresh(facts, now)
        opening, frozen = self.view.opening, self.frozen
        if frozen is not None and frozen.rows and opening.kind == "run":
            tab, attempt = (frozen.tab, frozen.attempt) if frozen.action else ("", None)
            opening = opening._replace(action=frozen.action, tab=tab, attempt=attempt)
        place = place_of(self.view.target.client)
        return bundle(self.state, self.view.id, self.hub_id, place, frozen, opening.written())

    def due(self) -> float | None:
        """Return when the output is to be written anew, None if what it shows will do."""
        if self.widget is not None and not self.over:
            # A front end makes a new view of a widget for each update, and does not clean up the old one.
            return None
        return self.refresh.due(Facts.of(self.state))


@dataclass(eq=False)
class ShownTable(Shown):
    """An output that shows a table as it was when it was read.

    Attributes:
        view: the view it shows.
        read: what was read for it.
    """

    view: TableView
    read: Read

    @property
    def view_id(self) -> str:
        """The view it shows."""
        return self.view.id

    @property
    def final(self) -> bool:
        """Whether nothing is left to be decided about it."""
        return self.acknowledgement is None

    def snapshot(self, now: float) -> dict[str, Any]:
        """Return the table as it was read."""
        return table_bundle(self.view.table, self.read, self.view.id, self.hub_id)
