"""The golden messages of the protocol: the kernel takes in the page's, and writes what is promised to the page."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flyteidl2.workflow.run_definition_pb2 import Run as RunMessage

from flyte_jupyter.remote import Run
from flyte_jupyter.view import _tables
from flyte_jupyter.view._tables._runs import row_of
from flyte_jupyter.view._target import Target
from flyte_jupyter.view._views import Opening, TableView, View
from tests.golden.make_messages import HERE, RUN, golden
from tests.unit.live.messages import RUNNING, action
from tests.unit.live.scripted import ScriptedClient
from tests.unit.live.virtual import virtual
from tests.unit.view.test_dispatch import Desk, watcher

__all__ = ["watcher"]

MESSAGES = json.loads((HERE / "messages.json").read_text(encoding="utf-8"))


def sent(**wanted: Any) -> dict[str, Any]:
    """The first golden message of the kernel with these fields."""
    contents = (message["content"] for message in MESSAGES["kernel"])
    return next(one for one in contents if all(one.get(key) == value for key, value in wanted.items()))


def shape(value: Any) -> Any:
    """The keys of a value, all the way down; of a list that of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key != "cells"}
    return [shape(item) for item in value[:1]] if isinstance(value, list) else None


def test_the_file_is_what_the_program_writes():
    assert json.loads(json.dumps(golden())) == MESSAGES


@pytest.mark.parametrize("message", MESSAGES["page"], ids=lambda one: one.get("method") or one["type"])
@virtual
async def test_the_page_is_understood(message: dict[str, Any], caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG, "flyte_jupyter.view")
    desk = Desk(action("a0", RUNNING))
    desk.dispatcher.receive(desk.box, message)
    if message["type"] == "request":
        reply = await desk.answer("reply")
        assert "does not know the request" not in reply.get("error", "")
    assert "not a message of the protocol" not in caplog.text
    desk.lookers.drop(desk.box)
    for task in tuple(desk.dispatcher._tasks):
        await task


def test_what_a_view_is_welcomed_with():
    client: Any = ScriptedClient()
    target = Target(client, "r1", "p", "development", "")
    greeting = {"type": "welcome", "vid": "m1", "view": "5e1f"}
    assert greeting | View("5e1f", target, RUN).welcome("") == sent(type="welcome", vid="m1")
    logs = View("61b2", target, RUN, Opening("logs", "a0", "logs", 480, 2)).welcome("")
    assert {"type": "welcome", "vid": "m3", "view": "61b2", **logs} == sent(type="welcome", vid="m3")
    table = TableView("7a20", _tables.Runs(client)).welcome()
    assert {"type": "welcome", "vid": "m2", "view": "7a20", **table} == sent(type="welcome", vid="m2")


def test_a_page_of_runs():
    client: Any = ScriptedClient()
    table = _tables.Runs(client)
    message = RunMessage(action=action("a0", RUNNING, short="train"))
    message.labels["team"] = "vision"
    row = row_of(Run(message, client=client))
    promised = sent(type="sight", lid="l3")["value"]
    page = table.page(_tables.Query.of(table, promised["asked"]), _tables.Read([row]))
    assert page["asked"] == promised["asked"]
    assert shape(page) == shape(promised)
    assert set(row.cells) == set(promised["rows"][0]["cells"])
    assert [column["type"] for column in page["columns"]] == [column["type"] for column in promised["columns"]]
