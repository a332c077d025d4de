"""What a kernel has one of: the hub, the publisher, the views. Joins them, and keeps the outputs up to date."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from flyte_jupyter.live import Looks
from flyte_jupyter.remote import InvalidArgumentError, background
from flyte_jupyter.view._dispatch import Dispatcher
from flyte_jupyter.view._fallback import Acknowledgement, Verdict
from flyte_jupyter.view._freeze import Frozen
from flyte_jupyter.view._hub import FallbackView, Hub
from flyte_jupyter.view._listening import listening
from flyte_jupyter.view._lookers import Lookers
from flyte_jupyter.view._mode import Form, initial_front_end
from flyte_jupyter.view._notes import Notes
from flyte_jupyter.view._output import Output
from flyte_jupyter.view._publisher import Publisher
from flyte_jupyter.view._requests import Desk
from flyte_jupyter.view._rows import complete_rows
from flyte_jupyter.view._shown import Shown, ShownRun, ShownTable
from flyte_jupyter.view._views import GLANCE, RUN, Opening, Views, random_id

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from flyte_jupyter.live import RunState
    from flyte_jupyter.view._hub import Channel
    from flyte_jupyter.view._tables import Table
    from flyte_jupyter.view._target import Target
    from flyte_jupyter.view._views import TableView, View

_log = logging.getLogger(__name__)

_CHECK_SECONDS = 0.1


class Session:
    """The display side of one kernel. `show` and `settle` are for the cell's thread; the rest lives on the loop."""

    def __init__(self) -> None:
        self.hub_id = random_id()
        self.front_end = initial_front_end()
        self._hub: Hub | None = None
        self._hub_lock = threading.Lock()
        self._publisher = Publisher()
        self._views = Views(self._changed, self._replaced)
        looks = Looks()
        self._lookers = Lookers(self._views, looks)
        self._desk = Desk(self._views, looks, self._freeze)
        self.notes = Notes(self._publisher.showing, self._anyone)
        self._dispatcher = Dispatcher(self._views, self._publisher, self._lookers, self._desk, self.notes, self._heard)
        self._looks = looks
        self._shown: list[Shown] = []
        self._outputs: dict[str, ShownRun] = {}  # by view, also those that are final: they may be frozen
        self._place = ""
        self._adoptions = 0  # pages that came to the hub
        self._publishing: asyncio.Task[None] | None = None
        self._patience: asyncio.Task[None] | None = None

    def show(
        self,
        target: Target,
        form: Form,
        publisher: Any,
        *,
        opening: Opening = RUN,
        keep_widget: bool = False,
        at_cell_end: bool = False,
    ) -> None:
        """Show a run as a new output of the running cell.

        Args:
            target: the run.
            form: what the output is made of.
            publisher: the shell's display publisher.
            opening: what the view opens at first.
            keep_widget: see `Shown`.
            at_cell_end: see `Shown`.

        Raises:
            FlyteError: the run cannot be watched.
        """

        async def open_() -> Shown:
            view = await self._open_view(target, opening)
            state = (await self._views.run(view)).state
            shown = ShownRun(
                Output(publisher),
                form,
                self.hub_id,
                view,
                state,
                keep_widget=keep_widget,
                at_cell_end=at_cell_end,
                adoptions=self._adoptions,
            )
            if opening.action or at_cell_end or state.head.over:
                await self._open_closely(shown, Frozen.opened(opening, state))
            self._outputs[view.id] = shown
            return shown

        self._show(form, open_())

    def show_table(
        self, table: Table, form: Form, publisher: Any, *, height: int | None = None, keep_widget: bool = False
    ) -> None:
        """Show a table as a new output of the running cell.

        Args:
            table: what it is of.
            form: as for `show`; likewise the others.
            publisher: see `form`.
            height: of the view in pixels; None leaves it to the page.
            keep_widget: see `form`.

        Raises:
            FlyteError: the backend does not answer.
        """

        async def open_() -> Shown:
            read = await table.read(table.first)
            view = self._views.open_table(table, height)
            return ShownTable(Output(publisher), form, self.hub_id, view, read, keep_widget=keep_widget)

        self._show(form, open_())

    def _show(self, form: Form, opening: Coroutine[Any, Any, Shown]) -> None:
        if form is Form.ADOPTED:
            self._ensure_hub()
        shown = background().run(opening)
        if form is Form.WIDGET:
            shown.widget = FallbackView(self._dispatcher.receive, view_id=shown.view_id)
        shown.output.show(background().call(shown.bundle, time.monotonic()))
        background().call(self._follow, shown)

    def widget(self, target: Target, opening: Opening = RUN) -> FallbackView:
        """Return a view of a run as a widget, for a front end that displays widgets itself.

        Raises:
            FlyteError: the run cannot be watched.
        """
        view = background().run(self._open_view(target, opening))
        return FallbackView(self._dispatcher.receive, view_id=view.id)

    def table_widget(self, table: Table, height: int | None = None) -> FallbackView:
        """Return a view of a table likewise."""

        async def open_() -> TableView:
            return self._views.open_table(table, height)

        return FallbackView(self._dispatcher.receive, view_id=background().run(open_()).id)

    def offer(self, place: str) -> None:
        """Tell the page which endpoint this kernel is connected to; for the cell's thread.

        The page can then offer to bring to life what earlier kernels have shown of the same endpoint.
        """
        if place != self._place:
            self._place = place
            self._ensure_hub()
            assert self._hub is not None
            self._dispatcher.here(self._hub)

    def freeze(self, run: str) -> int:
        """Write the outputs that show a run anew; for the cell's thread.

        Args:
            run: the run key.

        Returns:
            How many there are.
        """

        async def write() -> int:
            outputs = [shown for shown in self._outputs.values() if shown.view.run == run]
            for shown in outputs:
                await self._freeze(shown.view, shown.frozen or Frozen())
            return len(outputs)

        return background().run(write())

    def settle(self) -> None:
        """Write what a batch program's outputs lack; called on the cell's thread before the cell ends."""
        if any(shown.at_cell_end for shown in tuple(self._shown)):
            for output, data in background().run(self._settle()):
                output.show(data)

    def listen(self) -> None:
        """Make sure that there is a hub, by which the page can be told something; for the cell's thread."""
        self._ensure_hub()

    def _anyone(self) -> Channel | None:
        """A channel to a page that is there."""
        if self.front_end.adopts and self._hub is not None:
            return self._hub
        return next((shown.widget for shown in self._shown if shown.widget is not None), None)

    def _ensure_hub(self) -> None:
        with self._hub_lock:
            if self._hub is None or self._hub.comm is None:
                self._hub = Hub(self._dispatcher.receive, hub_id=self.hub_id)

    def _publish(self) -> None:
        if self._publishing is None or self._publishing.done():
            self._publishing = asyncio.create_task(self._publisher.run())

    async def _open_view(self, target: Target, opening: Opening) -> View:
        return await self._views.open(target, opening)

    async def _open_closely(self, shown: ShownRun, frozen: Frozen) -> None:
        """Read what an output shows beside phases; what takes longer than a glance is written into it afterwards."""
        filling = asyncio.get_running_loop().create_task(self._filled(shown, frozen))
        try:
            await asyncio.wait({filling}, timeout=None if shown.at_cell_end else GLANCE)
        except asyncio.CancelledError:
            filling.cancel()
            raise
        if filling.done():
            shown.frozen = filling.result()
        else:
            shown.frozen, shown.filling = frozen, filling

    async def _filled(self, shown: ShownRun, frozen: Frozen) -> Frozen:
        """Read what is open, and what tells siblings apart."""
        filled = await frozen.filled(self._looks, shown.view.target)
        await complete_rows(shown.state, filled, shown.view.target.client)
        return filled

    def _was_filled(self, shown: ShownRun, opened: Frozen | None, filling: asyncio.Task[Frozen]) -> None:
        shown.filling = None
        if shown.frozen is not opened or filling.cancelled() or filling.exception() is not None:
            return
        shown.frozen = filling.result()
        if shown.widget is None:
            self._write(shown)

    async def _freeze(self, view: View, frozen: Frozen) -> str:
        """Write the output of a view anew, with what is open; return what a person should know, "" for nothing."""
        shown = self._outputs.get(view.id)
        if shown is None:
            raise InvalidArgumentError(
                "This view has no output of its own that could be written.",
                f"Show the run with %flyte_run {view.target.name}.",
            )
        shown.state = (await self._views.run(view)).state
        shown.frozen = await self._filled(shown, frozen)
        if not shown.keep_widget:
            self._drop_widget(shown)
        self._write(shown)
        if self._adoptions > shown.adoptions + 1:
            return (
                "If this page was reloaded since the cell ran, the file keeps the older snapshot: run the cell again."
            )
        return ""

    def _follow(self, shown: Shown) -> None:
        self._shown.append(shown)
        if isinstance(shown, ShownRun) and shown.filling is not None:
            shown.filling.add_done_callback(functools.partial(self._was_filled, shown, shown.frozen))
        if shown.form is Form.ADOPTED and not self.front_end.adopts and self.front_end.has_widgets is not False:
            shown.acknowledgement = Acknowledgement()
            if self._patience is None or self._patience.done():
                self._patience = asyncio.get_running_loop().create_task(self._be_patient())
        self._keep_up(shown)

    def _changed(self, state: RunState) -> None:
        self._publisher.changed(state)
        self._lookers.changed(state)
        for shown in tuple(self._shown):
            if isinstance(shown, ShownRun) and shown.state is state:
                self._keep_up(shown)

    def _replaced(self, state: RunState) -> None:
        self._publisher.replaced(state)
        for shown in self._shown:
            if isinstance(shown, ShownRun) and shown.state.key == state.key:
                shown.state = state

    def _keep_up(self, shown: Shown) -> None:
        """Write the output anew if that is due, or when it will be."""
        if shown.at_cell_end:
            return
        due = shown.due()
        if due is None:
            self._let_go_if_done(shown)
            return
        left = due - time.monotonic()
        if left <= 0:
            if shown.over and not shown.keep_widget:
                self._drop_widget(shown)
            self._write(shown)
            self._let_go_if_done(shown)
        elif shown.timer is None:
            shown.timer = asyncio.get_running_loop().call_later(left, self._keep_up_later, shown)

    def _let_go_if_done(self, shown: Shown) -> None:
        """Hold no state for an output that will not change any more."""
        if shown.final and (shown.widget is None or shown.keep_widget) and shown in self._shown:
            shown.acknowledgement = None  # the snapshot says it all
            self._shown.remove(shown)

    def _keep_up_later(self, shown: Shown) -> None:
        shown.timer = None
        self._keep_up(shown)

    def _write(self, shown: Shown) -> None:
        try:
            shown.output.show(shown.bundle(time.monotonic()))
        except Exception:
            _log.debug("an output could not be written anew", exc_info=True)

    async def _settle(self) -> list[tuple[Output, dict[str, Any]]]:
        written: list[tuple[Output, dict[str, Any]]] = []
        for shown in tuple(self._shown):
            if shown.at_cell_end and isinstance(shown, ShownRun):
                await self._views.catch_up(shown.view)
                if shown.due() is not None:
                    shown.frozen = await self._filled(shown, shown.frozen or Frozen())
                    written.append((shown.output, shown.bundle(time.monotonic())))
                self._let_go_if_done(shown)
        return written

    def _heard(self, channel: Channel, what: str) -> None:
        if what == "hello":
            # Also where nothing was shown yet: a snapshot of an earlier kernel was brought to life.
            self._publish()
        if isinstance(channel, FallbackView):
            self.front_end.has_widgets = self.front_end.has_widgets or what == "hello"
            return
        self._adoptions += what == "ready"
        if not self.front_end.adopts:
            self.front_end.adopts = True
            for shown in self._shown:
                # The page was late, not unable: the hub takes over what had fallen back.
                if shown.widget is not None and not shown.keep_widget:
                    self._drop_widget(shown)
                    self._write(shown)

    async def _be_patient(self) -> None:
        """Fall back for outputs that nobody adopts."""
        waiting = [shown for shown in self._shown if shown.acknowledgement is not None]
        before = time.monotonic()
        while waiting:
            await asyncio.sleep(_CHECK_SECONDS)
            now = time.monotonic()
            heard = min(now - before, 2 * _CHECK_SECONDS) if listening() else 0.0
            before = now
            for shown in tuple(self._shown):
                self._decide(shown, heard)
            waiting = [shown for shown in self._shown if shown.acknowledgement is not None]

    def _decide(self, shown: Shown, heard: float) -> None:
        if shown.acknowledgement is None:
            return
        front_end = self.front_end
        verdict = shown.acknowledgement.listened(heard, adopts=front_end.adopts, has_widgets=front_end.has_widgets)
        if verdict is Verdict.FALL_BACK:
            shown.acknowledgement.fallen_back()
            shown.form = Form.WIDGET
            shown.widget = FallbackView(self._dispatcher.receive, view_id=shown.view_id)
            self._write(shown)
        elif verdict is Verdict.GIVE_UP:
            front_end.has_widgets = False
            self._drop_widget(shown)
            self._write(shown)
        if verdict in (Verdict.GIVE_UP, Verdict.SETTLED):
            shown.acknowledgement = None
            self._let_go_if_done(shown)

    def _drop_widget(self, shown: Shown) -> None:
        widget, shown.widget = shown.widget, None
        if widget is not None:
            shown.form = Form.ADOPTED
            self._publisher.drop(widget)
            self._lookers.drop(widget)
            widget.close()


@functools.cache
def session() -> Session:
    """Return the one of this process."""
    return Session()
