"""Answers the page's messages; used on the background loop's thread only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flyte_jupyter.remote import FlyteError
from flyte_jupyter.view._place import current_place

if TYPE_CHECKING:
    from flyte_jupyter.view._hub import Channel
    from flyte_jupyter.view._lookers import Lookers
    from flyte_jupyter.view._notes import Notes
    from flyte_jupyter.view._publisher import Publisher
    from flyte_jupyter.view._requests import Desk
    from flyte_jupyter.view._views import Views

_log = logging.getLogger(__name__)


class Dispatcher:
    """Takes in the messages of all channels.

    Args:
        views: the views of this kernel.
        publisher: sends the frames to mounts.
        lookers: serves those who look at more than the run's rows.
        desk: does what views ask for.
        notes: tells what is armed on runs.
        heard: called with the channel and the type of each `ready` and `hello`, so that it is known who is there.
    """

    def __init__(
        self,
        views: Views,
        publisher: Publisher,
        lookers: Lookers,
        desk: Desk,
        notes: Notes,
        heard: Callable[[Channel, str], None],
    ) -> None:
        self._views = views
        self._publisher = publisher
        self._lookers = lookers
        self._desk = desk
        self._notes = notes
        self._heard = heard
        self._tasks: set[asyncio.Task[None]] = set()
        self._greetings: dict[str, asyncio.Task[None]] = {}

    def receive(self, channel: Channel, content: Any) -> None:
        """Take in one message; one that does not keep to the protocol is left alone."""
        match content:
            case {"type": "ready"}:
                self._heard(channel, "ready")
                self.here(channel)
            case {"type": "hello", "view": str(view), "vid": str(vid)}:
                self._heard(channel, "hello")
                greeting = self._start(self._hello(channel, view, vid))
                self._greetings[vid] = greeting
                greeting.add_done_callback(lambda ended: self._forget_greeting(vid, ended))
            case {"type": "seen", "vid": str(vid), "visible": bool(visible)}:
                self._publisher.seen(vid, visible)
                self._lookers.seen(vid, visible)
            case {"type": "bye", "vid": str(vid)}:
                if vid in self._greetings:
                    self._greetings[vid].cancel()
                self._publisher.unmount(vid)
                self._lookers.gone(vid)
                self._views.unmount(vid)
            case {"type": "look", "vid": str(vid), "lid": str(lid), "topic": str(topic), **rest}:
                run, action, params = rest.get("run"), rest.get("action"), rest.get("params")
                self._lookers.look(
                    channel,
                    vid,
                    lid,
                    topic,
                    run if isinstance(run, str) else "",
                    action if isinstance(action, str) else "",
                    params if isinstance(params, dict) else {},
                )
            case {"type": "away", "lid": str(lid)}:
                self._lookers.away(channel, lid)
            case {"type": "resync", "run": str(run)}:
                self._publisher.resync(channel, run)
            case {"type": "request", "rid": str(rid), "method": str(method), **rest}:
                params = rest.get("params")
                self._start(self._request(channel, rid, method, params if isinstance(params, dict) else {}))
            case _:
                _log.debug("not a message of the protocol: %.200r", content)

    def here(self, channel: Channel) -> None:
        """Tell the page which endpoint this kernel is connected to, so that it can offer to bring snapshots to life."""
        place = current_place()
        channel.post({"type": "here", "places": [place] if place else []})

    def _start(self, coroutine: Any) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _forget_greeting(self, vid: str, ended: asyncio.Task[None]) -> None:
        # A hello may be repeated: the end of an earlier one must not hide a later one from `bye`.
        if self._greetings.get(vid) is ended:
            del self._greetings[vid]

    async def _hello(self, channel: Channel, view_id: str, vid: str) -> None:
        table = self._views.table(view_id)
        if table is not None:
            self._views.mount_table(vid, table)
            channel.post({"type": "welcome", "vid": vid, "view": view_id, **table.welcome()})
            self._publisher.attend(vid, channel)
            return
        view = self._views.get(view_id)
        try:
            run = await self._views.run(view) if view is not None else None
        except FlyteError:
            _log.debug("a run that was let go cannot be read again", exc_info=True)
            run = None
        if view is None or run is None:
            channel.post({"type": "unknown", "vid": vid, "view": view_id})
            return
        state = run.state
        channel.post({"type": "welcome", "vid": vid, "view": view_id, **view.welcome(state.head.url)})
        self._publisher.mount(vid, channel, state)
        self._notes.mounted(channel, state.key)

    async def _request(self, channel: Channel, rid: str, method: str, params: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"type": "reply", "rid": rid, "ok": True}
        try:
            reply["result"] = await self._desk.perform(method, params)
        except FlyteError as error:
            reply.update(ok=False, error=str(error))
        except Exception as error:
            _log.debug("a request of a view failed", exc_info=True)
            reply.update(ok=False, error=f"{type(error).__name__}: {error}")
        channel.post(reply)
