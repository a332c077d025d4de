import base64
import json
from typing import Any

import pytest

from flyte_jupyter.live import Frame
from tests.golden.make import CASES, HERE, golden
from tests.unit.live.decoder import Table


def read(name: str) -> dict[str, Any]:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def test_every_file_has_its_case():
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in HERE.glob("*.json")}
    assert {name for name, data in files.items() if "frames" in data} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_writer_still_writes_these_frames(name: str):
    assert json.loads(json.dumps(golden(name))) == read(name)


@pytest.mark.parametrize("name", CASES)
def test_they_decode_to_what_they_promise(name: str):
    data = read(name)
    table = Table()
    for frame in data["frames"]:
        table.apply(Frame(frame["content"], [base64.b64decode(text) for text in frame["buffers"]]))
    assert table.head == data["expect"]["head"]
    assert table.decoded() == data["expect"]["rows"]
