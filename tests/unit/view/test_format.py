import json
import math
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from flyte_jupyter.remote._upload_progress import size
from flyte_jupyter.view import _format

CASES = json.loads((Path(__file__).parents[2] / "golden" / "format.json").read_text())


def _offset(case: dict) -> timezone:
    return timezone(timedelta(minutes=case["offset"]))


def _call(name: str, given):
    if name == "progress":
        return _format.progress({int(phase): number for phase, number in given.items()})
    if name == "time":
        return _format.moment(given["ms"], given["now"], _offset(given))
    if name == "timestamp":
        return _format.timestamp(given["ms"], _offset(given))
    return (size if name == "bytes" else getattr(_format, name))(given)


# A snapshot stands still: only the page has durations that grow.
SHARED = [case for case in CASES if case["fn"] != "elapsed"]


@pytest.mark.parametrize("case", SHARED, ids=lambda case: f"{case['fn']}-{case['in']}")
def test_python_and_the_page_say_the_same(case):
    assert _call(case["fn"], case["in"]) == case["out"]


def test_missing_and_impossible_times_are_no_crash():
    assert _format.duration(math.nan) == ""
    assert _format.known(math.nan) is None
    assert _format.known(0.0) == 0.0
    assert _format.timestamp(1e300) == "at an unknown time"
    assert _format.moment(1e300, 0) == ""


def test_what_would_act_upon_a_page_or_terminal_is_replaced():
    assert _format.printable("a\x1b[31mb\x00\u202ec\ud800\td\r\ne") == "a\ufffd[31mb\ufffd\ufffdc\ufffd\td\ne"
    assert _format.printable("grün ✓ 日本") == "grün ✓ 日本"


def test_long_text_is_cut_and_says_so():
    assert _format.shortened("abcdef", 6) == "abcdef"
    assert _format.shortened("abcdefg", 6) == "abcde…"
