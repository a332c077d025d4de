"""The inputs and outputs of an action, for those who look at them: the topic `io` of docs/protocol.md."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File
from typing import Any
from urllib.parse import unquote, urlsplit

from flyteidl2.workflow.run_definition_pb2 import ActionDetails as DetailsMessage

from flyte_jupyter.live import _nodes
from flyte_jupyter.live._follow import ActionFeed, OfAction
from flyte_jupyter.live._model import ROOT
from flyte_jupyter.live._phases import TERMINAL
from flyte_jupyter.live._preview import preview
from flyte_jupyter.live._references import size_of, with_references
from flyte_jupyter.remote import (
    ActionDetails,
    DatasetRef,
    FileRef,
    FlyteError,
    InvalidArgumentError,
    NotFoundError,
    interface_of,
)

_PICTURES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "webp": "webp"}
_PICTURE_BYTES = 1_000_000
_MOST_PICTURES = 8
_MOST_REFERENCES = 20  # that are looked at
_SUCCEEDED = (5, 10)


class IoTopic(OfAction):
    """Reads inputs when the action is first seen, and outputs when it is over."""

    def __init__(self, feed: ActionFeed) -> None:
        super().__init__(feed)
        self._values: dict[str, dict[str, Any]] = {}
        self._types: dict[str, Mapping[str, str]] = {"inputs": {}, "outputs": {}}
        self._known: dict[str, _nodes.Node] = {}
        self._note = "The inputs are being read."
        self._final = False

    def see(self) -> dict[str, Any]:
        """The value of the topic."""
        sides = {side: self._side(side) if side in self._values else None for side in ("inputs", "outputs")}
        return {**sides, "note": self._note}

    async def take(self, details: DetailsMessage) -> None:
        """Read what is new."""
        phase = int(details.status.phase)
        over = phase in TERMINAL
        if self._final and over:
            return
        if not self._values or over or self._final:
            await self._read(details, phase)
            self.changes.changed()
            if over:
                await self._look_at_files()
        self._final = over

    def whole(self, path: Sequence[str | int], first: int = 0) -> dict[str, Any]:
        """More of the value at a path; see `whole` of `_nodes`.

        Raises:
            InvalidArgumentError: There is no such value.
        """
        side, name = (str(path[0]), str(path[1])) if len(path) > 1 else ("", "")
        if name not in self._values.get(side, {}):
            raise InvalidArgumentError("There is no such value any more.", "Open the action again.")
        value, code = _nodes.find(self._values[side][name], path[2:], self._code(side, name))
        made = _nodes.whole(value, tuple(path), code, first)
        self._tell(made.get("items", ()))
        return made

    async def _read(self, details: DetailsMessage, phase: int) -> None:
        message = DetailsMessage()
        message.CopyFrom(details)
        action = ActionDetails(message, client=self.feed.client)
        self._types = _types(details)
        try:
            self._values["inputs"] = await self._referenced(dict(await action.inputs.aio()))
            if phase in TERMINAL:
                self._values["outputs"] = await self._referenced((await action.outputs.aio()).named_outputs)
        except NotFoundError:
            self._note = "The backend has no data of this action."
        except FlyteError as error:
            self._note = f"The data cannot be read: {error}"
        else:
            self._note = self._remark(phase)

    async def _referenced(self, values: dict[str, Any]) -> dict[str, Any]:
        local = self.feed.client.endpoint.is_loopback
        return {name: await asyncio.to_thread(with_references, value, local) for name, value in values.items()}

    def _remark(self, phase: int) -> str:
        if phase not in TERMINAL:
            return "There are no outputs yet."
        if phase not in _SUCCEEDED and not self._values["outputs"]:
            return "It did not succeed, so it has no outputs."
        return ""

    def _side(self, side: str) -> list[_nodes.Node]:
        types = self._types[side]
        made: list[_nodes.Node] = []
        for name, value in self._values[side].items():
            made.append(_nodes.node(name, value, (side, name), self._code(side, name), types.get(name, "")))
        self._tell(made)
        return made

    def _tell(self, nodes: Sequence[_nodes.Node]) -> None:
        """Add what is known of files."""
        for one in _all(nodes):
            one |= self._known.get(one.get("uri", ""), {})

    def _code(self, side: str, name: str) -> str:
        action = self.feed.action
        place = (
            f"Run.get({action.run.name!r})"
            if action.name == ROOT
            else f"Action.get(run_name={action.run.name!r}, name={action.name!r})"
        )
        # An output may be called as a method of tuples or a keyword of Python is.
        plain = side == "outputs" and name[:1] == "o" and name[1:].isdecimal()
        one = f".{name}" if plain else f"{'.named_outputs' if side == 'outputs' else ''}[{name!r}]"
        return f"flyte_jupyter.remote.{place}.{side}(){one}"

    async def _look_at_files(self) -> None:
        """What lies on this machine: sizes of files, small pictures among them, the first rows of tables."""
        refs = [ref for side in self._values.values() for ref in _references(side) if ref.local]
        for ref in refs[:_MOST_REFERENCES]:
            place = File(unquote(urlsplit(ref.uri).path) if "://" in ref.uri else ref.uri)
            if isinstance(ref, DatasetRef):
                self._known[ref.uri] = await asyncio.to_thread(preview, place, ref.format)
            else:
                pictures = sum("image" in known for known in self._known.values())
                self._known[ref.uri] = await asyncio.to_thread(_look_at, place, pictures < _MOST_PICTURES)
        if refs:
            self.changes.changed()


def _types(details: DetailsMessage) -> dict[str, Mapping[str, str]]:
    """The declared types by side and name."""
    if details.WhichOneof("spec") != "task":
        return {"inputs": {}, "outputs": {}}
    interface = interface_of(details.task)
    return {
        "inputs": {name: one.type for name, one in interface.inputs.items()},
        "outputs": {name: one.type for name, one in interface.outputs.items()},
    }


def _all(nodes: Sequence[_nodes.Node]) -> Iterator[_nodes.Node]:
    for one in nodes:
        yield one
        yield from _all(one.get("items", ()))


def _references(value: Any) -> Iterator[FileRef | DatasetRef]:
    if isinstance(value, (FileRef, DatasetRef)):
        yield value
        return
    for _, item in _nodes.children(value) or ():
        yield from _references(item)


def _look_at(place: File, picture: bool) -> _nodes.Node:
    """The size of a file or directory, and the picture in it where it is a small one and `picture` asks for it."""
    try:
        if place.is_dir():
            size = size_of(place)
            return {} if size is None else {"bytes": size[0], "files": size[1]}
        if not place.is_file():
            return {}
        size = place.stat().st_size
        kind = _PICTURES.get(place.suffix.lower().removeprefix("."))
        if not picture or not kind or size > _PICTURE_BYTES:
            return {"bytes": size}
        return {"bytes": size, "image": f"data:image/{kind};base64,{base64.b64encode(place.read_bytes()).decode()}"}
    except OSError:
        return {}
