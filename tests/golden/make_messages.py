"""Writes the golden messages: `python -m tests.golden.make_messages`. One of each kind that docs/protocol.md has.

The file: {"page": [message, ...], "kernel": [{"content", "buffers": [base64, ...]}, ...]}. pytest checks that the
kernel's side takes in the first and writes the second; vitest the reverse.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUN = "localhost:8090|p/development/r1"
PLACE = "3f1c5a0e9b7d2c48"
T0 = 1_790_000_000_000

PAGE: list[dict[str, Any]] = [
    {"type": "ready"},
    {"type": "hello", "view": "5e1f", "vid": "m1"},
    {"type": "seen", "vid": "m1", "visible": False},
    {"type": "look", "vid": "m1", "lid": "l1", "topic": "details", "run": RUN, "action": "a0", "params": {}},
    {
        "type": "look",
        "vid": "m1",
        "lid": "l2",
        "topic": "logs",
        "run": RUN,
        "action": "a0",
        "params": {"attempt": None, "from": 0, "of": None},
    },
    {
        "type": "look",
        "vid": "m2",
        "lid": "l3",
        "topic": "table",
        "run": "",
        "action": "",
        "params": {"filters": {"phase": "6"}, "sort": ["started", "desc"], "page": 0, "size": 50, "text": "train"},
    },
    {"type": "away", "vid": "m1", "lid": "l2"},
    {"type": "resync", "run": RUN},
    {"type": "request", "vid": "m1", "rid": "q1", "method": "abort_run", "params": {"run": RUN, "reason": "enough"}},
    {"type": "request", "vid": "m1", "rid": "q2", "method": "abort_action", "params": {"run": RUN, "action": "c1"}},
    {"type": "request", "vid": "m1", "rid": "q3", "method": "error", "params": {"run": RUN, "action": "c1"}},
    {"type": "request", "vid": "m1", "rid": "q4", "method": "rerun", "params": {"run": RUN, "recover": True}},
    {
        "type": "request",
        "vid": "m1",
        "rid": "q5",
        "method": "signal",
        "params": {"run": RUN, "action": "c2", "value": True},
    },
    {"type": "request", "vid": "m1", "rid": "q6", "method": "labels", "params": {"run": RUN, "actions": ["c1"]}},
    {
        "type": "request",
        "vid": "m1",
        "rid": "q7",
        "method": "value",
        "params": {"run": RUN, "action": "a0", "path": ["inputs", "words"], "from": 50},
    },
    {
        "type": "request",
        "vid": "m1",
        "rid": "q8",
        "method": "freeze",
        "params": {
            "view": "5e1f",
            "rows": [[0, 0], [1, 1]],
            "find": "",
            "action": "c1",
            "tab": "logs",
            "attempt": None,
        },
    },
    {
        "type": "request",
        "vid": "m1",
        "rid": "q9",
        "method": "open",
        "params": {"at": "p/development/r1", "place": PLACE, "as": "logs/c1/logs//2"},
    },
    {"type": "request", "vid": "m2", "rid": "q10", "method": "open", "params": {"view": "7a20", "row": "r1"}},
    {
        "type": "request",
        "vid": "m2",
        "rid": "q11",
        "method": "act",
        "params": {"view": "7a20", "act": "abort", "rows": ["r1"], "reason": "a mistaken loop"},
    },
    {"type": "request", "vid": "", "rid": "q12", "method": "part", "params": {}},
    {
        "type": "request",
        "vid": "m1",
        "rid": "q13",
        "method": "labels",
        "params": {"run": RUN, "actions": [], "from": 0},
    },
    {"type": "bye", "vid": "m1"},
]


def message(content: dict[str, Any], *buffers: bytes) -> dict[str, Any]:
    return {"content": content, "buffers": [base64.b64encode(buffer).decode() for buffer in buffers]}


def sight(lid: str, value: Any, *buffers: bytes, seq: int = 1, **more: Any) -> dict[str, Any]:
    return message({"type": "sight", "lid": lid, "seq": seq, "value": value, **more}, *buffers)


ERROR = {"kind": "USER", "code": "ValueError", "message": "Traceback …\nValueError: no <b>7</b> today"}

DETAILS = {
    "name": "c1",
    "kind": "task",
    "phase": 6,
    "task": "env.square",
    "version": "v1",
    "environment": "env",
    "parent": "a0",
    "group": "map",
    "who": "Ada Lovelace <ada@example.com>",
    "source": "command line",
    "cache": 0,
    "relation": {"kind": "rerun", "run": "r0"},
    "recovered_from": "",
    "abort": None,
    "error": ERROR,
    "attempts": [
        {
            "attempt": 1,
            "phase": 4,
            "started": T0,
            "ended": None,
            "retried": True,
            "phases": [[1, T0, T0 + 500], [3, T0 + 500, T0 + 2000], [4, T0 + 2000, None]],
            "error": None,
            "cache": 0,
            "logs": True,
            "report": False,
            "cluster": "c",
            "links": [],
        },
        {
            "attempt": 2,
            "phase": 6,
            "started": T0 + 5000,
            "ended": T0 + 9000,
            "retried": False,
            "phases": [[1, T0 + 5000, T0 + 6000], [4, T0 + 6000, T0 + 9000], [6, T0 + 9000, T0 + 9000]],
            "error": ERROR,
            "cache": 0,
            "logs": True,
            "report": True,
            "cluster": "c",
            "links": [{"name": "Kubernetes logs", "url": "https://logs.example.com/c1", "ready": True}],
        },
    ],
    "condition": None,
}

CONDITION = {
    **DETAILS,
    "name": "c2",
    "kind": "condition",
    "phase": 9,
    "task": "approve",
    "version": "",
    "environment": "",
    "group": "",
    "relation": None,
    "error": None,
    "attempts": [],
    "condition": {
        "prompt": "Deploy **model** 7?",
        "format": "markdown",
        "description": "",
        "type": "bool",
        "deadline": T0 + 3_600_000,
        "answered": False,
        "answer": "",
        "by": "",
        "at": None,
    },
}


def node(name: str, type_: str, kind: str, text: str, path: list[str | int], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "kind": kind, "text": text, "path": path, **more}


IO = {
    "inputs": [
        node("x", "int", "value", "7", ["inputs", "x"]),
        node("word", "str", "text", "aaaaaaaaaa…", ["inputs", "word"], full=2_000_000),
        node(
            "words",
            "list of str",
            "list",
            "[…] 1,000 items",
            ["inputs", "words"],
            size=1000,
            items=[node("0", "str", "text", "zero", ["inputs", "words", 0])],
        ),
        node(
            "records",
            "list",
            "list",
            "[…] 1 item",
            ["inputs", "records"],
            size=1,
            items=[node("0", "dict", "record", "{…} 1 item", ["inputs", "records", 0], size=1)],
            columns=["loss"],
            rows=[["0.25"]],
        ),
        node(
            "plot",
            "file",
            "blob",
            "s3://bucket/plot.png",
            ["inputs", "plot"],
            uri="s3://bucket/plot.png",
            bytes=68,
            code='remote.Action.get(run_name="r1", name="a0").inputs()["plot"]',
            image="data:image/png;base64,iVBORw0KGgo=",
        ),
    ],
    "outputs": None,
    "note": "There are no outputs yet.",
}

LINES = ["[flyte] starting", "\x1b[31mred\x1b[0m <b>", "äöü"]

KERNEL: list[dict[str, Any]] = [
    message({"type": "here", "places": [PLACE]}),
    message(
        {
            "type": "welcome",
            "vid": "m1",
            "view": "5e1f",
            "kind": "run",
            "run": RUN,
            "console": "",
            "action": "",
            "tab": "",
            "height": None,
            "attempt": None,
            "title": "r1",
        }
    ),
    message(
        {
            "type": "welcome",
            "vid": "m3",
            "view": "61b2",
            "kind": "logs",
            "run": RUN,
            "console": "",
            "action": "a0",
            "tab": "logs",
            "height": 480,
            "attempt": 2,
            "title": "Log of r1/a0",
        }
    ),
    message(
        {
            "type": "welcome",
            "vid": "m2",
            "view": "7a20",
            "kind": "table",
            "run": "",
            "console": "",
            "action": "",
            "tab": "",
            "height": None,
            "attempt": None,
            "title": "Runs of p/development",
        }
    ),
    message({"type": "unknown", "vid": "m9", "view": "dead"}),
    sight("l1", DETAILS),
    sight("l4", CONDITION, seq=2),
    sight("l5", IO),
    sight(
        "l2",
        {"attempt": 1, "first": 0, "count": 3, "marks": [{"line": 1, "kind": "gap"}], "note": ""},
        struct.pack("<3d", T0, T0 + 1, math.nan),
        bytes([1, 0, 0]),
        "".join(line + "\n" for line in LINES).encode(),
    ),
    message({"type": "sight", "lid": "l2", "seq": 2, "end": True}),
    message({"type": "sight", "lid": "l1", "seq": 2, "error": "localhost:8090 cannot be reached: connection refused."}),
    sight(
        "l6",
        {
            "attempts": {
                "1": [{"time": T0, "kind": "", "reason": "", "source": "", "message": "Pulled image", "count": 0}]
            }
        },
    ),
    sight(
        "l7",
        {
            "sections": [
                {"title": "Task", "rows": [["Name", "env.square"], ["Version", "v1"]]},
                {"title": "Environment", "rows": [["API_TOKEN", "hidden"], ["MODE", "fast"]]},
            ]
        },
    ),
    sight("l8", {"attempt": 2, "html": "<h1>loss</h1><script>alert(1)</script>"}),
    sight("l9", {"attempt": 1, "none": True}, end=True),
    sight(
        "l3",
        {
            "columns": [
                {"key": "phase", "title": "Phase", "type": "phase", "sortable": True},
                {"key": "task", "title": "Task", "type": "text", "sortable": True},
                {"key": "run", "title": "Run", "type": "text", "sortable": True},
                {"key": "started", "title": "Started", "type": "time", "sortable": True},
                {"key": "duration", "title": "Duration", "type": "span", "sortable": True},
                {"key": "who", "title": "Who", "type": "text", "sortable": False},
                {"key": "labels", "title": "Labels", "type": "labels", "sortable": False},
            ],
            "rows": [
                {
                    "id": "r1",
                    "cells": {
                        "phase": 4,
                        "task": "train",
                        "run": "r1",
                        "started": T0,
                        "duration": [T0, None],
                        "who": "ada@example.com",
                        "labels": {"team": "vision"},
                    },
                    "acts": ["abort"],
                }
            ],
            "asked": {
                "filters": {"phase": "6"},
                "sort": ["started", "desc"],
                "page": 0,
                "size": 50,
                "text": "train",
            },
            "more": False,
            "total": None,
            "filters": [{"key": "phase", "title": "Phase", "options": [["4", "Running"], ["6", "Failed"]]}],
            "acts": [{"name": "abort", "title": "Abort", "confirm": True, "reason": True}],
            "opens": True,
            "empty": "There are no runs.",
            "note": "",
        },
    ),
    message({"type": "reply", "rid": "q1", "ok": True, "result": None}),
    message({"type": "reply", "rid": "q2", "ok": False, "error": "Action c1 of run r1 is over: nothing to abort."}),
    message({"type": "reply", "rid": "q4", "ok": True, "result": {"view": "91cc", "name": "r2"}}),
    message({"type": "reply", "rid": "q6", "ok": True, "result": {"labels": {"c1": "x=7"}}}),
    message({"type": "reply", "rid": "q13", "ok": True, "result": {"labels": {"c1": "x=7"}, "unread": 1}}),
    message(
        {
            "type": "reply",
            "rid": "q7",
            "ok": True,
            "result": {
                "items": [node("50", "str", "text", "fifty", ["inputs", "words", 50])],
                "left_out": 949,
                "code": "import flyte_jupyter\nflyte_jupyter.remote.Run.get('r1').inputs()['words']",
            },
        }
    ),
    message({"type": "reply", "rid": "q11", "ok": True, "result": {"failed": {"r9": "Run r9 is over already."}}}),
    message({"type": "beat", "runs": {RUN: 3}}),
    message(
        {
            "type": "armed",
            "run": RUN,
            "armed": [
                {
                    "id": 3,
                    "on": "r1 failed",
                    "action": "notify",
                    "standing": "armed",
                    "fired": 1,
                    "last": "told",
                    "state": "succeeded",
                    "error": "",
                }
            ],
        }
    ),
    message({"type": "toast", "id": "1", "title": "r1 failed", "text": "ValueError: no", "url": ""}),
]


def golden() -> dict[str, Any]:
    return {"page": PAGE, "kernel": KERNEL}


if __name__ == "__main__":
    text = json.dumps(golden(), indent=1, ensure_ascii=False)
    (HERE / "messages.json").write_text(text + "\n", encoding="utf-8")
