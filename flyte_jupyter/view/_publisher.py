"""Sends frames to the mounts that show a run: as often as someone can see them, and no oftener."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flyte_jupyter.live import FrameWriter

if TYPE_CHECKING:
    from flyte_jupyter.live import Frame, RunState
    from flyte_jupyter.view._hub import Channel

_log = logging.getLogger(__name__)

IN_SIGHT = 1 / 30
UNHURRIED = 1 / 2  # out of sight; and while the backend tells what there is, which every frame would hold up
HEARTBEAT = 5.0


@dataclass
class _Line:
    """One run on one channel: every mount there shares its frames."""

    channel: Channel
    seq: int = 0
    writer: FrameWriter | None = None
    mounts: dict[str, bool] = field(default_factory=dict)  # vid -> in sight
    changed: bool = False
    snapshot: bool = False
    sent: float = -math.inf

    def interval(self) -> float:
        if self.snapshot:
            return IN_SIGHT
        told = self.writer is not None and self.writer.state.told
        return IN_SIGHT if told and any(self.mounts.values()) else UNHURRIED

    def frame(self) -> Frame | None:
        if self.writer is None:
            return None
        whole = self.snapshot
        self.snapshot = self.changed = False
        return self.writer.snapshot() if whole else self.writer.delta()

    def watch(self, state: RunState) -> None:
        """Write frames of `state` from now on; the page's store counts on."""
        if self.writer is None or self.writer.state is not state:
            self.rest()
            self.writer = FrameWriter(state)
            self.writer.seq = self.seq

    def rest(self) -> None:
        """Keep no track of changes while nobody looks."""
        if self.writer is not None:
            self.seq = self.writer.seq
            self.writer.close()
            self.writer = None


class Publisher:
    """Paces the frames of all runs on all channels; used on the background loop's thread only.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: dict[tuple[Channel, str], _Line] = {}
        self._homes: dict[str, _Line] = {}  # vid -> its line
        self._attending: dict[str, Channel] = {}  # mounts that show no run
        self._beats: dict[Channel, float] = {}  # when the next heartbeat is due
        self._wake = asyncio.Event()

    def mount(self, vid: str, channel: Channel, state: RunState) -> None:
        """Begin to send frames of `state` to the new mount `vid`, first a snapshot."""
        self.unmount(vid)
        line = self._lines.setdefault((channel, state.key), _Line(channel))
        line.watch(state)
        line.mounts[vid] = True
        line.snapshot = True
        self._homes[vid] = line
        self._beats.setdefault(channel, self._clock() + HEARTBEAT)
        self._wake.set()

    def attend(self, vid: str, channel: Channel) -> None:
        """Send heartbeats to a mount that shows no run."""
        self.unmount(vid)
        self._attending[vid] = channel
        self._beats.setdefault(channel, self._clock() + HEARTBEAT)
        self._wake.set()

    def seen(self, vid: str, visible: bool) -> None:
        """Note whether a mount is in sight."""
        line = self._homes.get(vid)
        if line is not None:
            line.mounts[vid] = visible
            self._wake.set()

    def unmount(self, vid: str) -> None:
        """Forget a mount."""
        line = self._homes.pop(vid, None)
        channel = self._attending.pop(vid, None) if line is None else line.channel
        if line is not None:
            del line.mounts[vid]
            if not line.mounts:
                line.rest()
        if channel is not None and channel not in self._channels():
            self._beats.pop(channel, None)

    def showing(self, run: str) -> list[Channel]:
        """Return the channels with mounts of the run with the key `run`."""
        return [line.channel for (_, key), line in self._lines.items() if key == run and line.mounts]

    def resync(self, channel: Channel, run: str) -> None:
        """Send a snapshot of the run with the key `run` next."""
        line = self._lines.get((channel, run))
        if line is not None and line.mounts:
            line.snapshot = True
            self._wake.set()

    def changed(self, state: RunState) -> None:
        """Note that a state has changed."""
        for (_, key), line in self._lines.items():
            if key == state.key and line.mounts:
                line.changed = True
                self._wake.set()

    def replaced(self, state: RunState) -> None:
        """Go on with a state that was built anew for a run that is being shown."""
        for (_, key), line in self._lines.items():
            if key == state.key and line.mounts:
                line.watch(state)
                line.snapshot = True
                self._wake.set()

    def drop(self, channel: Channel) -> None:
        """Forget a channel that has been closed, and its mounts."""
        for vid in [vid for vid, line in self._homes.items() if line.channel is channel]:
            self.unmount(vid)
        for vid in [vid for vid, other in self._attending.items() if other is channel]:
            self.unmount(vid)
        self._lines = {key: line for key, line in self._lines.items() if line.channel is not channel}

    def tick(self) -> float | None:
        """Send what is due, and return the seconds until something is due again; None while nothing is to come."""
        now = self._clock()
        waits: list[float] = []
        for line in self._lines.values():
            if not line.mounts or not (line.changed or line.snapshot):
                continue
            left = line.sent + line.interval() - now
            if left > 0:
                waits.append(left)
                continue
            line.sent = now
            self._send(line)
        for channel, due in self._beats.items():
            if due <= now:
                self._post(channel, {"type": "beat", "runs": self._sequence_numbers(channel)})
                self._beats[channel] = due = now + HEARTBEAT
            waits.append(due - now)
        return min(waits, default=None)

    def _channels(self) -> set[Channel]:
        return {line.channel for line in self._homes.values()} | set(self._attending.values())

    def _sequence_numbers(self, channel: Channel) -> dict[str, int]:
        """The latest frame of each run: a page that lost it, and gets no later one, learns so."""
        return {
            key: line.writer.seq
            for (other, key), line in self._lines.items()
            if other is channel and line.mounts and line.writer is not None
        }

    async def run(self) -> None:
        """Tick for ever: when something changed and its time has come."""
        while True:
            self._wake.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self.tick())

    def _send(self, line: _Line) -> None:
        try:
            frame = line.frame()
        except Exception:
            _log.debug("a frame could not be written", exc_info=True)
            return
        if frame is not None:
            self._post(line.channel, frame.content, frame.buffers)

    @staticmethod
    def _post(channel: Channel, content: dict, buffers: list[bytes] | None = None) -> None:
        try:
            channel.post(content, buffers or [])
        except Exception:
            # A page that did not get a frame notices the gap and asks for a snapshot.
            _log.debug("a message to the page was lost", exc_info=True)
