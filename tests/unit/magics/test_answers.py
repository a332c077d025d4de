from __future__ import annotations

import argparse
from typing import Any

import pytest

from flyte_jupyter.magics._arguments import answer, assignment, height
from flyte_jupyter.remote import InvalidArgumentError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n=3", ("n", 3)),
        ("word=hi there", ("word", "hi there")),
        ("items=[1, 'a']", ("items", [1, "a"])),
        ("expression=1+", ("expression", "1+")),
        ("empty=", ("empty", "")),
        ("url=a=b", ("url", "a=b")),
    ],
)
def test_inputs_are_python_literals_or_text(text: str, expected: tuple[str, Any]) -> None:
    assert assignment(text) == expected


@pytest.mark.parametrize("text", ["n", "=3", "a b=1", "1n=2"])
def test_what_is_no_input(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not NAME=VALUE"):
        assignment(text)


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("Yes", bool, True),
        ("false", bool, False),
        ("7", int, 7),
        ("0.5", float, 0.5),
        ("7", float, 7.0),
        ("yes", str, "yes"),
        ("7", None, "7"),
    ],
)
def test_an_answer_has_the_type_that_is_wanted(text: str, wanted: Any, expected: Any) -> None:
    found = answer(text, wanted)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "wanted"), [("perhaps", bool), ("0.5", int), ("x", float)])
def test_an_answer_of_another_type_is_one_sentence(text: str, wanted: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="is wanted"):
        answer(text, wanted)


@pytest.mark.parametrize("text", ["79", "4001", "x", "-100"])
def test_heights_are_sensible(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        height(text)
    assert height("480") == 480
