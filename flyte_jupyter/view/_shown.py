"""One output that shows a run: what it is made of now, and what the notebook's file holds of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flyte_jupyter.view._bundle import bundle
from flyte_jupyter.view._fallback import Acknowledgement
from flyte_jupyter.view._mode import Form
from flyte_jupyter.view._refresh import Facts, Refresh

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState
    from flyte_jupyter.view._hub import FallbackView
    from flyte_jupyter.view._output import Output
    from flyte_jupyter.view._views import View


@dataclass(eq=False)
class Shown:
    """One output.

    Attributes:
        view: the view it shows.
        output: where it is.
        form: what it is made of.
        state: the run.
        hub_id: the hub that may adopt it.
        keep_widget: the widget was asked for, so it stays when the run is over.
        at_cell_end: it is only written by the cell that runs: a batch program listens to no other.
    """

    view: View
    output: Output
    form: Form
    state: RunState
    hub_id: str
    keep_widget: bool = False
    at_cell_end: bool = False
    widget: FallbackView | None = None
    acknowledgement: Acknowledgement | None = None
    timer: asyncio.TimerHandle | None = None
    refresh: Refresh = field(init=False)

    def bundle(self, now: float) -> dict[str, Any]:
        """Return what to show now, and note it as written.

        Args:
            now: seconds, of the clock that all calls use.
        """
        facts = Facts.of(self.state)
        if hasattr(self, "refresh"):
            self.refresh.written(facts, now)
        else:
            self.refresh = Refresh(facts, now)
        data = bundle(self.state, self.view.id, self.hub_id)
        return data if self.widget is None else self.widget.mime() | data

    def due(self) -> float | None:
        """Return when the output is to be written anew, None if what it shows will do."""
        if self.widget is not None and not self.state.head.over:
            # A front end makes a new view of a widget for each update, and does not clean up the old one.
            return None
        return self.refresh.due(Facts.of(self.state))
